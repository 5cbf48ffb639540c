/* intake_receipt: the event holds the application and the marks of who asks, never the national id; the receipt is JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/base/wire.h"
#include "proto/kopru/v1/event.pb-c.h"
#include "services/intake/receipt.h"

static const struct receipt receipt = {
    .application_id = {{1, 2, 3}},
    .event_id = {{4, 5, 6}},
    .number = "HM-2026-0000001-5",
    .access_code = "0123-4567-89AB-CDEF-GHJK-MNPQ-RS",
    .received_at = INT64_C(1795424400000000),
    .at = INT64_C(1795424400000001),
    .legal_basis = 1,
    .due_on = 20810,
    .seq = 18446744073709551615U,
    .traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
};

static const struct application_form form = {
    .kind = 2,
    .channel = 12,
    .text = "Çöp\ntoplanmıyor  ",
    .subject = "Çöp",
    .has_point = true,
    .latitude_e7 = 378745123,
    .longitude_e7 = -325342000,
    .neighbourhood = "Fetih",
    .applicant_name = "Deneme Şahıs",
    .applicant_phone = "+905000000000",
    .national_id = "11111111110",
    .email_verified = true,
    .hide_identity = true,
    .language = "tr",
    .prefers = 2,
};

static void
test_event_holds_the_application(void **state)
{
	struct arena *a = arena_new(0);
	struct receipt r = receipt;
	struct err e;
	size_t size;
	uint8_t *bytes;
	const Kopru__V1__Event *event;
	const Kopru__V1__Application *application;
	uint8_t hash[ACCESS_CODE_HASH_SIZE];

	(void)state;
	access_code_make((const uint8_t *)"0123456789abcdef", 16, &r.application_id, 1, r.access_code);
	bytes = receipt_event(a, &r, &form, &size);
	event = wire_unpack(&kopru__v1__event__descriptor, a, bytes, size, &e);
	assert_non_null(event);
	assert_int_equal(event->version, 1);
	assert_int_equal(event->at, receipt.at);
	assert_string_equal(event->number, receipt.number);
	assert_string_equal(event->traceparent, receipt.traceparent);
	assert_memory_equal(event->id.data, receipt.event_id.bytes, UUID_SIZE);
	assert_int_equal((int)event->actor->type, KOPRU__V1__ACTOR__TYPE__TYPE_CITIZEN);
	assert_string_equal(event->actor->id, "");
	assert_int_equal((int)event->body_case, KOPRU__V1__EVENT__BODY_APPLICATION_RECEIVED);
	assert_true(access_code_hash(r.access_code, hash));
	assert_memory_equal(event->application_received->access_code_hash.data, hash, sizeof(hash));
	assert_int_equal(event->application_received->access_code_generation, 1);
	application = event->application_received->application;
	assert_memory_equal(application->id.data, event->application_id.data, UUID_SIZE);
	assert_string_equal(application->text, form.text);
	assert_string_equal(application->topic, "");
	assert_int_equal(application->due_on, receipt.due_on);
	assert_int_equal(application->location->point->longitude_e7, form.longitude_e7);
	assert_string_equal(application->location->address, "");
	assert_string_equal(application->applicant->phone, form.applicant_phone);
	assert_true(application->applicant->hide_identity);
	assert_true(application->applicant->email_verified);
	assert_false(application->applicant->masked);
	assert_null(memmem(bytes, size, "11111111110", 11));
	assert_null(memmem(bytes, size, r.access_code, strlen(r.access_code)));
	arena_free(a);
}

static void
test_event_says_which_key_and_no_empty_place(void **state)
{
	struct arena *a = arena_new(0);
	struct receipt r = receipt;
	struct application_form small = {.kind = 1, .channel = 7, .text = "a", .language = "tr"};
	struct err e;
	size_t size;
	uint8_t *bytes;
	const Kopru__V1__Event *event;

	(void)state;
	r.key_name = "registry";
	bytes = receipt_event(a, &r, &small, &size);
	event = wire_unpack(&kopru__v1__event__descriptor, a, bytes, size, &e);
	assert_non_null(event);
	assert_int_equal((int)event->actor->type, KOPRU__V1__ACTOR__TYPE__TYPE_SYSTEM);
	assert_string_equal(event->actor->id, "registry");
	assert_null(event->application_received->application->location);
	arena_free(a);
}

static void
test_event_says_how_it_came_in(void **state)
{
	struct arena *a = arena_new(0);
	struct application_form scanned = {.kind = 1,
	    .channel = 6,
	    .text = "a",
	    .language = "tr",
	    .entered_by = "m.ornek",
	    .brought_by = "Ali Örnek",
	    .registry_number = "E-1",
	    .registry_on = 20780,
	    .sender_institution = "Valilik",
	    .reply_by = 20790,
	    .call_id = "c1",
	    .recording = "r1",
	    .source_url = "https://x.com/a/status/1",
	    .inbound_id = 5,
	    .attachments = {{.id = {{1}}, .name = "1.pdf", .media_type = "application/pdf", .size = 9, .sha256 = {7}},
		{.id = {{2}}, .media_type = "image/png", .size = UINT64_C(20971520)}},
	    .attachment_count = 2};
	struct err e;
	size_t size;
	uint8_t *bytes = receipt_event(a, &receipt, &scanned, &size);
	const Kopru__V1__Event *event = wire_unpack(&kopru__v1__event__descriptor, a, bytes, size, &e);
	const Kopru__V1__Application *application;

	(void)state;
	assert_non_null(event);
	application = event->application_received->application;
	assert_string_equal(application->origin->entered_by, "m.ornek");
	assert_string_equal(application->origin->brought_by, "Ali Örnek");
	assert_string_equal(application->origin->registry_number, "E-1");
	assert_int_equal(application->origin->registry_on, 20780);
	assert_string_equal(application->origin->sender_institution, "Valilik");
	assert_int_equal(application->origin->reply_by, 20790);
	assert_string_equal(application->origin->call_id, "c1");
	assert_string_equal(application->origin->recording, "r1");
	assert_string_equal(application->origin->source_url, "https://x.com/a/status/1");
	assert_int_equal(application->n_attachments, 2);
	assert_int_equal(application->attachments[0]->id.data[0], 1);
	assert_string_equal(application->attachments[0]->name, "1.pdf");
	assert_int_equal(application->attachments[0]->sha256.data[0], 7);
	assert_string_equal(application->attachments[1]->name, "");
	assert_int_equal(application->attachments[1]->size, 20971520);
	bytes = receipt_event(a, &receipt, &form, &size);
	event = wire_unpack(&kopru__v1__event__descriptor, a, bytes, size, &e);
	assert_null(event->application_received->application->origin);
	assert_int_equal(event->application_received->application->n_attachments, 0);
	arena_free(a);
}

static void
mark(const char *secret, const struct person *person, struct person_marks *marks)
{
	uint8_t key[PERSON_KEY_SIZE] = {0};
	struct arena *a = arena_new(0);
	struct person_keys keys;

	memcpy(key, secret, strlen(secret));
	person_keys_make(key, &keys);
	person_mark(&keys, a, person, marks);
	arena_free(a);
}

static void
test_marks_are_equal_for_one_person_only(void **state)
{
	struct person_marks marks, others;

	(void)state;
	mark("one", &(struct person){"+905000000000", "Ali.Ornek@example.org", "11111111110"}, &marks);
	assert_int_equal(marks.count, 3);
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(marks.list[i], marks.list[k], PERSON_MARK_SIZE);
	mark("one", &(struct person){NULL, "ali.ornek@EXAMPLE.org", NULL}, &others);
	assert_int_equal(others.count, 1);
	assert_memory_equal(others.list[0], marks.list[1], PERSON_MARK_SIZE);
	mark("one", &(struct person){"+905000000001", "", "11111111110"}, &others);
	assert_int_equal(others.count, 2);
	assert_memory_not_equal(others.list[0], marks.list[0], PERSON_MARK_SIZE);
	assert_memory_equal(others.list[1], marks.list[2], PERSON_MARK_SIZE);
	/* each in its own domain, and all under the key */
	mark("one", &(struct person){"11111111110", NULL, NULL}, &others);
	assert_memory_not_equal(others.list[0], marks.list[2], PERSON_MARK_SIZE);
	mark("two", &(struct person){"+905000000000", NULL, NULL}, &others);
	assert_memory_not_equal(others.list[0], marks.list[0], PERSON_MARK_SIZE);
	mark("one", &(struct person){NULL, NULL, NULL}, &others);
	assert_int_equal(others.count, 0);
}

