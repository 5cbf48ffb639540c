/* import_run: the rows of a file into intake: many at once, each exactly once however often it is run, because each has its
 * key; no state is kept between runs. */
#ifndef KOPRU_SERVICES_KOPRU_IMPORT_RUN_H
#define KOPRU_SERVICES_KOPRU_IMPORT_RUN_H

#include "services/kopru/api.h"
#include "services/kopru/import_file.h"
#include "services/kopru/import_report.h"
#include "services/kopru/import_row.h"
#include "services/kopru/session.h"

struct import_job {
	const struct import_source *source;
	struct import_file *file;
	struct import_report *report;
	const struct api *api;
	struct session *session; /* to look where old cases stand; NULL in a dry run */
	int64_t inbound_id;
	bool dry_run;
};

struct import_counts {
	uint64_t rows; /* read */
	uint64_t stored, repeated, refused; /* valid ones of a dry run count as stored */
	uint64_t answered; /* of them: their old answers are in, too */
};

/* -1: not all was read or sent; counts say how far it came. */
int import_run(const struct import_job *job, struct import_counts *counts, struct err *e);

#endif
