/* attachments_clean: rows that were never used and files that no row names go after a day, arrivals that were refused after
 * 30 days. A 256th of the folder at a time; every instance does it, and none can harm another: see files_remove_old. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "services/intake/attachments.sql.h"
#include "services/intake/attachments_internal.h"

#define LOOK_MS 60000
#define FOLDERS 256
#define FILES_MAX 4000 /* of one look; what is left over is there the next time */

typedef uint8_t hash[FILES_HASH_SIZE];

struct attachments_clean {
	struct attachments_desk desk;
	struct loop_timer *look;
	struct worker *worker;
	bool stopping;
	unsigned folder;
	hash *files; /* old ones, then those of them that no row names */
	size_t count;
	size_t removed;
	struct metric *removed_total, *forgotten;
};

static void
on_file(void *arg, const uint8_t sha256[FILES_HASH_SIZE])
{
	struct attachments_clean *c = arg;

	if (c->count < FILES_MAX)
		memcpy(c->files[c->count++], sha256, FILES_HASH_SIZE);
}

static void
on_find(void *arg)
{
	struct attachments_clean *c = arg;

	c->count = 0;
	files_each_old(c->desk.files, c->folder, on_file, c);
	if (c->folder == 0)
		files_incoming_clean(c->desk.files);
}

static void
on_remove(void *arg)
{
	struct attachments_clean *c = arg;

	c->removed = 0;
	for (size_t i = 0; i < c->count; i++)
		c->removed += files_remove_old(c->desk.files, c->files[i]);
}

static void
look_later(struct attachments_clean *c)
{
	if (!c->stopping && !loop_stopping(c->desk.loop))
		timer_start(c->look, LOOK_MS);
}

static void
work(struct attachments_clean *c, void (*on_work)(void *arg), void (*on_done)(void *arg))
{
	struct err e;

	c->worker = worker_start(c->desk.loop, on_work, on_done, c, &e);
	if (c->worker)
		return;
	log_warn("files.not_cleaned", "reason=\"%s\"", e.text);
	look_later(c);
}

static void
on_removed(void *arg)
{
	struct attachments_clean *c = arg;

	worker_free(c->worker);
	c->worker = NULL;
	metric_add(c->removed_total, (int64_t)c->removed);
	if (c->removed > 0)
		log_info("files.removed", "count=%zu", c->removed);
	c->folder = (c->folder + 1) % FOLDERS;
	look_later(c);
}

static void
on_unnamed(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct attachments_clean *c = arg;

	(void)e;
	c->count = outcome == DB_COMMITTED ? db_rows(results, 0) : 0;
	for (size_t i = 0; i < c->count; i++) {
		size_t size;
		const void *one = db_bytes(results, 0, i, 0, &size);

		memcpy(c->files[i], one, FILES_HASH_SIZE);
	}
	if (outcome == DB_COMMITTED && !c->stopping)
		work(c, on_remove, on_removed);
	else
		look_later(c);
}

static void
on_found(void *arg)
{
	struct attachments_clean *c = arg;
	struct db_tx *tx;

	worker_free(c->worker);
	c->worker = NULL;
	if (c->stopping)
		return;
	tx = db_begin(c->desk.db);
	db_call(tx, &attachments_statements[FILES_UNNAMED]);
	db_bind_array(tx, DB_BYTES, c->count);
	for (size_t i = 0; i < c->count; i++)
		db_put_bytes(tx, c->files[i], FILES_HASH_SIZE);
	db_read(tx, on_unnamed, c);
}

static void
on_forgotten(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct attachments_clean *c = arg;

	(void)e;
	if (outcome != DB_COMMITTED || c->stopping) {
		look_later(c);
		return;
	}
	metric_add(c->forgotten, db_int8(results, 0, 0, 0));
	if (db_int8(results, 1, 0, 0) > 0)
		log_info("inbound.forgotten", "count=%" PRId64, db_int8(results, 1, 0, 0));
	work(c, on_find, on_found);
}

static void
on_look(void *arg)
{
	struct attachments_clean *c = arg;
	struct db_tx *tx = db_begin(c->desk.db);

	db_call(tx, &attachments_statements[ATTACHMENTS_FORGET]);
	db_call(tx, &attachments_statements[REFUSED_FORGET]);
	db_commit(tx, on_forgotten, c);
}

struct attachments_clean *
attachments_clean_new(const struct attachments_desk *desk, struct metrics *m)
{
	struct attachments_clean *c = calloc(1, sizeof(*c));

	if (!c || !(c->files = calloc(FILES_MAX, sizeof(*c->files))))
		abort();
	c->desk = *desk;
	c->removed_total =
	    metrics_counter(m, "kopru_intake_files_removed_total", "", "Files removed that no row named");
	c->forgotten = metrics_counter(
	    m, "kopru_intake_uploads_forgotten_total", "", "Uploaded files that nobody used within a day");
	c->look = timer_new(desk->loop, on_look, c);
	timer_start(c->look, 1000);
	return c;
}

void
attachments_clean_stop(struct attachments_clean *c)
{
	if (!c)
		return;
	c->stopping = true;
	worker_free(c->worker);
	c->worker = NULL;
}

void
attachments_clean_free(struct attachments_clean *c)
{
	if (!c)
		return;
	timer_free(c->look);
	free(c->files);
	free(c);
}
