/* feed_owner_internal: what the files of the sending end share. An owner has streams, made by their first
 * subscription and gone with their last; a stream keeps its newest events in memory; a
 * subscription has a position and credit; a reading asks the source for what is not in memory. */
#ifndef KOPRU_COMMON_BUS_FEED_OWNER_INTERNAL_H
#define KOPRU_COMMON_BUS_FEED_OWNER_INTERNAL_H

#include <sys/queue.h>

#include "common/bus/bus_internal.h"
#include "common/bus/feed_frame.h"
#include "common/bus/feed_owner.h"

#define FEED_REQUEST_MAX 4096 /* bytes; the longest honest one has 300 */
#define FEED_CONNECTIONS_MAX 400 /* at each tcp:// endpoint */
#define FEED_UNREAD_MAX 16 /* requests of one connection */
#define FEED_KEPT_ITEMS 1024 /* in memory, of one stream */
#define FEED_KEPT_BYTES (8UL * 1024 * 1024) /* of all streams together */
#define FEED_READINGS_MAX 4 /* at once */
#define FEED_UNACKED_BYTES (2UL * 1024 * 1024) /* of one subscription, beside its window */
#define FEED_FLIGHTS 32
#define FEED_PEER_SUBSCRIPTIONS 16 /* of one key's name; the oldest makes room */
#define FEED_SILENT_US 30000000 /* a subscription that says nothing for so long is gone */
#define FEED_UNBLOCK_MS 20 /* full queues are tried again, at first */
#define FEED_BUCKETS 256
#define FEED_ROUTING_MAX 255

/* An event in memory; its bytes follow the struct. */
struct feed_kept {
	TAILQ_ENTRY(feed_kept) entry; /* of all streams, oldest first */
	struct feed_stream *stream;
	struct feed_item item;
	unsigned char bytes[];
};

TAILQ_HEAD(feed_kepts, feed_kept);
TAILQ_HEAD(feed_subscriptions, feed_subscription);
TAILQ_HEAD(feed_streams, feed_stream);
TAILQ_HEAD(feed_readings, feed_reading);
LIST_HEAD(feed_stream_bucket, feed_stream);
LIST_HEAD(feed_subscription_bucket, feed_subscription);

struct feed_stream {
	TAILQ_ENTRY(feed_stream) entry;
	TAILQ_ENTRY(feed_stream) changed_entry;
	LIST_ENTRY(feed_stream) bucket_entry;
	struct feed_owner *owner;
	char name[FEED_NAME_SIZE];
	struct feed_subscriptions subscriptions;
	uint64_t head;
	bool head_known; /* seen since the owner resumed */
	bool changed; /* its subscribers have not been told yet */
	struct feed_kept *kept[FEED_KEPT_ITEMS]; /* by seq, circular */
	uint64_t kept_first;
	size_t kept_count;
	struct feed_reading *poll; /* waiting or under way */
	bool poll_again;
	int64_t poll_vain_at; /* when a poll found nothing new */
};

/* A frame that is not acknowledged. */
struct feed_flight {
	uint64_t last;
	size_t bytes;
};

struct feed_subscription {
	TAILQ_ENTRY(feed_subscription) entry; /* of the owner's, oldest first */
	TAILQ_ENTRY(feed_subscription) stream_entry;
	TAILQ_ENTRY(feed_subscription) ready_entry;
	LIST_ENTRY(feed_subscription) bucket_entry;
	struct feed_owner *owner;
	struct feed_stream *stream;
	struct bus_socket *socket;
	uint8_t routing_id[FEED_ROUTING_MAX];
	size_t routing_size;
	char peer[BUS_PEER_NAME_MAX];
	char key[BUS_KEY_SIZE];
	char consumer[FEED_NAME_SIZE];
	uint64_t session;
	unsigned window; /* 0: heads only */
	uint64_t sent;
	struct uuid sent_id; /* of the event at sent */
	uint64_t acked;
	bool verified; /* the table has that event at sent, seen since the owner resumed */
	uint64_t
	    from_table; /* up to here (its head then) memory is not asked: what is there may have been erased since */
	bool ready; /* in the owner's list */
	bool blocked; /* its queue is full: nothing is read or sent before unblock_at */
	int64_t block_us; /* how long it was blocked last; 0: its last frame went out */
	int64_t unblock_at;
	bool read_failed; /* until the next second */
	unsigned empty_reads; /* in a row, though there should be something */
	int64_t heard_at;
	int64_t told_at; /* its last heartbeat */
	struct feed_reading *reading;
	struct feed_flight flights[FEED_FLIGHTS]; /* circular */
	size_t flights_first;
	size_t flights_count;
	size_t unacked_bytes;
};

