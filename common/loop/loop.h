/* loop: libevent's base, signals as ordinary events, timers, and an orderly stop. */
#ifndef KOPRU_COMMON_LOOP_LOOP_H
#define KOPRU_COMMON_LOOP_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"

struct event_base;
struct loop;
struct loop_timer;

#define LOOP_STOP_SECONDS 8 /* a stop always ends: SIGTERM to exit stays under 10 s */

/* Ignores SIGPIPE, takes SIGTERM and SIGINT, rate-limits libevent's own log. */
struct loop *loop_new(struct err *e);
void loop_free(struct loop *l); /* NULL is fine */
/* How many connections of those wanted fit at one place, when such places may have 1/parts of the descriptors each.
 * loop_new() raises their number to the hard limit. libzmq ends the process when it has none for an ipc:// connection:
 * so nobody from outside may ever bring it there. */
unsigned loop_connections(const char *where, unsigned wanted, unsigned parts);

struct event_base *loop_base(struct loop *l);

/* Runs until stopped: 0; -1 when the loop itself failed. */
int loop_run(struct loop *l, struct err *e);

/* Begins the stop, as SIGTERM does: calls every on_stop once, then waits until nothing is held or
 * LOOP_STOP_SECONDS have passed. A second SIGTERM changes nothing, a second SIGINT exits at once. */
void loop_stop(struct loop *l);
/* The same, and loop_run returns -1 with this reason (the first one counts). */
void loop_fail(struct loop *l, const struct err *reason);
bool loop_stopping(const struct loop *l);
void loop_on_stop(struct loop *l, void (*on_stop)(void *arg), void *arg); /* at most 16 */

/* Unfinished work that a stop should wait for (an unanswered request, a transaction). */
void loop_hold(struct loop *l);
void loop_release(struct loop *l);

/* One-shot timers. A start replaces what was set. 0 ms: after the events that are due now, so that
 * signals and other timers get their turn. */
struct loop_timer *timer_new(struct loop *l, void (*on_fired)(void *arg), void *arg);
void timer_free(struct loop_timer *t); /* NULL is fine */
void timer_start(struct loop_timer *t, int64_t milliseconds);
void timer_stop(struct loop_timer *t);
bool timer_pending(const struct loop_timer *t);

#endif
