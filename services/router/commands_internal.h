/* commands_internal: what commands.c (when) and commands_group.c (what is done to a group of them) share. */
#ifndef KOPRU_SERVICES_ROUTER_COMMANDS_INTERNAL_H
#define KOPRU_SERVICES_ROUTER_COMMANDS_INTERNAL_H

#include <sys/queue.h>

#include "services/router/commands.h"

#define COMMANDS_TRIES 5
#define COMMANDS_ACTION_MAX 32 /* tags of Command.action are below */
#define COMMANDS_CODE_MAX 9

/* One command without an answer. */
struct commands_item {
	TAILQ_ENTRY(commands_item) entry;
	struct arena *arena; /* what was read out of it */
	struct command_request *request; /* NULL: our own clock's */
	struct arena *own; /* of our own clock's command */
	struct order order;
	int64_t since;
	int64_t look_at; /* when held: the table is asked again */
	struct verdict verdict; /* of the group that it is in */
	const struct store_reply *stored; /* its reply was given before */
	bool hold; /* its application may still come */
};

TAILQ_HEAD(commands_items, commands_item);

/* Commands that are decided on together. */
struct commands_group {
	struct commands *commands;
	struct commands_group *next;
	struct arena *arena; /* of one try */
	struct cases cases;
	struct store_appended *appended; /* in the transaction's arena, until it is done */
	unsigned tries;
	int64_t due, since;
	uint64_t intake_seq; /* of before the cases were read: a case that was routed meanwhile is not among them */
	size_t count;
	struct commands_item *items[];
};

struct commands {
	struct loop *loop;
	struct commands_conf conf;
	struct metrics *metrics;
	struct commands_items queue; /* in order of coming */
	struct commands_items held; /* until their application has come */
	size_t queue_count;
	size_t count; /* without an answer */
	struct commands_group *flying; /* or NULL */
	struct commands_group *pieces; /* halves of what was refused, and what is to be repeated */
	struct loop_timer *turn;
	int64_t gather_until;
	size_t gather_count;
	bool stopping;
	struct metric *outcomes[COMMANDS_ACTION_MAX][COMMANDS_CODE_MAX];
	struct metric *batches, *again;
};

/* commands.c */
/* The group has ended: every item was answered or put elsewhere. Frees it and goes on. */
void commands_landed(struct commands *c, struct commands_group *g);
void commands_repeat(struct commands *c, struct commands_group *g);
void commands_hold(struct commands *c, struct commands_item *item);
struct commands_group *commands_group_new(struct commands *c, size_t count);
void commands_piece(struct commands *c, struct commands_group *g);

/* commands_group.c */
/* Reads, decides and writes; commands_landed or commands_repeat comes later. */
void commands_fly(struct commands *c, struct commands_group *g);

/* commands_end.c */
/* Answers and frees. */
void commands_end(struct commands *c, struct commands_item *item, Kopru__V1__Reply *reply);
/* With the sentence of the code: busy, unknown, or (invalid) refused. */
void commands_end_as(struct commands *c, struct commands_item *item, int code);

#endif
