/* The contract in bytes that protoc --encode made (tests/data/golden/): every version must read them, see every field
 * and write the same bytes again. A field that changes its number or type fails here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "common/base/file.h"
#include "common/base/wire.h"
#include "kopru/v1/command.pb-c.h"
#include "kopru/v1/event.pb-c.h"
#include "kopru/v1/feed.pb-c.h"

#define ID "\x01\x92\xf7\xa0\x12\x34\x7a\xbc\x8d\xef\x01\x23\x45\x67\x89\xab"
#define ID_2 "\x01\x92\xf7\xa0\x12\x34\x7a\xbc\x8d\xef\x01\x23\x45\x67\x89\xac"
#define TRACE "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
#define AT INT64_C(1795426496123457)

static int
setup(void **state)
{
	*state = arena_new(0);
	return 0;
}

static int
teardown(void **state)
{
	arena_free(*state);
	return 0;
}

static uint8_t *
golden_bytes(struct arena *a, const char *name, size_t *size)
{
	char *path = arena_printf(a, "tests/data/golden/%s.hex", name), *text;
	size_t length;
	uint8_t *bytes;
	struct err e;

	if (file_read(a, path, 65536, &text, &length, &e) != 0)
		fail_msg("%s", e.text);
	bytes = arena_alloc(a, length / 2 + 1);
	assert_int_equal(sodium_hex2bin(bytes, length / 2, text, length, "\n", size, NULL), 0);
	return bytes;
}

static void
assert_packs_to(struct arena *a, const void *message, const uint8_t *bytes, size_t size)
{
	size_t packed_size;
	uint8_t *packed = wire_pack(a, message, &packed_size);

	assert_int_equal(packed_size, size);
	assert_memory_equal(packed, bytes, size);
}

/* Unpacks, packs again, compares. */
static void *
golden(struct arena *a, const char *name, const ProtobufCMessageDescriptor *type)
{
	size_t size;
	uint8_t *bytes = golden_bytes(a, name, &size);
	struct err e;
	void *message = wire_unpack(type, a, bytes, size, &e);

	if (!message)
		fail_msg("%s: %s", name, e.text);
	assert_packs_to(a, message, bytes, size);
	return message;
}

static void
assert_bytes(ProtobufCBinaryData data, const char *expected, size_t size)
{
	assert_int_equal(data.len, size);
	assert_memory_equal(data.data, expected, size);
}

static void
assert_origin(const Kopru__V1__Origin *p)
{
	assert_string_equal(p->entered_by, "m.ornek");
	assert_string_equal(p->brought_by, "Ali Örnek");
	assert_string_equal(p->registry_number, "E-2026/17");
	assert_int_equal(p->registry_on, 20780);
	assert_string_equal(p->sender_institution, "Konya Valiliği");
	assert_int_equal(p->reply_by, 20790);
	assert_string_equal(p->call_id, "call-1");
	assert_string_equal(p->recording, "rec/1.wav");
	assert_string_equal(p->source_url, "https://x.com/a/status/1");
}

static void
assert_application(const Kopru__V1__Application *p)
{
	assert_bytes(p->id, ID, 16);
	assert_string_equal(p->number, "HM-2026-0000123-4");
	assert_int_equal(p->kind, KOPRU__V1__KIND__KIND_COMPLAINT);
	assert_int_equal(p->channel, KOPRU__V1__CHANNEL__CHANNEL_WEB);
	assert_string_equal(p->text, "Sokağımızda çöp üç gündür alınmıyor");
	assert_string_equal(p->subject, "Çöp");
	assert_string_equal(p->topic, "TEM-01");
	assert_int_equal(p->location->point->latitude_e7, 378744000);
	assert_int_equal(p->location->point->longitude_e7, -325072000);
	assert_string_equal(p->location->address, "21560. Sokak No:3");
	assert_string_equal(p->location->neighbourhood, "Fetih");
	assert_true(p->received_at == AT - 1);
	assert_int_equal(p->legal_basis, KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_3071);
	assert_int_equal(p->due_on, 20812);
	assert_string_equal(p->external_id, "1600004717");
	assert_int_equal(p->n_attachments, 1);
	assert_bytes(p->attachments[0]->id, ID_2, 16);
	assert_string_equal(p->attachments[0]->name, "çöp.jpg");
	assert_string_equal(p->attachments[0]->media_type, "image/jpeg");
	assert_int_equal(p->attachments[0]->size, 123456);
	assert_int_equal(p->attachments[0]->sha256.len, 32);
	assert_int_equal(p->attachments[0]->sha256.data[31], 0xab);
	assert_origin(p->origin);
}

static void
assert_applicant(const Kopru__V1__Applicant *p)
{
	assert_string_equal(p->name, "Ayşe Örnek");
	assert_string_equal(p->phone, "+905000000000");
	assert_string_equal(p->email, "ayse@example.org");
	assert_string_equal(p->address, "Fetih Mah.");
	assert_true(p->anonymous && p->hide_identity && p->masked);
	assert_string_equal(p->language, "tr");
	assert_int_equal(p->prefers, KOPRU__V1__PREFERS__PREFERS_SMS);
}

