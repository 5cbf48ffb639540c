/* graph_url: see the header. */
#include "services/intake/channels/graph_url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#include "common/base/text.h"

bool
graph_url_is_loopback(const char *url)
{
	static const char *const starts[] = {"http://127.0.0.1", "http://[::1]"};

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		size_t length = strlen(starts[i]);

		if (strncmp(url, starts[i], length) == 0 &&
		    (url[length] == '\0' || url[length] == ':' || url[length] == '/'))
			return true;
	}
	return false;
}

/* A part of url, to be freed with curl_free; NULL when it has none. */
static char *
part_of(CURLU *url, CURLUPart part)
{
	char *text = NULL;

	return curl_url_get(url, part, &text, 0) == CURLUE_OK ? text : NULL;
}

static const char *
refusal_of(CURLU *url)
{
	char *scheme = part_of(url, CURLUPART_SCHEME), *user = part_of(url, CURLUPART_USER);
	char *password = part_of(url, CURLUPART_PASSWORD), *port = part_of(url, CURLUPART_PORT);
	const char *why = NULL;

	if (!scheme || strcmp(scheme, "https") != 0)
		why = "its address is not https";
	else if (user || password)
		why = "its address names a user";
	else if (port && strcmp(port, "443") != 0)
		why = "its address names a port";
	curl_free(scheme);
	curl_free(user);
	curl_free(password);
	curl_free(port);
	return why;
}

const char *
graph_url_refusal(const char *url, const char *base)
{
	const char *why = "its address cannot be read";
	CURLU *parsed;

	if (strlen(url) > GRAPH_URL_MAX)
		return "its address is too long";
	if (graph_url_is_loopback(base))
		return graph_url_is_loopback(url) ? NULL : "its address is not on loopback";
	parsed = curl_url();
	if (parsed && curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK)
		why = refusal_of(parsed);
	curl_url_cleanup(parsed);
	return why;
}

static bool
is_within(const char *host, const char *domain)
{
	size_t host_length = strlen(host), length = strlen(domain);

	if (host_length < length || !ascii_equal_nocase(host + host_length - length, domain))
		return false;
	return host_length == length || host[host_length - length - 1] == '.';
}

static bool
is_trusted(const char *host, const char *base_host)
{
	static const char *const domains[] = {
	    "facebook.com", "fbsbx.com", "whatsapp.net", "fbcdn.net", "instagram.com", "cdninstagram.com"};

	if (base_host && ascii_equal_nocase(host, base_host))
		return true;
	for (size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++)
		if (is_within(host, domains[i]))
			return true;
	return false;
}

bool
graph_url_trusted(const char *url, const char *base)
{
	CURLU *one = curl_url(), *other = curl_url();
	char *host = NULL, *base_host = NULL;
	bool trusted;

	if (one && curl_url_set(one, CURLUPART_URL, url, 0) == CURLUE_OK)
		host = part_of(one, CURLUPART_HOST);
	if (other && curl_url_set(other, CURLUPART_URL, base, 0) == CURLUE_OK)
		base_host = part_of(other, CURLUPART_HOST);
	trusted = host && is_trusted(host, base_host);
	curl_free(host);
	curl_free(base_host);
	curl_url_cleanup(one);
	curl_url_cleanup(other);
	return trusted;
}

bool
graph_url_piece_valid(const char *piece)
{
	bool more_than_dots = false;

	for (const char *p = piece; *p; p++) {
		char c = ascii_lower(*p);

		if (!ascii_digit(c) && !(c >= 'a' && c <= 'z') && !strchr("_-.=", c))
			return false;
		more_than_dots |= c != '.';
	}
	return more_than_dots;
}

/* What is no public address, as the registries of special-purpose addresses have it. */
static const struct {
	uint32_t network, mask;
} special[] = {
    {0x00000000, 0xff000000},
    {0x0a000000, 0xff000000},
    {0x64400000, 0xffc00000},
    {0x7f000000, 0xff000000},
    {0xa9fe0000, 0xffff0000},
    {0xac100000, 0xfff00000},
    {0xc0000000, 0xffffff00},
    {0xc0000200, 0xffffff00},
    {0xc0586300, 0xffffff00},
    {0xc0a80000, 0xffff0000},
    {0xc6120000, 0xfffe0000},
    {0xc6336400, 0xffffff00},
    {0xcb007100, 0xffffff00},
    {0xe0000000, 0xe0000000},
};

static bool
is_public_4(uint32_t address)
{
	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if ((address & special[i].mask) == special[i].network)
			return false;
	return true;
}

/* Only 2000::/3 is in use; of it not Teredo and its neighbours (2001::/23), documentation (2001:db8::/32, 3fff::/20), 6to4. */
static bool
is_public_6(const uint8_t *a)
{
	if ((a[0] & 0xe0) != 0x20)
		return false;
	if (a[0] == 0x20 && a[1] == 0x01 && (a[2] & 0xfe) == 0)
		return false;
	if (a[0] == 0x20 && a[1] == 0x01 && a[2] == 0x0d && a[3] == 0xb8)
		return false;
	if (a[0] == 0x3f && a[1] == 0xff && (a[2] & 0xf0) == 0)
		return false;
	return !(a[0] == 0x20 && a[1] == 0x02);
}

bool
graph_address_public(const struct sockaddr *address, size_t size)
{
	struct sockaddr_in four;
	struct sockaddr_in6 six;

	if (address->sa_family == AF_INET && size >= sizeof(four)) {
		memcpy(&four, address, sizeof(four));
		return is_public_4(ntohl(four.sin_addr.s_addr));
	}
	if (address->sa_family == AF_INET6 && size >= sizeof(six)) {
		memcpy(&six, address, sizeof(six));
		return is_public_6(six.sin6_addr.s6_addr);
	}
	return false;
}
