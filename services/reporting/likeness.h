/* likeness: are two applications about the same matter? By place, time, topic and, where these do not settle it, text; and for
 * two of one person, more freely. The answer is for a clerk, who links them or does not: nothing is linked by itself. Pure. */
#ifndef KOPRU_SERVICES_REPORTING_LIKENESS_H
#define KOPRU_SERVICES_REPORTING_LIKENESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"

#define LIKENESS_PERSON_DAYS 90
#define LIKENESS_CELLS 9
#define LIKENESS_STREETS_MAX 8
#define LIKENESS_TEXT_MAX 400 /* characters of a text that are compared: what it is about stands at its beginning */

/* How long and how far apart two about one thing may be. */
struct likeness_rule {
	const char *topic; /* a code, or what codes begin with */
	int days, radius_m;
	bool area; /* it befalls a whole neighbourhood: a power cut */
	bool personal; /* each one's own affair: two people at one place are two matters */
};

/* The rule of a topic; "" when it is not known. The table is of the catalogue that is shipped: other codes have the last row. */
const struct likeness_rule *likeness_rule(const char *topic);

/* The square of about 150 m that the point lies in, and with it the eight around: whatever is within 150 m is in one of them
 * (from 36 to 42 degrees north: narrower beyond). */
int64_t likeness_cell(int32_t latitude_e7, int32_t longitude_e7);
void likeness_cells(int32_t latitude_e7, int32_t longitude_e7, int64_t cells[LIKENESS_CELLS]);
/* Thousandths of the length of a degree of latitude that one of longitude has here. */
int32_t likeness_narrowing(int32_t latitude_e7);
/* Metres between two points that are near each other. */
int32_t likeness_metres(const int32_t from[2], const int32_t to[2]);

/* The streets that a text names, folded, each once, with spaces between: "Mevlana Cad. 12" is "mevlana.c". At most
 * LIKENESS_STREETS_MAX; "" for none. address: it is one, in which each word before "sokak" is a name. */
const char *likeness_streets(struct arena *a, const char *text, bool address);

/* What of a text is compared: hashes of the beginnings of its words and of pieces of them, each once, in order. Words that say
 * nothing of the matter, or only where it is, are left out. */
struct likeness_text {
	uint32_t *words, *pieces;
	size_t word_count, piece_count;
};
/* place: a neighbourhood and streets, as likeness_streets gives them, whose names are left out; NULL is fine, text too. */
void likeness_text_read(struct arena *a, const char *text, const char *place, struct likeness_text *read);
/* In thousandths. */
int likeness_of_texts(const struct likeness_text *left, const struct likeness_text *right);

/* What of an application is compared. Texts are never NULL. */
struct likeness_side {
	int64_t received_at;
	const char *topic; /* "": not known */
	const char *candidates; /* topics that were proposed, with spaces between */
	const char *neighbourhood; /* as neighbourhoods_key gives it; "": not known */
	const char *streets; /* as likeness_streets gives them */
	bool has_point;
	int32_t point[2]; /* latitude and longitude, in degrees times 10^7 */
	const char *text; /* subject and text */
	struct likeness_text *read; /* of text; NULL: not yet. Set when it is needed */
};

/* APART: in the same neighbourhood, where each names another street. */
enum likeness_place { LIKENESS_ELSEWHERE, LIKENESS_APART, LIKENESS_QUARTER, LIKENESS_STREET, LIKENESS_SPOT };
enum likeness_topic { LIKENESS_OTHER, LIKENESS_UNKNOWN, LIKENESS_GROUP, LIKENESS_CANDIDATE, LIKENESS_SAME };

struct likeness_verdict {
	bool same_place; /* the same matter, by place, time, topic and text */
	bool same_person; /* the same matter, since one person told it */
	bool sure; /* place, time and topic settle it: no text was asked */
	enum likeness_place place;
	enum likeness_topic topic;
	int32_t distance_m; /* -1: not known */
	int text; /* thousandths; -1: was not asked */
};

/* person: both bear a mark of one person. a is for what is made on the way, and for what sides keep. */
void likeness_judge(struct arena *a, struct likeness_side *base, struct likeness_side *other, bool person,
    struct likeness_verdict *verdict);
/* Asks for the texts' likeness, if nobody has yet. */
void likeness_judge_text(
    struct arena *a, struct likeness_side *base, struct likeness_side *other, struct likeness_verdict *verdict);

#endif
