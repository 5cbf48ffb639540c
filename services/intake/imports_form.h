/* imports_form: the body of an import: where from, and a list of applications with their keys. Whether an application's form
 * is right is said item by item, not here. Pure. */
#ifndef KOPRU_SERVICES_INTAKE_IMPORTS_FORM_H
#define KOPRU_SERVICES_INTAKE_IMPORTS_FORM_H

#include "services/intake/form.h"

#define IMPORTS_MAX 100

struct imports_item {
	const char *key; /* within the source */
	json_t *application;
	const char *topic; /* the importer's own, no part of the application's content; NULL: none */
};

/* Borrows the body's texts. */
struct imports_form {
	const char *source; /* "cimer", "import/NAME": what keys are unique within, whichever API key brings them */
	bool dry_run;
	int64_t inbound_id; /* the file's row in intake.inbound; 0: none */
	size_t count;
	struct imports_item items[IMPORTS_MAX];
};

/* -1 when anything is wrong; then faults says what. */
int imports_form_read(struct arena *a, const json_t *body, struct imports_form *form, struct form_faults *faults);

#endif
