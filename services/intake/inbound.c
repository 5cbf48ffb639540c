/* inbound: one transaction for all that arrived meanwhile. What was there already is looked up and answered only after a
 * durable commit of our own: another's row may be seen before any standby has it. */
#include "services/intake/inbound.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/ids.h"
#include "common/base/log.h"
#include "common/db/batch.h"
#include "common/feed/feed.sql.h"
#include "services/intake/inbound.sql.h"

#define BATCH_LIMIT 200
#define BATCH_WAIT_MS 2000
#define WAITING_MAX 4000
#define REFUSED_RAW_MAX 4096
#define REFUSED_A_MINUTE 60
#define CONTENT_TYPE_MAX 200
#define SOURCES_MAX 64
#define MINUTE_US 60000000

struct error_told {
	char source[64];
	int64_t at;
};

struct inbound {
	struct db *db;
	struct batch *batch;
	void (*wake)(void *arg);
	void *arg;
	size_t bytes; /* of what waits */
	int64_t minute; /* when the minute of refused rows began */
	unsigned refused_kept;
	struct error_told errors[SOURCES_MAX];
	struct {
		struct metric *stored, *repeated, *unavailable, *unknown, *refused, *waiting;
	} metrics;
};

/* Who is looked up; lives in the arena of that transaction. */
struct lookup {
	struct inbound *inbound;
	size_t count;
	struct inbound_arrival **arrivals;
};

static int
compare(const void *left, const void *right)
{
	const struct inbound_arrival *a = *(struct inbound_arrival *const *)left;
	const struct inbound_arrival *b = *(struct inbound_arrival *const *)right;
	int order = strcmp(a->source, b->source);

	return order != 0 ? order : strcmp(a->source_id, b->source_id);
}

static void
bind_keys(struct db_tx *tx, struct inbound_arrival *const *arrivals, size_t count)
{
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, arrivals[i]->source);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, arrivals[i]->source_id);
}

static void
bind_content(struct db_tx *tx, struct inbound_arrival *const *arrivals, size_t count)
{
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, arrivals[i]->content_type);
	db_bind_array(tx, DB_BYTES, count);
	for (size_t i = 0; i < count; i++)
		db_put_bytes(tx, arrivals[i]->raw_file ? NULL : arrivals[i]->raw, arrivals[i]->size);
	db_bind_array(tx, DB_BYTES, count);
	for (size_t i = 0; i < count; i++)
		db_put_bytes(tx, arrivals[i]->raw_file, crypto_hash_sha256_BYTES);
	db_bind_array(tx, DB_INT8S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int8(tx, (int64_t)arrivals[i]->size);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, arrivals[i]->state);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, arrivals[i]->verdict);
}

static void
build(void *arg, struct db_tx *tx, void *const *items, size_t count)
{
	struct inbound_arrival **sorted = arena_array(db_tx_arena(tx), count, sizeof(*sorted));

	(void)arg;
	for (size_t i = 0; i < count; i++)
		sorted[i] = items[i];
	qsort(sorted, count, sizeof(*sorted), compare);
	for (size_t i = 0; i < count; i++) {
		sorted[i]->place = i + 1;
		sorted[i]->first = i == 0 || compare(&sorted[i - 1], &sorted[i]) != 0;
	}
	db_call(tx, &inbound_statements[INBOUND_INSERT]);
	bind_keys(tx, sorted, count);
	bind_content(tx, sorted, count);
}

static void
tell(struct inbound *i, struct inbound_arrival *arrival, enum inbound_end end, int64_t id)
{
	struct metric *const counted[] = {
	    [INBOUND_STORED] = i->metrics.stored,
	    [INBOUND_REPEATED] = i->metrics.repeated,
	    [INBOUND_UNAVAILABLE] = i->metrics.unavailable,
	    [INBOUND_UNKNOWN] = i->metrics.unknown,
	};

	metric_add(counted[end], 1);
	i->bytes -= arrival->raw_file ? 0 : arrival->size;
	arrival->on_end(arrival, end, id);
}

static void
on_looked_up(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct lookup *look = arg;

	(void)e;
	for (size_t row = 0; outcome == DB_COMMITTED && row < db_rows(results, 0); row++) {
		size_t place = (size_t)db_int4(results, 0, row, 0);

		if (place < 1 || place > look->count || !look->arrivals[place - 1])
			abort();
		tell(look->inbound, look->arrivals[place - 1], INBOUND_REPEATED, db_int8(results, 0, row, 1));
		look->arrivals[place - 1] = NULL;
	}
	for (size_t i = 0; i < look->count; i++)
		if (look->arrivals[i])
			tell(look->inbound, look->arrivals[i], INBOUND_UNAVAILABLE, 0);
}

