/* public_address: see the header. */
#include "common/base/public_address.h"

#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

/* First bits of an IPv4 address. */
static const struct {
	uint32_t first;
	unsigned bits;
} special_v4[] = {
    {0x00000000, 8}, /* this network */
    {0x0a000000, 8}, /* private */
    {0x64400000, 10}, /* shared: carriers */
    {0x7f000000, 8}, /* loopback */
    {0xa9fe0000, 16}, /* link-local: what clouds tell their machines, too */
    {0xac100000, 12}, /* private */
    {0xc0000000, 24}, /* protocols */
    {0xc0000200, 24}, /* documentation */
    {0xc0586300, 24}, /* 6to4 relays */
    {0xc0a80000, 16}, /* private */
    {0xc6120000, 15}, /* benchmarks */
    {0xc6336400, 24}, /* documentation */
    {0xcb007100, 24}, /* documentation */
    {0xe0000000, 4}, /* multicast */
    {0xf0000000, 4}, /* reserved, broadcast */
};

static bool
public_v4(uint32_t address)
{
	for (size_t i = 0; i < sizeof(special_v4) / sizeof(special_v4[0]); i++)
		if ((address ^ special_v4[i].first) >> (32 - special_v4[i].bits) == 0)
			return false;
	return true;
}

static uint32_t
v4_at(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool
begins(const uint8_t *bytes, const char *first, size_t size)
{
	return memcmp(bytes, first, size) == 0;
}

/* Global unicast is 2000::/3; what translates to IPv4 is looked at as that. */
static bool
public_v6(const uint8_t *bytes)
{
	if (begins(bytes, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12)) /* mapped */
		return public_v4(v4_at(bytes + 12));
	if (begins(bytes, "\0\x64\xff\x9b\0\0\0\0\0\0\0\0", 12)) /* NAT64 */
		return public_v4(v4_at(bytes + 12));
	if (begins(bytes, "\x20\x02", 2)) /* 6to4 */
		return public_v4(v4_at(bytes + 2));
	if ((bytes[0] & 0xe0) != 0x20)
		return false;
	if (begins(bytes, "\x20\x01", 2) && bytes[2] < 0x02) /* 2001::/23: Teredo and other protocols */
		return false;
	if (begins(bytes, "\x20\x01\x0d\xb8", 4)) /* documentation */
		return false;
	return !begins(bytes, "\x3f\xff", 2) || bytes[2] >= 0x10; /* documentation, 3fff::/20 */
}

bool
public_address(const struct sockaddr *address, socklen_t size)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (address->sa_family == AF_INET && size >= sizeof(v4)) {
		memcpy(&v4, address, sizeof(v4));
		return public_v4(ntohl(v4.sin_addr.s_addr));
	}
	if (address->sa_family == AF_INET6 && size >= sizeof(v6)) {
		memcpy(&v6, address, sizeof(v6));
		return public_v6(v6.sin6_addr.s6_addr);
	}
	return false;
}
