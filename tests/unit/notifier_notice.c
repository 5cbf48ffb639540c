/* notice: what each event means to the applicant, row by row, and the words of its letter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/domain/calendar.h"
#include "common/domain/number.h"
#include "common/domain/words.h"
#include "services/notifier/notice.h"

static struct arena *arena;

static int
arena_start(void **state)
{
	(void)state;
	ids_start();
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

/* An event with all bodies; body_case says which one counts. */
struct sample {
	Kopru__V1__Event event;
	Kopru__V1__ApplicationRouted routed;
	Kopru__V1__Application application;
	Kopru__V1__Applicant applicant;
	Kopru__V1__Standing standing;
	uint8_t id[16];
	char number[NUMBER_TEXT_SIZE];
};

#define WRITABLE(name, value) static char name[] = value

WRITABLE(email, "ayse@example.org");
WRITABLE(english, "en");
WRITABLE(department, "TEM");
WRITABLE(department_name, "Temizlik İşleri Müdürlüğü");
WRITABLE(department_name_en, "Cleaning Department");
WRITABLE(canary, "BAŞVURANIN METNİ");
WRITABLE(injection, "x\r\nBcc: y@example.org");
WRITABLE(empty, "");

static void
sample_start(struct sample *s)
{
	memset(s, 0, sizeof(*s));
	kopru__v1__event__init(&s->event);
	kopru__v1__application_routed__init(&s->routed);
	kopru__v1__application__init(&s->application);
	kopru__v1__applicant__init(&s->applicant);
	kopru__v1__standing__init(&s->standing);
	memset(s->id, 7, sizeof(s->id));
	s->event.id.data = s->application.id.data = s->event.application_id.data = s->id;
	s->event.id.len = s->application.id.len = s->event.application_id.len = sizeof(s->id);
	s->event.version = 2;
	s->event.body_case = KOPRU__V1__EVENT__BODY_APPLICATION_ROUTED;
	s->event.application_routed = &s->routed;
	s->routed.application = &s->application;
	s->application.applicant = s->standing.applicant = &s->applicant;
	assert_true(number_format(2026, 1, s->number));
	s->application.number = s->event.number = s->number;
	s->application.text = s->application.subject = s->applicant.name = canary;
	s->application.received_at = s->standing.received_at = 1795424400000000;
	s->application.legal_basis = s->standing.legal_basis = KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_3071;
	assert_true(date_parse("2026-12-23", &s->application.due_on));
	s->standing.due_on = s->application.due_on;
	s->applicant.email = email;
	s->applicant.prefers = KOPRU__V1__PREFERS__PREFERS_EMAIL;
	s->routed.department = s->standing.department = department;
	s->routed.department_name = s->standing.department_name = department_name;
	s->standing.department_name_en = department_name_en;
	s->routed.access_code_generation = s->standing.access_code_generation = 3;
}

static struct notice
decide(const struct sample *s)
{
	struct err e = {""};
	struct notice n;

	if (notice_decide(arena, &s->event, &n, &e) != 1)
		fail_msg("%s", e.text);
	return n;
}

static void
decide_picks_the_channel(void **state)
{
	struct sample s;
	struct notice n;

	(void)state;
	sample_start(&s);
	n = decide(&s);
	assert_string_equal(n.channel, "email");
	assert_string_equal(n.address, email);
	assert_string_equal(n.state, "pending");
	assert_string_equal(n.language, "tr");
	assert_null(n.reason);
	assert_false(n.verified);
	assert_int_equal(n.version, 2);
	assert_int_equal(n.fields.access_code_generation, 3);

	s.applicant.language = english;
	s.applicant.email_verified = true;
	n = decide(&s);
	assert_string_equal(n.language, "en");
	assert_true(n.verified);
}

