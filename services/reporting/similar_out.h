/* similar_out: what is about the same matter, as a clerk reads it: one by one, and in one sentence. Pure. */
#ifndef KOPRU_SERVICES_REPORTING_SIMILAR_OUT_H
#define KOPRU_SERVICES_REPORTING_SIMILAR_OUT_H

#include <jansson.h>

#include "services/reporting/application.h"
#include "services/reporting/likeness.h"

/* An application as it is compared and shown. Texts are borrowed. */
struct similar_row {
	struct uuid id;
	const char *number, *topic_name, *department, *merged_into; /* NULL: none */
	int32_t channel, state, version;
	bool hidden; /* who applies is, from departments */
	struct likeness_side side;
};

struct similar_one {
	struct similar_row row;
	struct likeness_verdict verdict;
	bool leading; /* others are merged into it */
};

struct similar_sum {
	size_t places, persons; /* how many by place; how many by their person alone */
	bool more; /* than these */
	int64_t since; /* when the first of them was received; 0: there is none */
};

/* "12 başvuru daha: aynı yer, bugün 08:10'dan beri", "12 others, same spot, since 08:10". now: by whose day a time is told. */
const char *similar_sentence(struct arena *a, const struct similar_sum *sum, int64_t now, bool english);
/* "bugün 08:10'dan beri", "since 08:10". */
const char *similar_since(struct arena *a, int64_t since, int64_t now, bool english);

/* Leading cases first, then what is open, each the newest first. For qsort. */
int similar_compare(const void *left, const void *right);

json_t *similar_one_json(struct arena *a, const struct similar_one *one, bool english);

#endif
