/* policy: what becomes of a claimed notice at the moment of sending: opted out, unverified, over a budget, quiet hours.
 * Pure: facts and the time are given. */
#ifndef KOPRU_SERVICES_NOTIFIER_POLICY_H
#define KOPRU_SERVICES_NOTIFIER_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"

/* Minutes of the day in Europe/Istanbul; from == until: never quiet. */
struct quiet_hours {
	int from, until;
};

/* "" (never), "22-08" or "22:30-07:15". */
int quiet_hours_parse(const char *text, struct quiet_hours *quiet, struct err *e);
/* Seconds until they end; 0 when it is not quiet at that time (microseconds since 1970 UTC). */
int quiet_hours_left(const struct quiet_hours *quiet, int64_t time);

struct policy_conf {
	int letters_a_day; /* to one address; 0: any number */
	int confirms_a_day; /* neutral messages to one address; 0: any number */
	struct quiet_hours quiet;
};

struct policy_facts {
	bool confirm; /* it is the neutral message */
	bool urgent; /* goes at any hour */
	bool verified, opted_out;
	int letters_today, confirms_today; /* that went to the address, this one apart */
	int64_t now;
};

enum policy_step { POLICY_SEND, POLICY_WAIT, POLICY_HOLD, POLICY_NONE };

struct policy_verdict {
	enum policy_step step;
	const char *reason; /* a constant; NULL: send */
	int wait_seconds; /* POLICY_WAIT */
};

struct policy_verdict policy_decide(const struct policy_conf *conf, const struct policy_facts *facts);

/* Seconds until the next attempt after so many. */
int policy_backoff(int attempts);

#endif