static void
assert_event(const Kopru__V1__Event *p, unsigned version, Kopru__V1__Actor__Type type, const char *actor)
{
	assert_bytes(p->id, ID_2, 16);
	assert_bytes(p->application_id, ID, 16);
	assert_string_equal(p->number, "HM-2026-0000123-4");
	assert_int_equal(p->version, version);
	assert_true(p->at == AT);
	assert_int_equal(p->actor->type, type);
	assert_string_equal(p->actor->id, actor);
	assert_string_equal(p->traceparent, TRACE);
}

static void
event_application_received(void **state)
{
	Kopru__V1__Event *p = golden(*state, "event_received", &kopru__v1__event__descriptor);

	assert_event(p, 1, KOPRU__V1__ACTOR__TYPE__TYPE_CITIZEN, "public");
	assert_int_equal(p->body_case, KOPRU__V1__EVENT__BODY_APPLICATION_RECEIVED);
	assert_application(p->application_received->application);
	assert_applicant(p->application_received->application->applicant);
	assert_bytes(p->application_received->access_code_hash, "0123456789abcdef0123456789abcdef", 32);
	assert_int_equal(p->application_received->access_code_generation, 1);
}

static void
event_application_routed(void **state)
{
	Kopru__V1__Event *p = golden(*state, "event_routed", &kopru__v1__event__descriptor);
	const Kopru__V1__ApplicationRouted *r = p->application_routed;

	assert_event(p, 2, KOPRU__V1__ACTOR__TYPE__TYPE_SERVICE, "router");
	assert_int_equal(p->body_case, KOPRU__V1__EVENT__BODY_APPLICATION_ROUTED);
	assert_application(r->application);
	assert_applicant(r->application->applicant);
	assert_string_equal(r->department, "TEM");
	assert_string_equal(r->department_name, "Temizlik İşleri Müdürlüğü");
	assert_string_equal(r->topic, "TEM-01");
	assert_string_equal(r->topic_name, "Çöpün toplanmaması");
	assert_int_equal(r->state, KOPRU__V1__STATE__STATE_ASSIGNED);
	assert_true(r->triage && r->outside);
	assert_int_equal(r->n_candidates, 2);
	assert_string_equal(r->candidates[0]->topic, "TEM-01");
	assert_string_equal(r->candidates[0]->department, "TEM");
	assert_int_equal(r->candidates[0]->score, 870);
	assert_int_equal(r->candidates[0]->n_reasons, 2);
	assert_string_equal(r->candidates[0]->reasons[1], "alinmiyor");
	assert_string_equal(r->candidates[1]->topic, "TEM-02");
	assert_int_equal(r->target_on, 20790);
	assert_int_equal(r->access_code_generation, 1);
	assert_bytes(r->decided_on, ID_2, 16);
}

static void
event_erased(void **state)
{
	Kopru__V1__Event *p = golden(*state, "event_erased", &kopru__v1__event__descriptor);

	assert_event(p, 3, KOPRU__V1__ACTOR__TYPE__TYPE_CLERK, "kvkk");
	assert_int_equal(p->body_case, KOPRU__V1__EVENT__BODY_ERASED);
	assert_string_equal(p->erased->reason, "6698");
}

static Kopru__V1__FeedEnvelope *
golden_feed(struct arena *a, const char *name, Kopru__V1__FeedEnvelope__BodyCase body)
{
	Kopru__V1__FeedEnvelope *p = golden(a, name, &kopru__v1__feed_envelope__descriptor);

	assert_int_equal(p->body_case, body);
	return p;
}

static void
feed_from_the_consumer(void **state)
{
	Kopru__V1__FeedEnvelope *p = golden_feed(*state, "feed_subscribe", KOPRU__V1__FEED_ENVELOPE__BODY_SUBSCRIBE);

	assert_string_equal(p->subscribe->consumer, "router");
	assert_string_equal(p->subscribe->stream, "intake");
	assert_int_equal(p->subscribe->after_seq, 300);
	assert_bytes(p->subscribe->after_event_id, ID, 16);
	assert_int_equal(p->subscribe->window, 500);
	assert_true(p->subscribe->session == UINT64_MAX);

	p = golden_feed(*state, "feed_ack", KOPRU__V1__FEED_ENVELOPE__BODY_ACK);
	assert_string_equal(p->ack->stream, "intake");
	assert_int_equal(p->ack->seq, 300);
	assert_int_equal(p->ack->session, 7);

	p = golden_feed(*state, "feed_ask", KOPRU__V1__FEED_ENVELOPE__BODY_ASK);
	assert_string_equal(p->ask->stream, "case");
	assert_int_equal(p->ask->head, 301);
	assert_int_equal(p->ask->session, 7);

	p = golden_feed(*state, "feed_unsubscribe", KOPRU__V1__FEED_ENVELOPE__BODY_UNSUBSCRIBE);
	assert_string_equal(p->unsubscribe->stream, "case");
	assert_int_equal(p->unsubscribe->session, 7);
}

