/* orders_group: one group of commands: read, decide, write, tell. */
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/feed/feed.sql.h"
#include "services/router/orders_internal.h"
#include "services/router/sentences.h"

#define CODE(name) KOPRU__V1__REPLY__CODE__CODE_##name
#define STUCK_TRIES 2U
#define EVENTS_MAX ((size_t)8 * 1024 * 1024) /* bytes of one batch, beyond which the rest goes into the next */

static void
group_end(struct orders_group *g, int code)
{
	struct orders *c = g->orders;

	for (size_t i = 0; i < g->count; i++)
		orders_end_as(c, g->items[i], code);
	orders_landed(c, g);
}

/* Refused together: halves, until the guilty one stands alone. */
static void
group_split(struct orders_group *g)
{
	struct orders *c = g->orders;
	size_t half = g->count / 2;
	struct orders_group *first = orders_group_new(c, half), *second = orders_group_new(c, g->count - half);

	memcpy(first->items, g->items, half * sizeof(struct orders_item *));
	memcpy(second->items, g->items + half, (g->count - half) * sizeof(struct orders_item *));
	first->since = second->since = g->since;
	orders_piece(c, second);
	orders_piece(c, first); /* goes first: their order stays */
	g->count = 0;
	orders_landed(c, g);
}

static void
on_released(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	(void)arg;
	(void)e;
	if (outcome == DB_COMMITTED && db_int8(results, 0, 0, 0) > 0)
		log_warn("writer.released", "count=%lld", (long long)db_int8(results, 0, 0, 0));
}

static void
group_again(struct orders_group *g, const struct err *e)
{
	struct orders *c = g->orders;

	if (g->tries >= ORDERS_TRIES) {
		log_warn("commands.given_up", "count=%zu reason=\"%s\"", g->count, e->text);
		group_end(g, CODE(BUSY));
		return;
	}
	if (g->tries == STUCK_TRIES && db_is_up(c->conf.reader)) { /* a frozen writer may hold the stream */
		struct db_tx *tx = db_begin(c->conf.reader);

		db_call(tx, &feed_statements[FEED_RELEASE_FROZEN]);
		db_read(tx, on_released, NULL);
	}
	orders_repeat(c, g);
}

static void
reply_verdict(struct orders *c, struct orders_item *item, uint64_t seq)
{
	Kopru__V1__Reply reply;

	kopru__v1__reply__init(&reply);
	reply.code = (Kopru__V1__Reply__Code)item->verdict.code;
	reply.text = arena_string(item->arena, item->verdict.text);
	reply.version = item->verdict.version;
	reply.seq = seq;
	orders_end(c, item, &reply);
}

static void
reply_stored(struct orders *c, struct orders_item *item)
{
	bool same = memcmp(item->stored->meaning, item->order.meaning, ORDER_MEANING_SIZE) == 0;
	Kopru__V1__Reply reply;

	kopru__v1__reply__init(&reply);
	if (same) {
		reply.code = (Kopru__V1__Reply__Code)item->stored->code;
		reply.text = arena_string(item->arena, item->stored->text);
		reply.version = item->stored->version;
		reply.seq = item->stored->seq;
	} else {
		reply.code = CODE(INVALID);
		reply.text = arena_string(
		    item->arena, sentence_make(item->arena, SENTENCE_SAME_COMMAND, item->order.english, NULL));
	}
	orders_end(c, item, &reply);
}

/* Seqs of the events in stream "case", in order. */
static const uint64_t *
case_seqs(const struct orders_group *g)
{
	uint64_t *seqs = arena_array(g->arena, g->cases.case_entry_count + 1, sizeof(*seqs));
	size_t count = 0;

	for (size_t i = 0; g->appended && i < g->appended->count; i++) {
		if (strcmp(g->appended->streams[i], "case") == 0)
			seqs[count++] = g->appended->items[i].seq;
	}
	return seqs;
}

static void
group_done(struct orders_group *g)
{
	struct orders *c = g->orders;
	const uint64_t *seqs = case_seqs(g);

	for (size_t i = 0; i < g->count; i++) {
		struct orders_item *item = g->items[i];
		size_t place = item->verdict.place;

		if (item->hold)
			orders_hold(c, item);
		else if (item->stored)
			reply_stored(c, item);
		else
			reply_verdict(c, item, place > 0 ? seqs[place - 1] : 0);
	}
	orders_landed(c, g);
}