static void
decide_says_why_nobody_is_told(void **state)
{
	struct sample s;
	struct notice n;

	(void)state;
	sample_start(&s);
	s.applicant.prefers = KOPRU__V1__PREFERS__PREFERS_NONE;
	n = decide(&s);
	assert_string_equal(n.channel, "none");
	assert_string_equal(n.state, "none");
	assert_string_equal(n.reason, "does not want messages");
	assert_null(n.address);

	s.applicant.prefers = KOPRU__V1__PREFERS__PREFERS_SMS;
	s.applicant.email = injection;
	assert_string_equal(decide(&s).reason, "address not valid");
	assert_null(decide(&s).address);
	s.applicant.email = empty;
	assert_string_equal(decide(&s).reason, "no address");
	s.applicant.anonymous = true;
	assert_string_equal(decide(&s).reason, "anonymous");
}

static void
assert_undecided(const struct sample *s)
{
	struct err e = {""};
	struct notice n;

	assert_int_equal(notice_decide(arena, &s->event, &n, &e), -1);
	assert_true(*e.text != '\0');
}

static void
decide_refuses_what_it_cannot_tell(void **state)
{
	struct sample s;

	(void)state;
	sample_start(&s);
	s.application.applicant = NULL;
	assert_undecided(&s);
	sample_start(&s);
	s.routed.application = NULL;
	assert_undecided(&s);
	sample_start(&s);
	s.application.id.len = 5;
	assert_undecided(&s);
	sample_start(&s);
	snprintf(s.number, sizeof(s.number), "../../etc/passwd");
	assert_undecided(&s);
	sample_start(&s);
	s.routed.department_name = injection;
	assert_undecided(&s);
	sample_start(&s);
	s.event.body_case = KOPRU__V1__EVENT__BODY_APPLICATION_RECEIVED;
	assert_undecided(&s);
	sample_start(&s);
	s.event.body_case = KOPRU__V1__EVENT__BODY_CASE_MERGED;
	assert_undecided(&s); /* no standing */
	s.event.standing = &s.standing;
	s.standing.applicant = NULL;
	assert_undecided(&s);
}

