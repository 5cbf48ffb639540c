/* tracked: what an applicant reads about an application, as JSON: where it stands, its question, its answer, its way.
 * Nothing internal comes in here: no note, no draft, no name, no reason among departments. Pure. */
#ifndef KOPRU_SERVICES_REPORTING_TRACKED_H
#define KOPRU_SERVICES_REPORTING_TRACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "common/base/ids.h"

/* Texts are borrowed; NULL where there is none. */
struct tracked {
	int32_t kind, channel, state;
	int64_t received_at;
	int32_t due_on;
	const char *subject, *text, *department, *department_name, *topic, *topic_name;
	bool triage, erased;
	int32_t version;
	int64_t changed_at;
	const char *department_name_en;
	bool final_owed;
	const char *emergency; /* what to call at once; NULL: nothing */
	const char *phone; /* of the institution whose matter it is; NULL: none */
};

/* A file that came with the application, a reply or an addition. */
struct tracked_file {
	int32_t version; /* of the step that brought it */
	struct uuid id;
	const char *name; /* NULL: not given, or hidden */
	const char *media_type;
	int64_t size;
};

struct tracked_files {
	const struct tracked_file *list; /* in order */
	size_t count;
};

/* One step of the history, as far as the citizen may see it. */
struct tracked_step {
	const char *event; /* token of event_words */
	int64_t at;
	int32_t state;
	const char *department_name, *department_name_en, *text, *name, *reference;
	int32_t code;
	int32_t day, due_on; /* 0: none */
	int32_t version;
};

/* steps in order; the caller owns what it gets. */
json_t *tracked_json(const char *number, const struct tracked *tracked, const struct tracked_step *steps, size_t count,
    const struct tracked_files *files, bool english);

/* For whoever shows steps elsewhere: one step; a text or null; the word of a value or null. */
json_t *tracked_step_json(const struct tracked_step *step, bool english);
json_t *tracked_text(const char *text);
struct word;
json_t *tracked_word(const struct word *words, int32_t value, bool english);
/* What this version brought, to "attachments"; nothing: not at all. Ids are for holders of keys. */
void tracked_set_files(json_t *json, const struct tracked_files *files, int32_t version, bool ids, bool names);
void tracked_set_day(json_t *json, const char *key, int32_t day); /* 0: not at all */

#endif
