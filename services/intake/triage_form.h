/* triage_form: JSON becomes a decision, or a list of all that is wrong with it. Pure. */
#ifndef KOPRU_SERVICES_INTAKE_TRIAGE_FORM_H
#define KOPRU_SERVICES_INTAKE_TRIAGE_FORM_H

#include "common/domain/number.h"
#include "services/intake/form.h"

#define TRIAGE_REASON_MAX 500

struct triage_form {
	int64_t id;
	const char *decision; /* "application", "addition", "dismiss" */
	char number[NUMBER_TEXT_SIZE]; /* of an addition; empty otherwise */
	const char *text, *reason; /* NULL when not given */
};

/* -1 when anything is wrong; then faults says what. form borrows the body's texts. */
int triage_form_read(struct arena *a, const json_t *body, struct triage_form *form, struct form_faults *faults);

#endif