/* The table of events, once more and in full: event, template ("" for none), what must stand in the letter. */
static const struct row {
	int body_case;
	const char *template;
	const char *policy;
	const char *texts[3];
} rows[] = {
    {KOPRU__V1__EVENT__BODY_APPLICATION_ROUTED, "received", POLICY_AT_MOST_ONCE, {NULL}},
    {KOPRU__V1__EVENT__BODY_CASE_ASSIGNED, "assigned", POLICY_AT_MOST_ONCE, {NULL}},
    {KOPRU__V1__EVENT__BODY_CASE_ACCEPTED, "", "", {NULL}},
    {KOPRU__V1__EVENT__BODY_CASE_TRANSFERRED, "assigned", POLICY_AT_MOST_ONCE, {NULL}},
    {KOPRU__V1__EVENT__BODY_CASE_HANDED_BACK, "", "", {NULL}},
    {KOPRU__V1__EVENT__BODY_CITIZEN_ASKED, "question", POLICY_AT_LEAST_ONCE, {"metin", "01.12.2026", NULL}},
    {KOPRU__V1__EVENT__BODY_CITIZEN_REMINDED, "reminder", POLICY_AT_MOST_ONCE, {"metin", "01.12.2026", NULL}},
    {KOPRU__V1__EVENT__BODY_QUESTION_EXPIRED, "", "", {NULL}},
    {KOPRU__V1__EVENT__BODY_CITIZEN_REPLIED, "", "", {NULL}},
    {KOPRU__V1__EVENT__BODY_CITIZEN_ADDED, "", "", {NULL}},
    {KOPRU__V1__EVENT__BODY_NOTE_ADDED, "", "", {NULL}},
    {KOPRU__V1__EVENT__BODY_ANSWER_DRAFTED, "", "", {NULL}},
    {KOPRU__V1__EVENT__BODY_ANSWER_APPROVED, "", "", {NULL}},
    {KOPRU__V1__EVENT__BODY_CASE_ANSWERED, "answered", POLICY_AT_LEAST_ONCE,
	{"metin", "birlikte değerlendirilmiştir", NULL}},
    {KOPRU__V1__EVENT__BODY_INTERIM_ANSWER_GIVEN, "interim_answer", POLICY_AT_LEAST_ONCE,
	{"metin", "01.12.2026", NULL}},
    {KOPRU__V1__EVENT__BODY_CASE_FORWARDED, "forwarded", POLICY_AT_LEAST_ONCE, {"KOSKİ", "01.12.2026", "E-12"}},
    {KOPRU__V1__EVENT__BODY_CASE_REJECTED, "rejected", POLICY_AT_LEAST_ONCE, {"metin", "madde 6/b", NULL}},
    {KOPRU__V1__EVENT__BODY_CASE_MERGED, "merged", POLICY_AT_MOST_ONCE, {NULL}},
    {KOPRU__V1__EVENT__BODY_CASE_UNMERGED, "unmerged", POLICY_AT_MOST_ONCE, {NULL}},
    {KOPRU__V1__EVENT__BODY_MEMBER_ADDED, "", "", {NULL}},
    {KOPRU__V1__EVENT__BODY_MEMBER_REMOVED, "", "", {NULL}},
    {KOPRU__V1__EVENT__BODY_CASE_SPLIT, "", "", {NULL}},
    {KOPRU__V1__EVENT__BODY_PART_ANSWERED, "", "", {NULL}},
    {KOPRU__V1__EVENT__BODY_CASE_REOPENED, "reopened", POLICY_AT_MOST_ONCE, {"metin", NULL}},
    {KOPRU__V1__EVENT__BODY_CASE_CLOSED, "closed", POLICY_AT_MOST_ONCE, {"metin", NULL}},
    {KOPRU__V1__EVENT__BODY_CASE_WITHDRAWN, "withdrawn", POLICY_AT_MOST_ONCE, {NULL}},
    {KOPRU__V1__EVENT__BODY_DEADLINE_MOVED, "deadline_moved", POLICY_AT_MOST_ONCE, {"metin", "01.12.2026", NULL}},
    {KOPRU__V1__EVENT__BODY_CASE_ESCALATED, "", "", {NULL}},
    {KOPRU__V1__EVENT__BODY_FEE_TOLD, "fee_told", POLICY_AT_LEAST_ONCE, {"metin", "01.12.2026", NULL}},
    {KOPRU__V1__EVENT__BODY_FEE_PAID, "fee_paid", POLICY_AT_MOST_ONCE, {NULL}},
    {KOPRU__V1__EVENT__BODY_DATE_PROMISED, "date_promised", POLICY_AT_MOST_ONCE, {"metin", "01.12.2026", NULL}},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

WRITABLE(text, "Resmî metin:\nikinci satır.");
WRITABLE(institution, "KOSKİ Genel Müdürlüğü");
WRITABLE(letter_number, "E-12");

/* Bodies of events, each with what is an official's in its public fields and a canary in the others. */
struct bodies {
	Kopru__V1__CaseAssigned assigned;
	Kopru__V1__CaseTransferred transferred;
	Kopru__V1__CitizenAsked asked;
	Kopru__V1__CitizenReminded reminded;
	Kopru__V1__CaseAnswered answered;
	Kopru__V1__InterimAnswerGiven interim;
	Kopru__V1__CaseForwarded forwarded;
	Kopru__V1__CaseRejected rejected;
	Kopru__V1__CaseMerged merged;
	Kopru__V1__CaseUnmerged unmerged;
	Kopru__V1__CaseReopened reopened;
	Kopru__V1__CaseClosed closed;
	Kopru__V1__CaseWithdrawn withdrawn;
	Kopru__V1__DeadlineMoved moved;
	Kopru__V1__FeeTold fee_told;
	Kopru__V1__FeePaid fee_paid;
	Kopru__V1__DatePromised promised;
};

static void
bodies_start(struct bodies *b, int32_t day)
{
	kopru__v1__case_assigned__init(&b->assigned);
	kopru__v1__case_transferred__init(&b->transferred);
	kopru__v1__citizen_asked__init(&b->asked);
	kopru__v1__citizen_reminded__init(&b->reminded);
	kopru__v1__case_answered__init(&b->answered);
	kopru__v1__interim_answer_given__init(&b->interim);
	kopru__v1__case_forwarded__init(&b->forwarded);
	kopru__v1__case_rejected__init(&b->rejected);
	kopru__v1__case_merged__init(&b->merged);
	kopru__v1__case_unmerged__init(&b->unmerged);
	kopru__v1__case_reopened__init(&b->reopened);
	kopru__v1__case_closed__init(&b->closed);
	kopru__v1__case_withdrawn__init(&b->withdrawn);
	kopru__v1__deadline_moved__init(&b->moved);
	kopru__v1__fee_told__init(&b->fee_told);
	kopru__v1__fee_paid__init(&b->fee_paid);
	kopru__v1__date_promised__init(&b->promised);
	b->fee_told.text = b->promised.reason = text;
	b->fee_told.pay_by = b->promised.promised_on = day;
	b->fee_paid.evidence = canary;
	b->assigned.reason = b->transferred.reason = b->merged.reason = b->unmerged.reason = canary;
	b->unmerged.from_number = b->withdrawn.reason = b->forwarded.letter = canary;
	b->asked.text = b->reminded.text = b->answered.text = b->interim.text = b->rejected.text = text;
	b->reopened.reason = b->closed.reason = b->moved.reason = text;
	b->asked.answer_by = b->reminded.answer_by = b->interim.final_by = b->forwarded.letter_on = day;
	b->moved.old_due_on = day;
	b->answered.leading_number = letter_number;
	b->forwarded.institution_name = institution;
	b->forwarded.letter_number = letter_number;
	b->rejected.reason = KOPRU__V1__CASE_REJECTED__REASON__REASON_JUDICIAL_MATTER;
}

/* The bodies are members of one union. */
static void
body_set(struct sample *s, struct bodies *b, int body_case)
{
	const struct {
		int body_case;
		void *body;
	} all[] = {
	    {KOPRU__V1__EVENT__BODY_CASE_ASSIGNED, &b->assigned},
	    {KOPRU__V1__EVENT__BODY_CASE_TRANSFERRED, &b->transferred},
	    {KOPRU__V1__EVENT__BODY_CITIZEN_ASKED, &b->asked},
	    {KOPRU__V1__EVENT__BODY_CITIZEN_REMINDED, &b->reminded},
	    {KOPRU__V1__EVENT__BODY_CASE_ANSWERED, &b->answered},
	    {KOPRU__V1__EVENT__BODY_INTERIM_ANSWER_GIVEN, &b->interim},
	    {KOPRU__V1__EVENT__BODY_CASE_FORWARDED, &b->forwarded},
	    {KOPRU__V1__EVENT__BODY_CASE_REJECTED, &b->rejected},
	    {KOPRU__V1__EVENT__BODY_CASE_MERGED, &b->merged},
	    {KOPRU__V1__EVENT__BODY_CASE_UNMERGED, &b->unmerged},
	    {KOPRU__V1__EVENT__BODY_CASE_REOPENED, &b->reopened},
	    {KOPRU__V1__EVENT__BODY_CASE_CLOSED, &b->closed},
	    {KOPRU__V1__EVENT__BODY_CASE_WITHDRAWN, &b->withdrawn},
	    {KOPRU__V1__EVENT__BODY_DEADLINE_MOVED, &b->moved},
	    {KOPRU__V1__EVENT__BODY_FEE_TOLD, &b->fee_told},
	    {KOPRU__V1__EVENT__BODY_FEE_PAID, &b->fee_paid},
	    {KOPRU__V1__EVENT__BODY_DATE_PROMISED, &b->promised},
	};

	sample_start(s);
	s->event.body_case = (Kopru__V1__Event__BodyCase)body_case;
	if (body_case == KOPRU__V1__EVENT__BODY_APPLICATION_ROUTED)
		return;
	s->event.version = 5;
	s->event.standing = &s->standing;
	s->event.application_routed = NULL;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].body_case == body_case)
			s->event.case_assigned = all[i].body;
}

