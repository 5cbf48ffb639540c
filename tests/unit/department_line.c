/* Unit tests of services/department/line. */
#include "services/department/line.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/wire.h"
#include "proto/kopru/v1/event.pb-c.h"

/* A whole routed event; tests change what they are about. */
struct routed {
	Kopru__V1__Event event;
	Kopru__V1__Actor actor;
	Kopru__V1__ApplicationRouted body;
	Kopru__V1__Application application;
	Kopru__V1__Applicant applicant;
	Kopru__V1__Location location;
	Kopru__V1__Point point;
};

static uint8_t event_id[16] = {1, 2, 3, 4, 5, 6, 0x77, 8, 0x89, 10, 11, 12, 13, 14, 15, 16};
static uint8_t application_id[16] = {0xAA, 0xBB, 3, 4, 5, 6, 0x77, 8, 0x89, 10, 11, 12, 13, 14, 15, 16};
static const struct line_place place = {
    "department/TEM", 42, {{1, 2, 3, 4, 5, 6, 0x77, 8, 0x89, 10, 11, 12, 13, 14, 15, 16}}};

static char *
text_of(struct arena *a, const char *text)
{
	return arena_string(a, text);
}

static void
application_fill(struct arena *a, struct routed *r)
{
	kopru__v1__application__init(&r->application);
	kopru__v1__applicant__init(&r->applicant);
	kopru__v1__location__init(&r->location);
	kopru__v1__point__init(&r->point);
	r->application.id.data = application_id;
	r->application.id.len = sizeof(application_id);
	r->application.number = text_of(a, "HM-2026-0000123-4");
	r->application.kind = KOPRU__V1__KIND__KIND_COMPLAINT;
	r->application.channel = KOPRU__V1__CHANNEL__CHANNEL_WEB;
	r->application.text = text_of(a, "Çöp \"toplanmadı\"\n\tİkinci satır \\ \x01");
	r->application.received_at = 1795770000000000; /* 2026-11-27T09:00:00Z */
	r->application.legal_basis = KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_3071;
	r->application.due_on = 20816; /* 2026-12-29 */
	r->application.location = &r->location;
	r->application.applicant = &r->applicant;
	r->location.point = &r->point;
	r->location.neighbourhood = text_of(a, "İsmil");
	r->point.latitude_e7 = 378712345;
	r->point.longitude_e7 = -1801234567;
	r->applicant.masked = 1;
	r->applicant.hide_identity = 1;
	r->applicant.language = text_of(a, "tr");
}

static void
routed_fill(struct arena *a, struct routed *r)
{
	kopru__v1__event__init(&r->event);
	kopru__v1__actor__init(&r->actor);
	kopru__v1__application_routed__init(&r->body);
	application_fill(a, r);
	r->event.id.data = event_id;
	r->event.id.len = sizeof(event_id);
	r->event.application_id.data = application_id;
	r->event.application_id.len = sizeof(application_id);
	r->event.number = text_of(a, "HM-2026-0000123-4");
	r->event.version = 2;
	r->event.at = 1795770001500000;
	r->event.actor = &r->actor;
	r->actor.type = KOPRU__V1__ACTOR__TYPE__TYPE_SERVICE;
	r->actor.id = text_of(a, "router");
	r->event.body_case = KOPRU__V1__EVENT__BODY_APPLICATION_ROUTED;
	r->event.application_routed = &r->body;
	r->body.application = &r->application;
	r->body.department = text_of(a, "TEM");
	r->body.department_name = text_of(a, "Temizlik İşleri Müdürlüğü");
	r->body.topic = text_of(a, "TEM-01");
	r->body.state = KOPRU__V1__STATE__STATE_ASSIGNED;
	r->body.target_on = 20790; /* 2026-12-03 */
}

