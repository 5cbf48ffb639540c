/* imap_connect: see imap_connect.h. */
#include "services/intake/imap_connect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
imap_connect_folder(const struct mailbox_conf *conf, char *folder, size_t size)
{
	CURLU *url = curl_url();
	char *path = NULL;

	if (!url || curl_url_set(url, CURLUPART_URL, conf->url, 0) != CURLUE_OK ||
	    curl_url_get(url, CURLUPART_PATH, &path, CURLU_URLDECODE) != CURLUE_OK)
		path = NULL;
	/* What could end the quotes is no folder's name. */
	if (path && path[0] == '/' && path[1] && strlen(path) < size && !strpbrk(path, "\"\\\r\n"))
		snprintf(folder, size, "%s", path + 1);
	else
		snprintf(folder, size, "INBOX");
	curl_free(path);
	curl_url_cleanup(url);
}

CURL *
imap_connect_new(const struct mailbox_conf *conf, int64_t answer_ms, char *reason)
{
	CURL *easy = curl_easy_init();

	if (!easy)
		abort();
	curl_easy_setopt(easy, CURLOPT_URL, conf->url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "imap,imaps");
	curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	/* A plain imap:// without "tls" is one on loopback: channels_conf takes no other. */
	curl_easy_setopt(easy, CURLOPT_USE_SSL, conf->starttls ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_NONE);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	if (conf->ca_file) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, conf->ca_file);
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
	curl_easy_setopt(easy, CURLOPT_USERNAME, conf->user);
	curl_easy_setopt(easy, CURLOPT_PASSWORD, conf->password);
	curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)(answer_ms / 1000 + 1));
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, reason);
	return easy;
}
