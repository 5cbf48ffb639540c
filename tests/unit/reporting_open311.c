/* open311_query, request and open311_out: what is asked for, what an event means to the public, what is said of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "services/reporting/neighbourhoods.h"
#include "services/reporting/open311_out.h"
#include "services/reporting/open311_query.h"
#include "services/reporting/request.h"

#define NOW INT64_C(1795424400000000) /* 2026-11-23T09:00:00Z */
#define DAY INT64_C(86400000000)

static struct arena *arena;

static int
arena_start(void **state)
{
	(void)state;
	document_start();
	arena = arena_new(0);
	return 0;
}

static int
arena_end(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

/* "name=value" ... NULL */
static const char *
parameter(void *arg, const char *name)
{
	for (const char *const *one = arg; *one; one++)
		if (strncmp(*one, name, strlen(name)) == 0 && (*one)[strlen(name)] == '=')
			return *one + strlen(name) + 1;
	return NULL;
}

#define ASKED(...) ((void *)(uintptr_t)(const void *)(const char *const[]){__VA_ARGS__, NULL})

static struct open311_query
asked(void *parameters)
{
	struct open311_query_faults faults;
	struct open311_query q;

	open311_query_read(arena, parameter, parameters, NOW, &q, &faults);
	if (faults.count > 0)
		fail_msg("%s", faults.list[0].text_en);
	return q;
}

static const char *
refused(void *parameters)
{
	struct open311_query_faults faults;
	struct open311_query q;

	open311_query_read(arena, parameter, parameters, NOW, &q, &faults);
	return faults.count > 0 ? faults.list[0].text_en : "";
}

static void
test_without_anything_ninety_days_and_a_thousand(void **state)
{
	struct open311_query q = asked(ASKED("x=1"));

	(void)state;
	assert_int_equal(q.to, NOW);
	assert_int_equal(q.from, NOW - 90 * DAY);
	assert_int_equal(q.count, 1000);
	assert_int_equal(q.status_count, 2);
	assert_false(q.by_change || q.by_number || q.has_box || q.has_circle);
	/* Empty is as good as absent. */
	q = asked(ASKED("start_date=", "status=", "service_code=", "bbox=", "page=", "service_request_id="));
	assert_int_equal(q.from, NOW - 90 * DAY);
	assert_int_equal(q.topic_count, 0);
	assert_false(q.by_number);
}

static void
test_times(void **state)
{
	int64_t time;

	(void)state;
	assert_true(open311_time("2026-11-23T09:00:00Z", false, &time));
	assert_int_equal(time, NOW);
	assert_true(open311_time("2026-11-23T12:00:00+03:00", false, &time) && time == NOW);
	assert_true(open311_time("2026-11-23T12:00:00 03:00", false, &time) && time == NOW);
	assert_true(open311_time("2026-11-23T09:00Z", false, &time) && time == NOW);
	assert_true(open311_time("2026-11-23", false, &time) && time == NOW - DAY / 2);
	assert_true(open311_time("2026-11-23", true, &time) && time == NOW + DAY / 2);
	assert_false(open311_time("2026-11-23T09:00:00", false, &time));
	assert_false(open311_time("2026-13-23T09:00:00Z", false, &time));
	assert_false(open311_time("yesterday", false, &time));
	assert_false(open311_time("2026-11-23T09:00:00Z2026-11-23T09:00:00Z", false, &time));
}

static void
test_periods_pages_places(void **state)
{
	struct open311_query q = asked(ASKED("start_date=2020-01-01T00:00:00Z"));

	(void)state;
	assert_int_equal(q.to - q.from, 90 * DAY);
	q = asked(ASKED(
	    "end_date=2020-06-01T00:00:00Z", "page=3", "page_size=50", "service_code=A-1, B-2,", "status=closed"));
	assert_int_equal(q.to - q.from, 90 * DAY);
	assert_int_equal(q.offset, 100);
	assert_int_equal(q.count, 50);
	assert_int_equal(q.topic_count, 2);
	assert_string_equal(q.topics[1], "B-2");
	assert_int_equal(q.status_count, 1);
	assert_int_equal(q.status[0], REQUEST_CLOSED);
	q = asked(ASKED("updated_after=2020-01-01T00:00:00Z"));
	assert_true(q.by_change && q.from == 0 && q.to == NOW && q.changed_to == NOW);
	q = asked(ASKED("bbox=32.4,37.8,32.7,38"));
	assert_int_equal(q.box[0], 378000000);
	assert_int_equal(q.box[3], 327000000);
	q = asked(ASKED("lat=38", "long=32", "radius=1000"));
	assert_true(q.has_box && q.has_circle);
	assert_in_range(q.box[1] - q.box[0], 179000, 180500);
	assert_in_range(q.box[3] - q.box[2], 227000, 229500);
	assert_int_equal(q.circle[2], 788);
	q = asked(ASKED("service_request_id=hm 2026 0000001 5,nothing", "status=wrong"));
	assert_true(q.by_number);
	assert_true(q.number_count <= 1);
}

static void
test_what_is_wrong_is_said(void **state)
{
	(void)state;
	assert_non_null(
	    strstr(refused(ASKED("start_date=2020-01-01T00:00:00Z", "end_date=2020-05-01T00:00:00Z")), "90 days"));
	assert_non_null(strstr(refused(ASKED("start_date=x")), "start_date is a moment"));
	assert_non_null(strstr(refused(ASKED("status=open,done")), "open or closed"));
	assert_non_null(strstr(refused(ASKED("bbox=32.7,37.8,32.4,38")), "west,south"));
	assert_non_null(strstr(refused(ASKED("bbox=1,nan,2,3")), "west,south"));
	assert_non_null(strstr(refused(ASKED("lat=1", "long=2", "radius=100001")), "radius in metres"));
	assert_non_null(strstr(refused(ASKED("page=-1")), "page counts"));
	assert_non_null(strstr(refused(ASKED("page=22")), "20000"));
}

static void
test_points_are_rounded_to_ten_metres(void **state)
{
	(void)state;
	assert_int_equal(request_round(378745123), 378745000);
	assert_int_equal(request_round(378745500), 378746000);
	assert_int_equal(request_round(-378745500), -378746000);
	assert_int_equal(request_round(0), 0);
}

static void
test_what_is_for_the_public(void **state)
{
	Kopru__V1__Event event;
	Kopru__V1__ApplicationRouted routed;
	Kopru__V1__Application from;
	Kopru__V1__Location place;
	Kopru__V1__Applicant person;
	Kopru__V1__Point point;
	struct application a = {
	    .kind = KOPRU__V1__KIND__KIND_COMPLAINT, .version = 2, .state = 2, .due_on = 20, .target_on = 10};
	struct request r;

	(void)state;
	kopru__v1__event__init(&event);
	kopru__v1__application_routed__init(&routed);
	kopru__v1__application__init(&from);
	kopru__v1__location__init(&place);
	kopru__v1__applicant__init(&person);
	kopru__v1__point__init(&point);
	event.body_case = KOPRU__V1__EVENT__BODY_APPLICATION_ROUTED;
	event.application_routed = &routed;
	routed.application = &from;
	from.applicant = &person;
	assert_false(request_read_first(&event, &a, &r)); /* nowhere */
	from.location = &place;
	assert_false(request_read_first(&event, &a, &r)); /* likewise */
	place.point = &point;
	point.latitude_e7 = 378745123;
	assert_true(request_read_first(&event, &a, &r));
	assert_int_equal(r.latitude_e7, 378745000);
	assert_int_equal(r.expected_on, 10);
	assert_int_equal(r.status, REQUEST_OPEN);
	person.hide_identity = true;
	assert_false(request_read_first(&event, &a, &r));
	person.hide_identity = false;
	for (int kind = KOPRU__V1__KIND__KIND_TIP_OFF; kind <= KOPRU__V1__KIND__KIND_THANKS; kind++) {
		a.kind = kind;
		assert_false(request_read_first(&event, &a, &r));
	}
	assert_false(request_read_later(&event, &a, &r)); /* of version 2 */
	a.version = 3;
	a.state = KOPRU__V1__STATE__STATE_WITHDRAWN;
	assert_true(request_read_later(&event, &a, &r));
	assert_int_equal(r.status, REQUEST_HIDDEN);
}

/* Whatever else was written may be anybody's name. */
static void
test_a_neighbourhood_is_one_of_the_list(void **state)
{
	struct neighbourhoods list, none = {.count = 0};
	struct err e;

	(void)state;
	assert_int_equal(neighbourhoods_parse(arena, "name\nFetih\nFevziçakmak\nİsmil\nSultan Mesud\n", &list, &e), 0);
	assert_string_equal(neighbourhoods_find(&list, arena, "FETİH"), "Fetih");
	assert_string_equal(neighbourhoods_find(&list, arena, "Fevzi Çakmak Mahallesi"), "Fevziçakmak");
	assert_string_equal(neighbourhoods_find(&list, arena, "ismil mah."), "İsmil");
	assert_string_equal(neighbourhoods_find(&list, arena, "Sultanmesud Mh."), "Sultan Mesud");
	assert_null(neighbourhoods_find(&list, arena, "Deneme Şahıs"));
	assert_null(neighbourhoods_find(&list, arena, "Fetih Deneme"));
	assert_null(neighbourhoods_find(&list, arena, "Mahallesi"));
	assert_null(neighbourhoods_find(&list, arena, ""));
	assert_null(neighbourhoods_find(&list, arena, NULL));
	assert_null(neighbourhoods_find(&none, arena, "Fetih"));
	assert_int_equal(neighbourhoods_parse(arena, "name\n\"\"\n", &list, &e), -1);
	assert_int_equal(neighbourhoods_parse(arena, "name\n", &list, &e), -1);
	assert_int_equal(neighbourhoods_parse(arena, "code\nFetih\n", &list, &e), -1);
}

/* Every state but the one that is not shown has its sentence, in both languages. */
static void
test_every_state_has_a_sentence(void **state)
{
	(void)state;
	for (int32_t s = KOPRU__V1__STATE__STATE_RECEIVED; s <= KOPRU__V1__STATE__STATE_REOPENED; s++) {
		bool is_shown = request_status(s) != REQUEST_HIDDEN;

		assert_int_equal(open311_out_notes(s, false) != NULL, is_shown);
		assert_int_equal(open311_out_notes(s, true) != NULL, is_shown);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_without_anything_ninety_days_and_a_thousand),
	    cmocka_unit_test(test_times),
	    cmocka_unit_test(test_periods_pages_places),
	    cmocka_unit_test(test_what_is_wrong_is_said),
	    cmocka_unit_test(test_points_are_rounded_to_ten_metres),
	    cmocka_unit_test(test_what_is_for_the_public),
	    cmocka_unit_test(test_a_neighbourhood_is_one_of_the_list),
	    cmocka_unit_test(test_every_state_has_a_sentence),
	};

	return cmocka_run_group_tests(tests, arena_start, arena_end);
}