static const struct notice_links links = {.public_url = "http://127.0.0.1:8080",
    .access_code = "AAAA-BBBB",
    .confirm_token = "cccc",
    .opt_out_token = "dddd"};

/* All texts that a template of this notice may use, one after the other. */
static const char *
texts_allowed(const struct notice *n)
{
	const char *const *texts = notice_texts(arena, n, &links);
	const char *all = "";

	for (int i = 0; i < TEMPLATE_FIELDS; i++)
		if (template_rule_find(n->template)->allowed & TEMPLATE_ALLOW(i))
			all = arena_printf(arena, "%s%s\n", all, texts[i]);
	return all;
}

static void
row_check(const struct row *row)
{
	struct bodies bodies;
	struct sample s;
	struct notice n, again;
	struct err e;
	int32_t day;

	assert_true(date_parse("2026-12-01", &day));
	bodies_start(&bodies, day);
	body_set(&s, &bodies, row->body_case);
	if (!*row->template) {
		assert_int_equal(notice_decide(arena, &s.event, &n, &e), 0);
		return;
	}
	n = decide(&s);
	assert_string_equal(n.template, row->template);
	assert_string_equal(n.policy, row->policy);
	again = n;
	notice_fields_unpack(arena, notice_fields_pack(arena, &n.fields), &again.fields);
	for (size_t i = 0; i < 3 && row->texts[i]; i++) {
		if (!strstr(texts_allowed(&n), row->texts[i]))
			fail_msg("%s lacks \"%s\"", row->template, row->texts[i]);
		assert_non_null(strstr(texts_allowed(&again), row->texts[i]));
	}
	assert_string_equal(texts_allowed(&n), texts_allowed(&again));
	assert_non_null(strstr(texts_allowed(&n), "Temizlik"));
	assert_null(strstr(texts_allowed(&n), canary));
	assert_null(strstr(notice_fields_pack(arena, &n.fields), canary));
}

