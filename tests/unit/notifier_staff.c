/* staff: who is told of which stage, and that nothing of the applicant is in it. */
#include "services/notifier/staff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/domain/calendar.h"
#include "common/domain/number.h"

#define WRITABLE(name, value) static char name[] = value
#define CLOCK(name) KOPRU__V1__CLOCK__CLOCK_##name
#define ROLE(name) KOPRU__V1__ACTOR__ROLE__ROLE_##name

WRITABLE(canary, "BAŞVURANIN ADI");
WRITABLE(department, "TEM");
WRITABLE(department_name, "Temizlik İşleri Müdürlüğü");
WRITABLE(topic_name, "Çöp konteyneri");
WRITABLE(emergency, "112");
WRITABLE(broken, "Konu\nBcc: x@example.org");

/* An escalated case, and an urgent application; each holds the applicant. */
struct sample {
	struct arena *arena;
	Kopru__V1__Event event;
	Kopru__V1__CaseEscalated escalated;
	Kopru__V1__Standing standing;
	Kopru__V1__ApplicationRouted routed;
	Kopru__V1__Application application;
	Kopru__V1__Applicant applicant;
	uint8_t id[16];
	char number[NUMBER_TEXT_SIZE];
};

static int
sample_setup(void **state)
{
	static struct sample sample;
	struct sample *s = &sample;
	int32_t day = 0;

	memset(s, 0, sizeof(*s));
	s->arena = arena_new(0);
	kopru__v1__event__init(&s->event);
	kopru__v1__case_escalated__init(&s->escalated);
	kopru__v1__standing__init(&s->standing);
	kopru__v1__application_routed__init(&s->routed);
	kopru__v1__application__init(&s->application);
	kopru__v1__applicant__init(&s->applicant);
	memset(s->id, 7, sizeof(s->id));
	assert_true(number_format(2026, 1, s->number));
	assert_true(date_parse("2026-12-01", &day));
	s->event.id = s->event.application_id = s->application.id = (ProtobufCBinaryData){sizeof(s->id), s->id};
	s->event.number = s->application.number = s->number;
	s->event.version = 5;
	s->event.standing = &s->standing;
	s->event.body_case = KOPRU__V1__EVENT__BODY_CASE_ESCALATED;
	s->event.case_escalated = &s->escalated;
	s->applicant.name = s->applicant.email = s->application.text = s->application.subject = canary;
	s->application.applicant = s->standing.applicant = &s->applicant;
	s->application.received_at = s->standing.received_at = 1795424400000000;
	s->standing.department = s->routed.department = department;
	s->standing.department_name = s->routed.department_name = department_name;
	s->standing.topic_name = s->routed.topic_name = topic_name;
	s->routed.application = &s->application;
	s->routed.emergency = emergency;
	s->escalated.clock = CLOCK(LAW);
	s->escalated.stage = 90;
	s->escalated.to = ROLE(ARBITER);
	s->escalated.due_at = date_start_in_istanbul(day + 1);
	*state = s;
	return 0;
}

static int
sample_teardown(void **state)
{
	struct sample *s = *state;

	arena_free(s->arena);
	return 0;
}

static struct staff_notice
told(struct sample *s)
{
	struct err e = {""};
	struct staff_notice n;

	if (staff_decide(s->arena, &s->event, &n, &e) != 1)
		fail_msg("%s", e.text);
	assert_null(strstr(notice_fields_pack(s->arena, &n.fields), canary));
	return n;
}

