/* listing: the list behind a figure: what it is asked by, where a page begins, and how a row is shown. No row holds
 * anything of the applicant. Pure. */
#ifndef KOPRU_SERVICES_REPORTING_LISTING_H
#define KOPRU_SERVICES_REPORTING_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "common/base/arena.h"
#include "common/base/ids.h"

#define LISTING_CHANNELS_MAX 32
#define LISTING_COLUMNS 24
#define LISTING_FIRST_NUMBER 20 /* these columns hold numbers */

enum listing_measure {
	LISTING_RECEIVED,
	LISTING_ANSWERED,
	LISTING_OPEN,
	LISTING_OVERDUE,
	LISTING_FORWARDED,
	LISTING_HANDED_BACK,
	LISTING_REOPENED,
	LISTING_REACTED,
	LISTING_MEASURES,
};

struct listing {
	int32_t from, to;
	int32_t channels[LISTING_CHANNELS_MAX];
	size_t channels_count; /* 0: any */
	int32_t kind, state; /* 0: any */
	const char *topic, *department, *neighbourhood; /* NULL: any; "": none */
	const char *outcome; /* of routing: a token of outcome_words, or "urgent"; NULL: any */
	int measure;
	int32_t backlog; /* open at the end of this day; 0: not asked */
};

/* The row before a page. */
struct listing_place {
	int32_t received_on;
	struct uuid id;
};

/* Texts are borrowed; NULL where there is none. */
struct listing_row {
	struct listing_place place;
	const char *number;
	int64_t received_at;
	int32_t kind, channel, state;
	const char *topic, *topic_name, *department, *department_name, *neighbourhood;
	int32_t due_on;
	bool overdue, forwarded, handed_back, reopened;
	int64_t reaction_at, answered_at; /* 0: not yet */
	int32_t reaction_minutes, reaction_working_minutes, answer_minutes, answer_working_minutes;
};

/* "answered" and so on; -1 for anything else. */
int listing_measure(const char *token);

/* As a value in an address (RFC 3986). */
const char *listing_encode(struct arena *a, const char *text);

/* "2026-11-23_<uuid>". */
const char *listing_place_text(struct arena *a, const struct listing_place *place);
bool listing_place_parse(const char *text, struct listing_place *place);

extern const char *const listing_columns[LISTING_COLUMNS];
/* The row's cells, from a where they are not borrowed. */
void listing_cells(struct arena *a, const struct listing_row *row, bool english, const char *cells[LISTING_COLUMNS]);
/* An object by the names of the columns. */
json_t *listing_json(struct arena *a, const struct listing_row *row, bool english);

#endif
