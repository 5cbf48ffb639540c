/* open311_fetch: see the header. */
#include "services/intake/open311_fetch.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/public_address.h"

#define SECONDS_MAX 60L
#define CONNECT_SECONDS_MAX 10L
#define REDIRECTS_MAX 3L

static bool
is_one_of(const struct sockaddr *address, const struct open311_fetch *f)
{
	char text[INET6_ADDRSTRLEN] = "";

	if (address->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, text, sizeof(text));
	else if (address->sa_family == AF_INET6)
		inet_ntop(
		    AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, text, sizeof(text));
	for (size_t i = 0; i < f->address_count; i++)
		if (strcmp(f->addresses[i], text) == 0)
			return true;
	return false;
}

/* What libcurl is about to connect to, whatever name led there. */
static curl_socket_t
on_socket_wanted(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct open311_fetch *f = arg;

	if (purpose != CURLSOCKTYPE_IPCXN ||
	    (!public_address(&address->addr, address->addrlen) && !is_one_of(&address->addr, f))) {
		f->barred = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t
on_data(char *data, size_t one, size_t size, void *arg)
{
	struct open311_fetch *f = arg;

	(void)one;
	f->size += size;
	f->too_large = f->size > FILES_SIZE_MAX;
	for (size_t written = 0; !f->too_large && written < size;) {
		ssize_t n = write(f->fd, data + written, size - written);

		if (n <= 0)
			return CURL_WRITEFUNC_ERROR;
		written += (size_t)n;
	}
	return f->too_large ? CURL_WRITEFUNC_ERROR : size;
}

static int
on_progress(void *arg, curl_off_t in_all, curl_off_t in, curl_off_t out_all, curl_off_t out)
{
	const struct open311_fetch *f = arg;

	(void)in_all;
	(void)in;
	(void)out_all;
	(void)out;
	return atomic_load(f->cancelled) ? 1 : 0;
}

static bool
settings_made(CURL *c, struct open311_fetch *f)
{
	return curl_easy_setopt(c, CURLOPT_URL, f->url) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_MAXREDIRS, REDIRECTS_MAX) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_socket_wanted) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, f) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK && /* not even the environment's */
	       curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_FAILONERROR, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_TIMEOUT, SECONDS_MAX) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS_MAX) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)FILES_SIZE_MAX) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_USERAGENT, "Kopru") == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_XFERINFODATA, f) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_data) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_WRITEDATA, f) == CURLE_OK;
}

static const struct {
	CURLcode code;
	enum open311_fetch_end end;
	const char *verdict;
} ends[] = {
    {CURLE_FILESIZE_EXCEEDED, OPEN311_REFUSED, "application; media_url refused: larger than 20 MiB"},
    {CURLE_URL_MALFORMAT, OPEN311_REFUSED, "application; media_url refused: malformed"},
    {CURLE_UNSUPPORTED_PROTOCOL, OPEN311_REFUSED, "application; media_url refused: neither http nor https"},
    {CURLE_LOGIN_DENIED, OPEN311_REFUSED, "application; media_url refused: it holds a user name"},
    {CURLE_TOO_MANY_REDIRECTS, OPEN311_REFUSED, "application; media_url refused: too many redirects"},
    {CURLE_HTTP_RETURNED_ERROR, OPEN311_LATER, "application; media_url failed: not given out"},
};

static void
end_of(struct open311_fetch *f, CURLcode code)
{
	f->end = OPEN311_LATER;
	f->verdict = "application; media_url failed: not reachable";
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (ends[i].code == code) {
			f->end = ends[i].end;
			f->verdict = ends[i].verdict;
		}
	}
	if (f->barred || f->too_large) {
		f->end = OPEN311_REFUSED;
		f->verdict = f->too_large ? ends[0].verdict : "application; media_url refused: no public address";
	}
}

static void
keep(struct open311_fetch *f)
{
	char reason[FILES_REASON_SIZE];

	switch (files_keep_incoming(f->files, f->incoming, &f->kept, reason)) {
	case FILES_KEPT:
		f->end = OPEN311_FETCHED;
		return;
	case FILES_REFUSED:
		f->end = OPEN311_REFUSED;
		f->verdict = "application; media_url refused: not an allowed type of file";
		return;
	case FILES_FAILED:
	default:
		f->end = OPEN311_LATER;
		f->verdict = "application; media_url failed: it could not be kept";
	}
}

void
open311_fetch_run(struct open311_fetch *f)
{
	CURL *c = curl_easy_init();
	CURLcode code = CURLE_FAILED_INIT;

	f->size = 0;
	f->barred = f->too_large = false;
	f->fd = files_incoming_new(f->files, f->incoming);
	if (c && f->fd >= 0 && settings_made(c, f))
		code = curl_easy_perform(c);
	curl_easy_cleanup(c);
	if (f->fd >= 0)
		close(f->fd);
	if (code == CURLE_OK) {
		keep(f);
		return;
	}
	if (f->fd >= 0)
		files_incoming_remove(f->files, f->incoming);
	end_of(f, code);
}
