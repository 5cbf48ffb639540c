/* form: JSON becomes an application, or a list of all that is wrong with it, each with what is allowed. Pure: the caller
 * says what time it is and whether a key was shown. */
#ifndef KOPRU_SERVICES_INTAKE_FORM_H
#define KOPRU_SERVICES_INTAKE_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "common/base/arena.h"
#include "common/domain/attachment.h"
#include "common/domain/identity.h"

#define FORM_FAULTS_MAX 64
#define FORM_TEXT_MAX 10000 /* code points, as all limits here */
#define FORM_SUBJECT_MAX 200
#define FORM_NAME_MAX 200
#define FORM_ADDRESS_MAX 500
#define FORM_NEIGHBOURHOOD_MAX 100
#define FORM_EXTERNAL_ID_MAX 100
#define FORM_URL_MAX 500
#define FORM_CALL_ID_MAX 200
#define FORM_RECORDING_MAX 500
#define FORM_REGISTRY_MAX 100
#define FORM_SHORT_MAX 254 /* phone, e-mail, ids, words, times */
#define FORM_KEY_MAX 128 /* bytes of an Idempotency-Key */
#define FORM_ATTACHMENTS_MAX ATTACHMENTS_MAX

/* Texts are those of the JSON, unchanged; NULL when not given. */
struct application_form {
	int kind, channel; /* Kopru__V1__Kind, Kopru__V1__Channel */
	const char *text, *subject, *topic;
	const char *external_id;
	int64_t received_at;

	bool has_point;
	int32_t latitude_e7, longitude_e7;
	const char *address, *neighbourhood;

	const char *applicant_name, *applicant_email, *applicant_address, *national_id;
	const char *applicant_phone; /* E.164, in phone */
	char phone[PHONE_TEXT_SIZE];
	bool email_verified; /* whoever entered it knows that the address is the applicant's */
	bool anonymous, hide_identity;
	const char *language; /* "tr" or "en" */
	int prefers;

	/* how it came in */
	const char *entered_by, *brought_by, *registry_number, *sender_institution, *call_id, *recording, *source_url;
	int32_t registry_on, reply_by; /* days since 1970; 0: none */
	struct attachment attachments[FORM_ATTACHMENTS_MAX]; /* named by their ids; the rest is what is known of them */
	size_t attachment_count;
	int64_t inbound_id; /* of intake.inbound; 0: none */
};

struct form_rules {
	int64_t now; /* microseconds since 1970 */
	bool files; /* uploaded files may be named: who reads the form looks them up */
	bool trusted; /* a key with the right "applications" was shown */
	bool imported; /* from the file of another system, which may be older than ours */
	bool english; /* what the caller reads, when the form does not say */
};

struct form_fault {
	const char *field; /* "applicant.email" */
	const char *pointer; /* "#/applicant/email" when field cannot give it, else NULL */
	const char *text_tr, *text_en;
};

struct form_faults {
	struct form_fault list[FORM_FAULTS_MAX];
	size_t count; /* what does not fit is left out */
};

#define FORM_MISSING_MAX 4

/* What the law wants to know of the applicant (3071 art. 4, 4982 art. 6) and the form does not say. An application is taken
 * without it: who entered it is told, and asks. */
struct form_missing {
	const char *field; /* "applicant.address" */
	const char *law, *article; /* "3071", "4" */
};

/* -1 when anything is wrong; then faults says what. body is an object; form borrows its texts. */
int form_read(struct arena *a, const json_t *body, const struct form_rules *rules, struct application_form *form,
    struct form_faults *faults);

/* Is there anything to say of how it came in, besides the channel? Most have nothing. */
bool form_has_origin(const struct application_form *form);

/* How many are missing. Channels whose text somebody else has taken down and checked (CİMER, official documents) and those
 * that are no petition at all (social media) are not asked. */
size_t form_find_missing(const struct application_form *form, struct form_missing missing[FORM_MISSING_MAX]);
/* The same as a JSON array. */
const char *form_missing_json(struct arena *a, const struct application_form *form);

/* 1 to FORM_KEY_MAX printable ASCII characters without spaces. */
bool form_key_valid(const char *key);

#endif
