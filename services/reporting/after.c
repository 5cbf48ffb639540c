/* after: a list of who waits, looked through when a turn is recorded and every AFTER_LOOK_MS. */
#include "services/reporting/after.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/ids.h"

#define AFTER_LOOK_MS 50

struct waiter {
	struct after_place place;
	int64_t until;
	void (*on_ready)(void *arg);
	void *arg;
};

struct after {
	struct loop *loop;
	struct loop_timer *timer;
	struct turns *intake, *cases;
	struct waiter waiters[AFTER_WAITING_MAX];
	size_t count;
};

const char *
after_stream(const char *text)
{
	if (strcmp(text, "intake") == 0)
		return "intake";
	return strcmp(text, "case") == 0 ? "case" : NULL;
}

bool
after_parse(const char *text, struct after_place *place)
{
	const char *colon = strchr(text, ':');
	char stream[8] = "";
	char *end = NULL;
	unsigned long long seq;

	if (!colon || colon - text >= (long)sizeof(stream) || colon[1] < '0' || colon[1] > '9')
		return false;
	memcpy(stream, text, (size_t)(colon - text));
	errno = 0;
	seq = strtoull(colon + 1, &end, 10);
	if (errno || *end || seq > INT64_MAX || !after_stream(stream))
		return false;
	place->stream = after_stream(stream);
	place->seq = seq;
	return true;
}

static bool
place_reached(const struct after *a, const struct after_place *place)
{
	const struct turns *turns;

	if (!place->stream)
		return true;
	turns = strcmp(place->stream, "intake") == 0 ? a->intake : a->cases;
	return !turns || turns_seq(turns) >= place->seq;
}

/* Whoever is called may wait again, so the list is settled first. */
static void
after_look(struct after *a)
{
	int64_t now = clock_monotonic();
	struct waiter ready[AFTER_WAITING_MAX];
	size_t count = 0, kept = 0;

	for (size_t i = 0; i < a->count; i++) {
		struct waiter *w = &a->waiters[i];

		if (loop_stopping(a->loop) || now >= w->until || place_reached(a, &w->place))
			ready[count++] = *w;
		else
			a->waiters[kept++] = *w;
	}
	a->count = kept;
	if (a->count > 0)
		timer_start(a->timer, AFTER_LOOK_MS);
	for (size_t i = 0; i < count; i++)
		ready[i].on_ready(ready[i].arg);
}

static void
on_timer(void *arg)
{
	after_look(arg);
}

void
after_wait(struct after *a, const struct after_place *place, void (*on_ready)(void *arg), void *arg)
{
	if (loop_stopping(a->loop) || a->count == AFTER_WAITING_MAX || place_reached(a, place)) {
		on_ready(arg);
		return;
	}
	a->waiters[a->count++] = (struct waiter){
	    .place = *place,
	    .until = clock_monotonic() + AFTER_WAIT_MS * 1000,
	    .on_ready = on_ready,
	    .arg = arg,
	};
	if (!timer_pending(a->timer))
		timer_start(a->timer, AFTER_LOOK_MS);
}

void
after_moved(struct after *a)
{
	if (a->count > 0)
		after_look(a);
}

void
after_set_turns(struct after *a, struct turns *intake, struct turns *cases)
{
	a->intake = intake;
	a->cases = cases;
}

struct after *
after_new(struct loop *l)
{
	struct after *a = calloc(1, sizeof(*a));

	if (!a)
		abort();
	a->loop = l;
	a->timer = timer_new(l, on_timer, a);
	return a;
}

void
after_free(struct after *a)
{
	if (!a)
		return;
	timer_free(a->timer);
	free(a);
}
