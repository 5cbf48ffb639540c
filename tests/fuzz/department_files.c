/* fuzz department_files: any text as a consumer's cursor file and as the address that events are posted to: a
 * cursor that is taken is written as the same; an address that is taken has no user and,
 * written as numbers, lies in a private network. */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "services/department/address.h"
#include "services/department/cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int holds)
{
	if (!holds)
		abort();
}

static void
check_cursor(const char *text)
{
	struct cursor c;
	struct err e = {""};
	char id[UUID_TEXT_SIZE], written[256];

	if (cursor_parse(text, "department/TEM", &c, &e) < 0) {
		require(*e.text != '\0');
		return;
	}
	require(c.seq > 0 && c.seq <= INT64_MAX);
	uuid_text(&c.event_id, id);
	(void)snprintf(written, sizeof(written), "department/TEM %llu %s\n", (unsigned long long)c.seq, id);
	require(strlen(text) == strlen(written));
	/* Only the letters of the id may stand in another case. */
	for (size_t i = 0; written[i]; i++)
		require(text[i] == written[i] || (text[i] >= 'A' && text[i] <= 'F' && text[i] + 32 == written[i]));
}

/* How curl, which connects, reads the host. */
static char *
host_of(const char *url)
{
	CURLU *parts = curl_url();
	char *host = NULL, *user = NULL;

	require(parts && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK);
	require(curl_url_get(parts, CURLUPART_USER, &user, 0) != CURLUE_OK);
	require(curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK);
	curl_url_cleanup(parts);
	return host;
}

static void
check_address(const char *text)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct err e = {""};
	char *host;

	if (address_check_url(text, &e) < 0) {
		require(*e.text != '\0');
		return;
	}
	host = host_of(text);
	if (inet_pton(AF_INET, host, &v4.sin_addr) == 1)
		require(address_is_local((const struct sockaddr *)&v4));
	curl_free(host);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	require(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	check_cursor(text);
	check_address(text);
	free(text);
	return 0;
}
