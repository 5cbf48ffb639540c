/* import_batch: up to 100 rows on their way: first into intake, then what their old system did with them. Shared by import_run,
 * import_batch and import_steps only. */
#ifndef KOPRU_SERVICES_KOPRU_IMPORT_BATCH_H
#define KOPRU_SERVICES_KOPRU_IMPORT_BATCH_H

#include "common/base/ids.h"
#include "services/kopru/import_front.h"
#include "services/kopru/import_run.h"

#define IMPORT_BATCH_MAX 100
#define IMPORT_FLIGHTS 8 /* batches at once, each with a connection of its own */
#define IMPORT_BODY_SOFT ((size_t)100 * 1024) /* a body that has so many bytes takes no more rows */
#define IMPORT_ITEM_MAX ((size_t)140 * 1024)

struct import_flight; /* all batches of a run */

struct import_work {
	struct import_item item;
	bool done; /* nothing is left to be done for it */
	const char *number; /* ours; NULL: it is not in yet */
	bool repeated;
	/* of its steps */
	bool look; /* where its case stands must be asked */
	bool closed, answered, noted; /* there already, or not wanted */
	bool at_desk;
	unsigned version; /* of its case */
	unsigned looks;
	char doubted[UUID_TEXT_SIZE]; /* a command that was refused as if its id had been used; "": none */
	const char *refusal; /* what was said of it */
};

struct import_batch {
	struct import_flight *flight;
	struct arena *arena, *call_arena; /* of the rows; of one request */
	size_t count, size;
	struct import_work works[IMPORT_BATCH_MAX];
	struct import_call call;
	size_t sent[IMPORT_BATCH_MAX], sent_count; /* works, in the order of the request */
	unsigned tries;
};

struct import_flight {
	const struct import_job *job;
	struct import_counts *counts;
	struct import_front *front;
	struct import_batch *batches[IMPORT_FLIGHTS];
	size_t count;
	bool failed;
	struct err *e;
};

/* When fewer than IMPORT_FLIGHTS are under way. */
struct import_batch *import_batch_new(struct import_flight *f);
/* The first request of a filled batch; the batch frees itself. */
void import_batch_begin(struct import_batch *b);

/* For import_steps: a row's end; all rows are done. */
void import_batch_refuse(struct import_batch *b, struct import_work *w, const char *column, const char *reason);
void import_batch_end(struct import_batch *b);
/* What the service answers to the whole request cannot be helped: the run ends. */
void import_batch_fail(struct import_batch *b, long status, const char *body);

/* Notes, answers and ends of old cases, then import_batch_end. */
void import_steps_begin(struct import_batch *b);

#endif
