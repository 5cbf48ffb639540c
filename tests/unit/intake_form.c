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
#define OF(channel, members) "{" GOOD ",\"channel\":\"" channel "\"," members "}"
#define FILE_1 "\"0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b\""
#define FILE_2 "\"0190A1B2-C3D4-7E5F-8A9B-0C1D2E3F4A5C\""
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
	struct form_rules rules = {.files = true, .trusted = trusted};

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
test_how_it_came_only_key_holders_say(void **state)
{
	static const struct {
		const char *name, *value;
	} members[] = {
	    {"entered_by", "\"desk-3\""},
	    {"brought_by", "\"Deneme\""},
	    {"registry_number", "\"1\""},
	    {"registry_on", "\"2026-11-23\""},
	    {"sender_institution", "\"a\""},
	    {"reply_by", "\"2026-11-23\""},
	    {"call_id", "\"1\""},
	    {"recording", "\"1\""},
	    {"source_url", "\"https://x.com/a/status/1\""},
	};
	struct world *w = *state;
	char body[256];

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		snprintf(body, sizeof(body), "{" GOOD ",\"%s\":%s}", members[i].name, members[i].value);
		assert_int_equal(read_form(w, body, false), -1);
		assert_int_equal(w->faults.count, 1);
		assert_string_equal(w->faults.list[0].field, members[i].name);
		assert_non_null(strstr(w->faults.list[0].text_en, "API key"));
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
	    {"{" GOOD ",\"channel\":\"telegram\"}", "channel", "from the channel itself"},
	    {OF("desk", "\"entered_by\":\"Deneme Şahıs\""), "entered_by", "not be a person's name"},
	    {OF("desk", "\"entered_by\":\"deneme\""), "entered_by", "a digit in it"},
	    {OF("desk", "\"entered_by\":\"desk 3\""), "entered_by", "at most 40"},
	    {OF("desk", "\"entered_by\":\"12345678901234567890123456789012345678901\""), "entered_by", "at most 40"},
	    {OF("desk", "\"entered_by\":3"), "entered_by", "string"},
	    {OF("phone", "\"brought_by\":\"Deneme\""), "brought_by", "desk, petition, letter, official_document;"},
	    {OF("web", "\"brought_by\":\"Deneme\""), "brought_by", "only in these channels"},
	    {OF("letter", "\"brought_by\":\"a\\nb\""), "brought_by", "one line"},
	    {OF("official_document", "\"registry_number\":\"1\",\"registry_on\":\"2026-11-23\""), "sender_institution",
		"required in the channel official_document"},
	    {OF("official_document", "\"sender_institution\":\"a\",\"registry_on\":\"2026-11-23\""), "registry_number",
		"required in the channel official_document"},
	    {OF("official_document", "\"sender_institution\":\"a\",\"registry_number\":\"1\""), "registry_on",
		"required in the channel official_document"},
	    {OF("petition", "\"registry_number\":\"1\""), "registry_on", "together"},
	    {OF("letter", "\"registry_on\":\"2026-11-23\""), "registry_number", "together"},
	    {OF("letter", "\"registry_number\":\"1\",\"registry_on\":\"2026-11-24\""), "registry_on", "future"},
	    {OF("letter", "\"registry_number\":\"1\",\"registry_on\":\"2019-12-31\""), "registry_on", "2020-01-01"},
	    {OF("letter", "\"registry_number\":\"1\",\"registry_on\":\"1970-01-01\""), "registry_on", "2020-01-01"},
	    {OF("letter", "\"registry_number\":\"1\",\"registry_on\":\"23.11.2026\""), "registry_on", "2026-11-23"},
	    {OF("letter", "\"registry_number\":\"1\",\"registry_on\":\"2026-11-31\""), "registry_on", "2026-11-23"},
	    {OF("letter", "\"registry_number\":\"1\",\"registry_on\":20261123"), "registry_on", "string"},
	    {OF("petition", "\"sender_institution\":\"a\""), "sender_institution",
		"channels: official_document, cimer;"},
	    {OF("petition", "\"reply_by\":\"2026-11-22\""), "reply_by", "before the day on which"},
	    {OF("petition", "\"reply_by\":\"yarın\""), "reply_by", "2026-11-23"},
	    {OF("letter", "\"reply_by\":\"2026-11-19\",\"received_at\":\"2026-11-20T10:00:00+03:00\""), "reply_by",
		"before the day on which"},
	    {OF("desk", "\"call_id\":\"1\""), "call_id", "channels: phone;"},
	    {OF("desk", "\"recording\":\"1\""), "recording", "channels: phone;"},
	    {OF("phone", "\"call_id\":\"\""), "call_id", "blank"},
	    {"{\"kind\":\"information_request\",\"text\":\"a\",\"channel\":\"phone\"}", "kind", "Law 4982, article 6"},
	    {OF("x", "\"entered_by\":\"desk-3\""), "source_url", "required in the channel x"},
	    {OF("desk", "\"source_url\":\"https://x.com/a/status/1\""), "source_url",
		"channels: facebook, instagram, x;"},
	    {OF("x", "\"source_url\":\"http://x.com/a/status/1\""), "source_url", "https://"},
	    {OF("x", "\"source_url\":\"https://x.com/a/status/1 \""), "source_url", "without spaces"},
	    {OF("x", "\"source_url\":\"https://example.org/a/status/1\""), "source_url", "one post on X"},
	    {OF("x", "\"source_url\":\"https://x.com/a\""), "source_url", "one post on X"},
	    {OF("x", "\"source_url\":\"https://x.com/a/status/1\",\"external_id\":\"2\""), "external_id",
		"differs from the id"},
	    {OF("desk", "\"attachments\":{}"), "attachments", "at most 10"},
	    {OF("desk", "\"attachments\":[\"1\"]"), "attachments.0", "UUID"},
	    {OF("desk", "\"attachments\":[null]"), "attachments.0", "UUID"},
	    {OF("desk", "\"attachments\":[" FILE_1 "," FILE_2 "," FILE_1 "]"), "attachments.2", "once"},
	    {OF("desk", "\"attachments\":[0,1,2,3,4,5,6,7,8,9,10]"), "attachments", "at most 10"},
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct form_fault *fault;

		assert_int_equal(read_form(w, bad[i].body, true), -1);
		fault = find_fault(&w->faults, bad[i].field);
		if (!fault || !strstr(fault->text_en, bad[i].text))
			fail_msg("%s: no fault of \"%s\" with \"%s\", but %s: %s", bad[i].body, bad[i].field,
			    bad[i].text, w->faults.list[0].field, w->faults.list[0].text_en);
		assert_string_not_equal(fault->text_tr, fault->text_en);
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
	assert_limit(w, "{" GOOD ",\"channel\":\"desk\",\"brought_by\":\"", "\"}", 200, "brought_by");
	assert_limit(
	    w, "{" GOOD ",\"registry_on\":\"2026-11-23\",\"registry_number\":\"", "\"}", 100, "registry_number");
	assert_limit(w,
	    "{" GOOD ",\"channel\":\"official_document\",\"registry_on\":\"2026-11-23\",\"registry_number\":\"1\","
	    "\"sender_institution\":\"",
	    "\"}", 200, "sender_institution");
	assert_limit(w, "{" GOOD ",\"channel\":\"phone\",\"call_id\":\"", "\"}", 200, "call_id");
	assert_limit(w, "{" GOOD ",\"channel\":\"phone\",\"recording\":\"", "\"}", 500, "recording");
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
test_key_holders_say_how_it_came(void **state)
{
	struct world *w = *state;
	const struct application_form *f = &w->form;
	int32_t registry_on = 0, reply_by = 0;

	assert_true(date_parse("2026-11-23", &registry_on) && date_parse("2026-12-08", &reply_by));
	assert_int_equal(
	    read_form(w,
		OF("official_document",
		    "\"entered_by\":\"Masa_3.a\",\"brought_by\":\"Deneme Kurye\",\"registry_number\":"
		    "\"E-12345678-622.03-1234\",\"registry_on\":\"2026-11-23\",\"sender_institution\":"
		    "\"Deneme Kurumu\",\"reply_by\":\"2026-12-08\",\"attachments\":[" FILE_1 "," FILE_2 "]"),
		true),
	    0);
	assert_string_equal(f->entered_by, "Masa_3.a");
	assert_string_equal(f->brought_by, "Deneme Kurye");
	assert_string_equal(f->registry_number, "E-12345678-622.03-1234");
	assert_int_equal(f->registry_on, registry_on);
	assert_string_equal(f->sender_institution, "Deneme Kurumu");
	assert_int_equal(f->reply_by, reply_by);
	assert_int_equal(f->attachment_count, 2);
	assert_int_equal(f->attachments[1].id.bytes[15], 0x5c);
	assert_int_equal(read_form(w, OF("phone", "\"call_id\":\"1719223423.42\",\"recording\":\"s3/a b\""), true), 0);
	assert_string_equal(f->call_id, "1719223423.42");
	assert_string_equal(f->recording, "s3/a b");
	assert_null(f->entered_by);
	assert_int_equal(f->attachment_count, 0);
	assert_int_equal(f->reply_by, 0);
	assert_int_equal(read_form(w, OF("petition", "\"reply_by\":\"2026-11-23\""), true), 0);
	assert_int_equal(read_form(w, OF("facebook", "\"source_url\":\"https://facebook.example.org/1\""), true), 0);
	assert_null(f->external_id);
}

static void
test_a_post_is_known_by_its_own_id(void **state)
{
	static const char *const same[] = {"https://x.com/a/status/1234567890123456789",
	    "https://X.com/Another_Name/status/1234567890123456789?s=20&t=abc",
	    "https://twitter.com/a/status/1234567890123456789",
	    "HTTPS://mobile.twitter.com/a/statuses/1234567890123456789/photo/1",
	    "https://www.twitter.com/i/web/status/1234567890123456789", "https://x.com/i/status/1234567890123456789#m",
	    "https://m.twitter.com/a/STATUS/1234567890123456789/", "https://mobile.x.com/a/status/1234567890123456789"};
	static const char *const others[] = {"https://x.com", "https://x.com/", "https://x.com/a/status/",
	    "https://x.com/a/status", "https://x.com/a/status/12a", "https://x.com/a/status/012",
	    "https://x.com/a/status/12345678901234567890", "https://x.com//status/12", "https://x.com/status/12",
	    "https://x.com/a/b/status/12", "https://x.com.example.org/a/status/12", "https://notx.com/a/status/12",
	    "https://x.com/search?q=/a/status/12", "https://t.co/abc", "https://x.com/i/web/12",
	    "https://x.com/a/status?12"};
	struct world *w = *state;
	char body[256];

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		snprintf(body, sizeof(body), OF("x", "\"source_url\":\"%s\""), same[i]);
		if (read_form(w, body, true) != 0)
			fail_msg("%s: %s", same[i], w->faults.list[0].text_en);
		assert_string_equal(w->form.external_id, "1234567890123456789");
		assert_string_equal(w->form.source_url, same[i]);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		snprintf(body, sizeof(body), OF("x", "\"source_url\":\"%s\""), others[i]);
		assert_int_equal(read_form(w, body, true), -1);
		assert_string_equal(w->faults.list[0].field, "source_url");
	}
	assert_int_equal(
	    read_form(w, OF("x", "\"source_url\":\"https://x.com/a/status/7\",\"external_id\":\"7\""), true), 0);
}

