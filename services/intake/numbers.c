/* numbers: see the header. */
#include "services/intake/numbers.h"

#include <stdlib.h>

#include "common/base/log.h"
#include "services/intake/intake.sql.h"

#define YEAR_FIRST 2000
#define YEARS 100
#define BLOCK_MIN 100 /* small, since what is left of it is lost at every restart */
#define BLOCK_MAX 12800 /* it doubles while it lasts less than a second */
#define FAST_MICROSECONDS 1000000
#define SLOW_MICROSECONDS 30000000
#define RETURNED_MAX 256 /* a batch of losers and more */

struct range {
	int32_t next, end; /* empty when equal */
};

struct year {
	struct numbers *numbers;
	int year;
	struct range now, spare;
	int32_t returned[RETURNED_MAX];
	size_t returned_count;
	int32_t block;
	int64_t asked_at;
	bool asking;
	struct number_waiter *first, **last;
};

struct numbers {
	struct db *db;
	uint64_t generation; /* counts ends of sessions */
	struct metric *blocks, *failed;
	struct year years[YEARS];
};

struct asking {
	struct year *year;
	uint64_t generation;
};

static bool
is_empty(const struct range *r)
{
	return r->next == r->end;
}

static int32_t
pop(struct year *y)
{
	if (y->returned_count > 0)
		return y->returned[--y->returned_count];
	if (is_empty(&y->now)) {
		y->now = y->spare;
		y->spare = (struct range){0, 0};
	}
	return is_empty(&y->now) ? 0 : y->now.next++;
}

static void
tell(struct year *y, struct number_waiter *w, int32_t serial)
{
	w->generation = y->numbers->generation;
	w->on_number(w, serial);
}

/* Tells who waits: each a serial, or all that there is none. */
static void
serve(struct year *y, bool failed)
{
	while (y->first && (failed || !is_empty(&y->now) || !is_empty(&y->spare))) {
		struct number_waiter *w = y->first;

		y->first = w->next;
		if (!y->first)
			y->last = &y->first;
		tell(y, w, failed ? 0 : pop(y));
	}
}

static void ask_ahead(struct year *y);

static bool
take_block(struct year *y, const struct asking *asking, enum db_outcome outcome, const struct db_results *results,
    const struct err *e)
{
	struct range block;

	if (outcome != DB_COMMITTED) {
		log_warn(
		    "numbers.untaken", "year=%d outcome=%s reason=\"%s\"", y->year, db_outcome_text(outcome), e->text);
		return false;
	}
	if (db_rows(results, 0) == 0) {
		log_error("numbers.exhausted", "year=%d", y->year);
		return false;
	}
	if (asking->generation != y->numbers->generation)
		return false;
	block.next = db_int4(results, 0, 0, 0);
	block.end = block.next + y->block;
	if (is_empty(&y->now))
		y->now = block;
	else
		y->spare = block;
	metric_add(y->numbers->blocks, 1);
	return true;
}

static void
on_block(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	const struct asking *asking = arg;
	struct year *y = asking->year;
	bool taken = take_block(y, asking, outcome, results, e);

	y->asking = false;
	if (!taken)
		metric_add(y->numbers->failed, 1);
	serve(y, !taken);
	if (taken)
		ask_ahead(y);
}

/* More of what is needed fast, less of what is needed seldom. */
static void
set_block(struct year *y)
{
	int64_t now = clock_monotonic(), since = now - y->asked_at;

	if (y->block == 0 || since > SLOW_MICROSECONDS)
		y->block = BLOCK_MIN;
	else if (since < FAST_MICROSECONDS && y->block < BLOCK_MAX)
		y->block *= 2;
	y->asked_at = now;
}

static void
ask(struct year *y)
{
	struct db_tx *tx = db_begin(y->numbers->db);
	struct asking *asking = arena_alloc(db_tx_arena(tx), sizeof(*asking));

	y->asking = true;
	set_block(y);
	asking->year = y;
	asking->generation = y->numbers->generation;
	db_call(tx, &intake_statements[NUMBERS_TAKE]);
	db_bind_int4(tx, y->year);
	db_bind_int4(tx, y->block);
	db_commit(tx, on_block, asking);
}

/* The next block is asked for when half of the last one is gone. */
static void
ask_ahead(struct year *y)
{
	int32_t left = y->now.end - y->now.next;

	if (!y->asking && is_empty(&y->spare) && left <= y->block / 2)
		ask(y);
}

struct numbers *
numbers_new(struct db *d, struct metrics *m)
{
	struct numbers *n = calloc(1, sizeof(*n));

	if (!n)
		abort();
	n->db = d;
	n->blocks = metrics_counter(m, "kopru_intake_number_blocks_total", "", "Blocks of numbers taken");
	n->failed =
	    metrics_counter(m, "kopru_intake_number_failures_total", "", "Blocks of numbers that could not be taken");
	for (int i = 0; i < YEARS; i++) {
		n->years[i].numbers = n;
		n->years[i].year = YEAR_FIRST + i;
		n->years[i].last = &n->years[i].first;
	}
	return n;
}

void
numbers_free(struct numbers *n)
{
	free(n);
}

static bool
year_has_numbers(int year)
{
	return year >= YEAR_FIRST && year < YEAR_FIRST + YEARS;
}

void
numbers_want(struct numbers *n, int year)
{
	if (year_has_numbers(year) && db_is_up(n->db))
		ask_ahead(&n->years[year - YEAR_FIRST]);
}

void
numbers_down(struct numbers *n)
{
	n->generation++;
	for (int i = 0; i < YEARS; i++) {
		n->years[i].now = n->years[i].spare = (struct range){0, 0};
		n->years[i].returned_count = 0;
	}
}

void
numbers_take(struct numbers *n, int year, struct number_waiter *w)
{
	struct year *y;
	int32_t serial;

	if (!year_has_numbers(year)) {
		w->on_number(w, 0);
		return;
	}
	y = &n->years[year - YEAR_FIRST];
	serial = y->first ? 0 : pop(y);
	if (serial > 0) {
		tell(y, w, serial);
		ask_ahead(y);
		return;
	}
	w->next = NULL;
	*y->last = w;
	y->last = &w->next;
	ask_ahead(y);
}

void
numbers_give_back(struct numbers *n, int year, const struct number_waiter *w, int32_t serial)
{
	struct year *y = &n->years[year - YEAR_FIRST];

	if (w->generation == n->generation && y->returned_count < RETURNED_MAX)
		y->returned[y->returned_count++] = serial;
}

bool
numbers_ready(const struct numbers *n, int year)
{
	const struct year *y;

	if (!year_has_numbers(year))
		return false;
	y = &n->years[year - YEAR_FIRST];
	return !is_empty(&y->now) || !is_empty(&y->spare);
}
