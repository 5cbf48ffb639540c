/* channels_conf_reader: JSON objects into structs by tables of their members, and all that is wrong with them at once.
 * Shared by channels_conf*.c only. */
#ifndef KOPRU_SERVICES_INTAKE_CHANNELS_CHANNELS_CONF_READER_H
#define KOPRU_SERVICES_INTAKE_CHANNELS_CHANNELS_CONF_READER_H

#include <jansson.h>

#include "services/intake/channels/channels_conf.h"

#define CONF_FAULTS_MAX 100

enum member_type {
	MEMBER_TEXT, /* const char * */
	MEMBER_TEXTS, /* const char **, size_t at count_offset */
	MEMBER_SECRET, /* const char *, from the file that it names */
	MEMBER_SECRETS, /* const char *[CHANNELS_SECRETS_MAX], size_t at count_offset */
	MEMBER_SECONDS, /* int64_t in milliseconds, from seconds between min and max */
	MEMBER_FLAG, /* bool */
	MEMBER_STARTTLS, /* bool, from the word "starttls" */
};

struct member {
	const char *name; /* NULL ends a table */
	size_t offset, count_offset;
	long min, max;
	bool (*valid)(const char *text); /* of a text, or of each of several; NULL: any that is not empty */
	const char *allowed; /* what valid takes */
	enum member_type type;
	bool required;
};

struct conf_reader {
	struct arena *arena;
	const char *folder; /* of the file, with its "/"; "" for the current one */
	const char *faults[CONF_FAULTS_MAX]; /* in the arena; more are left out */
	size_t fault_count;
};

/* One more thing that is wrong: where ("whatsapp.ids") and why. */
void conf_fault(struct conf_reader *r, const char *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Fills a struct from a JSON object; what is not given stays as it is. */
void conf_read_object(
    struct conf_reader *r, const char *where, const json_t *object, const struct member *members, void *filled);

#endif
