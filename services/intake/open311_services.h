/* open311_services: what may be asked for over Open311: topics of the catalogue, and the questions (attributes) that belong to
 * them, from a CSV file. Pure. */
#ifndef KOPRU_SERVICES_INTAKE_OPEN311_SERVICES_H
#define KOPRU_SERVICES_INTAKE_OPEN311_SERVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/open311/document.h"

#define OPEN311_ATTRIBUTES_MAX 10 /* of one service */
#define OPEN311_VALUES_MAX 50 /* of one attribute */
#define OPEN311_ANSWER_MAX 500 /* code points of one answer */

/* Something to say, in both languages. */
struct open311_text {
	const char *tr, *en;
};
struct open311_texts {
	struct open311_text list[16];
	size_t count; /* what does not fit is left out */
};
void open311_texts_add(struct open311_texts *t, const char *tr, const char *en);

enum open311_datatype {
	OPEN311_STRING,
	OPEN311_NUMBER,
	OPEN311_DATETIME,
	OPEN311_LONG_TEXT,
	OPEN311_ONE_OF,
	OPEN311_SOME_OF,
};

struct open311_value {
	const char *key, *name_tr, *name_en;
};
struct open311_attribute {
	const char *applies_to; /* a topic's code or a category */
	const char *code, *question_tr, *question_en;
	enum open311_datatype datatype;
	bool required;
	struct open311_value *values;
	size_t value_count;
};
struct open311_attributes {
	struct open311_attribute *list;
	size_t count;
};

/* CSV (applies_to, code, datatype, required, question_tr, question_en, key, name_tr, name_en): a row for each attribute, and
 * for each value of its list. */
int open311_attributes_parse(struct arena *a, const char *csv, struct open311_attributes *attributes, struct err *e);

struct open311_service {
	const char *code, *name_tr, *name_en, *category_tr, *department_tr, *department_en;
	const char *keywords; /* with ", " between */
	int32_t target_working_days;
	const struct open311_attribute *attributes[OPEN311_ATTRIBUTES_MAX];
	size_t attribute_count;
};

/* Which of the attributes are this service's. */
void open311_service_attach(struct open311_service *service, const struct open311_attributes *attributes);

/* Members of <service>, into an object that is open. */
void open311_service_out(struct document *d, struct arena *a, const struct open311_service *service, bool english);
/* The whole <service_definition>. */
void open311_definition_out(struct document *d, const struct open311_service *service, bool english);

/* Checks the answers to one attribute; what they say for a reader in Turkish, "" for none. NULL: wrong, and told so. */
const char *open311_answers_read(struct arena *a, const struct open311_attribute *attribute, const char *const *answers,
    size_t count, struct open311_texts *faults);

#endif
