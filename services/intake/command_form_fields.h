/* command_form_fields: the fields of commands in JSON. Shared by command_form*.c only. Pure. */
#ifndef KOPRU_SERVICES_INTAKE_COMMAND_FORM_FIELDS_H
#define KOPRU_SERVICES_INTAKE_COMMAND_FORM_FIELDS_H

#include "services/intake/command_form.h"
#include "services/intake/form_reader.h"

struct command_form_field {
	struct form_field field; /* a NULL name ends a list */
	unsigned bit; /* of enum command_field; 0: of every command */
	const char *tr, *en; /* what it is, for who left it out */
};

/* The fields of an action (0: those that all have, and all others), with what is required of them. From the arena. */
const struct command_form_field *command_form_fields(struct arena *a, int action, bool applicant);

/* Of many that go the same way: what they have in common, and a member of them. */
extern const struct command_form_field command_form_incident_fields[], command_form_member_fields[];

/* Adds the fault of an action that is missing or unknown. */
void command_form_fault_action(struct form_reader *r);

#endif
