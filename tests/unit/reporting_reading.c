/* What reporting reads from the events of a case, how they fold, and what the citizen sees of it: nothing internal (I-13). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/domain/number.h"
#include "common/domain/words.h"
#include "services/reporting/application.h"
#include "services/reporting/listing.h"
#include "services/reporting/origin.h"
#include "services/reporting/record.h"
#include "services/reporting/step.h"
#include "services/reporting/tracked.h"
#include "services/reporting/year.h"

#define AT INT64_C(1795424400000000) /* 2026-11-23 12:00 in Istanbul, a Monday */
#define HOUR INT64_C(3600000000)
#define INTERNAL "nobody outside reads this"

static struct arena *arena;
static struct calendar *calendar;
static char number[NUMBER_TEXT_SIZE];
static uint8_t id[16] = {1, 2, 3};

static int
set_up(void **state)
{
	struct err e;

	(void)state;
	arena = arena_new(0);
	calendar = calendar_new("date,name,kind\n2026-10-28,a,yarim\n2026-10-29,b,tam\n", &e);
	return calendar && number_format(2026, 7, number) ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	calendar_free(calendar);
	arena_free(arena);
	return 0;
}

/* An event of this body, all of whose texts are the same, and where it stands. */
static Kopru__V1__Event *
event_of(int body, const char *text, Kopru__V1__State state, uint32_t version)
{
	Kopru__V1__Event *event = arena_alloc(arena, sizeof(*event));
	Kopru__V1__Standing *standing = arena_alloc(arena, sizeof(*standing));
	const ProtobufCMessageDescriptor *type;
	ProtobufCMessage *message;

	kopru__v1__event__init(event);
	kopru__v1__standing__init(standing);
	type = protobuf_c_message_descriptor_get_field(&kopru__v1__event__descriptor, (unsigned)body)->descriptor;
	message = arena_alloc(arena, type->sizeof_message);
	protobuf_c_message_init(type, message);
	for (unsigned i = 0; i < type->n_fields; i++)
		if (type->fields[i].type == PROTOBUF_C_TYPE_STRING && type->fields[i].label == PROTOBUF_C_LABEL_NONE)
			*(char **)((char *)message + type->fields[i].offset) = arena_string(arena, text);
	event->body_case = (Kopru__V1__Event__BodyCase)body;
	event->case_accepted = (Kopru__V1__CaseAccepted *)message;
	event->application_id = (ProtobufCBinaryData){16, id};
	event->number = number;
	event->version = version;
	event->at = AT + version * HOUR;
	event->standing = standing;
	standing->state = state;
	standing->department = arena_string(arena, "TEM");
	standing->department_name = arena_string(arena, "Temizlik İşleri");
	standing->received_at = AT;
	standing->due_on = 20810;
	standing->kind = KOPRU__V1__KIND__KIND_COMPLAINT;
	standing->channel = KOPRU__V1__CHANNEL__CHANNEL_WEB;
	return event;
}

static struct application
read_as(const Kopru__V1__Event *event)
{
	struct application a;
	struct err e;

	if (application_read_event(event, calendar, arena, &a, &e) < 0)
		fail_msg("%s", e.text);
	return a;
}

static bool
is_any(int body, const int *bodies)
{
	for (; *bodies; bodies++)
		if (*bodies == body)
			return true;
	return false;
}

/* I-13: what each event lets the citizen read. */
static void
internal_texts_are_never_the_citizens(void **state)
{
	static const int spoken[] = {KOPRU__V1__EVENT__BODY_CITIZEN_ASKED, KOPRU__V1__EVENT__BODY_CITIZEN_REPLIED,
	    KOPRU__V1__EVENT__BODY_CITIZEN_ADDED, KOPRU__V1__EVENT__BODY_CASE_ANSWERED,
	    KOPRU__V1__EVENT__BODY_INTERIM_ANSWER_GIVEN, KOPRU__V1__EVENT__BODY_CASE_REJECTED,
	    KOPRU__V1__EVENT__BODY_CASE_WITHDRAWN, KOPRU__V1__EVENT__BODY_DEADLINE_MOVED,
	    KOPRU__V1__EVENT__BODY_FEE_TOLD, KOPRU__V1__EVENT__BODY_DATE_PROMISED, 0};
	static const int hidden[] = {KOPRU__V1__EVENT__BODY_NOTE_ADDED, KOPRU__V1__EVENT__BODY_ANSWER_DRAFTED,
	    KOPRU__V1__EVENT__BODY_ANSWER_APPROVED, KOPRU__V1__EVENT__BODY_MEMBER_ADDED,
	    KOPRU__V1__EVENT__BODY_MEMBER_REMOVED, KOPRU__V1__EVENT__BODY_PART_ANSWERED,
	    KOPRU__V1__EVENT__BODY_CASE_ESCALATED, 0};
	static const int named[] = {KOPRU__V1__EVENT__BODY_CASE_FORWARDED, 0};

	(void)state;
	for (const struct word *word = event_words; word->value; word++) {
		struct step step;

		assert_int_equal(record_knows(word->value), word->value != KOPRU__V1__EVENT__BODY_NOTICE_RETURNED);
		if (word->value <= KOPRU__V1__EVENT__BODY_ERASED || !record_knows(word->value))
			continue;
		step_read_event(event_of(word->value, INTERNAL, KOPRU__V1__STATE__STATE_ASSIGNED, 3), &step);
		assert_string_equal(step.event, word->token);
		assert_int_equal(step.visible, !is_any(word->value, hidden));
		if (step.visible && !is_any(word->value, spoken) && step.text)
			fail_msg("%s tells the citizen \"%s\"", word->token, step.text);
		if (step.visible && !is_any(word->value, named) && step.name)
			fail_msg("%s names \"%s\" to the citizen", word->token, step.name);
		assert_string_equal(step.department, "TEM");
	}
}

