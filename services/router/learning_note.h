/* learning_note: what a human's command says about a case's topic: an example to learn from. Pure. */
#ifndef KOPRU_SERVICES_ROUTER_LEARNING_NOTE_H
#define KOPRU_SERVICES_ROUTER_LEARNING_NOTE_H

#include "services/router/cases.h"
#include "services/router/order.h"

/* How the case stood before the command. Borrowed from the record. */
struct learning_before {
	const char *department;
	bool triage;
};

struct learning_before learning_before(const struct case_record *r);

/* Sets r->example after a command that was done, when it says something:
 * an assignment with a topic, that topic; a department that the case goes to (transfer, assignment, forwarding), the one
 * topic of it among the decision's candidates, else only that the decision was wrong; a hand-back, that it was wrong;
 * accepting or answering where and as the model had sent it, that it was right. That never replaces what a human said of
 * it before in the same batch. Whoever wrote the application, the router's own clock, and an erased case teach nothing. */
void learning_note(struct case_record *r, const struct order *order, const struct learning_before *before);

#endif
