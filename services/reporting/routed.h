/* routed: how an application was routed and why, as its ApplicationRouted says. Pure. */
#ifndef KOPRU_SERVICES_REPORTING_ROUTED_H
#define KOPRU_SERVICES_REPORTING_ROUTED_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/ids.h"
#include "proto/kopru/v1/event.pb-c.h"

/* Texts are the event's own, or in the arena; "" where it has none. */
struct routed {
	struct uuid application_id;
	const char *outcome, *basket; /* tokens */
	bool urgent;
	int32_t confidence, rules_version; /* thousandths; 0: none */
	const char *rule, *model, *reason_tr, *reason_en, *emergency, *phone;
	const char *candidates, *matters; /* JSON: [{"topic", "department", "score", "words": []}] */
};

/* Of an ApplicationRouted that says how it was decided; false for all else, and for one of before. */
bool routed_read_event(const Kopru__V1__Event *event, struct arena *a, struct routed *routed);

/* The sentence for whoever may not read the text: words of it, between “ and ”, become “…”. */
const char *routed_without_words(struct arena *a, const char *reason);

#endif
