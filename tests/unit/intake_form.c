/* intake_form: what is taken, what is refused, and under which names; every fault in both languages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/domain/calendar.h"
#include "proto/kopru/v1/application.pb-c.h"
#include "services/intake/form.h"

#define GOOD "\"kind\":\"complaint\",\"text\":\"a\""
#define APPLICANT(members) "{" GOOD ",\"applicant\":{" members "}}"
#define LOCATION(members) "{" GOOD ",\"location\":{" members "}}"

static const char now_text[] = "2026-11-23T12:00:00+03:00";

struct world {
	struct arena *arena;
	struct application_form form;
	struct form_faults faults;
	json_t *json;
};

static int
start(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return -1;
	w->arena = arena_new(0);
	*state = w;
	return 0;
}

static int
stop(void **state)
{
	struct world *w = *state;

	json_decref(w->json);
	arena_free(w->arena);
	free(w);
	return 0;
}

static int
read_form(struct world *w, const char *body, bool trusted)
{
	struct form_rules rules = {.trusted = trusted};

	if (!time_parse(now_text, &rules.now))
		abort();
	json_decref(w->json);
	w->json = json_loads(body, JSON_REJECT_DUPLICATES, NULL);
	if (!w->json)
		fail_msg("the test's own JSON is malformed: %s", body);
	return form_read(w->arena, w->json, &rules, &w->form, &w->faults);
}

static const struct form_fault *
find_fault(const struct form_faults *faults, const char *field)
{
	for (size_t i = 0; i < faults->count; i++)
		if (strcmp(faults->list[i].field, field) == 0)
			return &faults->list[i];
	return NULL;
}

static void
test_bad_input_names_its_field(void **state)
{
	static const struct {
		const char *body, *field, *text;
	} bad[] = {
	    {"{}", "kind", "complaint"},
	    {"{}", "text", "required"},
	    {"{\"text\":\"a\"}", "kind", "allowed are: request"},
	    {"{\"kind\":\"complaint\"}", "text", "10,000"},
	    {"{\"kind\":\"şikâyet\",\"text\":\"a\"}", "kind", "complaint"},
	    {"{\"kind\":\"Complaint\",\"text\":\"a\"}", "kind", "complaint"},
	    {"{\"kind\":\"\",\"text\":\"a\"}", "kind", "complaint"},
	    {"{\"kind\":2,\"text\":\"a\"}", "kind", "complaint"},
	    {"{\"kind\":null,\"text\":\"a\"}", "kind", "complaint"},
	    {"{\"kind\":[\"complaint\"],\"text\":\"a\"}", "kind", "complaint"},
	    {"{\"kind\":\"complaint\",\"text\":\"\"}", "text", "blank"},
	    {"{\"kind\":\"complaint\",\"text\":\" \\n\\t\"}", "text", "blank"},
	    {"{\"kind\":\"complaint\",\"text\":\"\\u00a0\\u3000\"}", "text", "blank"},
	    {"{\"kind\":\"complaint\",\"text\":7}", "text", "string"},
	    {"{\"kind\":\"complaint\",\"text\":null}", "text", "string"},
	    {"{\"kind\":\"complaint\",\"text\":{}}", "text", "string"},
	    {"{\"kind\":\"complaint\",\"text\":\"a\\u0007b\"}", "text", "control"},
	    {"{\"kind\":\"complaint\",\"text\":\"a\\u001bb\"}", "text", "control"},
	    {"{\"kind\":\"complaint\",\"text\":\"a\\u007fb\"}", "text", "control"},
	    {"{" GOOD ",\"surprise\":1}", "surprise", "allowed are: kind, text, subject, topic, location, applicant"},
	    {"{" GOOD ",\"Kind\":\"complaint\"}", "Kind", "unknown field"},
	    {"{" GOOD ",\"\":1}", "", "unknown field"},
	    {"{" GOOD ",\"national_id\":\"11111111110\"}", "national_id", "unknown field"},
	    {"{" GOOD ",\"subject\":\"\"}", "subject", "blank"},
	    {"{" GOOD ",\"subject\":\"a\\nb\"}", "subject", "one line"},
	    {"{" GOOD ",\"subject\":\"a\\tb\"}", "subject", "one line"},
	    {"{" GOOD ",\"subject\":\"a\\rBcc: b\"}", "subject", "one line"},
	    {"{" GOOD ",\"subject\":false}", "subject", "string"},
	    {"{" GOOD ",\"subject\":null}", "subject", "string"},
	    {"{" GOOD ",\"topic\":\"tem-01\"}", "topic", "capital"},
	    {"{" GOOD ",\"topic\":\"TEM-1\"}", "topic", "capital"},
	    {"{" GOOD ",\"topic\":\"TEM-001\"}", "topic", "capital"},
	    {"{" GOOD ",\"topic\":\"T-01\"}", "topic", "capital"},
	    {"{" GOOD ",\"topic\":\"TEMIZL-01\"}", "topic", "capital"},
	    {"{" GOOD ",\"topic\":\"ÇÖP-01\"}", "topic", "capital"},
	    {"{" GOOD ",\"topic\":\"TEM_01\"}", "topic", "capital"},
	    {"{" GOOD ",\"topic\":\"TEM-01 \"}", "topic", "capital"},
	    {"{" GOOD ",\"topic\":1}", "topic", "string"},
	    {"{" GOOD ",\"location\":\"Fetih\"}", "location", "object"},
	    {"{" GOOD ",\"location\":null}", "location", "object"},
	    {"{" GOOD ",\"location\":[37.8,32.5]}", "location", "object"},
	    {LOCATION("\"lat\":91,\"lon\":32"), "location.lat", "-90 to 90"},
	    {LOCATION("\"lat\":-90.0001,\"lon\":32"), "location.lat", "-90 to 90"},
	    {LOCATION("\"lat\":37,\"lon\":180.1"), "location.lon", "-180 to 180"},
	    {LOCATION("\"lat\":37,\"lon\":-1e300"), "location.lon", "-180 to 180"},
	    {LOCATION("\"lat\":\"37\",\"lon\":32"), "location.lat", "number"},
	    {LOCATION("\"lat\":37,\"lon\":null"), "location.lon", "number"},
	    {LOCATION("\"lat\":37"), "location.lon", "together"},
	    {LOCATION("\"lon\":32"), "location.lat", "together"},
	    {LOCATION("\"address\":\"a\\nb\""), "location.address", "one line"},
	    {LOCATION("\"address\":5"), "location.address", "string"},
	    {LOCATION("\"neighbourhood\":\" \""), "location.neighbourhood", "blank"},
	    {LOCATION("\"zoom\":5"), "location.zoom", "allowed are: lat, lon, address, neighbourhood"},
	    {"{" GOOD ",\"applicant\":[]}", "applicant", "object"},
	    {"{" GOOD ",\"applicant\":\"Deneme\"}", "applicant", "object"},
	    {APPLICANT("\"name\":\"\""), "applicant.name", "blank"},
	    {APPLICANT("\"name\":[]"), "applicant.name", "string"},
	    {APPLICANT("\"phone\":\"12\""), "applicant.phone", "no valid telephone"},
	    {APPLICANT("\"phone\":\"05000000000000000000\""), "applicant.phone", "no valid telephone"},
	    {APPLICANT("\"phone\":\"telefon\""), "applicant.phone", "no valid telephone"},
	    {APPLICANT("\"phone\":5000000000"), "applicant.phone", "string"},
	    {APPLICANT("\"email\":\"a@b\""), "applicant.email", "no valid e-mail"},
	    {APPLICANT("\"email\":\"example.org\""), "applicant.email", "no valid e-mail"},
	    {APPLICANT("\"email\":\"a@@example.org\""), "applicant.email", "no valid e-mail"},
	    {APPLICANT("\"email\":\"a b@example.org\""), "applicant.email", "no valid e-mail"},
	    {APPLICANT("\"email\":\"ç@example.org\""), "applicant.email", "no valid e-mail"},
	    {APPLICANT("\"email\":\"a@example.org\\r\\nBcc: c@example.org\""), "applicant.email", "one line"},
	    {APPLICANT("\"email\":true"), "applicant.email", "string"},
	    {APPLICANT("\"national_id\":\"11111111111\""), "applicant.national_id", "11 digits"},
	    {APPLICANT("\"national_id\":\"1111111111\""), "applicant.national_id", "11 digits"},
	    {APPLICANT("\"national_id\":\"01111111110\""), "applicant.national_id", "11 digits"},
	    {APPLICANT("\"national_id\":\"1111111111a\""), "applicant.national_id", "11 digits"},
	    {APPLICANT("\"national_id\":11111111110"), "applicant.national_id", "string"},
	    {APPLICANT("\"anonymous\":\"true\""), "applicant.anonymous", "true or false"},
	    {APPLICANT("\"anonymous\":1"), "applicant.anonymous", "true or false"},
	    {APPLICANT("\"hide_identity\":null"), "applicant.hide_identity", "true or false"},
	    {APPLICANT("\"anonymous\":true,\"name\":\"Deneme\""), "applicant.name", "hide_identity"},
	    {APPLICANT("\"phone\":\"05000000000\",\"anonymous\":true"), "applicant.phone", "hide_identity"},
	    {APPLICANT("\"anonymous\":true,\"email\":\"a@example.org\""), "applicant.email", "hide_identity"},
	    {APPLICANT("\"anonymous\":true,\"national_id\":\"11111111110\""), "applicant.national_id", "hide_identity"},
	    {APPLICANT("\"anonymous\":true,\"address\":\"Fetih\""), "applicant.address", "hide_identity"},
	    {APPLICANT("\"language\":\"de\""), "applicant.language", "\"tr\" or \"en\""},
	    {APPLICANT("\"language\":\"TR\""), "applicant.language", "\"tr\" or \"en\""},
	    {APPLICANT("\"prefers\":\"fax\""), "applicant.prefers", "whatsapp"},
	    {APPLICANT("\"prefers\":[\"sms\"]"), "applicant.prefers", "whatsapp"},
	    {APPLICANT("\"masked\":true"), "applicant.masked", "unknown field"},
	    {APPLICANT("\"email\":\"a@example.org\",\"email_verified\":true"), "applicant.email_verified", "API key"},
	    {APPLICANT("\"email_verified\":false"), "applicant.email_verified", "API key"},
	    {"{" GOOD ",\"channel\":\"cimer\"}", "channel", "API key"},
	    {"{" GOOD ",\"channel\":\"web\"}", "channel", "API key"},
	    {"{" GOOD ",\"external_id\":\"1600004717\"}", "external_id", "API key"},
	    {"{" GOOD ",\"received_at\":\"2025-05-30T10:00:00+03:00\"}", "received_at", "API key"},
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct form_fault *fault;

		assert_int_equal(read_form(w, bad[i].body, false), -1);
		fault = find_fault(&w->faults, bad[i].field);
		if (!fault || !strstr(fault->text_en, bad[i].text))
			fail_msg("%s: no fault of \"%s\" with \"%s\", but \"%s\"", bad[i].body, bad[i].field,
			    bad[i].text, fault ? fault->text_en : w->faults.list[0].text_en);
		assert_non_null(fault->text_tr);
		assert_string_not_equal(fault->text_tr, fault->text_en);
	}
}

static void
test_bad_input_of_key_holders(void **state)
{
	static const struct {
		const char *body, *field, *text;
	} bad[] = {
	    {"{" GOOD ",\"channel\":\"fax\"}", "channel", "cimer"},
	    {"{" GOOD ",\"channel\":12}", "channel", "cimer"},
	    {"{" GOOD ",\"external_id\":\"\"}", "external_id", "blank"},
	    {"{" GOOD ",\"external_id\":1600004717}", "external_id", "string"},
	    {"{" GOOD ",\"received_at\":\"2999-01-01T00:00:00Z\"}", "received_at", "not in the future"},
	    {"{" GOOD ",\"received_at\":\"2199-01-01T00:00:00Z\"}", "received_at", "future"},
	    {"{" GOOD ",\"received_at\":\"2026-11-23T12:01:01+03:00\"}", "received_at", "future"},
	    {"{" GOOD ",\"received_at\":\"2019-12-31T23:59:59+03:00\"}", "received_at", "2020"},
	    {"{" GOOD ",\"received_at\":\"2025-05-30\"}", "received_at", "RFC 3339"},
	    {"{" GOOD ",\"received_at\":\"2025-02-30T10:00:00Z\"}", "received_at", "RFC 3339"},
	    {"{" GOOD ",\"received_at\":\"30.05.2025 10:00\"}", "received_at", "RFC 3339"},
	    {"{" GOOD ",\"received_at\":1748588400}", "received_at", "string"},
	    {APPLICANT("\"email\":\"a@example.org\",\"email_verified\":1"), "applicant.email_verified",
		"true or false"},
	    {APPLICANT("\"email_verified\":true"), "applicant.email_verified", "without an address"},
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct form_fault *fault;

		assert_int_equal(read_form(w, bad[i].body, true), -1);
		fault = find_fault(&w->faults, bad[i].field);
		if (!fault || !strstr(fault->text_en, bad[i].text))
			fail_msg("%s: no fault of \"%s\" with \"%s\"", bad[i].body, bad[i].field, bad[i].text);
	}
}

/* One letter of two bytes more than fits. */
static void
assert_limit(struct world *w, const char *before, const char *after, size_t limit, const char *field)
{
	char *body = malloc(strlen(before) + strlen(after) + 2 * (limit + 1) + 1);
	char expected[32];
	const struct form_fault *fault;

	assert_non_null(body);
	for (size_t extra = 0; extra < 2; extra++) {
		char *to = body + strlen(before);

		memcpy(body, before, strlen(before));
		for (size_t i = 0; i < limit + extra; i++, to += 2)
			memcpy(to, "ç", 2);
		memcpy(to, after, strlen(after) + 1);
		assert_int_equal(read_form(w, body, true), extra == 0 ? 0 : -1);
	}
	fault = find_fault(&w->faults, field);
	assert_non_null(fault);
	snprintf(expected, sizeof(expected), "at most %zu", limit);
	assert_non_null(strstr(fault->text_en, expected));
	free(body);
}

