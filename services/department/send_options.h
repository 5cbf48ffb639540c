/* send_options: the command line of `kopru-department ACTION ...`, and the event on standard input, as a command. */
#ifndef KOPRU_SERVICES_DEPARTMENT_SEND_OPTIONS_H
#define KOPRU_SERVICES_DEPARTMENT_SEND_OPTIONS_H

#include <stdio.h>

#include "common/base/err.h"
#include "common/domain/command_fields.h"

struct send_options {
	int action; /* tag of Command.action */
	const char *word; /* "answer" */
	struct uuid application_id, id; /* id: new when none was given */
	uint32_t version; /* 0: not known */
	const char *language; /* of the reply: "tr" or "en" */
	struct command_fields fields;
};

/* The tag of an action that a department may send, or 0. */
int send_action(const char *word);

/* argv[0] is the action's word. What is read lives in the arena; the application and its version come from a line of JSON
 * on in when they are not given. -1: wrong usage, and why; e is empty when it was told already. `--help` prints and exits. */
int send_options_read(struct arena *a, int argc, char **argv, FILE *in, struct send_options *options, struct err *e);

/* The lines of the general help. */
void send_options_help(FILE *out);

#endif