static void
look_up(struct inbound *i, struct inbound_arrival *const *arrivals, size_t count)
{
	struct db_tx *tx = db_begin(i->db);
	struct lookup *look = arena_alloc(db_tx_arena(tx), sizeof(*look));

	look->inbound = i;
	look->count = count;
	look->arrivals = arena_copy(db_tx_arena(tx), arrivals, count * sizeof(struct inbound_arrival *));
	db_call(tx, &inbound_statements[INBOUND_BY_SOURCE_ID]);
	bind_keys(tx, look->arrivals, count);
	db_call(tx, &feed_statements[FEED_PROVE_SEEN]);
	db_commit(tx, on_looked_up, look);
}

static void
tell_stored(struct inbound *i, void *const *items, size_t count, const struct db_results *results)
{
	int64_t ids[BATCH_LIMIT] = {0};
	struct inbound_arrival *there[BATCH_LIMIT];
	size_t there_count = 0;
	bool wake = false;

	for (size_t row = 0; row < db_rows(results, 0); row++)
		ids[db_int4(results, 0, row, 0) - 1] = db_int8(results, 0, row, 1);
	for (size_t n = 0; n < count; n++) {
		struct inbound_arrival *arrival = items[n];
		int64_t id = ids[arrival->place - 1];

		if (id == 0) {
			there[there_count++] = arrival;
			continue;
		}
		wake |= strcmp(arrival->state, "stored") == 0;
		tell(i, arrival, arrival->first ? INBOUND_STORED : INBOUND_REPEATED, id);
	}
	if (there_count > 0)
		look_up(i, there, there_count);
	if (wake && i->wake)
		i->wake(i->arg);
}

static void
on_done(void *arg, void *const *items, size_t count, enum db_outcome outcome, const struct db_results *results,
    const struct err *e)
{
	struct inbound *i = arg;

	if (outcome == DB_COMMITTED) {
		tell_stored(i, items, count, results);
		return;
	}
	if (outcome == DB_REFUSED)
		log_error("inbound.refused", "arrivals=%zu reason=\"%s\"", count, e->text);
	for (size_t n = 0; n < count; n++)
		tell(i, items[n], outcome == DB_UNKNOWN ? INBOUND_UNKNOWN : INBOUND_UNAVAILABLE, 0);
}

static void
on_metrics_read(void *arg)
{
	const struct inbound *i = arg;

	metric_set(i->metrics.waiting, i->batch ? (int64_t)batch_waiting(i->batch) : 0);
}

static void
metrics_make(struct inbound *i, struct metrics *m)
{
	i->metrics.stored = metrics_counter(m, "kopru_intake_inbound_stored_total", "", "Arrivals stored");
	i->metrics.repeated =
	    metrics_counter(m, "kopru_intake_inbound_repeated_total", "", "Arrivals that had been stored before");
	i->metrics.unavailable = metrics_counter(
	    m, "kopru_intake_inbound_unavailable_total", "", "Arrivals not stored for want of database or room");
	i->metrics.unknown =
	    metrics_counter(m, "kopru_intake_inbound_unknown_total", "", "Arrivals whose storing is not known");
	i->metrics.refused =
	    metrics_counter(m, "kopru_intake_inbound_refused_total", "", "Arrivals refused, kept or not");
	i->metrics.waiting = metrics_gauge(m, "kopru_intake_inbound_waiting", "", "Arrivals not yet committed");
	metrics_on_read(m, on_metrics_read, i);
}

struct inbound *
inbound_new(struct loop *l, struct db *arrivals, void (*wake)(void *arg), void *arg, struct metrics *m)
{
	struct batch_conf conf = {.limit = BATCH_LIMIT, .waiting = WAITING_MAX, .flights = 1, .wait_ms = BATCH_WAIT_MS};
	struct inbound *i = calloc(1, sizeof(*i));

	if (!i)
		abort();
	i->db = arrivals;
	i->wake = wake;
	i->arg = arg;
	i->minute = clock_monotonic() - MINUTE_US;
	i->batch = batch_new(l, arrivals, &conf, build, on_done, i);
	metrics_make(i, m);
	return i;
}