static void
events_mean_what_the_figures_say(void **state)
{
	struct application a =
	    read_as(event_of(KOPRU__V1__EVENT__BODY_CASE_ANSWERED, "", KOPRU__V1__STATE__STATE_ANSWERED, 5));
	Kopru__V1__Event *event;
	Kopru__V1__Actor actor;

	(void)state;
	assert_int_equal(a.reaction.minutes, 300);
	assert_int_equal(a.answer.minutes, 300);
	assert_int_equal(a.answer.working_minutes, 240); /* 12:00 to 17:00 without the lunch hour */
	assert_false(a.handed_back || a.forwarded || a.reopened);
	a = read_as(event_of(KOPRU__V1__EVENT__BODY_NOTE_ADDED, "", KOPRU__V1__STATE__STATE_ASSIGNED, 3));
	assert_int_equal(a.reaction.at, 0);
	a = read_as(event_of(KOPRU__V1__EVENT__BODY_CASE_HANDED_BACK, "", KOPRU__V1__STATE__STATE_RECEIVED, 3));
	assert_true(a.handed_back && a.reaction.at && !a.answer.at);
	a = read_as(event_of(KOPRU__V1__EVENT__BODY_CASE_REOPENED, "", KOPRU__V1__STATE__STATE_REOPENED, 9));
	assert_true(a.reopened && !a.reaction.at);
	event = event_of(KOPRU__V1__EVENT__BODY_CASE_ASSIGNED, "", KOPRU__V1__STATE__STATE_ASSIGNED, 3);
	kopru__v1__actor__init(&actor);
	actor.type = KOPRU__V1__ACTOR__TYPE__TYPE_SERVICE;
	event->actor = &actor;
	assert_int_equal(read_as(event).reaction.at, 0); /* the clock is no human */
}

static void
event_without_its_standing_is_refused(void **state)
{
	struct application a;
	struct err e;
	Kopru__V1__Event *event =
	    event_of(KOPRU__V1__EVENT__BODY_CASE_ACCEPTED, "", KOPRU__V1__STATE__STATE_IN_PROGRESS, 3);

	(void)state;
	event->standing->due_on = 0;
	assert_int_equal(application_read_event(event, calendar, arena, &a, &e), -1);
	event->standing->due_on = 20810;
	event->standing->received_at = INT64_MAX;
	assert_int_equal(application_read_event(event, calendar, arena, &a, &e), -1);
	event->standing = NULL;
	assert_int_equal(application_read_event(event, calendar, arena, &a, &e), -1);
	assert_string_equal(e.text, "the event does not say where the case stands");
}

static void
events_fold_up_to_where_the_case_ended(void **state)
{
	static const struct {
		int body;
		Kopru__V1__State state;
	} life[] = {
	    {KOPRU__V1__EVENT__BODY_CASE_ASSIGNED, KOPRU__V1__STATE__STATE_ASSIGNED},
	    {KOPRU__V1__EVENT__BODY_CASE_HANDED_BACK, KOPRU__V1__STATE__STATE_RECEIVED},
	    {KOPRU__V1__EVENT__BODY_CASE_ANSWERED, KOPRU__V1__STATE__STATE_ANSWERED},
	    {KOPRU__V1__EVENT__BODY_CASE_CLOSED, KOPRU__V1__STATE__STATE_CLOSED},
	    {KOPRU__V1__EVENT__BODY_CASE_REOPENED, KOPRU__V1__STATE__STATE_REOPENED},
	    {KOPRU__V1__EVENT__BODY_CASE_ANSWERED, KOPRU__V1__STATE__STATE_ANSWERED},
	};
	struct application list[6];

	(void)state;
	for (uint32_t i = 0; i < 6; i++)
		list[5 - i] = read_as(event_of(life[i].body, "", life[i].state, 3 + i));
	assert_int_equal(applications_fold(list, 6), 4);
	assert_int_equal(list[0].round, 0);
	assert_int_equal(list[0].version, 4);
	assert_int_equal(list[0].first_version, 3);
	assert_int_equal(list[0].reaction.minutes, 180); /* the first one */
	assert_true(list[0].handed_back);
	assert_int_equal(list[1].round, 1);
	assert_int_equal(list[1].version, 6);
	assert_int_equal(list[1].answer.minutes, 300);
	assert_int_equal(list[2].round, 2);
	assert_true(list[2].reopened);
	assert_int_equal(list[3].round, 3);
	assert_int_equal(list[3].version, 8);
}

