/* loop: libevent's base, signals as ordinary events, timers, and an orderly stop. */
#include "common/loop/loop.h"

#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/base/log.h"

#define ON_STOP_MAX 16
#define DESCRIPTORS_OURS 96 /* for everything but connections from outside */
#define DESCRIPTORS_MAX 65536
#define CONNECTIONS_LEAST 8

struct on_stop {
	void (*call)(void *arg);
	void *arg;
};

struct loop {
	struct event_base *base;
	struct event *terminate;
	struct event *interrupt;
	struct loop_timer *idle; /* nothing is held: one more turn, so that what was answered gets written */
	struct loop_timer *limit;
	struct on_stop on_stop[ON_STOP_MAX];
	size_t on_stop_count;
	size_t held;
	bool stopping;
	bool ended;
	bool failed;
	struct err reason;
};

struct loop_timer {
	struct event *event;
	void (*on_fired)(void *arg);
	void *arg;
};

static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	struct loop *l = arg;

	(void)what;
	if (l->stopping && number == SIGINT)
		_exit(EXIT_FAILURE); /* somebody at the keyboard does not want to wait */
	loop_stop(l);
}

static void
on_libevent_log(int severity, const char *message)
{
	if (severity >= EVENT_LOG_ERR)
		log_error("libevent.said", "text=\"%s\"", message);
	else if (severity >= EVENT_LOG_WARN)
		log_warn("libevent.said", "text=\"%s\"", message);
}

static void
on_libevent_fatal(int code)
{
	log_error("libevent.failed", "code=%d", code);
	abort();
}

static void
loop_end(struct loop *l)
{
	l->ended = true;
	event_base_loopbreak(l->base);
}

static void
on_idle(void *arg)
{
	struct loop *l = arg;

	if (l->stopping && l->held == 0)
		loop_end(l);
}

static void
on_limit(void *arg)
{
	struct loop *l = arg;

	log_warn("stop.unfinished", "held=%zu", l->held);
	loop_end(l);
}

static rlim_t
descriptors(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : DESCRIPTORS_MAX;
}

/* The soft limit of old is for programs that use select(). */
static void
descriptors_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= DESCRIPTORS_MAX)
		return;
	limit.rlim_cur = limit.rlim_max < DESCRIPTORS_MAX ? limit.rlim_max : DESCRIPTORS_MAX;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		log_warn("descriptors.kept", "limit=%llu", (unsigned long long)descriptors());
}

unsigned
loop_connections(const char *where, unsigned wanted, unsigned parts)
{
	rlim_t all = descriptors();
	rlim_t room = all > DESCRIPTORS_OURS ? (all - DESCRIPTORS_OURS) / parts : 0;

	if (room >= wanted)
		return wanted;
	if (room < CONNECTIONS_LEAST)
		room = CONNECTIONS_LEAST;
	log_warn("connections.limited", "where=\"%s\" connections=%llu wanted=%u descriptors=%llu", where,
	    (unsigned long long)room, wanted, (unsigned long long)all);
	return (unsigned)room;
}

struct loop *
loop_new(struct err *e)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (!l)
		abort();
	signal(SIGPIPE, SIG_IGN);
	descriptors_raise();
	event_set_log_callback(on_libevent_log);
	event_set_fatal_callback(on_libevent_fatal);
	l->base = event_base_new();
	if (!l->base) {
		err_set(e, "libevent gives no event base");
		goto out;
	}
	l->idle = timer_new(l, on_idle, l);
	l->limit = timer_new(l, on_limit, l);
	l->terminate = evsignal_new(l->base, SIGTERM, on_signal, l);
	l->interrupt = evsignal_new(l->base, SIGINT, on_signal, l);
	if (!l->terminate || !l->interrupt || event_add(l->terminate, NULL) < 0 || event_add(l->interrupt, NULL) < 0) {
		err_set(e, "libevent does not take the signals");
		goto out;
	}
	return l;

out:
	loop_free(l);
	return NULL;
}

void
loop_free(struct loop *l)
{
	if (!l)
		return;
	if (l->stopping)
		alarm(0);
	timer_free(l->idle);
	timer_free(l->limit);
	if (l->terminate)
		event_free(l->terminate);
	if (l->stopping)
		signal(SIGTERM, SIG_IGN); /* only the end of main() is left */
	if (l->interrupt)
		event_free(l->interrupt);
	if (l->base)
		event_base_free(l->base);
	free(l);
}

struct event_base *
loop_base(struct loop *l)
{
	return l->base;
}

int
loop_run(struct loop *l, struct err *e)
{
	if (!l->ended && event_base_dispatch(l->base) < 0)
		return err_set(e, "the event loop failed");
	if (l->failed) {
		*e = l->reason;
		return -1;
	}
	return 0;
}

void
loop_stop(struct loop *l)
{
	if (l->stopping)
		return;
	l->stopping = true;
	alarm(LOOP_STOP_SECONDS + 1); /* a stop ends even when a callback hangs */
	timer_start(l->limit, LOOP_STOP_SECONDS * 1000);
	for (size_t i = 0; i < l->on_stop_count; i++)
		l->on_stop[i].call(l->on_stop[i].arg);
	timer_start(l->idle, 0);
}

void
loop_fail(struct loop *l, const struct err *reason)
{
	if (!l->failed) {
		l->failed = true;
		l->reason = *reason;
	}
	loop_stop(l);
}

bool
loop_stopping(const struct loop *l)
{
	return l->stopping;
}

void
loop_on_stop(struct loop *l, void (*on_stop)(void *arg), void *arg)
{
	if (l->on_stop_count == ON_STOP_MAX)
		abort();
	l->on_stop[l->on_stop_count++] = (struct on_stop){on_stop, arg};
}

void
loop_hold(struct loop *l)
{
	l->held++;
}

void
loop_release(struct loop *l)
{
	if (l->held == 0)
		abort();
	l->held--;
	if (l->stopping && l->held == 0)
		timer_start(l->idle, 0);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *t = arg;

	(void)fd;
	(void)what;
	t->on_fired(t->arg);
}

struct loop_timer *
timer_new(struct loop *l, void (*on_fired)(void *arg), void *arg)
{
	struct loop_timer *t = calloc(1, sizeof(*t));

	if (!t)
		abort();
	t->on_fired = on_fired;
	t->arg = arg;
	t->event = evtimer_new(l->base, on_timer, t);
	if (!t->event)
		abort();
	return t;
}

void
timer_free(struct loop_timer *t)
{
	if (!t)
		return;
	event_free(t->event);
	free(t);
}

void
timer_start(struct loop_timer *t, int64_t milliseconds)
{
	int64_t ms = milliseconds < 0 ? 0 : milliseconds;
	struct timeval wait = {.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)};

	if (event_add(t->event, &wait) < 0)
		abort();
}

void
timer_stop(struct loop_timer *t)
{
	event_del(t->event);
}

bool
timer_pending(const struct loop_timer *t)
{
	return event_pending(t->event, EV_TIMEOUT, NULL) != 0;
}
