/* open311_form: the form of POST requests (GeoReport v2): decoded strictly, checked, made into an application. Pure.
 *
 * What the specification does not know is left alone: clients send more than it says. */
#ifndef KOPRU_SERVICES_INTAKE_OPEN311_FORM_H
#define KOPRU_SERVICES_INTAKE_OPEN311_FORM_H

#include "services/intake/form.h"
#include "services/intake/open311_services.h"

#define OPEN311_BODY_MAX (64 * 1024)
#define OPEN311_PAIRS_MAX 200
#define OPEN311_DESCRIPTION_MAX 4000 /* the specification's */
#define OPEN311_URL_MAX 2000 /* bytes */

struct open311_pair {
	const char *name, *value; /* UTF-8 without NUL */
};
struct open311_pairs {
	struct open311_pair list[OPEN311_PAIRS_MAX];
	size_t count;
};

/* "application/x-www-form-urlencoded" into pairs, from a. -1 with a constant that says what is wrong: no UTF-8, a bad
 * percent sign, a NUL, too many pairs. */
int open311_form_decode(
    struct arena *a, const char *body, size_t size, struct open311_pairs *pairs, const struct open311_text **wrong);

/* What the form says, "" never: NULL when empty or not given. */
struct open311_given {
	const char *api_key, *jurisdiction_id, *service_code, *lat, *lon, *address_string, *address_id, *email,
	    *device_id, *account_id, *first_name, *last_name, *phone, *description, *media_url;
};
void open311_form_given(const struct open311_pairs *pairs, struct open311_given *given);

/* Into an application; what is wrong with it goes to faults. Texts come from a. */
void open311_form_read(struct arena *a, const struct open311_given *given, const struct open311_pairs *pairs,
    const struct open311_service *service, struct application_form *form, struct open311_texts *faults);

/* The body with the value of api_key left out: what is kept, and what two posts are compared by. */
const char *open311_form_without_key(struct arena *a, const char *body, size_t size, size_t *size_without);

#endif
