/* graph: asks the providers' HTTP interfaces (Meta's Graph API, Telegram's Bot API) over libcurl, on the loop. Only https, to
 * public addresses; http and loopback only for who is configured with such an address, which are tests. */
#ifndef KOPRU_SERVICES_INTAKE_CHANNELS_GRAPH_H
#define KOPRU_SERVICES_INTAKE_CHANNELS_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/metrics.h"
#include "common/loop/loop.h"

#define GRAPH_ANSWER_MAX ((size_t)256 * 1024) /* of what is no file */
#define GRAPH_REASON_SIZE 160

struct graph;

enum graph_end {
	GRAPH_ANSWERED, /* whole; status says what */
	GRAPH_NOT_SENT, /* nothing of it went out */
	GRAPH_LOST, /* it went out, at least in part, and its answer did not come whole */
	GRAPH_TOO_LARGE, /* the answer would have been larger than size_max */
	GRAPH_REFUSED, /* the address is not one that may be asked: reason says why */
};

/* The caller's, zeroed, part of a larger struct; it and what it points to live until on_end. */
struct graph_request {
	const char *url;
	const char *base; /* the configured address of the provider: decides whether loopback is allowed */
	const char *bearer; /* NULL: without a token */
	const char *json; /* POST of this body; NULL: GET */
	int fd; /* where the answer's body is written to, when keep_in_file; stays the caller's */
	bool keep_in_file;
	uint64_t size_max; /* of the answer's body; 0: GRAPH_ANSWER_MAX, and no more without a file */
	int64_t time_ms; /* 0: 20 s */
	void (*on_end)(struct graph_request *r, enum graph_end end);

	/* the answer, until on_end has returned */
	int status;
	char *body; /* NUL-terminated; NULL when kept in a file */
	uint64_t size;
	int64_t retry_after_ms; /* 0: not said */
	char reason[GRAPH_REASON_SIZE]; /* of an end that is none: without addresses, tokens and personal data */

	struct graph_asking *asking; /* graph's own */
};

struct graph *graph_new(struct loop *l, struct metrics *m);
/* What is under way ends as GRAPH_LOST first. NULL is fine. */
void graph_free(struct graph *g);

struct loop *graph_loop(const struct graph *g);

/* At most 32 at once. A stop of the loop waits for those that send something. */
bool graph_has_room(struct graph *g);
/* Only when there is room. Never calls back from here. */
void graph_ask(struct graph *g, struct graph_request *r);

#endif