static void
feed_from_the_owner(void **state)
{
	Kopru__V1__FeedEnvelope *p = golden_feed(*state, "feed_events", KOPRU__V1__FEED_ENVELOPE__BODY_EVENTS);

	assert_string_equal(p->events->stream, "department/TEM");
	assert_int_equal(p->events->head, 302);
	assert_int_equal(p->events->session, 7);
	assert_int_equal(p->events->n_items, 2);
	assert_int_equal(p->events->items[0]->seq, 301);
	assert_bytes(p->events->items[0]->event, "\x01\x00\xff", 3);
	assert_int_equal(p->events->items[1]->seq, 302);
	assert_int_equal(p->events->items[1]->event.len, 0);

	p = golden_feed(*state, "feed_heartbeat", KOPRU__V1__FEED_ENVELOPE__BODY_HEARTBEAT);
	assert_string_equal(p->heartbeat->stream, "case");
	assert_int_equal(p->heartbeat->head, 302);
	assert_int_equal(p->heartbeat->session, 7);

	p = golden_feed(*state, "feed_diverged", KOPRU__V1__FEED_ENVELOPE__BODY_DIVERGED);
	assert_string_equal(p->diverged->stream, "case");
	assert_int_equal(p->diverged->seq, 300);
	assert_bytes(p->diverged->event_id, ID, 16);
	assert_int_equal(p->diverged->session, 7);

	p = golden_feed(*state, "feed_refused", KOPRU__V1__FEED_ENVELOPE__BODY_REFUSED);
	assert_string_equal(p->refused->stream, "department/FEN");
	assert_int_equal(p->refused->code, KOPRU__V1__REFUSED__CODE__CODE_FORBIDDEN);
	assert_string_equal(p->refused->text, "yetki yok");
	assert_int_equal(p->refused->session, 7);
}

static void
command_and_reply(void **state)
{
	Kopru__V1__CommandEnvelope *p = golden(*state, "command_accept", &kopru__v1__command_envelope__descriptor);

	assert_int_equal(p->body_case, KOPRU__V1__COMMAND_ENVELOPE__BODY_COMMAND);
	assert_bytes(p->command->id, ID_2, 16);
	assert_int_equal(p->command->actor->type, KOPRU__V1__ACTOR__TYPE__TYPE_DEPARTMENT);
	assert_string_equal(p->command->actor->id, "TEM");
	assert_bytes(p->command->application_id, ID, 16);
	assert_int_equal(p->command->expected_version, 2);
	assert_int_equal(p->command->after_intake_seq, 300);
	assert_string_equal(p->command->traceparent, TRACE);
	assert_int_equal(p->command->action_case, KOPRU__V1__COMMAND__ACTION_ACCEPT);

	p = golden(*state, "command_reply", &kopru__v1__command_envelope__descriptor);
	assert_int_equal(p->body_case, KOPRU__V1__COMMAND_ENVELOPE__BODY_REPLY);
	assert_bytes(p->reply->id, ID_2, 16);
	assert_int_equal(p->reply->code, KOPRU__V1__REPLY__CODE__CODE_CONFLICT);
	assert_string_equal(p->reply->text, "Başvuru değişmiş");
	assert_int_equal(p->reply->version, 3);
	assert_int_equal(p->reply->seq, 410);
}

/* I-16: what a later version added passes through this one unharmed. */
static void
unknown_fields_survive(void **state)
{
	static const uint8_t later[] = {
	    0x98, 0x06, 0x05, /* 99: varint 5 */
	    0xa2, 0x06, 0x03, 'n', 'e', 'w', /* 100: "new" */
	    0xa9, 0x06, 1, 2, 3, 4, 5, 6, 7, 8, /* 101: 64 bits */
	    0xb5, 0x06, 1, 2, 3, 4, /* 102: 32 bits */
	};
	struct arena *a = *state;
	size_t size;
	uint8_t *known = golden_bytes(a, "event_received", &size);
	uint8_t *bytes = arena_alloc(a, size + sizeof later);
	Kopru__V1__Event *p;
	struct err e;

	memcpy(bytes, known, size);
	memcpy(bytes + size, later, sizeof later);
	p = wire_unpack(&kopru__v1__event__descriptor, a, bytes, size + sizeof later, &e);
	assert_non_null(p);
	assert_int_equal(p->base.n_unknown_fields, 4);
	assert_event(p, 1, KOPRU__V1__ACTOR__TYPE__TYPE_CITIZEN, "public");
	assert_packs_to(a, p, bytes, size + sizeof later);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(event_application_received, setup, teardown),
	    cmocka_unit_test_setup_teardown(event_application_routed, setup, teardown),
	    cmocka_unit_test_setup_teardown(event_erased, setup, teardown),
	    cmocka_unit_test_setup_teardown(feed_from_the_consumer, setup, teardown),
	    cmocka_unit_test_setup_teardown(feed_from_the_owner, setup, teardown),
	    cmocka_unit_test_setup_teardown(command_and_reply, setup, teardown),
	    cmocka_unit_test_setup_teardown(unknown_fields_survive, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
