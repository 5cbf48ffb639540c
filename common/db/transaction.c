/* transaction: builds the calls of one transaction and hands them over. */
#include <stdlib.h>
#include <string.h>

#include "common/db/internal.h"

#define CALLS_FIRST 8

void
list_push(struct tx_list *list, struct db_tx *tx)
{
	tx->next = NULL;
	if (list->last)
		list->last->next = tx;
	else
		list->first = tx;
	list->last = tx;
	list->count++;
}

struct db_tx *
list_pop(struct tx_list *list)
{
	struct db_tx *tx = list->first;

	if (!tx)
		return NULL;
	list->first = tx->next;
	if (!list->first)
		list->last = NULL;
	list->count--;
	tx->next = NULL;
	return tx;
}

struct db_tx *
tx_new(struct db *d, enum tx_kind kind)
{
	struct db_tx *tx;

	if (d->spare_count > 0) {
		tx = d->spare[--d->spare_count];
	} else {
		tx = calloc(1, sizeof(*tx));
		if (!tx)
			abort();
		tx->arena = arena_new(0);
	}
	tx->db = d;
	tx->kind = kind;
	return tx;
}

void
tx_forget_answers(struct db_tx *tx)
{
	for (size_t i = 0; i < tx->calls.count; i++) {
		PQclear(tx->calls.entries[i].result);
		tx->calls.entries[i].result = NULL;
	}
	tx->answered = 0;
	tx->failed = false;
	tx->failed_at = 0;
	tx->warned = false;
	tx->committed = false;
	tx->sqlstate[0] = '\0';
}

void
tx_destroy(struct db_tx *tx)
{
	tx_forget_answers(tx);
	arena_free(tx->arena);
	free(tx->array.data);
	free(tx);
}

void
tx_free(struct db_tx *tx)
{
	struct db *d = tx->db;
	struct arena *arena = tx->arena;
	struct array_builder array = {.data = tx->array.data, .room = tx->array.room};

	if (d->closing || d->spare_count == DB_SPARE_MAX) {
		tx_destroy(tx);
		return;
	}
	tx_forget_answers(tx);
	arena_reset(arena);
	memset(tx, 0, sizeof(*tx));
	tx->arena = arena;
	tx->array = array;
	d->spare[d->spare_count++] = tx;
}

struct db_tx *
db_begin(struct db *d)
{
	return tx_new(d, TX_WRITE);
}

struct arena *
db_tx_arena(struct db_tx *tx)
{
	return tx->arena;
}

void
db_abandon(struct db_tx *tx)
{
	tx_free(tx);
}

static void
calls_grow(struct db_tx *tx)
{
	struct db_results *c = &tx->calls;
	size_t room = c->room == 0 ? CALLS_FIRST : c->room * 2;
	struct db_entry *entries = arena_array(tx->arena, room, sizeof(*entries));

	if (c->count > 0)
		memcpy(entries, c->entries, c->count * sizeof(*entries));
	c->entries = entries;
	c->room = room;
}

size_t
db_call(struct db_tx *tx, const struct db_statement *statement)
{
	struct db_entry *entry;

	bind_finish(tx);
	if (tx->calls.count == tx->calls.room)
		calls_grow(tx);
	entry = &tx->calls.entries[tx->calls.count];
	entry->statement = statement;
	entry->values = arena_array(tx->arena, DB_PARAMETERS_MAX, sizeof(*entry->values));
	entry->sizes = arena_array(tx->arena, DB_PARAMETERS_MAX, sizeof(*entry->sizes));
	return tx->calls.count++;
}

static void
hand_over(struct db_tx *tx, enum tx_kind kind, db_on_done *on_done, void *arg)
{
	struct db *d = tx->db;

	if (tx->calls.count == 0)
		abort();
	bind_finish(tx);
	tx->kind = kind;
	tx->on_done = on_done;
	tx->arg = arg;
	d->in_flight++;
	loop_hold(d->loop);
	if (db_is_up(d))
		pipe_submit(d, tx);
	else
		db_tell_later(d, tx, DB_UNAVAILABLE, "the database is not reachable");
}

void
db_commit(struct db_tx *tx, db_on_done *on_done, void *arg)
{
	hand_over(tx, TX_WRITE, on_done, arg);
}

void
db_read(struct db_tx *tx, db_on_done *on_done, void *arg)
{
	hand_over(tx, TX_READ, on_done, arg);
}
