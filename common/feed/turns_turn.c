/* turns_turn: what one turn holds: which events are digestible, which are parked and why, and the transaction. */
#include "common/feed/turns_state.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/wire.h"
#include "common/feed/feed.sql.h"

/* Whose event it is when its bytes cannot be unpacked: the first two fields as all our packers write them. */
static struct uuid
application_guess(const struct turns_item *item)
{
	static const uint8_t tag_id[] = {0x0a, UUID_SIZE}, tag_application[] = {0x12, UUID_SIZE};
	const uint8_t *b = item->bytes;
	struct uuid application = {{0}};

	if (item->size >= 2 * (UUID_SIZE + 2) && memcmp(b, tag_id, 2) == 0 &&
	    memcmp(b + 2, item->event_id.bytes, UUID_SIZE) == 0 && memcmp(b + 2 + UUID_SIZE, tag_application, 2) == 0)
		memcpy(application.bytes, b + 4 + UUID_SIZE, UUID_SIZE);
	return application;
}

static const char *
reason_copy(struct arena *a, const char *text)
{
	const char *reason = arena_string(a, text);

	return reason ? reason : "unpacked it is too large";
}

const char *
turns_item_digest(
    struct arena *a, const struct turns_service *service, const struct turns_item *item, struct turn_event *event)
{
	struct err e;
	Kopru__V1__Event *unpacked = NULL;
	struct uuid id;

	*event =
	    (struct turn_event){.seq = item->seq, .event_id = item->event_id, .bytes = item->bytes, .size = item->size};
	event->application_id = application_guess(item);
	unpacked = wire_unpack(&kopru__v1__event__descriptor, a, item->bytes, item->size, &e);
	if (!unpacked)
		return reason_copy(a, e.text);
	if (!uuid_from_bytes(unpacked->id.data, unpacked->id.len, &id) || uuid_compare(&id, &item->event_id) != 0)
		return "the id inside is not the id of the event";
	if (!uuid_from_bytes(unpacked->application_id.data, unpacked->application_id.len, &event->application_id))
		return "the id of the application is not a UUID";
	if (unpacked->body_case != KOPRU__V1__EVENT__BODY_ERASED && !service->knows((int)unpacked->body_case))
		return "the type of the event is unknown to this version";
	event->event = unpacked;
	return NULL;
}

/* Why the event must be parked, NULL when it need not. */
static const char *
parking_reason(const struct turns_turn *turn, const struct turns_task *task, const struct turn_event *event,
    const struct turns_event_parked *parked)
{
	if (task->guilty)
		return task->guilty;
	if (event->event->body_case == KOPRU__V1__EVENT__BODY_ERASED)
		return NULL; /* forgetting waits for nobody */
	for (size_t i = 0; i < turn->parked_count; i++)
		if (uuid_compare(&parked[i].application_id, &event->application_id) == 0)
			return "waits for a parked event of its application";
	return turns_parked_has(task->parked, &event->application_id) ? "waits for a parked event of its application"
								      : NULL;
}

static void
turn_sort(struct turns_turn *turn, const struct turns_task *task, const struct turns_service *service,
    struct turns_items *waiting, struct turn_event *events, size_t limit)
{
	struct turns_event_parked *parked = arena_array(turn->arena, limit, sizeof(*parked));

	turn->parked = parked;
	while (waiting->first && turn->items.count < limit && arena_size(turn->arena) < TURNS_UNPACKED_MAX) {
		struct turn_event *event = &events[turn->digested];
		const struct turns_item *item = waiting->first;
		const char *reason = turns_item_digest(turn->arena, service, item, event);

		turns_items_move(waiting, 1, &turn->items);
		if (!reason)
			reason = parking_reason(turn, task, event, parked);
		if (!reason) {
			turn->digested++;
			continue;
		}
		parked[turn->parked_count++] = (struct turns_event_parked){
		    .item = item, .application_id = event->application_id, .reason = reason};
	}
}

void
turns_turn_build(struct turns_turn *turn, const struct turns_task *task, const struct turns_service *service,
    struct db_tx *tx, struct turns_items *waiting, size_t limit)
{
	struct turn_event *events = NULL;

	if (!turn->arena)
		turn->arena = arena_new(TURNS_UNPACKED_MAX + TURNS_EVENT_UNPACKED_MAX);
	events = arena_array(turn->arena, limit, sizeof(*events));
	turn_sort(turn, task, service, waiting, events, limit);

	db_call(tx, &feed_statements[FEED_ADVANCE]);
	db_bind_text(tx, task->consumer);
	db_bind_text(tx, task->stream);
	db_bind_int8(tx, (int64_t)task->old_seq);
	db_bind_int8(tx, (int64_t)turn->items.last->seq);
	db_bind_uuid(tx, &turn->items.last->event_id);
	for (size_t i = 0; i < turn->parked_count; i++) {
		const struct turns_item *item = turn->parked[i].item;

		db_call(tx, &feed_statements[FEED_PARK]);
		db_bind_text(tx, task->consumer);
		db_bind_text(tx, task->stream);
		db_bind_int8(tx, (int64_t)item->seq);
		db_bind_uuid(tx, &item->event_id);
		db_bind_uuid(tx, &turn->parked[i].application_id);
		db_bind_text(tx, turn->parked[i].reason);
		db_bind_bytes(tx, item->bytes, item->size);
	}
	if (turn->digested > 0)
		service->record(service->arg, tx, events, turn->digested, &turn->note);
}

void
turns_turn_free(struct turns_turn *turn)
{
	turns_items_free(&turn->items);
	arena_free(turn->arena);
	free(turn);
}
