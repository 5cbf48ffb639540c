/* import_mapping: which column of a file is which field, and what the words in it mean: data, not code
 * (deploy/data/mappings). Names and words are compared folded, without punctuation. Pure. */
#ifndef KOPRU_SERVICES_KOPRU_IMPORT_MAPPING_H
#define KOPRU_SERVICES_KOPRU_IMPORT_MAPPING_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "services/kopru/import_csv.h"

#define IMPORT_NAMES_MAX 20 /* of one field */
#define IMPORT_WORDS_MAX 200 /* of one list */

enum import_field {
	IMPORT_NUMBER,
	IMPORT_RECEIVED_AT,
	IMPORT_TEXT,
	IMPORT_KIND,
	IMPORT_SUBJECT,
	IMPORT_TOPIC,
	IMPORT_NEIGHBOURHOOD,
	IMPORT_NAME,
	IMPORT_NATIONAL_ID,
	IMPORT_PHONE,
	IMPORT_EMAIL,
	IMPORT_ADDRESS,
	IMPORT_HIDDEN,
	IMPORT_REPLY_BY,
	IMPORT_SENDER_INSTITUTION,
	IMPORT_REGISTRY_NUMBER,
	IMPORT_REGISTRY_ON,
	IMPORT_STATUS,
	IMPORT_ATTACHMENTS,
	IMPORT_ANSWER,
	IMPORT_ANSWERED_AT,
	IMPORT_CLOSED,
	IMPORT_FIELDS
};

/* Of each field: its name in mappings, and where intake's form has it (NULL: nowhere as it stands). */
extern const struct import_field_words {
	const char *name;
	const char *form; /* "applicant.phone" */
	bool required;
} import_fields[IMPORT_FIELDS];

struct import_words {
	const char *folded[IMPORT_WORDS_MAX];
	const char *meaning[IMPORT_WORDS_MAX]; /* of kinds: the wire token */
	size_t count;
};

struct import_mapping {
	const char *channel, *kind, *prefers; /* kind: of rows that have none; NULL: each must have one */
	size_t number_digits; /* that a number must have; 0: any text */
	const char *names[IMPORT_FIELDS][IMPORT_NAMES_MAX]; /* as written */
	size_t name_counts[IMPORT_FIELDS];
	struct import_words kinds, hidden, visible, closed, open; /* "" in a list says what an empty cell means */
	bool nobody_hidden; /* "hidden": false: a file without that column is right */
};

/* The mapping of text, a JSON object. Lives in the arena. */
int import_mapping_read(struct arena *a, const char *text, struct import_mapping *m, struct err *e);

/* Which cell is which field: IMPORT_CELLS_MAX where the file has none. */
struct import_columns {
	size_t places[IMPORT_FIELDS];
	bool used[IMPORT_CELLS_MAX]; /* by any field */
	const char *head[IMPORT_CELLS_MAX];
	size_t count;
};

/* -1: a column is missing, stands there twice, or two stand for one field; the reason says what is expected and what is there.
 * Who is hidden must have its column, unless nobody is. */
int import_columns_find(struct arena *a, const struct import_mapping *m, const char *const *head, size_t count,
    struct import_columns *columns, struct err *e);

/* Index in words, or words->count. */
size_t import_words_find(const struct import_words *words, const char *folded);

/* A mapping for this head, as JSON, after m's example: fields whose names stand in the head, or in a longer name there. The
 * caller's. missing: how many required fields found none. */
json_t *import_mapping_propose(struct arena *a, const struct import_mapping *m, const char *text,
    const char *const *head, size_t count, size_t *missing);

#endif
