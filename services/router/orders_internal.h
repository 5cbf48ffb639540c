/* orders_internal: what orders.c (when) and orders_group.c (what is done to a group of them) share. */
#ifndef KOPRU_SERVICES_ROUTER_ORDERS_INTERNAL_H
#define KOPRU_SERVICES_ROUTER_ORDERS_INTERNAL_H

#include <sys/queue.h>

#include "services/router/orders.h"

#define ORDERS_TRIES 5
#define ORDERS_ACTION_MAX 40 /* tags of Command.action are below */
#define ORDERS_CODE_MAX 9

/* One command without an answer. */
struct orders_item {
	TAILQ_ENTRY(orders_item) entry;
	struct arena *arena; /* what was read out of it */
	struct command_request *request; /* NULL: our own clock's */
	struct arena *own; /* of our own clock's command */
	struct orders_told told; /* of one of ours; on_end NULL: nobody is */
	struct order order;
	int64_t since;
	int64_t look_at; /* when held: the table is asked again */
	struct verdict verdict; /* of the group that it is in */
	const struct store_reply *stored; /* its reply was given before */
	bool hold; /* its application may still come */
};

TAILQ_HEAD(orders_items, orders_item);

/* Commands that are decided on together. */
struct orders_group {
	struct orders *orders;
	struct orders_group *next;
	struct arena *arena; /* of one try */
	struct cases cases;
	struct store_appended *appended; /* in the transaction's arena, until it is done */
	unsigned tries;
	int64_t due, since;
	uint64_t intake_seq; /* of before the cases were read: a case that was routed meanwhile is not among them */
	size_t count;
	struct orders_item *items[];
};

struct orders {
	struct loop *loop;
	struct orders_conf conf;
	struct metrics *metrics;
	struct orders_items queue; /* in order of coming */
	struct orders_items held; /* until their application has come */
	size_t queue_count;
	size_t count; /* without an answer */
	struct orders_group *flying; /* or NULL */
	struct orders_group *pieces; /* halves of what was refused, and what is to be repeated */
	struct loop_timer *turn;
	int64_t gather_until;
	size_t gather_count;
	bool stopping;
	struct metric *outcomes[ORDERS_ACTION_MAX][ORDERS_CODE_MAX];
	struct metric *batches, *again;
};

/* orders.c */
/* The group has ended: every item was answered or put elsewhere. Frees it and goes on. */
void orders_landed(struct orders *c, struct orders_group *g);
void orders_repeat(struct orders *c, struct orders_group *g);
void orders_hold(struct orders *c, struct orders_item *item);
/* First in the queue. */
void orders_put_back(struct orders *c, struct orders_item *item);
struct orders_group *orders_group_new(struct orders *c, size_t count);
void orders_piece(struct orders *c, struct orders_group *g);

/* orders_group.c */
/* Reads, decides and writes; orders_landed or orders_repeat comes later. */
void orders_fly(struct orders *c, struct orders_group *g);

/* orders_end.c */
/* Answers and frees. */
void orders_end(struct orders *c, struct orders_item *item, Kopru__V1__Reply *reply);
/* With the sentence of the code: busy, unknown, or (invalid) refused. */
void orders_end_as(struct orders *c, struct orders_item *item, int code);

#endif
