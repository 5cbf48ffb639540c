/* import_run: see the header. */
#include "services/kopru/import_run.h"

#include <stddef.h>
#include <string.h>

#include "services/kopru/import_batch.h"

/* 1: the row is in the batch, or refused; 0: there is none; -1: the rest cannot be read. */
static int
take_row(struct import_flight *f, struct import_batch *b, struct err *e)
{
	const struct import_job *job = f->job;
	struct import_work *w = &b->works[b->count];
	struct import_fault fault = {.column = ""};
	struct import_csv_row row;
	int rc = import_file_next(job->file, &row, e);

	if (rc <= 0)
		return rc;
	*w = (struct import_work){.item = {.row = row.number, .line = row.line}};
	f->counts->rows++;
	if (row.fault)
		fault.reason = row.fault;
	else if (import_row_make(b->arena, job->source, row.cells, &w->item, &fault) == 0 &&
		 strlen(w->item.application) > IMPORT_ITEM_MAX)
		fault.reason = "it is too large";
	if (fault.reason) {
		import_batch_refuse(b, w, fault.column, fault.reason);
		return 1;
	}
	b->size += strlen(w->item.application);
	b->count++;
	return 1;
}

static int
fill(struct import_flight *f, bool *ended, struct err *e)
{
	struct import_batch *b = import_batch_new(f);
	int rc = 1;

	/* Refused rows are counted, too, so that a file of nothing else keeps the program awake. */
	for (size_t i = 0; i < IMPORT_BATCH_MAX && rc == 1 && b->size < IMPORT_BODY_SOFT; i++)
		rc = take_row(f, b, e);
	*ended = rc <= 0;
	import_batch_begin(b);
	return rc < 0 ? -1 : 0;
}

static void
show(const struct import_flight *f)
{
	const struct import_job *job = f->job;

	import_report_progress(job->report, f->counts->rows, import_file_done(job->file), import_file_size(job->file));
}

/* A question whose only use is how it is refused. */
struct probe {
	struct import_call call;
	long status; /* 0: not answered yet */
};

static void
on_probed(struct import_call *call, long status, const char *body, size_t size)
{
	struct probe *p = (struct probe *)((char *)call - offsetof(struct probe, call));

	(void)body;
	(void)size;
	p->status = status;
}

/* Whoever may not say what was done with old cases is told before any row is in. */
static int
check_rights(struct import_flight *f, struct err *e)
{
	static const enum import_field fields[] = {IMPORT_STATUS, IMPORT_ATTACHMENTS, IMPORT_ANSWER, IMPORT_CLOSED};
	static const char body[] = "{\"commands\":[]}";
	struct probe p = {
	    .call = {.path = "/api/v1/commands", .body = body, .size = sizeof(body) - 1, .on_end = on_probed}};
	const struct import_columns *columns = f->job->source->columns;
	bool needed = false;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		needed |= columns->places[fields[i]] < IMPORT_CELLS_MAX;
	if (!needed || f->job->dry_run)
		return 0;
	import_front_post(f->front, &p.call, 0);
	while (p.status == 0)
		if (import_front_wait(f->front, e) < 0)
			return -1;
	if (p.status == 401 || p.status == 403)
		return err_set(e,
		    "%s/api/v1/commands answered %ld: states, attachments and answers need a key with the rights "
		    "applications and cases, role clerk; or take their columns out of the mapping",
		    f->job->api->name, p.status);
	return 0;
}

int
import_run(const struct import_job *job, struct import_counts *counts, struct err *e)
{
	struct import_flight f = {.job = job, .counts = counts, .e = e};
	struct err unread = {""};
	bool ended = false;
	int rc = 0;

	*counts = (struct import_counts){0};
	f.front = import_front_new(job->api, IMPORT_FLIGHTS);
	f.failed = check_rights(&f, e) < 0;
	while (!f.failed && (!ended || f.count > 0)) {
		if (!ended && f.count < IMPORT_FLIGHTS) {
			rc = fill(&f, &ended, &unread);
		} else if (import_front_wait(f.front, e) < 0) {
			f.failed = true;
		}
		show(&f);
	}
	import_front_free(f.front);
	for (size_t i = 0; i < IMPORT_FLIGHTS; i++)
		if (f.batches[i])
			import_batch_end(f.batches[i]);
	if (!f.failed && rc < 0)
		return err_set(e, "%s", unread.text);
	return f.failed ? -1 : 0;
}