static void
test_event_holds_the_marks(void **state)
{
	struct arena *a = arena_new(0);
	struct receipt r = receipt;
	struct err e;
	size_t size;
	uint8_t *bytes;
	const Kopru__V1__Event *event;

	(void)state;
	mark("one", &(struct person){"+905000000000", NULL, "11111111110"}, &r.marks);
	bytes = receipt_event(a, &r, &form, &size);
	event = wire_unpack(&kopru__v1__event__descriptor, a, bytes, size, &e);
	assert_non_null(event);
	assert_int_equal(event->application_received->n_person_marks, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(event->application_received->person_marks[i].len, PERSON_MARK_SIZE);
		assert_memory_equal(
		    event->application_received->person_marks[i].data, r.marks.list[i], PERSON_MARK_SIZE);
	}
	assert_null(memmem(bytes, size, "11111111110", 11));
	arena_free(a);
}

static void
test_receipt_is_json(void **state)
{
	struct arena *a = arena_new(0);
	struct receipt r = receipt;
	size_t size;
	const char *json = receipt_json(a, &receipt, "https://example.org", &size);

	(void)state;
	assert_int_equal(size, strlen(json));
	assert_string_equal(json,
	    "{\"number\":\"HM-2026-0000001-5\",\"access_code\":\"0123-4567-89AB-CDEF-GHJK-MNPQ-RS\","
	    "\"received_at\":\"2026-11-23T12:00:00+03:00\",\"status\":\"received\",\"due_on\":\"2026-12-23\","
	    "\"tracking_url\":\"https://example.org/takip#no=HM-2026-0000001-5&kod=0123-4567-89AB-CDEF-GHJK-MNPQ-RS\","
	    "\"after\":{\"stream\":\"intake\",\"seq\":18446744073709551615}}");
	r.missing = "[{\"field\":\"applicant.name\"}]";
	json = receipt_json(a, &r, "https://example.org", &size);
	assert_int_equal(size, strlen(json));
	assert_non_null(strstr(json, "\"seq\":18446744073709551615},\"missing\":[{\"field\":\"applicant.name\"}]}"));
	arena_free(a);
}

static void
test_public_url_needs_no_escaping(void **state)
{
	(void)state;
	assert_true(receipt_url_valid("http://127.0.0.1:8080"));
	assert_true(receipt_url_valid("https://hizmet.example.org/kopru"));
	assert_false(receipt_url_valid("https://hizmet.example.org/"));
	assert_false(receipt_url_valid("ftp://example.org"));
	assert_false(receipt_url_valid("https://"));
	assert_false(receipt_url_valid(""));
	assert_false(receipt_url_valid("https://a\"b"));
	assert_false(receipt_url_valid("https://a b"));
	assert_false(receipt_url_valid("https://a#b"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_event_holds_the_application),
	    cmocka_unit_test(test_event_says_which_key_and_no_empty_place),
	    cmocka_unit_test(test_event_says_how_it_came_in),
	    cmocka_unit_test(test_marks_are_equal_for_one_person_only),
	    cmocka_unit_test(test_event_holds_the_marks),
	    cmocka_unit_test(test_receipt_is_json),
	    cmocka_unit_test(test_public_url_needs_no_escaping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
