/* form_reader: how fields are read: tables of fields, one reader for each type. Shared by form_*.c only. Pure. */
#ifndef KOPRU_SERVICES_INTAKE_FORM_READER_H
#define KOPRU_SERVICES_INTAKE_FORM_READER_H

#include "common/domain/words.h"
#include "services/intake/form.h"

struct form_reader {
	struct arena *arena;
	const struct form_rules *rules;
	struct application_form *form; /* NULL when it is a command that is read */
	void *filled; /* the form, or the command: what offsets count from */
	struct form_faults *faults;
	const char *place; /* "", "location.", "applicant.", "commands.3.parts.0." */
};

struct form_field {
	const char *name; /* NULL ends a table */
	void (*read)(struct form_reader *r, const struct form_field *field, const json_t *value);
	size_t offset; /* of what it fills in */
	size_t length_max; /* of texts */
	bool trusted; /* for holders of a key only */
	bool lines; /* may hold line breaks */
	bool required;
};

/* Reads every member of object by the table; unknown ones are faults. */
void form_read_fields(struct form_reader *r, const struct form_field *fields, const json_t *object);

/* Readers for tables. */
void form_read_text(struct form_reader *r, const struct form_field *field, const json_t *value);
void form_read_switch(struct form_reader *r, const struct form_field *field, const json_t *value);
/* The id of a clerk or an extension, never a name: it holds a digit. */
void form_read_clerk(struct form_reader *r, const struct form_field *field, const json_t *value);
/* A day, as int32_t: since 2020. */
void form_read_date(struct form_reader *r, const struct form_field *field, const json_t *value);
void form_read_url(struct form_reader *r, const struct form_field *field, const json_t *value);
void form_read_topic(struct form_reader *r, const struct form_field *field, const json_t *value);

/* Is it an acceptable text? Adds the fault when it is not. */
const char *form_text(struct form_reader *r, const struct form_field *field, const json_t *value);
/* An instant since 2020 and not in the future (a little is cut); false when it is none: adds the fault. */
bool form_time(struct form_reader *r, const struct form_field *field, const json_t *value, int64_t *time);
/* A token of words, or 0 with a fault that lists what is allowed. */
int form_word(struct form_reader *r, const struct form_field *field, const json_t *value, const struct word *words);

void form_fault(struct form_reader *r, const char *name, const char *text_tr, const char *text_en);
void form_fault_words(struct form_reader *r, const char *name, const struct word *words);
void form_fault_unknown(struct form_reader *r, const char *name, const struct form_field *fields);

/* Objects and arrays within the form. */
void form_read_location(struct form_reader *r, const struct form_field *field, const json_t *value);
void form_read_applicant(struct form_reader *r, const struct form_field *field, const json_t *value);
void form_read_attachments(struct form_reader *r, const struct form_field *field, const json_t *value);
/* What the channel wants, when all else was read. */
void form_check_origin(struct form_reader *r, const json_t *body);

#endif