static void
test_limits_count_characters(void **state)
{
	struct world *w = *state;

	assert_limit(w, "{\"kind\":\"thanks\",\"text\":\"", "\"}", 10000, "text");
	assert_limit(w, "{" GOOD ",\"subject\":\"", "\"}", 200, "subject");
	assert_limit(w, "{" GOOD ",\"external_id\":\"", "\"}", 100, "external_id");
	assert_limit(w, "{" GOOD ",\"location\":{\"address\":\"", "\"}}", 500, "location.address");
	assert_limit(w, "{" GOOD ",\"location\":{\"neighbourhood\":\"", "\"}}", 100, "location.neighbourhood");
	assert_limit(w, "{" GOOD ",\"applicant\":{\"name\":\"", "\"}}", 200, "applicant.name");
	assert_limit(w, "{" GOOD ",\"applicant\":{\"address\":\"", "\"}}", 500, "applicant.address");
}

static void
test_good_input_fills_the_form(void **state)
{
	struct world *w = *state;
	const struct application_form *f = &w->form;

	assert_int_equal(
	    read_form(w,
		"{\"kind\":\"tip_off\",\"text\":\"Çöp\\n\\tvar\\r\\n  \",\"subject\":\"Konu\",\"topic\":\"TEM-01\","
		"\"location\":{\"lat\":37.87451234,\"lon\":-32.5342,\"address\":\"Işık Sokak "
		"5\",\"neighbourhood\":\"Fetih\"},"
		"\"applicant\":{\"name\":\"Deneme Şahıs\",\"phone\":\"0500 000 00 00\",\"email\":\"kisi@example.org\","
		"\"national_id\":\"11111111110\",\"address\":\"Fetih Mah.\",\"hide_identity\":true,\"language\":\"en\","
		"\"prefers\":\"sms\"}}",
		false),
	    0);
	assert_int_equal(f->kind, KOPRU__V1__KIND__KIND_TIP_OFF);
	assert_int_equal(f->channel, KOPRU__V1__CHANNEL__CHANNEL_WEB);
	assert_string_equal(f->text, "Çöp\n\tvar\r\n  ");
	assert_string_equal(f->subject, "Konu");
	assert_string_equal(f->topic, "TEM-01");
	assert_true(f->has_point);
	assert_int_equal(f->latitude_e7, 378745123);
	assert_int_equal(f->longitude_e7, -325342000);
	assert_string_equal(f->address, "Işık Sokak 5");
	assert_string_equal(f->neighbourhood, "Fetih");
	assert_string_equal(f->applicant_name, "Deneme Şahıs");
	assert_string_equal(f->applicant_phone, "+905000000000");
	assert_string_equal(f->applicant_email, "kisi@example.org");
	assert_string_equal(f->national_id, "11111111110");
	assert_string_equal(f->applicant_address, "Fetih Mah.");
	assert_false(f->anonymous);
	assert_true(f->hide_identity);
	assert_string_equal(f->language, "en");
	assert_int_equal(f->prefers, KOPRU__V1__PREFERS__PREFERS_SMS);
}