static void
one_place_has_one_name(void **state)
{
	(void)state;
	assert_string_equal(application_neighbourhood(arena, "  FETİH\t mahallesi "), "Fetih Mahallesi");
	assert_string_equal(application_neighbourhood(arena, "ışık"), "Işık");
	assert_string_equal(application_neighbourhood(arena, "İSMİL"), "İsmil");
	assert_string_equal(application_neighbourhood(arena, "=1+1"), "=1+1");
	assert_null(application_neighbourhood(arena, " \n"));
	assert_null(application_neighbourhood(arena, NULL));
}

static const char *
text_at(json_t *json, const char *key)
{
	return json_string_value(json_object_get(json, key));
}

static void
citizen_sees_question_and_answer(void **state)
{
	const struct tracked_step steps[] = {
	    {.event = "citizen.asked", .at = AT, .state = 4, .text = "Nerede?", .day = 20800, .version = 3},
	    {.event = "case.rejected", .at = AT, .state = 8, .text = "Konu yok.", .code = 1},
	    {.event = "case.forwarded", .at = AT, .state = 7, .name = "KOSKİ", .reference = "E-1", .day = 20801},
	    {.event = "case.answered",
		.at = AT,
		.state = 5,
		.text = "Yapıldı.",
		.department_name = "Birim",
		.department_name_en = "Unit"},
	};
	struct tracked t = {.kind = 1, .channel = 12, .state = 4, .received_at = AT, .due_on = 20810, .changed_at = AT};
	const struct tracked_file list[] = {{.version = 1, .media_type = "image/png"},
	    {.version = 3, .name = "a.jpg", .media_type = "image/jpeg", .size = 7}};
	const struct tracked_files files = {list, 2}, none = {NULL, 0};
	json_t *json = tracked_json("HM-1", &t, steps, 1, &files, false), *history, *file;

	(void)state;
	assert_string_equal(text_at(json_object_get(json, "question"), "text"), "Nerede?");
	assert_string_equal(text_at(json_object_get(json, "question"), "answer_by"), "2026-12-13");
	assert_true(json_is_true(json_object_get(json, "can_reply")));
	assert_true(json_is_true(json_object_get(json, "can_add")));
	history = json_object_get(json_array_get(json_object_get(json, "history"), 0), "attachments");
	assert_int_equal(json_array_size(history), 1); /* what this step brought, no other's */
	file = json_array_get(history, 0);
	assert_string_equal(text_at(file, "name"), "a.jpg");
	assert_int_equal(json_integer_value(json_object_get(file, "size")), 7);
	assert_null(json_object_get(file, "id"));
	assert_true(json_is_null(json_object_get(json, "answer")));
	json_decref(json);
	t.state = 5;
	json = tracked_json("HM-1", &t, steps, 4, &none, true);
	assert_true(json_is_true(json_object_get(json, "can_add")));
	assert_null(json_object_get(json_array_get(json_object_get(json, "history"), 0), "attachments"));
	history = json_object_get(json, "history");
	assert_true(json_is_null(json_object_get(json, "question")));
	assert_true(json_is_false(json_object_get(json, "can_withdraw")));
	assert_string_equal(text_at(json_object_get(json, "answer"), "text"), "Yapıldı.");
	assert_string_equal(text_at(json_array_get(history, 1), "reason"), "no_specific_subject");
	assert_string_equal(text_at(json_array_get(history, 2), "institution"), "KOSKİ");
	assert_string_equal(text_at(json_array_get(history, 2), "letter_on"), "2026-12-14");
	assert_string_equal(text_at(json_array_get(history, 3), "department"), "Unit");
	assert_string_equal(text_at(json_array_get(history, 3), "event_text"), "Answered");
	json_decref(json);
}

