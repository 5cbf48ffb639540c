/* deciding: what is decided on one received application: whose matter it is, how sure that is, whether somebody is in
 * danger, and why, in one sentence. Steps of one pipeline, each in a file of its own: place, danger, rank, matters, basket,
 * rules, outcome, sentence. Pure. */
#ifndef KOPRU_SERVICES_ROUTER_DECIDING_H
#define KOPRU_SERVICES_ROUTER_DECIDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/ids.h"
#include "common/places/places.h"
#include "common/rules/rules.h"
#include "common/topics/model.h"
#include "proto/kopru/v1/event.pb-c.h"
#include "services/router/catalogue.h"
#include "services/router/deciding_danger.h"

#define DECIDING_MATTERS 5 /* most parts of a proposed split */
#define DECIDING_WORDS 5 /* most words that are named as the reason */

/* Everything that decisions are made with. Replaced as a whole or in parts between two turns, never within one. */
struct deciding {
	const struct catalogue *catalogue;
	const struct model *model; /* NULL: by keywords only */
	uint32_t model_version; /* of router.model; 0: of a file, or none */
	const struct rules *rules; /* NULL: none */
	uint32_t rules_version; /* 0: none */
	const struct places *places; /* NULL: nothing is known of places */
	const struct dangers *dangers; /* NULL: none are known */
};

/* Lives in the arena, and no longer than what it was decided with. */
struct decision {
	int outcome, basket; /* of proto/kopru/v1 ApplicationRouted */
	bool urgent; /* life safety */
	const struct catalogue_department *department; /* the desk when nobody else's */
	const struct catalogue_topic *topic; /* NULL: the desk says */
	struct topics_candidate candidates[TOPICS_CANDIDATES];
	size_t candidate_count;
	struct topics_candidate matters[DECIDING_MATTERS]; /* when there are several in the text */
	size_t matter_count;
	uint32_t confidence; /* thousandths, of the first candidate */
	uint32_t sureness; /* thousandths, that it is the department's */
	const char *emergency; /* what to call at once; "": nothing */
	const char *phone; /* of the institution whose matter it is; "": none */
	const char *rule; /* that decided; "": none */
	const char *neighbourhood; /* code of the area; "": not known */
	const char *street_owner; /* code of the department; "": not known */
	const char *reason_tr, *reason_en;
};

/* now: microseconds, for rules that hold on certain days. */
void deciding_decide(const struct deciding *d, struct arena *a, const Kopru__V1__Application *application, int64_t now,
    struct decision *decision);

#endif
