/* http_get: see http_get.h. */
#include "services/kopru/http_get.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

struct body {
	CURL *curl;
	FILE *out, *memory;
	size_t size; /* in memory */
};

static size_t
on_body(char *data, size_t one, size_t size, void *arg)
{
	struct body *b = arg;
	long status = 0;

	(void)one;
	curl_easy_getinfo(b->curl, CURLINFO_RESPONSE_CODE, &status);
	if (b->out && status == 200)
		return fwrite(data, 1, size, b->out);
	b->size += size;
	return b->size > HTTP_GET_BODY_MAX ? 0 : fwrite(data, 1, size, b->memory);
}

static int
ask(struct body *b, const struct http_question *question, struct curl_slist *headers, struct err *e)
{
	char reason[CURL_ERROR_SIZE] = "";
	CURLcode code;

	curl_easy_setopt(b->curl, CURLOPT_URL, question->url);
	if (question->socket)
		curl_easy_setopt(b->curl, CURLOPT_UNIX_SOCKET_PATH, question->socket);
	curl_easy_setopt(b->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(b->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(b->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(b->curl, CURLOPT_TIMEOUT, question->seconds);
	curl_easy_setopt(b->curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(b->curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(b->curl, CURLOPT_WRITEDATA, b);
	curl_easy_setopt(b->curl, CURLOPT_ERRORBUFFER, reason);
	code = curl_easy_perform(b->curl);
	return code == CURLE_OK ? 0 : err_set(e, "%s", *reason ? reason : curl_easy_strerror(code));
}

int
http_get(const struct http_question *question, struct arena *a, struct http_got *got, struct err *e)
{
	struct body b = {.curl = curl_easy_init(), .out = question->out};
	struct curl_slist *headers = curl_slist_append(NULL, "Accept-Language: en");
	char *text = NULL;
	size_t size = 0;
	int rc;

	b.memory = open_memstream(&text, &size);
	if (!b.curl || !b.memory || !headers)
		abort();
	if (question->key)
		headers = curl_slist_append(headers, arena_printf(a, "Authorization: Bearer %s", question->key));
	rc = ask(&b, question, headers, e);
	curl_easy_getinfo(b.curl, CURLINFO_RESPONSE_CODE, &got->status);
	fclose(b.memory);
	got->body = arena_string_n(a, text, size);
	got->size = size;
	free(text);
	curl_slist_free_all(headers);
	curl_easy_cleanup(b.curl);
	return rc;
}