static void
on_written(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct orders_group *g = arg;
	struct orders *c = g->orders;

	switch (outcome) {
	case DB_COMMITTED:
		c->conf.on_decided(c->conf.arg, &g->cases);
		if (g->appended) {
			store_appended_read(g->appended, results);
			c->conf.on_appended(c->conf.arg, g->appended);
		}
		group_done(g);
		return;
	case DB_REFUSED:
		if (g->count > 1) {
			group_split(g);
			return;
		}
		log_error("command.refused", "action=%d reason=\"%s\"", g->items[0]->order.action, e->text);
		group_end(g, CODE(INVALID));
		return;
	case DB_RETRY:
	case DB_FENCED:
		group_again(g, e);
		return;
	case DB_UNAVAILABLE:
		group_end(g, CODE(BUSY));
		return;
	case DB_UNKNOWN:
		log_warn("commands.unknown", "count=%zu reason=\"%s\"", g->count, e->text);
		group_end(g, CODE(UNKNOWN));
		return;
	}
}

static const struct store_reply *
stored_find(const struct store_replies *replies, const struct uuid *id)
{
	for (size_t i = 0; i < replies->count; i++) {
		if (uuid_compare(&replies->list[i].id, id) == 0)
			return &replies->list[i];
	}
	return NULL;
}

/* The rest of a group that tells more than one transaction should hold goes first in the next one. */
static void
group_cut(struct orders_group *g, size_t count)
{
	for (size_t i = g->count; i > count; i--)
		orders_put_back(g->orders, g->items[i - 1]);
	g->count = count;
}

/* In order; a later one sees what an earlier one did. Gives how many are to be remembered. */
static size_t
group_decide(struct orders_group *g, const struct store_replies *replies, struct store_decided *decided)
{
	size_t count = 0;

	for (size_t i = 0; i < g->count; i++) {
		struct orders_item *item = g->items[i];

		if (g->cases.entry_bytes > EVENTS_MAX) {
			group_cut(g, i);
			break;
		}
		item->stored = stored_find(replies, &item->order.id);
		item->hold = false;
		item->verdict = (struct verdict){.code = 0};
		if (item->stored)
			continue;
		item->hold =
		    !cases_find(&g->cases, &item->order.application_id) && g->intake_seq < item->order.after_intake_seq;
		if (item->hold)
			continue;
		item->verdict = actions_decide(&g->cases, &item->order);
		if (item->verdict.kept)
			decided[count++] = (struct store_decided){&item->order, &item->verdict};
	}
	return count;
}

/* A stored reply is told again only after a durable write that followed: the wait of the first one's commit for the standby
 * may have been cancelled. */
static bool
group_repeats(const struct orders_group *g)
{
	for (size_t i = 0; i < g->count; i++) {
		if (g->items[i]->stored)
			return true;
	}
	return false;
}

static void
group_write(struct orders_group *g, const struct db_results *results)
{
	struct orders *c = g->orders;
	struct store_decided *decided = arena_array(g->arena, g->count, sizeof(*decided));
	struct store_replies replies;
	struct db_tx *tx = NULL;
	size_t count = 0;

	g->cases = (struct cases){.arena = g->arena,
	    .catalogue = c->conf.catalogue(c->conf.arg),
	    .settings = &c->conf.settings,
	    .now = c->conf.now(c->conf.arg),
	    .new_id = uuid_new};
	g->cases.today = date_in_istanbul(g->cases.now);
	g->appended = NULL;
	store_cases_read(results, &g->cases, &replies);
	if (g->cases.record_count >= STORE_CASES_MAX && g->count > 1) {
		group_split(g);
		return;
	}
	count = group_decide(g, &replies, decided);
	if (count == 0 && !group_repeats(g)) {
		group_done(g);
		return;
	}
	tx = db_begin(c->conf.writer);
	if (count > 0)
		g->appended = store_cases_write(tx, &g->cases, decided, count);
	else
		db_call(tx, &feed_statements[FEED_PROVE_SEEN]);
	db_commit(tx, on_written, g);
}

static void
on_cases_read(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct orders_group *g = arg;

	if (outcome == DB_COMMITTED && !g->orders->stopping)
		group_write(g, results);
	else if (outcome == DB_COMMITTED)
		group_end(g, CODE(BUSY)); /* nothing was written */
	else
		group_again(g, e);
}

void
orders_fly(struct orders *c, struct orders_group *g)
{
	struct db_tx *tx = db_begin(c->conf.reader);
	const struct order **orders = NULL;

	arena_free(g->arena);
	g->arena = arena_new(0);
	g->intake_seq = c->conf.intake_seq(c->conf.arg);
	orders = arena_array(g->arena, g->count, sizeof(struct order *));
	for (size_t i = 0; i < g->count; i++)
		orders[i] = &g->items[i]->order;
	store_cases_wanted(tx, orders, g->count);
	db_read(tx, on_cases_read, g);
}