struct feed_reading {
	TAILQ_ENTRY(feed_reading) entry; /* while it waits */
	struct feed_owner *owner;
	struct feed_stream *stream; /* NULL: nobody wants it any more */
	struct feed_subscription *subscription; /* NULL: a poll of the stream */
	bool started;
	uint64_t epoch;
	uint64_t after;
};

/* One endpoint of an owner. */
struct feed_door {
	struct feed_owner *owner;
	struct bus_socket *socket;
};

struct feed_owner {
	struct bus *bus;
	struct loop *loop;
	struct feed_source source;
	unsigned window_max;
	unsigned subscriptions_max;
	struct feed_door doors[BUS_ENDPOINTS_MAX];
	size_t doors_count;
	bool paused;
	bool freed; /* only readings under way keep it */
	uint64_t epoch; /* of the source's session: counts pauses */
	struct loop_timer *turn; /* something is to be sent */
	struct loop_timer *tick; /* every second */
	struct loop_timer *unblock; /* full queues are tried again */
	struct arena *arena; /* of one received frame */
	struct feed_streams streams;
	struct feed_streams changed;
	struct feed_stream_bucket stream_buckets[FEED_BUCKETS];
	struct feed_subscriptions subscriptions;
	struct feed_subscriptions ready;
	struct feed_subscription_bucket subscription_buckets[FEED_BUCKETS];
	size_t subscriptions_count;
	struct feed_kepts kept;
	size_t kept_bytes;
	struct feed_readings waiting;
	unsigned readings_started;
	struct feed_frame frame;
	Kopru__V1__Item items[FEED_FRAME_ITEMS];
	Kopru__V1__Item *item_pointers[FEED_FRAME_ITEMS];
	struct uuid item_ids[FEED_FRAME_ITEMS];
	struct metric *subscriptions_now;
	struct metric *sent_events;
	struct metric *readings_done;
	struct metric *readings_failed;
	struct metric *refused;
	struct metric *diverged;
	struct metric *kept_now;
};

/* feed_owner.c */
void feed_owner_turn_soon(struct feed_owner *o);

/* feed_stream.c */
size_t feed_hash(const void *data, size_t size); /* a bucket */
struct feed_stream *feed_stream_find(struct feed_owner *o, const char *name);
struct feed_stream *feed_stream_take(struct feed_owner *o, const char *name); /* found or made */
void feed_stream_drop_unused(struct feed_stream *s);
void feed_stream_forget(struct feed_stream *s); /* its events in memory */
void feed_stream_keep(struct feed_stream *s, const struct feed_item *item);
/* Events from seq on that are in memory, within the limits of a frame. */
size_t feed_stream_kept(const struct feed_stream *s, uint64_t seq, size_t limit, const struct feed_item **items);
void feed_stream_head(struct feed_stream *s, uint64_t head); /* heard of it */
void feed_stream_changed(struct feed_stream *s);

/* feed_reading.c */
void feed_reading_want(struct feed_subscription *s);
void feed_reading_poll(struct feed_stream *s);
void feed_reading_start_waiting(struct feed_owner *o);
void feed_reading_forget(struct feed_reading *r); /* NULL is fine */

/* feed_subscription.c */
struct feed_subscription *feed_subscription_find(
    struct feed_owner *o, const struct feed_address *from, const char *stream, uint64_t session);
struct feed_subscription *feed_subscription_new(struct feed_owner *o, const struct feed_address *from,
    const struct bus_sender *sender, const Kopru__V1__Subscribe *wanted);
void feed_subscription_drop(struct feed_subscription *s, const char *reason);
/* Who speaks with another key from a subscription's address is another one: its subscriber is gone. */
void feed_subscription_drop_strangers(struct feed_owner *o, const struct feed_address *from, const char *key);
void feed_subscription_ready(struct feed_subscription *s);
bool feed_subscription_allowed(const struct feed_subscription *s);
void feed_subscription_acked(struct feed_subscription *s, uint64_t seq);

/* feed_sending.c: each may drop the subscription and then says false. */
bool feed_sending_pump(struct feed_subscription *s);
bool feed_sending_items(struct feed_subscription *s, const struct feed_item *const *items, size_t count);
bool feed_sending_heartbeat(struct feed_subscription *s);
void feed_sending_diverged(struct feed_subscription *s, const struct uuid *event_id); /* always drops */
void feed_sending_refused(struct feed_owner *o, const struct feed_address *to, const Kopru__V1__Refused *refused);
size_t feed_sending_credit(const struct feed_subscription *s);

/* feed_request.c */
void feed_request_on_message(void *arg, const struct bus_sender *from, const void *data, size_t size);

#endif
