/* store: one transaction for all that came meanwhile: rows sorted by key, then the events of those rows that are in. Who
 * lost its key to another is looked up afterwards. */
#include "services/intake/store.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/feed/feed.sql.h"
#include "services/intake/attachments.sql.h"
#include "services/intake/calls.sql.h"
#include "services/intake/holidays.sql.h"
#include "services/intake/intake.sql.h"
#include "services/intake/store_rows.h"

#define BATCH_LIMIT 200
#define BATCH_FLIGHTS 1
#define BATCH_WAIT_MS 2000

const struct db_statement *const store_tables[] = {
    intake_statements, attachments_statements, calls_statements, holidays_statements, feed_statements, NULL};

struct store {
	struct db *writer, *reader;
	struct batch *batch;
	store_on_end *on_end;
	void *arg;
	bool releasing;
};

/* Who is looked up; lives in the arena of that read. */
struct lookup {
	struct store *store;
	size_t count;
	struct record **records;
};

static void
build(void *arg, struct db_tx *tx, void *const *items, size_t count)
{
	struct record **sorted = arena_array(db_tx_arena(tx), count, sizeof(*sorted));

	(void)arg;
	for (size_t i = 0; i < count; i++)
		sorted[i] = items[i];
	store_rows_sort(sorted, count);
	db_call(tx, &intake_statements[APPLICATIONS_INSERT]);
	store_rows_bind(tx, sorted, count);
	for (size_t i = 0; i < count; i++)
		sorted[i] = items[i];
	store_events_bind(tx, sorted, count);
	if (store_attachments_count(sorted, count) == 0)
		return;
	db_call(tx, &attachments_statements[ATTACHMENTS_BIND]);
	store_attachments_bind(tx, sorted, count);
}

static void
tell(struct store *s, struct record *r, enum store_end end, const struct err *e)
{
	s->on_end(s->arg, r, end, e);
}

static void
take_row(struct lookup *look, const struct db_results *results, size_t row)
{
	int32_t place = db_int4(results, 0, row, 0);
	struct record *r;
	size_t size;
	const void *hash = db_bytes(results, 0, row, 1, &size);
	const char *number = db_text(results, 0, row, 3);
	bool same;

	if (place < 1 || (size_t)place > look->count || !look->records[place - 1])
		abort();
	r = look->records[place - 1];
	look->records[place - 1] = NULL;
	same = size == sizeof(r->body_hash) && memcmp(hash, r->body_hash, size) == 0;
	memset(r->number, 0, sizeof(r->number));
	memcpy(r->number, number, strnlen(number, sizeof(r->number) - 1));
	if (same) {
		r->id = db_uuid(results, 0, row, 2);
		r->received_at = db_time(results, 0, row, 4);
		r->due_on = db_date(results, 0, row, 5);
		r->seq = (uint64_t)db_int8(results, 0, row, 6);
	}
	tell(look->store, r, same ? STORE_REPEATED : STORE_KEY_REUSED, NULL);
}

/* Their keys are in the table, so nothing of theirs was stored, whatever the look-up says. */
static void
on_looked_up(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct lookup *look = arg;

	if (outcome == DB_COMMITTED)
		for (size_t row = 0; row < db_rows(results, 0); row++)
			take_row(look, results, row);
	for (size_t i = 0; i < look->count; i++)
		if (look->records[i])
			tell(look->store, look->records[i], STORE_UNAVAILABLE, e);
}

static void
look_up(struct store *s, struct record *const *losers, size_t count)
{
	struct db_tx *tx = db_begin(s->reader);
	struct lookup *look = arena_alloc(db_tx_arena(tx), sizeof(*look));

	look->store = s;
	look->count = count;
	look->records = arena_copy(db_tx_arena(tx), losers, count * sizeof(struct record *));
	db_call(tx, &intake_statements[APPLICATIONS_BY_KEY]);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, losers[i]->key_scope);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, losers[i]->key);
	db_call(tx, &feed_statements[FEED_PROVE_SEEN]); /* the winner's commit may have lost its wait for the standby */
	db_commit(tx, on_looked_up, look);
}

/* Rows come in the order given, without the losers. */
static void
tell_stored(struct store *s, void *const *items, size_t count, const struct db_results *results)
{
	struct record *losers[BATCH_LIMIT];
	size_t rows = db_rows(results, 0), row = 0, lost = 0;

	for (size_t i = 0; i < count; i++) {
		struct record *r = items[i];
		struct uuid event_id;

		if (row < rows) {
			event_id = db_uuid(results, 0, row, 1);
			if (uuid_compare(&event_id, &r->event_id) == 0) {
				r->seq = (uint64_t)db_int8(results, 0, row, 0);
				row++;
				tell(s, r, STORE_STORED, NULL);
				continue;
			}
		}
		if (!r->key)
			abort(); /* nothing but a key leaves a row out */
		losers[lost++] = r;
	}
	if (row != rows)
		abort();
	if (lost > 0)
		look_up(s, losers, lost);
}

static void
on_done(void *arg, void *const *items, size_t count, enum db_outcome outcome, const struct db_results *results,
    const struct err *e)
{
	static const enum store_end ends[] = {
	    [DB_COMMITTED] = STORE_STORED,
	    [DB_REFUSED] = STORE_REFUSED,
	    [DB_RETRY] = STORE_UNAVAILABLE,
	    [DB_FENCED] = STORE_REFUSED,
	    [DB_UNAVAILABLE] = STORE_UNAVAILABLE,
	    [DB_UNKNOWN] = STORE_UNKNOWN,
	};
	struct store *s = arg;
	enum store_end end;

	if (outcome == DB_COMMITTED) {
		tell_stored(s, items, count, results);
		return;
	}
	end = ends[outcome];
	if (outcome == DB_REFUSED && strstr(e->text, attachments_statements[ATTACHMENTS_BIND].name))
		end = STORE_FILES_USED;
	for (size_t i = 0; i < count; i++)
		tell(s, items[i], end, e);
}

static void
on_released(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct store *s = arg;

	(void)e;
	s->releasing = false;
	if (outcome == DB_COMMITTED && db_int8(results, 0, 0, 0) > 0)
		log_warn("writer.released", "ended=%lld", (long long)db_int8(results, 0, 0, 0));
}

/* The stream was waited for in vain: is its holder frozen? */
static void
on_stuck(void *arg)
{
	struct store *s = arg;
	struct db_tx *tx;

	if (s->releasing || !db_is_up(s->reader))
		return;
	s->releasing = true;
	tx = db_begin(s->reader);
	db_call(tx, &feed_statements[FEED_RELEASE_FROZEN]);
	db_read(tx, on_released, s);
}

struct store *
store_new(struct loop *l, struct db *writer, struct db *reader, size_t waiting, store_on_end *on_end, void *arg)
{
	struct batch_conf conf = {.limit = BATCH_LIMIT,
	    .waiting = waiting,
	    .flights = BATCH_FLIGHTS,
	    .wait_ms = BATCH_WAIT_MS,
	    .on_stuck = on_stuck};
	struct store *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	s->writer = writer;
	s->reader = reader;
	s->on_end = on_end;
	s->arg = arg;
	s->batch = batch_new(l, writer, &conf, build, on_done, s);
	return s;
}

void
store_stop(struct store *s)
{
	if (!s)
		return;
	batch_free(s->batch);
	s->batch = NULL;
}

void
store_free(struct store *s)
{
	store_stop(s);
	free(s);
}

int
store_add(struct store *s, struct record *r)
{
	return batch_add(s->batch, r);
}

size_t
store_waiting(const struct store *s)
{
	return batch_waiting(s->batch);
}