static void
each_stage_is_told_to_those_below_it_too(void **state)
{
	static const struct {
		int clock, stage, to;
		bool mayor;
		const char *roles;
		bool urgent;
	} rows[] = {
	    {CLOCK(LAW), 50, ROLE(OFFICER), false, "officer", false},
	    {CLOCK(LAW), 75, ROLE(MANAGER), false, "officer,manager", false},
	    {CLOCK(TARGET), 90, ROLE(ARBITER), false, "officer,manager,arbiter", false},
	    {CLOCK(LAW), 100, ROLE(ARBITER), true, "officer,manager,arbiter,mayor", true},
	    {CLOCK(PROMISE), 200, ROLE(ARBITER), true, "officer,manager,arbiter,mayor", true},
	    {CLOCK(ARBITER), 50, ROLE(ARBITER), false, "arbiter", false},
	    {CLOCK(ARBITER), 100, ROLE(ARBITER), true, "arbiter,mayor", true},
	};
	struct sample *s = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct staff_notice n;

		s->escalated.clock = (Kopru__V1__Clock)rows[i].clock;
		s->escalated.stage = (uint32_t)rows[i].stage;
		s->escalated.to = (Kopru__V1__Actor__Role)rows[i].to;
		s->escalated.to_mayor = rows[i].mayor;
		n = told(s);
		assert_string_equal(n.roles, rows[i].roles);
		assert_int_equal(n.urgent, rows[i].urgent);
		assert_string_equal(n.department, "TEM");
		assert_string_equal(n.number, s->number);
		assert_string_equal(n.template, TEMPLATE_STAFF_ESCALATION);
	}
}

static void
the_letter_says_which_term_and_until_when(void **state)
{
	static const struct notice_links links = {"http://127.0.0.1:8080", "AAAA", "cccc", "dddd"};
	struct sample *s = *state;
	struct staff_notice n = told(s);
	struct notice notice = {.number = n.number, .language = "tr", .template = n.template};
	const char *const *texts = NULL;

	notice_fields_unpack(s->arena, notice_fields_pack(s->arena, &n.fields), &notice.fields);
	texts = notice_texts(s->arena, &notice, &links);
	assert_string_equal(texts[TEMPLATE_STAGE], "90");
	assert_string_equal(texts[TEMPLATE_CLOCK], "Kanuni süre");
	assert_string_equal(texts[TEMPLATE_CLOCK_EN], "Legal term");
	assert_string_equal(texts[TEMPLATE_DUE_ON], "01.12.2026");
	assert_string_equal(texts[TEMPLATE_TOPIC], topic_name);
	assert_string_equal(texts[TEMPLATE_DEPARTMENT], department_name);
	assert_string_equal(
	    texts[TEMPLATE_CASE_URL], arena_printf(s->arena, "http://127.0.0.1:8080/takip#no=%s", s->number));
	assert_int_equal(template_rule_find(n.template)->allowed & TEMPLATE_ALLOW(TEMPLATE_ACCESS_CODE), 0);
	assert_int_equal(template_rule_find(n.template)->allowed & TEMPLATE_ALLOW(TEMPLATE_TRACKING_URL), 0);
}

static void
life_safety_is_paged(void **state)
{
	struct sample *s = *state;
	struct staff_notice n;
	struct err e;

	s->event.body_case = KOPRU__V1__EVENT__BODY_APPLICATION_ROUTED;
	s->event.application_routed = &s->routed;
	assert_int_equal(staff_decide(s->arena, &s->event, &n, &e), 0);
	s->routed.urgent = true;
	n = told(s);
	assert_string_equal(n.roles, "duty,officer,manager");
	assert_string_equal(n.template, TEMPLATE_STAFF_PAGE);
	assert_true(n.urgent);
	assert_string_equal(n.fields.emergency, "112");
}

static void
other_events_are_not_told_and_broken_ones_are_refused(void **state)
{
	struct sample *s = *state;
	struct staff_notice n;
	struct err e;

	s->standing.topic_name = broken;
	assert_int_equal(staff_decide(s->arena, &s->event, &n, &e), -1);
	s->standing.topic_name = topic_name;
	s->event.standing = NULL;
	assert_int_equal(staff_decide(s->arena, &s->event, &n, &e), -1);
	s->event.standing = &s->standing;
	s->event.id.len = 3;
	assert_int_equal(staff_decide(s->arena, &s->event, &n, &e), -1);
	s->event.body_case = KOPRU__V1__EVENT__BODY_CASE_ACCEPTED;
	assert_int_equal(staff_decide(s->arena, &s->event, &n, &e), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(each_stage_is_told_to_those_below_it_too, sample_setup, sample_teardown),
	    cmocka_unit_test_setup_teardown(the_letter_says_which_term_and_until_when, sample_setup, sample_teardown),
	    cmocka_unit_test_setup_teardown(life_safety_is_paged, sample_setup, sample_teardown),
	    cmocka_unit_test_setup_teardown(
		other_events_are_not_told_and_broken_ones_are_refused, sample_setup, sample_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
