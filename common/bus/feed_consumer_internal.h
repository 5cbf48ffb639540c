/* feed_consumer_internal: what the files of the receiving end share. A consumer has a link to each endpoint of
 * the owner's instances; one of them feeds it, the others tell their heads. */
#ifndef KOPRU_COMMON_BUS_FEED_CONSUMER_INTERNAL_H
#define KOPRU_COMMON_BUS_FEED_CONSUMER_INTERNAL_H

#include <sys/queue.h>

#include "common/bus/bus_internal.h"
#include "common/bus/feed_consumer.h"
#include "common/bus/feed_frame.h"

enum feed_role {
	FEED_ROLE_NONE,
	FEED_ROLE_HEADS, /* subscribed to heads only */
	FEED_ROLE_FED
};

struct feed_link {
	TAILQ_ENTRY(feed_link) entry;
	struct feed_consumer *consumer;
	struct bus_socket *socket;
	char endpoint[BUS_ENDPOINT_SIZE];
	bool found; /* by a pattern, just now; true for ever when the endpoint has none */
	bool up;
	int64_t down_at; /* since when it is not up */
	enum feed_role role;
	uint64_t session; /* of the last subscription */
	uint64_t head;
	int64_t heard_at; /* or subscribed at */
	int64_t said_at;
	int64_t retry_at; /* it refused: not before */
};

TAILQ_HEAD(feed_links, feed_link);

struct feed_consumer {
	struct bus *bus;
	struct loop *loop;
	struct feed_consumer_events events;
	char patterns[BUS_ENDPOINTS_MAX][BUS_ENDPOINT_SIZE];
	size_t patterns_count;
	bool has_key;
	char server_public[BUS_KEY_SIZE];
	struct bus_key key;
	char name[FEED_NAME_SIZE];
	char stream[FEED_NAME_SIZE];
	unsigned window;
	struct feed_links links;
	size_t links_count;
	struct feed_link *fed; /* who feeds; NULL: nobody */
	bool started;
	uint64_t position; /* delivered up to here */
	uint64_t acked;
	uint64_t received; /* in this session: from acked on, so some may come twice */
	struct uuid *ids; /* of the events from acked to position, circular */
	bool ack_due; /* could not be sent */
	uint64_t asked_head;
	int64_t asked_at;
	int64_t heard_at; /* anybody; 0: never */
	int64_t behind_at; /* somebody knew more than we have; 0: nobody does */
	int64_t looked_at;
	int64_t retry_at;
	int64_t retry_ms;
	struct loop_timer *tick;
	struct loop_timer *ask;
	struct arena *arena; /* of one received frame */
	struct feed_frame frame;
	struct metric *received_events;
	struct metric *resubscribed;
	struct metric *head_now;
	struct metric *position_now;
};

/* feed_endpoints.c: makes and ends links so that there is one for each endpoint there is now. */
int feed_endpoints_open(struct feed_consumer *c, struct err *e);
void feed_endpoints_look(struct feed_consumer *c);

/* feed_link.c */
struct feed_link *feed_link_new(struct feed_consumer *c, const char *endpoint, struct err *e);
void feed_link_free(struct feed_link *link);
int feed_link_subscribe(struct feed_link *link, enum feed_role role);
int feed_link_ask(struct feed_link *link, uint64_t head);
int feed_link_ack(struct feed_link *link, uint64_t seq);
void feed_link_unsubscribe(struct feed_link *link);

/* feed_receive.c */
void feed_receive_on_message(void *arg, const struct bus_sender *from, const void *data, size_t size);

/* feed_choice.c: who feeds. */
void feed_choice_begin(struct feed_consumer *c); /* somebody, if nobody does and it may be tried */
void feed_choice_switch(struct feed_consumer *c); /* another one than now, if there is one */
void feed_choice_again(struct feed_consumer *c, int64_t wait_ms); /* nobody feeds now; later somebody will */
void feed_choice_hint(struct feed_consumer *c, uint64_t head); /* somebody has that much */
void feed_choice_ack(struct feed_consumer *c); /* sends what is due, if it can be */
void feed_choice_tick(struct feed_consumer *c);
void feed_choice_on_ask(void *arg);
void feed_choice_on_link(void *arg, bool up);

#endif