void
inbound_stop(struct inbound *i)
{
	if (!i)
		return;
	batch_free(i->batch);
	i->batch = NULL;
}

void
inbound_free(struct inbound *i)
{
	inbound_stop(i);
	free(i);
}

int
inbound_receive(struct inbound *i, struct inbound_arrival *arrival)
{
	size_t size = arrival->raw_file ? 0 : arrival->size;
	uint8_t hash[crypto_hash_sha256_BYTES];
	const uint8_t *known = arrival->raw_file;

	if (i->bytes > 0 && i->bytes + size > INBOUND_BYTES_MAX) {
		metric_add(i->metrics.unavailable, 1);
		return -1;
	}
	if (!arrival->source_id) {
		if (!known)
			crypto_hash_sha256(hash, arrival->raw, arrival->size);
		sodium_bin2hex(arrival->hash_text, sizeof(arrival->hash_text), known ? known : hash, sizeof(hash));
		arrival->source_id = arrival->hash_text;
	}
	if (arrival->content_type && strlen(arrival->content_type) > CONTENT_TYPE_MAX)
		arrival->content_type = NULL;
	if (batch_add(i->batch, arrival) < 0) {
		metric_add(i->metrics.unavailable, 1);
		return -1;
	}
	i->bytes += size;
	return 0;
}

static void
on_refusal_stored(struct inbound_arrival *arrival, enum inbound_end end, int64_t id)
{
	(void)end;
	(void)id;
	arena_free(arrival->arg);
}

void
inbound_refuse(
    struct inbound *i, const char *source, const char *content_type, const void *raw, size_t size, const char *verdict)
{
	int64_t now = clock_monotonic();
	struct uuid id = uuid_new();
	struct inbound_arrival *arrival;
	char *source_id;
	struct arena *a;

	metric_add(i->metrics.refused, 1);
	if (now - i->minute >= MINUTE_US) {
		i->minute = now;
		i->refused_kept = 0;
	}
	if (i->refused_kept >= REFUSED_A_MINUTE)
		return;
	i->refused_kept++;
	a = arena_new(0);
	arrival = arena_alloc(a, sizeof(*arrival));
	/* Not the hash: the same bytes may come again as they should. */
	source_id = arena_alloc(a, UUID_TEXT_SIZE);
	uuid_text(&id, source_id);
	*arrival = (struct inbound_arrival){.source = arena_string(a, source),
	    .source_id = source_id,
	    .content_type = arena_string(a, content_type),
	    .size = size < REFUSED_RAW_MAX ? size : REFUSED_RAW_MAX,
	    .state = "refused",
	    .verdict = verdict,
	    .on_end = on_refusal_stored,
	    .arg = a};
	arrival->raw = arena_copy(a, raw ? raw : "", arrival->size);
	if (inbound_receive(i, arrival) < 0)
		arena_free(a);
}

/* Whether this source told nothing for a second. */
static bool
may_tell(struct inbound *i, const char *source, int64_t now)
{
	struct error_told *oldest = &i->errors[0];

	for (size_t n = 0; n < SOURCES_MAX; n++) {
		struct error_told *told = &i->errors[n];

		if (strcmp(told->source, source) == 0) {
			oldest = told;
			break;
		}
		if (told->at < oldest->at)
			oldest = told;
	}
	if (strcmp(oldest->source, source) == 0 && now - oldest->at < 1000000)
		return false;
	oldest->at = now;
	snprintf(oldest->source, sizeof(oldest->source), "%s", source);
	return true;
}

static void
on_error_stored(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	(void)arg;
	(void)results;
	if (outcome == DB_REFUSED)
		log_error("channel_error.refused", "reason=\"%s\"", e->text);
}

void
inbound_error(struct inbound *i, const char *source, const char *error)
{
	struct db_tx *tx;
	struct err cut;

	err_set(&cut, "%s", error);
	log_warn("channel.error", "source=%s reason=\"%s\"", source, cut.text);
	if (!db_is_up(i->db) || !may_tell(i, source, clock_monotonic()))
		return;
	tx = db_begin(i->db);
	db_call(tx, &inbound_statements[CHANNEL_ERROR_STORE]);
	db_bind_text(tx, arena_string(db_tx_arena(tx), source));
	db_bind_text(tx, arena_string(db_tx_arena(tx), cut.text));
	db_commit(tx, on_error_stored, NULL);
}
