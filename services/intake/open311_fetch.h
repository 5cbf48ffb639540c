/* open311_fetch: what a stranger's media_url leads to, into the folder of files. Only over HTTP(S), and only from public
 * addresses: each address is looked at when it is connected to, after every name and every redirect. */
#ifndef KOPRU_SERVICES_INTAKE_OPEN311_FETCH_H
#define KOPRU_SERVICES_INTAKE_OPEN311_FETCH_H

#include <stdatomic.h>

#include "services/intake/files.h"

enum open311_fetch_end {
	OPEN311_FETCHED, /* kept says what */
	OPEN311_REFUSED, /* verdict says why; never again */
	OPEN311_LATER, /* likewise; once more */
};

/* The caller's, the first members filled in. */
struct open311_fetch {
	struct files *files;
	const char *url;
	const char *const *addresses; /* own ones that are allowed all the same */
	size_t address_count;
	const atomic_bool *cancelled; /* set: ends within a second or two, as OPEN311_LATER */

	/* the end */
	enum open311_fetch_end end;
	const char *verdict; /* constant, without personal data */
	struct files_kept kept;

	/* its own */
	int fd;
	uint64_t size;
	bool barred, too_large;
	char incoming[FILES_NAME_SIZE];
};

/* Blocks, for a minute at most: for a worker's thread. */
void open311_fetch_run(struct open311_fetch *f);

#endif
