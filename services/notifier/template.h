/* template: the text of a notice, a plain file: a line "Subject: ...", an empty line, the body; with {{placeholders}}
 * for the fields below. A line with a placeholder whose field is empty is left out. Pure: the file's bytes are given. */
#ifndef KOPRU_SERVICES_NOTIFIER_TEMPLATE_H
#define KOPRU_SERVICES_NOTIFIER_TEMPLATE_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"

#define TEMPLATE_SIZE_MAX (16 * 1024)

enum template_field {
	TEMPLATE_NUMBER,
	TEMPLATE_RECEIVED_ON,
	TEMPLATE_DUE_ON,
	TEMPLATE_DEPARTMENT,
	TEMPLATE_LAW, /* the article that gives the date */
	TEMPLATE_LAW_FORWARD, /* the article by which an application goes to whom it belongs */
	TEMPLATE_TRACKING_URL,
	TEMPLATE_ACCESS_CODE,
	TEMPLATE_TEXT, /* an official's: answer, question, explanation; may have several lines */
	TEMPLATE_REASON, /* an official's */
	TEMPLATE_REJECT_REASON, /* with its article */
	TEMPLATE_ANSWER_BY, /* the applicant's reply is awaited until then */
	TEMPLATE_FINAL_BY, /* promised day of the final answer */
	TEMPLATE_OLD_DUE_ON,
	TEMPLATE_INSTITUTION,
	TEMPLATE_LETTER_ON,
	TEMPLATE_LETTER_NUMBER,
	TEMPLATE_JOINT, /* a sentence, when applications were answered together */
	TEMPLATE_PAY_BY, /* the fee of Law 4982 */
	TEMPLATE_PROMISED_ON,
	TEMPLATE_OLD_PROMISED_ON,
	TEMPLATE_TOPIC,
	TEMPLATE_CLOCK, /* which term, in Turkish */
	TEMPLATE_CLOCK_EN,
	TEMPLATE_STAGE, /* percent of it that have passed */
	TEMPLATE_EMERGENCY, /* what to call at once */
	TEMPLATE_COUNT,
	TEMPLATE_CASE_URL, /* for staff: no secret in it */
	TEMPLATE_CONFIRM_URL,
	TEMPLATE_OPT_OUT_URL,
	TEMPLATE_FIELDS,
};

#define TEMPLATE_ALLOW(field) (UINT32_C(1) << (field))

struct template;

/* Lives in a and keeps its own copy. allowed: TEMPLATE_ALLOW of each field that may be used. The reason says
 * "path:line: what", for example a placeholder that is not allowed here, with those that are, a missing subject, bytes
 * that are not UTF-8, more than TEMPLATE_SIZE_MAX. */
struct template *template_parse(
    struct arena *a, const char *path, const char *data, size_t size, uint32_t allowed, struct err *e);

/* fields: TEMPLATE_FIELDS texts, none NULL. */
char *template_subject(struct arena *a, const struct template *t, const char *const *fields);
char *template_body(struct arena *a, const struct template *t, const char *const *fields);

#endif
