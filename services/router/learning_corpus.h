/* learning_corpus: what a training is made of: the texts that we ship and the municipality's own decisions, within bounds.
 * Pure. */
#ifndef KOPRU_SERVICES_ROUTER_LEARNING_CORPUS_H
#define KOPRU_SERVICES_ROUTER_LEARNING_CORPUS_H

#include "common/base/arena.h"
#include "common/topics/model.h"
#include "services/router/catalogue.h"

#define CORPUS_EXAMPLES_MAX MODEL_EXAMPLES_MAX

struct corpus {
	struct arena *arena;
	size_t bytes_max;
	const char **topics; /* those that count, sorted by bytes */
	size_t topic_count;
	struct model_example *shipped, *own; /* own: the newest first, as they were added */
	size_t shipped_count, own_count, shipped_room, own_room;
	size_t bytes; /* of all texts, as far as they are looked at */
	size_t erased, foreign; /* left out: the text is gone; the topic is none of today */
	bool full; /* the rest was left out */
};

/* Topics of the catalogue are copied. bytes_max: of all texts. */
struct corpus *corpus_new(const struct catalogue *catalogue, size_t bytes_max);
void corpus_free(struct corpus *c); /* NULL is fine */

/* Copies, or leaves it out and counts why. false: the corpus is full, now or before. */
bool corpus_add_shipped(struct corpus *c, const char *topic, const char *text);
/* payload: of the case's ApplicationRouted; size 0, erased or damaged: its text is gone. */
bool corpus_add_own(struct corpus *c, const char *topic, const void *payload, size_t size);

/* Place of a topic among topics; topic_count: it is none of them. */
size_t corpus_topic(const struct corpus *c, const char *topic);

#endif