static void
test_good_input_may_be_small(void **state)
{
	static const char *const good[] = {
	    "{" GOOD "}",
	    "{" GOOD ",\"location\":{}}",
	    "{" GOOD ",\"applicant\":{}}",
	    APPLICANT("\"anonymous\":true"),
	    APPLICANT("\"anonymous\":true,\"language\":\"en\",\"hide_identity\":true"),
	    APPLICANT("\"anonymous\":false,\"name\":\"Deneme\""),
	    APPLICANT("\"phone\":\"+49 30 123456\""),
	    LOCATION("\"lat\":-90,\"lon\":180"),
	    LOCATION("\"lat\":0,\"lon\":0"),
	    LOCATION("\"address\":\"camii yanı\""),
	    "{\"kind\":\"information_request\",\"text\":\"\\ud83d\\ude00\"}",
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (read_form(w, good[i], false) != 0)
			fail_msg("%s was refused: %s %s", good[i], w->faults.list[0].field, w->faults.list[0].text_en);
	assert_string_equal(w->form.language, "tr");
	assert_int_equal(w->form.prefers, 0);
	assert_null(w->form.subject);
}

static void
test_key_holders_say_when_and_where_from(void **state)
{
	struct world *w = *state;
	int64_t expected = 0, now = 0;

	assert_int_equal(read_form(w,
			     "{" GOOD ",\"channel\":\"cimer\",\"external_id\":\"1600004717\","
			     "\"received_at\":\"2025-05-30T10:00:00+03:00\"}",
			     true),
	    0);
	assert_true(time_parse("2025-05-30T07:00:00Z", &expected) && time_parse(now_text, &now));
	assert_int_equal(w->form.received_at, expected);
	assert_int_equal(w->form.channel, KOPRU__V1__CHANNEL__CHANNEL_CIMER);
	assert_string_equal(w->form.external_id, "1600004717");
	/* A clock that is a little fast does not date anything into the future. */
	assert_int_equal(read_form(w, "{" GOOD ",\"received_at\":\"2026-11-23T12:00:59+03:00\"}", true), 0);
	assert_int_equal(w->form.received_at, now);
	assert_int_equal(read_form(w, "{" GOOD ",\"received_at\":\"2020-01-01T00:00:00+03:00\"}", true), 0);
	assert_false(w->form.email_verified);
	assert_int_equal(read_form(w, APPLICANT("\"email_verified\":true,\"email\":\"a@example.org\""), true), 0);
	assert_true(w->form.email_verified);
	assert_int_equal(read_form(w, APPLICANT("\"email_verified\":false"), true), 0);
}

static void
test_all_faults_come_at_once(void **state)
{
	struct world *w = *state;
	static const char *const fields[] = {"kind", "text", "subject", "location.lat", "applicant.phone",
	    "applicant.national_id", "applicant.x", "channel", "y"};

	assert_int_equal(
	    read_form(w,
		"{\"kind\":\"x\",\"text\":\"\",\"subject\":1,\"location\":{\"lat\":99,\"lon\":1},"
		"\"applicant\":{\"phone\":\"1\",\"national_id\":\"2\",\"x\":1},\"channel\":\"web\",\"y\":1}",
		false),
	    -1);
	assert_int_equal(w->faults.count, sizeof(fields) / sizeof(fields[0]));
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		assert_string_equal(w->faults.list[i].field, fields[i]);
}

static void
test_many_faults_are_cut(void **state)
{
	struct world *w = *state;
	char body[4096] = "{" GOOD;

	for (int i = 0; i < 200; i++)
		snprintf(body + strlen(body), sizeof(body) - strlen(body), ",\"x%d\":1", i);
	snprintf(body + strlen(body), sizeof(body) - strlen(body), "}");
	assert_int_equal(read_form(w, body, false), -1);
	assert_int_equal(w->faults.count, FORM_FAULTS_MAX);
}

static void
test_unknown_names_are_shown_safely(void **state)
{
	struct world *w = *state;

	assert_int_equal(read_form(w, APPLICANT("\"a/b.c~ş\":1"), false), -1);
	assert_string_equal(w->faults.list[0].field, "applicant.a/b.c~ş");
	assert_string_equal(w->faults.list[0].pointer, "#/applicant/a~1b.c~0%C5%9F");
	assert_int_equal(
	    read_form(w, "{" GOOD ",\"aşşşşşşşşşşşşşşşşşşşşşşşşşşşşşşşşşşşşşşşşşşşşşşşşşşşşşşşşşşşşş\":1}", false), -1);
	assert_true(strlen(w->faults.list[0].field) <= 64 + strlen("…"));
}

static void
test_key_is_printable_ascii(void **state)
{
	char longest[FORM_KEY_MAX + 2];

	(void)state;
	memset(longest, 'k', sizeof(longest));
	longest[FORM_KEY_MAX] = '\0';
	assert_true(form_key_valid(longest));
	longest[FORM_KEY_MAX] = 'k';
	longest[FORM_KEY_MAX + 1] = '\0';
	assert_false(form_key_valid(longest));
	assert_true(form_key_valid("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"));
	assert_true(form_key_valid("<CAF=x+y@mail.example.org>"));
	assert_false(form_key_valid(""));
	assert_false(form_key_valid("a b"));
	assert_false(form_key_valid("a\tb"));
	assert_false(form_key_valid("ç"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bad_input_names_its_field),
	    cmocka_unit_test(test_bad_input_of_key_holders),
	    cmocka_unit_test(test_limits_count_characters),
	    cmocka_unit_test(test_good_input_fills_the_form),
	    cmocka_unit_test(test_good_input_may_be_small),
	    cmocka_unit_test(test_key_holders_say_when_and_where_from),
	    cmocka_unit_test(test_all_faults_come_at_once),
	    cmocka_unit_test(test_many_faults_are_cut),
	    cmocka_unit_test(test_unknown_names_are_shown_safely),
	    cmocka_unit_test(test_key_is_printable_ascii),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
