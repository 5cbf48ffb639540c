/* command_form: JSON becomes a command, or a list of all that is wrong with it, each with what is allowed. Who sends it
 * and whether the case lets it happen is not asked here. Pure. */
#ifndef KOPRU_SERVICES_INTAKE_COMMAND_FORM_H
#define KOPRU_SERVICES_INTAKE_COMMAND_FORM_H

#include "common/domain/command_fields.h"
#include "common/domain/number.h"
#include "services/intake/form.h"

#define COMMAND_FORMS_MAX 100
#define COMMAND_INCIDENT_MAX 200 /* as many as one case may lead */

struct command_form {
	bool has_id;
	struct uuid id;
	char number[NUMBER_TEXT_SIZE];
	const char *access_code; /* of the applicant; NULL from holders of a key */
	uint32_t expected_version;
	uint64_t after_intake_seq;
	int action; /* tag of Command.action */
	struct command_fields fields; /* without into */
	char into[NUMBER_TEXT_SIZE]; /* number of the leading case; empty when not given */
};

/* One command, or {"commands": [...]} with 1 to COMMAND_FORMS_MAX of them; list says which. *forms lives in the arena and
 * borrows the body's texts. The count of forms, or -1 when anything is wrong; then faults says what. */
int command_forms_read(
    struct arena *a, const json_t *body, struct command_form **forms, bool *list, struct form_faults *faults);

/* {"leading", "members": [{"number", "expected_version"}, ...], "reason"}: 1 to COMMAND_INCIDENT_MAX members are merged into
 * the leading case, each by a form of its own, or with "action": "unmerge" freed of it. leading: its number, from the arena.
 * Otherwise as command_forms_read. */
int command_forms_read_incident(
    struct arena *a, const json_t *body, struct command_form **forms, const char **leading, struct form_faults *faults);

/* What an applicant sends, with number and access code: action is CITIZEN_REPLY, CITIZEN_ADD or WITHDRAW. */
int command_form_read_applicant(
    struct arena *a, int action, const json_t *body, struct command_form *form, struct form_faults *faults);

#endif
