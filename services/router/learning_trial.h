/* learning_trial: trains a model and judges it against the one in force on decisions that neither was trained on. Pure;
 * takes long. */
#ifndef KOPRU_SERVICES_ROUTER_LEARNING_TRIAL_H
#define KOPRU_SERVICES_ROUTER_LEARNING_TRIAL_H

#include "services/router/learning_corpus.h"

#define TRIAL_HELD_OUT_SHARE 5 /* one in so many of the municipality's own decisions, the newest ones */
#define TRIAL_HELD_OUT_MIN 30 /* fewer cannot judge */
#define TRIAL_TOPIC_MIN 20 /* cases of a topic that is judged by itself */
/* How much worse is not yet worse: of macro-F1; of a topic's F1, besides what one of its cases weighs. */
#define TRIAL_MACRO_TOLERANCE 0.005
#define TRIAL_TOPIC_TOLERANCE 0.02

struct trial_wish {
	const struct corpus *corpus;
	const struct model *active; /* in force; NULL: none */
	const char *active_name; /* "": none */
	int32_t active_version;
	int32_t today;
	bool (*stop)(void *arg); /* asked now and then, by any thread; true: give up. NULL: never */
	void *arg;
};

/* How it ended. All of it lives in the arena. */
struct trial {
	bool trained; /* else: reason says why not, and there is nothing more */
	bool better; /* not worse than the one in force, nor on any topic with enough cases */
	const char *reason; /* one sentence */
	const char *name;
	const uint8_t *bytes;
	size_t size;
	const char *figures; /* JSON */
};

struct trial *trial_run(struct arena *a, const struct trial_wish *wish);

#endif
