/* clamd: ClamAV's daemon, asked about one file. Blocks: for a worker's thread. Protocol: clamd(8), zINSTREAM. */
#ifndef KOPRU_SERVICES_INTAKE_CLAMD_H
#define KOPRU_SERVICES_INTAKE_CLAMD_H

#include "common/base/err.h"

#define CLAMD_SECONDS 30 /* for each step */

struct clamd_address {
	char path[108]; /* of a unix socket; empty: */
	char host[256], port[8];
};

enum clamd_answer {
	CLAMD_CLEAN,
	CLAMD_INFECTED,
	CLAMD_UNKNOWN, /* not reachable, or it cannot say: e tells why. Not clean */
};

/* "unix:/path" or "host:port". */
int clamd_address_read(const char *text, struct clamd_address *address, struct err *e);
/* Reads fd from its beginning to its end. */
enum clamd_answer clamd_scan(const struct clamd_address *address, int fd, struct err *e);

#endif
