/* template: the text of a notice, a plain file: a line "Subject: ...", an empty line, the body; with
 * {{placeholders}} for the fields below. Pure: the file's bytes are given. */
#ifndef KOPRU_SERVICES_NOTIFIER_TEMPLATE_H
#define KOPRU_SERVICES_NOTIFIER_TEMPLATE_H

#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/err.h"

#define TEMPLATE_SIZE_MAX (16 * 1024)

enum template_field {
	TEMPLATE_NUMBER,
	TEMPLATE_RECEIVED_ON,
	TEMPLATE_DUE_ON,
	TEMPLATE_DEPARTMENT,
	TEMPLATE_LAW,
	TEMPLATE_TRACKING_URL,
	TEMPLATE_ACCESS_CODE,
	TEMPLATE_FIELDS,
};

struct template;

/* Lives in a and keeps its own copy. The reason says "path:line: what", for example a placeholder that nobody knows,
 * a missing subject, bytes that are not UTF-8, more than TEMPLATE_SIZE_MAX. */
struct template *template_parse(struct arena *a, const char *path, const char *data, size_t size, struct err *e);

/* fields: TEMPLATE_FIELDS texts, none NULL. */
char *template_subject(struct arena *a, const struct template *t, const char *const *fields);
char *template_body(struct arena *a, const struct template *t, const char *const *fields);

#endif
