/* learning_corpus: see the header. */
#include "services/router/learning_corpus.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/wire.h"
#include "proto/kopru/v1/event.pb-c.h"

#define ROOM_FIRST 1024

struct corpus *
corpus_new(const struct catalogue *catalogue, size_t bytes_max)
{
	struct arena *a = arena_new(0);
	struct corpus *c = arena_alloc(a, sizeof(*c));

	c->arena = a;
	c->bytes_max = bytes_max;
	(void)catalogue_size(catalogue, &c->topic_count);
	c->topics = arena_array(a, c->topic_count + 1, sizeof(*c->topics));
	for (size_t i = 0; i < c->topic_count; i++)
		c->topics[i] = arena_string(a, catalogue_topic_at(catalogue, i)->code);
	return c;
}

void
corpus_free(struct corpus *c)
{
	if (c)
		arena_free(c->arena);
}

static int
compare_topics(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

size_t
corpus_topic(const struct corpus *c, const char *topic)
{
	const char **found = bsearch(&topic, c->topics, c->topic_count, sizeof(*c->topics), compare_topics);

	return found ? (size_t)(found - c->topics) : c->topic_count;
}

/* One more place in a list that doubles. */
static struct model_example *
place(struct corpus *c, struct model_example **list, size_t count, size_t *room)
{
	if (count == *room) {
		size_t more = *room ? 2 * *room : ROOM_FIRST;
		struct model_example *larger = arena_array(c->arena, more, sizeof(*larger));

		if (count > 0)
			memcpy(larger, *list, count * sizeof(*larger));
		*list = larger;
		*room = more;
	}
	return &(*list)[count];
}

/* false: there is no room for it. */
static bool
take(struct corpus *c, struct model_example *x, size_t topic, const char *text)
{
	size_t size = strnlen(text, MODEL_TEXT_MAX);

	c->full = c->full || c->shipped_count + c->own_count >= CORPUS_EXAMPLES_MAX || c->bytes + size > c->bytes_max;
	if (c->full)
		return false;
	*x = (struct model_example){.label = c->topics[topic], .text = arena_string(c->arena, text)};
	c->bytes += size;
	return true;
}

static bool
is_usable(const char *text)
{
	return text_valid(text, strlen(text)) && !text_blank(text);
}

bool
corpus_add_shipped(struct corpus *c, const char *topic, const char *text)
{
	size_t at = corpus_topic(c, topic);

	if (at == c->topic_count || !is_usable(text)) {
		c->foreign++;
		return !c->full;
	}
	c->shipped_count += take(c, place(c, &c->shipped, c->shipped_count, &c->shipped_room), at, text);
	return !c->full;
}

/* As the decision had it; NULL: gone. In a. */
static const char *
text_of(struct arena *a, const void *payload, size_t size)
{
	const Kopru__V1__Event *event = NULL;
	const Kopru__V1__Application *application = NULL;
	struct err e;

	if (size > 0)
		event = wire_unpack(&kopru__v1__event__descriptor, a, payload, size, &e);
	if (!event || (int)event->body_case != KOPRU__V1__EVENT__BODY_APPLICATION_ROUTED)
		return NULL;
	application = event->application_routed->application;
	if (!application)
		return NULL;
	return *application->subject ? arena_printf(a, "%s\n%s", application->subject, application->text)
				     : application->text;
}

bool
corpus_add_own(struct corpus *c, const char *topic, const void *payload, size_t size)
{
	size_t at = corpus_topic(c, topic);
	struct arena *a = NULL;
	const char *text = NULL;

	if (at == c->topic_count) {
		c->foreign++;
		return !c->full;
	}
	a = arena_new(0);
	text = text_of(a, payload, size);
	if (text && is_usable(text))
		c->own_count += take(c, place(c, &c->own, c->own_count, &c->own_room), at, text);
	else
		c->erased++;
	arena_free(a);
	return !c->full;
}