static void
every_event_makes_its_notice(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++)
		row_check(&rows[i]);
}

/* I-16: what stands in no row is unknown, and is parked. */
static void
every_event_of_the_contract_stands_in_the_table(void **state)
{
	size_t known = 0;

	(void)state;
	for (const struct word *word = event_words; word->value; word++)
		known += event_rule_find(word->value) != NULL;
	assert_int_equal(known, ROWS);
	for (size_t i = 0; i < ROWS; i++)
		assert_non_null(event_rule_find(rows[i].body_case));
	assert_null(event_rule_find(KOPRU__V1__EVENT__BODY_APPLICATION_RECEIVED));
	assert_null(event_rule_find(9999));
}

static void
neutral_message_may_tell_nothing_of_the_case(void **state)
{
	const struct template_rule *rule = template_rule_find(TEMPLATE_CONFIRM);

	(void)state;
	assert_int_equal(rule->allowed, TEMPLATE_ALLOW(TEMPLATE_NUMBER) | TEMPLATE_ALLOW(TEMPLATE_RECEIVED_ON) |
					    TEMPLATE_ALLOW(TEMPLATE_CONFIRM_URL) |
					    TEMPLATE_ALLOW(TEMPLATE_OPT_OUT_URL));
	assert_string_equal(rule->policy, POLICY_AT_MOST_ONCE);
	assert_null(template_rule_find("name"));
}

static void
texts_cite_the_law_and_hide_secrets_in_the_fragment(void **state)
{
	const char *const *texts;
	struct sample s;
	struct notice n;

	(void)state;
	sample_start(&s);
	n = decide(&s);
	texts = notice_texts(arena, &n, &links);
	assert_string_equal(texts[TEMPLATE_NUMBER], s.number);
	assert_string_equal(texts[TEMPLATE_RECEIVED_ON], "23.11.2026");
	assert_string_equal(texts[TEMPLATE_DUE_ON], "23.12.2026");
	assert_string_equal(texts[TEMPLATE_DEPARTMENT], department_name);
	assert_non_null(strstr(texts[TEMPLATE_LAW], "3071"));
	assert_non_null(strstr(texts[TEMPLATE_LAW_FORWARD], "5. maddesi"));
	assert_string_equal(texts[TEMPLATE_TRACKING_URL],
	    arena_printf(arena, "http://127.0.0.1:8080/takip#no=%s&kod=AAAA-BBBB", s.number));
	assert_string_equal(
	    texts[TEMPLATE_CONFIRM_URL], arena_printf(arena, "http://127.0.0.1:8080/takip#no=%s&onay=cccc", s.number));
	assert_string_equal(
	    texts[TEMPLATE_OPT_OUT_URL], arena_printf(arena, "http://127.0.0.1:8080/takip#no=%s&dur=dddd", s.number));
	assert_string_equal(texts[TEMPLATE_REASON], "");

	n.fields.triage = true;
	n.fields.legal_basis = KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_4982;
	texts = notice_texts(arena, &n, &links);
	assert_string_equal(texts[TEMPLATE_DEPARTMENT], "Hizmet Masası değerlendiriyor");
	assert_non_null(strstr(texts[TEMPLATE_LAW], "11. maddesi"));
	assert_non_null(strstr(texts[TEMPLATE_LAW_FORWARD], "7. maddesi"));
	n.language = "en";
	texts = notice_texts(arena, &n, &links);
	assert_non_null(strstr(texts[TEMPLATE_LAW], "article 11 of Law No. 4982"));
	assert_non_null(strstr(texts[TEMPLATE_TRACKING_URL], "/en/track#no="));
}

