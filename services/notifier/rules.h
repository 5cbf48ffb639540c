/* rules: what an event means to the applicant: which letter it makes and what of it the letter may say; and how
 * carefully each letter is sent. Two tables. Pure. */
#ifndef KOPRU_SERVICES_NOTIFIER_RULES_H
#define KOPRU_SERVICES_NOTIFIER_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/kopru/v1/event.pb-c.h"

/* What a notice keeps of its event for its template. Texts are an official's; none is the applicant's. */
struct notice_fields {
	int32_t received_on; /* days since 1970, Europe/Istanbul; so are the other days; 0: none */
	int32_t due_on;
	int32_t legal_basis; /* of proto/kopru/v1 */
	const char *department_name;
	bool triage;
	uint32_t access_code_generation;
	const char *text; /* texts: "" when there is none */
	const char *reason;
	int32_t reject_reason; /* of proto/kopru/v1; 0: none */
	int32_t answer_by;
	int32_t final_by;
	int32_t old_due_on;
	const char *institution;
	int32_t letter_on;
	const char *letter_number;
	bool joint; /* answered together with others */
	int32_t pay_by;
	int32_t promised_on, old_promised_on;
	const char *topic_name; /* this and what follows: for staff */
	const char *emergency;
	int32_t clock, stage; /* kopru.v1.Clock; percent */
	int32_t count;
};

/* What becomes of a letter when nobody knows whether the server took it. */
#define POLICY_AT_MOST_ONCE "at_most_once" /* it stays unknown until an operator says otherwise */
#define POLICY_AT_LEAST_ONCE                                                                                           \
	"at_least_once" /* it is repeated once, under the same Message-ID: the law wants it to arrive */

struct template_rule {
	const char *name; /* NULL ends the table */
	const char *policy;
	uint32_t allowed; /* TEMPLATE_ALLOW of each field that it may use */
	bool staff; /* one text in both languages, in folder staff */
};

extern const struct template_rule template_rules[];
#define TEMPLATE_STAFF_ESCALATION "staff_escalation"
#define TEMPLATE_STAFF_PAGE "staff_page"
#define TEMPLATE_STAFF_SUMMARY "staff_summary"
#define TEMPLATE_CONFIRM "confirm" /* the neutral message to an address that nobody proved */

/* NULL when there is no such template. */
const struct template_rule *template_rule_find(const char *name);

struct event_rule {
	int body_case;
	const char *template; /* NULL: without meaning for the applicant */
	void (*fill)(const Kopru__V1__Event *event, struct notice_fields *fields); /* borrows; may be NULL */
	bool (*tells)(const Kopru__V1__Event *event); /* whether this one means something to him; NULL: each does */
};

/* That of an event, which may depend on more than its type. NULL: nobody knows it. */
const struct event_rule *event_rule_of(const Kopru__V1__Event *event);
/* NULL when nobody knows such an event. Erased is none of these. */
const struct event_rule *event_rule_find(int body_case);

#endif
