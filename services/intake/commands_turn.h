/* commands_turn: one request that holds commands, on its way to the router and back. It lives in its request's arena.
 * Shared by commands*.c only. */
#ifndef KOPRU_SERVICES_INTAKE_COMMANDS_TURN_H
#define KOPRU_SERVICES_INTAKE_COMMANDS_TURN_H

#include "services/intake/command_form.h"
#include "services/intake/commands.h"

struct commands_turn;

struct commands_item {
	struct commands_turn *turn;
	struct command_form *form;
	struct uuid id; /* of the command */
	bool found, into_found;
	struct attachments_wish wish; /* to have its files bound to the case */
	struct uuid application_id;
	uint32_t generation; /* of the access code */
	uint64_t intake_seq; /* its own event stands there or before */

	/* what became of it */
	int code; /* Reply.Code */
	const char *text; /* of the reply; NULL or empty: the usual one */
	uint32_t version;
	uint64_t seq;
};

struct commands_turn {
	struct commands *commands;
	struct http_request *request;
	Kopru__V1__Actor actor;
	bool list; /* answered with a list */
	const char
	    *leading; /* number of the case that leads all of them; NULL: none. Answered with what became of them */
	bool applicant;
	size_t count, waiting;
	struct commands_item *items;
};

/* An id that is the same for the same Idempotency-Key of the same scope, and place in the list. */
struct uuid commands_id(const char *scope, const char *key, size_t place);

/* The same for a member of an incident, wherever it stands in the list. */
struct uuid commands_member_id(struct arena *a, const char *scope, const char *key, const char *number);

/* Is the access code in the form that of the application? What is not found takes as long. */
bool commands_code_right(const struct commands_desk *desk, const struct commands_item *item);

/* Answers the request with what became of its items. */
void commands_answer(struct commands_turn *t);

#endif
