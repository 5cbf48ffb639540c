/* handler: what a department does with an event's line: print it, run a program, post it. One at a time. */
#ifndef KOPRU_SERVICES_DEPARTMENT_HANDLER_H
#define KOPRU_SERVICES_DEPARTMENT_HANDLER_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/loop/loop.h"

enum handled {
	HANDLED_DONE,
	HANDLED_PENDING, /* on_done comes later */
	HANDLED_FAILED, /* it did not take this event: counts as a try */
	HANDLED_UNAVAILABLE, /* it could not be asked at all: no fault of the event's */
	HANDLED_BROKEN, /* it will never take anything again: stop */
};

/* e holds the reason unless it is done. Exactly once for each HANDLED_PENDING; never from inside handler_take. */
typedef void handler_on_done(void *arg, enum handled outcome, const struct err *e);

struct handler;

struct handler_conf {
	const char *setting; /* "print", "run:PROGRAM", "post:http://127.0.0.1:8090/events" */
	int64_t wait_ms; /* longest that a program or an answer may take */
};

struct handler *handler_new(
    struct loop *l, const struct handler_conf *conf, handler_on_done *on_done, void *arg, struct err *e);
/* What is under way is given up: a program is terminated, a request is dropped. NULL is fine. */
void handler_free(struct handler *h);

/* line lives until it is done. */
enum handled handler_take(struct handler *h, const char *line, size_t size, struct err *e);

/* One way of handling; rows of the table in handler.c. rest is what follows the colon. */
struct handler_way {
	const char *prefix; /* "run:" */
	void *(*way_new)(struct handler *h, const char *rest, struct err *e);
	void (*way_free)(void *way);
	enum handled (*take)(void *way, const char *line, size_t size, struct err *e);
};

extern const struct handler_way handler_print, handler_run, handler_post;

struct loop *handler_loop(const struct handler *h);
int64_t handler_wait_ms(const struct handler *h);
/* From a way, when what it left pending is done. */
void handler_done(struct handler *h, enum handled outcome, const struct err *e);

#endif
