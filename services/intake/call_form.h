/* call_form: JSON of the telephone exchange and of the desk becomes a call, a call that was made back, or whose earlier
 * applications are asked for; or a list of all that is wrong with it, each with what is allowed. Pure. */
#ifndef KOPRU_SERVICES_INTAKE_CALL_FORM_H
#define KOPRU_SERVICES_INTAKE_CALL_FORM_H

#include "services/intake/form.h"

/* Texts are those of the JSON, or lie in the arena; NULL when not given. */
struct call_form {
	const char *call_id;
	const char *caller; /* E.164; NULL: withheld */
	int64_t started_at, ended_at; /* microseconds since 1970; 0: none */
	const char *answered_by, *recording;
	bool missed;
};

struct call_back_form {
	const char *scope, *call_id, *entered_by;
};

/* Exactly one of them. */
struct search_form {
	const char *phone, *national_id, *email; /* E.164; as given */
};

/* -1 when anything is wrong; then faults says what. body is an object. Of rules only the time counts. */
int call_form_read(struct arena *a, const json_t *body, const struct form_rules *rules, struct call_form *form,
    struct form_faults *faults);
int call_back_form_read(struct arena *a, const json_t *body, struct call_back_form *form, struct form_faults *faults);
int search_form_read(struct arena *a, const json_t *body, struct search_form *form, struct form_faults *faults);

#endif
