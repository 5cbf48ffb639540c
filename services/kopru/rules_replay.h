/* rules_replay: the decisions of the last days once more, with another set of rules: which would have gone elsewhere. Reads
 * only, in small pieces, over a session of its own; keeps no text. */
#ifndef KOPRU_SERVICES_KOPRU_RULES_REPLAY_H
#define KOPRU_SERVICES_KOPRU_RULES_REPLAY_H

#include "services/kopru/rules_data.h"

#define RULES_REPLAY_DAYS 30 /* when nothing else is asked for */
#define RULES_REPLAY_DAYS_MAX 3660
#define RULES_REPLAY_CASES_MAX 100000

struct rules_replay_case {
	const char *number;
	const char *from, *from_topic, *to, *to_topic; /* departments; topics, "" in triage */
	const char *rule; /* "": the rule that had decided is gone */
};

struct rules_replay_pair {
	const char *from, *to;
	size_t count;
};

struct rules_replay {
	struct arena *arena;
	long days;
	size_t case_max; /* of cases: more are only counted */
	size_t decisions, skipped; /* skipped: erased, or not readable */
	size_t held; /* for so many a rule holds */
	size_t moved;
	size_t not_valid; /* rules that do not count today, and so hold for none */
	struct rules_replay_case *cases;
	struct rules_replay_pair *pairs;
	size_t case_count, pair_count;
};

/* Lives in a. case_max: how many of the moved ones are listed. */
int rules_replay_run(struct arena *a, const struct rules_set *set, long days, size_t case_max,
    struct rules_replay *replay, struct err *e);

json_t *rules_replay_json(const struct rules_replay *replay, size_t cases);
void rules_replay_print(const struct rules_replay *replay, bool json);

#endif
