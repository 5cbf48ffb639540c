/* effects_bounces: letters of ours that came back become events of stream "bounce". The notifier asks for them every second;
 * nobody waits for them. */
#include <stdlib.h>

#include "common/base/wire.h"
#include "proto/kopru/v1/event.pb-c.h"
#include "services/intake/bounces.sql.h"
#include "services/intake/effects.h"

static uint8_t *
event_pack(struct arena *a, const struct effects_item *e, const struct uuid *id, size_t *size)
{
	const struct channel_item *item = e->item;
	Kopru__V1__NoticeReturned returned;
	Kopru__V1__Event event;
	Kopru__V1__Actor actor;
	uint8_t *packed;

	kopru__v1__notice_returned__init(&returned);
	returned.notice_id = (ProtobufCBinaryData){UUID_SIZE, arena_copy(a, item->notice_id.bytes, UUID_SIZE)};
	returned.address = arena_string(a, item->address_bounced ? item->address_bounced : "");
	returned.status = arena_string(a, item->bounce_status ? item->bounce_status : "");
	returned.permanent = item->permanent;
	kopru__v1__actor__init(&actor);
	actor.type = KOPRU__V1__ACTOR__TYPE__TYPE_SERVICE;
	actor.id = arena_string(a, "intake");
	actor.role = KOPRU__V1__ACTOR__ROLE__ROLE_SERVICE;
	kopru__v1__event__init(&event);
	event.id = (ProtobufCBinaryData){UUID_SIZE, arena_copy(a, id->bytes, UUID_SIZE)};
	event.number = arena_string(a, item->number);
	event.at = e->row->inbound.received_at;
	event.actor = &actor;
	event.body_case = KOPRU__V1__EVENT__BODY_NOTICE_RETURNED;
	event.notice_returned = &returned;
	packed = wire_pack(a, &event.base, size);
	if (!packed)
		abort(); /* an arena without a limit */
	return packed;
}

void
effects_bounces_bind(struct db_tx *tx, const struct effects_item *items, size_t count)
{
	struct arena *a = db_tx_arena(tx);
	const struct effects_item **list = arena_array(a, count + 1, sizeof(const struct effects_item *));
	size_t bounces = 0;

	for (size_t i = 0; i < count; i++)
		if (items[i].item->kind == CHANNEL_BOUNCE && items[i].item->has_notice_id && items[i].item->number)
			list[bounces++] = &items[i];
	if (bounces == 0)
		return;
	db_call(tx, &bounces_statements[BOUNCES_APPEND]);
	db_bind_array(tx, DB_TEXTS, bounces);
	for (size_t i = 0; i < bounces; i++)
		db_put_text(tx, list[i]->item->number);
	db_bind_array(tx, DB_UUIDS, bounces);
	for (size_t i = 0; i < bounces; i++)
		db_put_uuid(tx, &list[i]->id);
	db_bind_array(tx, DB_TIMES, bounces);
	for (size_t i = 0; i < bounces; i++)
		db_put_time(tx, list[i]->row->inbound.received_at);
	db_bind_array(tx, DB_BYTES, bounces);
	for (size_t i = 0; i < bounces; i++) {
		size_t size;
		const uint8_t *packed = event_pack(a, list[i], &list[i]->id, &size);

		db_put_bytes(tx, packed, size);
	}
}
