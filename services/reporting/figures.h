/* figures: how many applications of each group were received in a period, what became of them, and how long it took.
 * Every breakdown sums to the same total (I-17). Pure.
 *
 * Definitions (version 1): a figure counts applications that were received in the period, by Istanbul's calendar day.
 * answered: a final answer was given, at least once. open: still owed something (application_is_open). overdue: open, and
 * the law's day is over. forwarded, handed_back, reopened: at least once. First reaction: the first decision that a human
 * took after routing; final answer: the first one. Durations run from receipt; working time is that of duration.h, whose
 * percentiles are at most 2 % off. Backlog: how many applications, whenever received, were open at the end of a day. */
#ifndef KOPRU_SERVICES_REPORTING_FIGURES_H
#define KOPRU_SERVICES_REPORTING_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"

#define FIGURES_VERSION 1
#define FIGURES_DAYS_MAX 3653 /* ten years */
#define FIGURES_COLUMNS 24
#define FIGURES_LIST "/api/v1/reports/list"

/* The first seven as the statements in figures.sql and the tallies number them. */
enum figures_table {
	FIGURES_TOTAL,
	FIGURES_BY_CHANNEL,
	FIGURES_BY_KIND,
	FIGURES_BY_TOPIC,
	FIGURES_BY_DEPARTMENT,
	FIGURES_BY_STATUS,
	FIGURES_BY_NEIGHBOURHOOD,
	FIGURES_BY_DAY,
	FIGURES_BY_WEEK,
	FIGURES_BY_MONTH,
	FIGURES_TABLES,
};

/* What is measured in time. */
enum figures_lapse {
	FIGURES_REACTION,
	FIGURES_REACTION_WORKING,
	FIGURES_ANSWER,
	FIGURES_ANSWER_WORKING,
	FIGURES_LAPSES,
};

struct figures_counts {
	int64_t received, answered, open, overdue, forwarded, handed_back, reopened;
	int64_t reacted;
	int64_t minutes[FIGURES_LAPSES]; /* sums */
};

struct figures;

/* Lives in a. Days as in calendar.h, both included. english: the language of names. */
struct figures *figures_new(struct arena *a, int32_t from, int32_t to, bool english);

/* Adds to the group with this key (of a breakdown by something else than time): the number of a word, a code, a name, ""
 * for none. name may be NULL. Copies. */
void figures_add(struct figures *f, int table, const char *key, const char *name, const struct figures_counts *counts);
/* Adds what was received on a day: to the total, the day, its week and its month. */
void figures_add_day(struct figures *f, int32_t day, const struct figures_counts *counts);

/* How the durations of a group spread: count more in a bucket; or as it is stored, DURATION_BUCKETS big-endian numbers of
 * four bytes. -1 when it has another size. */
void figures_spread(struct figures *f, int table, const char *key, int lapse, int32_t bucket, int64_t count);
int figures_spread_stored(
    struct figures *f, int table, const char *key, int lapse, const void *data, size_t size, struct err *e);
int figures_spread_day(struct figures *f, int32_t day, int lapse, const void *data, size_t size, struct err *e);

/* day 0: what was open before the first day. */
void figures_backlog(struct figures *f, int32_t day, int64_t growth);

/* After all: sorts (most first; time in order). -1 when a breakdown does not sum to the total. until: the last day for
 * which there can be a backlog. */
int figures_finish(struct figures *f, int32_t until, struct err *e);

/* What is told beside the figures. */
struct figures_told {
	int64_t at; /* when they were made */
	const char *promises; /* how promises were kept, by department: a JSON array */
};

/* JSON, written straight: a summary has thousands of numbers, and jansson took longer than the database. NUL-terminated,
 * in the figures' arena. */
const char *figures_json(const struct figures *f, const struct figures_told *told, size_t *size);

/* The same as rows of a table: FIGURES_COLUMNS texts each, the first three and the last for people, the rest numbers or
 * "". Rows live in the figures' arena. */
extern const char *const figures_columns[FIGURES_COLUMNS];
void figures_rows(const struct figures *f, void (*on_row)(void *arg, const char *const *cells), void *arg);

#endif