static json_t *
json_of(struct arena *a, const Kopru__V1__Event *event, struct line *line)
{
	struct err e = {""};
	size_t size;
	uint8_t *bytes = wire_pack(a, &event->base, &size);
	json_t *object;

	assert_int_equal(line_make(a, &place, bytes, size, line, &e), 0);
	assert_int_equal(strlen(line->text), line->size);
	assert_ptr_equal(strchr(line->text, '\n'), line->text + line->size - 1);
	object = json_loads(line->text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(object);
	return object;
}

static const char *
string_at(json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	if (!text)
		fail_msg("there is no text \"%s\"", name);
	return text;
}

static void
test_line_make_says_a_routed_event(void **state)
{
	struct arena *a = arena_new(0);
	struct routed r;
	struct line line;
	json_t *object, *application, *location, *applicant;

	(void)state;
	routed_fill(a, &r);
	object = json_of(a, &r.event, &line);
	assert_string_equal(string_at(object, "event_id"), "01020304-0506-7708-890a-0b0c0d0e0f10");
	assert_string_equal(string_at(object, "application_id"), "aabb0304-0506-7708-890a-0b0c0d0e0f10");
	assert_string_equal(string_at(object, "stream"), "department/TEM");
	assert_int_equal(json_integer_value(json_object_get(object, "seq")), 42);
	assert_int_equal(json_integer_value(json_object_get(object, "version")), 2);
	assert_string_equal(string_at(object, "number"), "HM-2026-0000123-4");
	assert_string_equal(string_at(object, "type"), "application.routed");
	assert_string_equal(string_at(object, "actor"), "service");
	assert_string_equal(string_at(object, "department"), "TEM");
	assert_string_equal(string_at(object, "topic"), "TEM-01");
	assert_string_equal(string_at(object, "state"), "assigned");
	assert_string_equal(string_at(object, "due_on"), "2026-12-29");
	assert_string_equal(string_at(object, "target_on"), "2026-12-03");
	assert_true(json_is_false(json_object_get(object, "triage")));
	application = json_object_get(object, "application");
	assert_string_equal(string_at(application, "kind"), "complaint");
	assert_string_equal(string_at(application, "channel"), "web");
	assert_string_equal(string_at(application, "text"), "Çöp \"toplanmadı\"\n\tİkinci satır \\ \x01");
	assert_string_equal(string_at(application, "legal_basis"), "3071");
	assert_non_null(strstr(string_at(application, "received_at"), "+03:00"));
	assert_true(json_is_null(json_object_get(application, "subject")));
	location = json_object_get(application, "location");
	assert_string_equal(string_at(location, "neighbourhood"), "İsmil");
	assert_non_null(strstr(line.text, "\"lat\":37.8712345,\"lon\":-180.1234567,"));
	applicant = json_object_get(application, "applicant");
	assert_true(json_is_null(json_object_get(applicant, "name")));
	assert_true(json_is_true(json_object_get(applicant, "masked")));
	assert_memory_equal(line.application_id.bytes, application_id, 16);
	json_decref(object);
	arena_free(a);
}

static void
test_line_make_copes_with_what_is_absent(void **state)
{
	struct arena *a = arena_new(0);
	struct routed r;
	struct line line;
	json_t *object;

	(void)state;
	routed_fill(a, &r);
	r.event.actor = NULL;
	r.location.point = NULL;
	r.application.applicant = NULL;
	object = json_of(a, &r.event, &line);
	assert_true(json_is_null(json_object_get(object, "actor")));
	assert_non_null(strstr(line.text, "\"lat\":null,\"lon\":null"));
	json_decref(object);
	r.application.location = NULL;
	object = json_of(a, &r.event, &line);
	assert_true(json_is_null(json_object_get(json_object_get(object, "application"), "location")));
	json_decref(object);
	r.body.application = NULL;
	object = json_of(a, &r.event, &line);
	assert_true(json_is_null(json_object_get(object, "application")));
	json_decref(object);
	arena_free(a);
}

static void
test_line_make_says_erased(void **state)
{
	struct arena *a = arena_new(0);
	struct routed r;
	struct line line;
	Kopru__V1__Erased erased;
	json_t *object;

	(void)state;
	routed_fill(a, &r);
	kopru__v1__erased__init(&erased);
	erased.reason = text_of(a, "KVKK 7");
	r.event.body_case = KOPRU__V1__EVENT__BODY_ERASED;
	r.event.erased = &erased;
	object = json_of(a, &r.event, &line);
	assert_string_equal(string_at(object, "type"), "erased");
	assert_string_equal(string_at(object, "reason"), "KVKK 7");
	json_decref(object);
	arena_free(a);
}

static void
test_line_make_passes_an_unknown_type_on(void **state)
{
	/* A body with the field number 900 and an empty message, as a later version may send. */
	static const uint8_t later[] = {0xA2, 0x38, 0x00};
	struct arena *a = arena_new(0);
	struct routed r;
	struct line line;
	struct err e = {""};
	uint8_t *bytes, *all;
	size_t size;
	json_t *object;

	(void)state;
	routed_fill(a, &r);
	r.event.body_case = KOPRU__V1__EVENT__BODY__NOT_SET;
	bytes = wire_pack(a, &r.event.base, &size);
	all = arena_alloc(a, size + sizeof(later));
	memcpy(all, bytes, size);
	memcpy(all + size, later, sizeof(later));
	assert_int_equal(line_make(a, &place, all, size + sizeof(later), &line, &e), 0);
	object = json_loads(line.text, 0, NULL);
	assert_string_equal(string_at(object, "type"), "unknown");
	assert_string_equal(string_at(object, "bytes"), line_base64(a, all, size + sizeof(later)));
	assert_string_equal(string_at(object, "number"), "HM-2026-0000123-4");
	json_decref(object);
	arena_free(a);
}

/* So that what is later of its application waits for it. */
static void
test_line_make_says_whose_event_cannot_be_read(void **state)
{
	struct arena *a = arena_new(0);
	struct line line = {0};
	struct err e;
	uint8_t bytes[64] = {0x0a, 16};

	(void)state;
	memcpy(bytes + 2, event_id, 16);
	bytes[18] = 0x12;
	bytes[19] = 16;
	memcpy(bytes + 20, application_id, 16);
	memset(bytes + 36, 0xff, sizeof(bytes) - 36);
	assert_int_equal(line_make(a, &place, bytes, sizeof(bytes), &line, &e), -1);
	assert_memory_equal(line.application_id.bytes, application_id, 16);
	bytes[2]++; /* another event's: not to be believed */
	assert_int_equal(line_make(a, &place, bytes, sizeof(bytes), &line, &e), -1);
	assert_memory_not_equal(line.application_id.bytes, application_id, 16);
	assert_int_equal(line_make(a, &place, bytes, 30, &line, &e), -1);
	arena_free(a);
}

static void
test_line_make_refuses_what_is_no_event(void **state)
{
	struct arena *a = arena_new(0);
	struct routed r;
	struct line line;
	struct err e = {""};
	uint8_t *bytes;
	size_t size;

	(void)state;
	assert_int_equal(line_make(a, &place, "\xFF\xFF\xFF", 3, &line, &e), -1);
	assert_true(e.text[0] != '\0');
	routed_fill(a, &r);
	r.event.application_id.len = 15;
	bytes = wire_pack(a, &r.event.base, &size);
	assert_int_equal(line_make(a, &place, bytes, size, &line, &e), -1);
	assert_non_null(strstr(e.text, "application id"));
	arena_free(a);
}

static void
test_line_base64_is_rfc_4648(void **state)
{
	struct arena *a = arena_new(0);

	(void)state;
	assert_string_equal(line_base64(a, "", 0), "");
	assert_string_equal(line_base64(a, "f", 1), "Zg==");
	assert_string_equal(line_base64(a, "foobar", 6), "Zm9vYmFy");
	assert_string_equal(line_base64(a, "\xFB\xFF", 2), "+/8=");
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_line_make_says_a_routed_event),
	    cmocka_unit_test(test_line_make_copes_with_what_is_absent),
	    cmocka_unit_test(test_line_make_says_erased),
	    cmocka_unit_test(test_line_make_passes_an_unknown_type_on),
	    cmocka_unit_test(test_line_make_says_whose_event_cannot_be_read),
	    cmocka_unit_test(test_line_make_refuses_what_is_no_event),
	    cmocka_unit_test(test_line_base64_is_rfc_4648),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
