/* address: see address.h. */
#include "services/department/address.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static bool
ipv4_is_local(uint32_t a)
{
	return a >> 24 == 127 || a >> 24 == 10 || a >> 20 == 0xAC1 || a >> 16 == 0xC0A8;
}

static bool
ipv6_is_local(const struct in6_addr *a)
{
	uint32_t last;

	if (IN6_IS_ADDR_LOOPBACK(a) || (a->s6_addr[0] & 0xFE) == 0xFC)
		return true;
	memcpy(&last, &a->s6_addr[12], sizeof(last));
	return IN6_IS_ADDR_V4MAPPED(a) && ipv4_is_local(ntohl(last));
}

bool
address_is_local(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET) {
		struct sockaddr_in v4;

		memcpy(&v4, address, sizeof(v4));
		return ipv4_is_local(ntohl(v4.sin_addr.s_addr));
	}
	if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 v6;

		memcpy(&v6, address, sizeof(v6));
		return ipv6_is_local(&v6.sin6_addr);
	}
	return false;
}

/* Only what is surely no local address is refused here. */
static bool
host_may_be_local(const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;
	char bare[INET6_ADDRSTRLEN];
	size_t size = strlen(host);

	if (inet_pton(AF_INET, host, &v4) == 1)
		return ipv4_is_local(ntohl(v4.s_addr));
	if (host[0] != '[' || size < 3 || size - 2 >= sizeof(bare))
		return true;
	memcpy(bare, host + 1, size - 2);
	bare[size - 2] = '\0';
	return inet_pton(AF_INET6, bare, &v6) == 1 && ipv6_is_local(&v6);
}

int
address_check_url(const char *url, struct err *e)
{
	CURLU *parts = curl_url();
	char *scheme = NULL, *host = NULL, *user = NULL;
	int rc = 0;

	if (!parts)
		abort();
	if (curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK)
		rc = err_set(e, "\"%s\" is no URL", url);
	else if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
		rc = err_set(e, "\"%s\": only http and https are posted to", url);
	else if (curl_url_get(parts, CURLUPART_USER, &user, 0) == CURLUE_OK)
		rc = err_set(e, "the URL of the handler must not hold a user");
	else if (!host_may_be_local(host))
		rc = err_set(e, "\"%s\" is no address of this machine or of a private network", url);
	curl_free(scheme);
	curl_free(host);
	curl_free(user);
	curl_url_cleanup(parts);
	return rc;
}