static void
test_addresses_of_posts_are_safe(void **state)
{
	static const char *const bad[] = {"x.com/a", "ftp://example.org/a", "https://", "https:///a",
	    "https://localhost/a", "https://a@example.org/", "https://example.org:8443/a", "https://.example.org/a",
	    "https://example.org./a", "https://example.org/<b>", "https://example.org/ş", "https://exa_mple.org/a",
	    "javascript:https://example.org/"};
	struct world *w = *state;
	char body[256];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(body, sizeof(body), OF("facebook", "\"source_url\":\"%s\""), bad[i]);
		if (read_form(w, body, true) == 0)
			fail_msg("%s was taken", bad[i]);
		assert_non_null(strstr(w->faults.list[0].text_en, "https://"));
	}
}

/* Law 3071 art. 4, Law 4982 art. 6: the application is taken, and who entered it is told what is missing. */
static void
test_what_the_law_wants_is_told(void **state)
{
#define ASK(channel, kind, applicant)                                                                                  \
	"{\"text\":\"a\",\"kind\":\"" kind "\",\"channel\":\"" channel "\",\"applicant\":{" applicant "}}"
#define NAME "{\"field\":\"applicant.name\",\"law\":"
#define ADDRESS "{\"field\":\"applicant.address\",\"law\":"
#define PETITION "\"3071\",\"article\":\"4\"}"
#define INFORMATION "\"4982\",\"article\":\"6\"}"
	static const struct {
		const char *body, *missing;
	} cases[] = {
	    {ASK("desk", "complaint", ""), "[" NAME PETITION "," ADDRESS PETITION "]"},
	    {ASK("petition", "request", "\"name\":\"Deneme\""), "[" ADDRESS PETITION "]"},
	    {ASK("letter", "tip_off", "\"anonymous\":true"), "[" NAME PETITION "," ADDRESS PETITION "]"},
	    {ASK("phone", "suggestion", "\"address\":\"Fetih\""), "[" NAME PETITION "]"},
	    {ASK("phone", "thanks", ""), "[]"},
	    {ASK("petition", "complaint", "\"name\":\"Deneme\",\"address\":\"Fetih\""), "[]"},
	    {ASK("whatsapp", "complaint", ""), "[]"},
	    {ASK("cimer", "complaint", ""), "[]"},
	    {ASK("petition", "information_request", ""), "[" NAME INFORMATION "," ADDRESS INFORMATION "]"},
	    {ASK("email", "information_request", "\"name\":\"Deneme\",\"address\":\"Fetih\""),
		"[{\"field\":\"applicant.national_id\",\"law\":" INFORMATION "]"},
	    {ASK("email", "information_request",
		 "\"name\":\"Deneme\",\"address\":\"Fetih\",\"national_id\":\"11111111110\""),
		"[]"},
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(read_form(w, cases[i].body, true), 0);
		assert_string_equal(form_missing_json(w->arena, &w->form), cases[i].missing);
	}
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
	    cmocka_unit_test(test_how_it_came_only_key_holders_say),
	    cmocka_unit_test(test_bad_input_of_key_holders),
	    cmocka_unit_test(test_limits_count_characters),
	    cmocka_unit_test(test_good_input_fills_the_form),
	    cmocka_unit_test(test_good_input_may_be_small),
	    cmocka_unit_test(test_key_holders_say_when_and_where_from),
	    cmocka_unit_test(test_key_holders_say_how_it_came),
	    cmocka_unit_test(test_a_post_is_known_by_its_own_id),
	    cmocka_unit_test(test_addresses_of_posts_are_safe),
	    cmocka_unit_test(test_what_the_law_wants_is_told),
	    cmocka_unit_test(test_all_faults_come_at_once),
	    cmocka_unit_test(test_many_faults_are_cut),
	    cmocka_unit_test(test_unknown_names_are_shown_safely),
	    cmocka_unit_test(test_key_is_printable_ascii),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
