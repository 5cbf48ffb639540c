/* graph_fault: what is wrong in the words of a provider, and whether it passes. One judgement for all that is asked. Pure. */
#ifndef KOPRU_SERVICES_INTAKE_CHANNELS_GRAPH_FAULT_H
#define KOPRU_SERVICES_INTAKE_CHANNELS_GRAPH_FAULT_H

#include <stdbool.h>

struct graph_fault {
	int status; /* of HTTP */
	int code, subcode; /* Meta's "error.code" and "error.error_subcode", Telegram's "error_code"; 0: not said */
};

/* body: of the answer; may be NULL or anything. */
struct graph_fault graph_fault_read(int status, const char *body);

/* Too many, or not now: limits of calls, of a number, of a pair, and a token that is no more valid. */
bool graph_fault_passes(const struct graph_fault *fault);

/* There is no such object (404, 410, code 100 with subcode 33), and nothing else is wrong. */
bool graph_fault_none_such(const struct graph_fault *fault);

#endif
