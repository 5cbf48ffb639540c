/* address: is it one of this machine or of a private network? */
#ifndef KOPRU_SERVICES_DEPARTMENT_ADDRESS_H
#define KOPRU_SERVICES_DEPARTMENT_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "common/base/err.h"

/* 127/8, 10/8, 172.16/12, 192.168/16, ::1, fc00::/7, and IPv4 of these written as IPv6. */
bool address_is_local(const struct sockaddr *address);

/* An http or https URL without a user; when its host is an address, a local one. A name is looked at when it is
 * connected to. */
int address_check_url(const char *url, struct err *e);

#endif
