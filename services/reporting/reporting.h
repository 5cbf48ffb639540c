/* reporting: the read side: follows streams "intake" and "case" into tables of its own, and answers from them. */
#ifndef KOPRU_SERVICES_REPORTING_REPORTING_H
#define KOPRU_SERVICES_REPORTING_REPORTING_H

#include "common/base/err.h"
#include "common/loop/loop.h"

struct reporting_conf {
	const char *database;
	const char *listen;
	const char *intake_feed;
	const char *case_feed;
	const char *intake_public_file; /* "" without tcp:// */
	const char *case_public_file;
	const char *key_file;
	const char *holidays_file;
	const char *neighbourhoods_file; /* "": none is shown to the public */
	const char *exports;
	const char *open311; /* the jurisdiction; "": not offered */
	long window, connections;
	const char *log_level;
};

struct reporting;

/* conf is kept. */
struct reporting *reporting_new(struct loop *l, const struct reporting_conf *conf, struct err *e);
void reporting_free(struct reporting *r); /* NULL is fine */

#endif