/* Names of files say who the applicant is. */
static void
files_have_names_where_the_applicant_has_one(void **state)
{
	Kopru__V1__Event *event =
	    event_of(KOPRU__V1__EVENT__BODY_CITIZEN_ADDED, "", KOPRU__V1__STATE__STATE_ASSIGNED, 3);
	Kopru__V1__Attachment first, second, *list[] = {&first, &second};
	struct file files[ATTACHMENTS_MAX];
	Kopru__V1__Applicant applicant;
	struct origin origin;

	(void)state;
	kopru__v1__attachment__init(&first);
	first.name = arena_string(arena, "a.jpg");
	first.media_type = arena_string(arena, "image/jpeg");
	first.size = UINT64_MAX;
	second = first;
	second.id = (ProtobufCBinaryData){16, id}; /* the first has none and is left out */
	kopru__v1__applicant__init(&applicant);
	event->citizen_added->attachments = list;
	event->citizen_added->n_attachments = 2;
	event->standing->applicant = &applicant;
	assert_int_equal(origin_read_files(event, files), 1);
	assert_int_equal(files[0].version, 3);
	assert_int_equal(files[0].place, 2);
	assert_string_equal(files[0].name, "a.jpg");
	assert_true(files[0].size == INT64_MAX);
	assert_memory_equal(files[0].application_id.bytes, id, 16);
	applicant.hide_identity = true;
	assert_int_equal(origin_read_files(event, files), 1);
	assert_null(files[0].name);
	event->standing->applicant = NULL; /* erased */
	assert_int_equal(origin_read_files(event, files), 1);
	assert_null(files[0].name);
	assert_false(origin_read_event(event, &origin));
}

static void
place_of_a_page_is_read_strictly(void **state)
{
	static const char *const bad[] = {"", "2026-11-23", "2026-11-23_",
	    "2026-13-23_00000000-0000-7000-8000-000000000000", "2026-11-23-00000000-0000-7000-8000-000000000000",
	    "2026-11-23_00000000-0000-7000-8000-00000000000g", "2026-11-23_00000000-0000-7000-8000-0000000000000"};
	struct listing_place place = {.received_on = 20780, .id = {{9, 8, 7}}}, again = {0};

	(void)state;
	assert_true(listing_place_parse(listing_place_text(arena, &place), &again));
	assert_int_equal(again.received_on, 20780);
	assert_memory_equal(again.id.bytes, place.id.bytes, 16);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(listing_place_parse(bad[i], &again));
	assert_int_equal(listing_measure("handed_back"), LISTING_HANDED_BACK);
	assert_int_equal(listing_measure("x"), -1);
}

static void
year_is_that_of_the_article(void **state)
{
	static const struct {
		int32_t channel;
		int64_t count;
	} counts[] = {{1, 20000}, {2, 7700}, {3, 100}, {4, 5000}, {5, 4000}, {6, 900}, {8, 20000}, {9, 4000},
	    {10, 3000}, {11, 2000}, {7, 1210}, {12, 5}, {13, 6}, {14, 9}};
	static const int channels[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0};
	struct year *y = arena_alloc(arena, sizeof(*y));
	json_t *json, *groups;

	(void)state;
	for (const struct word *word = channel_words; word->value; word++)
		assert_true(is_any(word->value, channels)); /* a new one needs its group, too */
	y->year = 2020;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		year_add(y, 1 + (int)i % 12, counts[i].channel,
		    &(struct year_counts){.received = counts[i].count, .answered = 2, .minutes = 2 * 3 * 1440});
	json = year_json(arena, y, AT, false);
	groups = json_object_get(json, "groups");
	assert_int_equal(json_array_size(groups), 4);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(groups, 0), "count")), 37700);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(groups, 1), "count")), 29009);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(groups, 2), "count")), 1210);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(groups, 3), "count")), 11);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(json, "total"), "count")), 67930);
	assert_true(json_real_value(json_object_get(json_object_get(json, "total"), "mean_days")) == 3.0);
	assert_string_equal(text_at(json_array_get(groups, 1), "list"),
	    "/api/v1/reports/list?from=2020-01-01&to=2020-12-31&channel=whatsapp,facebook,instagram,x,telegram");
	assert_string_equal(text_at(json_array_get(json_object_get(json, "by_month"), 11), "list"),
	    "/api/v1/reports/list?from=2020-12-01&to=2020-12-31");
	assert_string_equal(text_at(json_array_get(json_object_get(json, "by_month"), 1), "name"), "Şubat 2020");
	json_decref(json);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(internal_texts_are_never_the_citizens),
	    cmocka_unit_test(events_mean_what_the_figures_say),
	    cmocka_unit_test(event_without_its_standing_is_refused),
	    cmocka_unit_test(events_fold_up_to_where_the_case_ended),
	    cmocka_unit_test(one_place_has_one_name),
	    cmocka_unit_test(citizen_sees_question_and_answer),
	    cmocka_unit_test(files_have_names_where_the_applicant_has_one),
	    cmocka_unit_test(place_of_a_page_is_read_strictly),
	    cmocka_unit_test(year_is_that_of_the_article),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
