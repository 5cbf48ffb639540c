/* learning_tallies: see the header. */
#include "services/router/learning_tallies.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOPIC_SIZE 24 /* bytes, with NUL; a longer code is counted as "other" */

struct tally {
	char topic[TOPIC_SIZE];
	struct metric *decided, *unsure, *corrected;
};

struct tallies {
	struct metrics *metrics;
	struct tally list[TALLIES_TOPICS_MAX + 1]; /* the first is "other" */
	size_t count;
};

static struct tally *
tally_add(struct tallies *t, const char *topic)
{
	struct tally *tally = &t->list[t->count++];
	char labels[TOPIC_SIZE + 16];

	(void)snprintf(tally->topic, sizeof(tally->topic), "%s", topic);
	(void)snprintf(labels, sizeof(labels), "topic=\"%s\"", tally->topic);
	tally->decided =
	    metrics_counter(t->metrics, "kopru_router_topic_decided_total", labels, "Decisions by their topic");
	tally->unsure = metrics_counter(t->metrics, "kopru_router_topic_unsure_total", labels,
	    "Decisions left to the desk, by the likeliest topic");
	tally->corrected = metrics_counter(t->metrics, "kopru_router_topic_corrections_total", labels,
	    "Decisions that staff corrected, by the topic that was decided");
	return tally;
}

/* Codes of topics only: letters, digits, hyphens. */
static bool
is_label(const char *topic)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t size = strspn(topic, letters);

	return size > 0 && size < TOPIC_SIZE && topic[size] == '\0';
}

static struct tally *
tally_of(struct tallies *t, const char *topic)
{
	for (size_t i = 1; i < t->count; i++) {
		if (strcmp(t->list[i].topic, topic) == 0)
			return &t->list[i];
	}
	return is_label(topic) && t->count <= TALLIES_TOPICS_MAX ? tally_add(t, topic) : &t->list[0];
}

void
tallies_decided(struct tallies *t, const char *topic, bool unsure)
{
	struct tally *tally = tally_of(t, topic);

	metric_add(tally->decided, 1);
	metric_add(tally->unsure, unsure);
}

void
tallies_taught(struct tallies *t, const struct cases *cases)
{
	for (size_t i = 0; i < cases->record_count; i++) {
		const struct case_example *x = &cases->records[i]->example;

		if (x->source && x->said && (!x->topic || strcmp(x->topic, x->said) != 0))
			metric_add(tally_of(t, x->said)->corrected, 1);
	}
}

struct tallies *
tallies_new(struct metrics *m)
{
	struct tallies *t = calloc(1, sizeof(*t));

	if (!t)
		abort();
	t->metrics = m;
	(void)tally_add(t, "other");
	return t;
}

void
tallies_free(struct tallies *t)
{
	free(t);
}