static void
department_is_named_in_the_language_of_the_letter(void **state)
{
	struct bodies bodies;
	struct sample s;

	(void)state;
	bodies_start(&bodies, 0);
	body_set(&s, &bodies, KOPRU__V1__EVENT__BODY_CASE_ASSIGNED);
	s.applicant.language = english;
	assert_string_equal(decide(&s).fields.department_name, department_name_en);
	s.standing.department_name_en = empty;
	assert_string_equal(decide(&s).fields.department_name, department_name);
	s.standing.department_name = empty;
	assert_string_equal(decide(&s).fields.department_name, department);
}

static void
lines_that_forge_are_refused(void **state)
{
	WRITABLE(control, "a\033b");
	struct bodies bodies;
	struct sample s;

	(void)state;
	bodies_start(&bodies, 0);
	bodies.forwarded.institution_name = injection;
	body_set(&s, &bodies, KOPRU__V1__EVENT__BODY_CASE_FORWARDED);
	assert_undecided(&s);
	bodies_start(&bodies, 0);
	bodies.forwarded.letter_number = injection;
	body_set(&s, &bodies, KOPRU__V1__EVENT__BODY_CASE_FORWARDED);
	assert_undecided(&s);
	bodies_start(&bodies, 0);
	bodies.answered.text = control;
	body_set(&s, &bodies, KOPRU__V1__EVENT__BODY_CASE_ANSWERED);
	assert_undecided(&s);
}

/* What an older version stored, and what nobody did. */
static void
fields_take_what_they_find(void **state)
{
	struct notice_fields f;

	(void)state;
	notice_fields_unpack(arena,
	    "{\"received_on\":\"2026-11-23\",\"due_on\":\"2026-12-23\",\"legal_basis\":1,\"department_name\":\"T\","
	    "\"triage\":true,"
	    "\"generation\":4}",
	    &f);
	assert_int_equal(f.received_on, 20780);
	assert_int_equal(f.legal_basis, 1);
	assert_string_equal(f.department_name, "T");
	assert_true(f.triage);
	assert_int_equal(f.access_code_generation, 4);
	assert_string_equal(f.text, "");
	notice_fields_unpack(arena, "{\"text\":5,\"due_on\":\"x\",\"triage\":\"yes\"}", &f);
	assert_string_equal(f.text, "");
	assert_int_equal(f.due_on, 0);
	assert_false(f.triage);
	notice_fields_unpack(arena, "", &f);
	assert_string_equal(f.institution, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(decide_picks_the_channel),
	    cmocka_unit_test(decide_says_why_nobody_is_told),
	    cmocka_unit_test(decide_refuses_what_it_cannot_tell),
	    cmocka_unit_test(every_event_makes_its_notice),
	    cmocka_unit_test(every_event_of_the_contract_stands_in_the_table),
	    cmocka_unit_test(neutral_message_may_tell_nothing_of_the_case),
	    cmocka_unit_test(texts_cite_the_law_and_hide_secrets_in_the_fragment),
	    cmocka_unit_test(department_is_named_in_the_language_of_the_letter),
	    cmocka_unit_test(lines_that_forge_are_refused),
	    cmocka_unit_test(fields_take_what_they_find),
	};

	return cmocka_run_group_tests(tests, arena_start, arena_end);
}
