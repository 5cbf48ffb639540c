/* public_address: may an address that a stranger names be connected to? Only those of the public internet: nobody shall reach
 * through us what only we reach. Pure. */
#ifndef KOPRU_COMMON_BASE_PUBLIC_ADDRESS_H
#define KOPRU_COMMON_BASE_PUBLIC_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* By the registries of special-purpose addresses (IANA, RFC 6890): loopback, private, link-local, shared, documentation,
 * multicast, reserved ones and IPv6 addresses that stand for any of these are not. */
bool public_address(const struct sockaddr *address, socklen_t size);

#endif
