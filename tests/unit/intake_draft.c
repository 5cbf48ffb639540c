/* What a draft says: its text and form keep within what an application takes, and say what did not fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/text.h"
#include "services/intake/draft.h"
#include "services/intake/triage.h"
#include "services/intake/triage_form.h"

#define MANY 1000

static int
set_up(void **state)
{
	struct arena *a = arena_new(0);
	struct draft *d = arena_alloc(a, sizeof(*d));

	d->arena = a;
	d->channel = 8;
	d->messages = arena_array(a, MANY, sizeof(*d->messages));
	*state = d;
	return 0;
}

static int
tear_down(void **state)
{
	struct draft *d = *state;

	arena_free(d->arena);
	return 0;
}

static struct draft_message *
add(struct draft *d, const char *type, const char *text)
{
	struct draft_message *m = &d->messages[d->message_count++];

	m->external_id = "wamid.1";
	m->type = type;
	m->text = text;
	m->received_at = INT64_C(1795424400000000) + (int64_t)d->message_count;
	return m;
}

static void
test_messages_stand_one_below_the_other(void **state)
{
	struct draft *d = *state;

	add(d, "text", "Çöp\x01 üç gündür ");
	add(d, "image", NULL);
	add(d, "text", "  ");
	add(d, "text", "toplanmadı\r\nFetih");
	assert_string_equal(draft_text(d), "Çöp üç gündür\ntoplanmadı\nFetih");
}

static void
test_what_was_not_written_is_said(void **state)
{
	struct draft *d = *state;

	add(d, "location", NULL);
	assert_string_equal(draft_text(d), "Konum gönderildi; açıklama yazılmadı.");
	d->messages[0].type = "something new";
	d->files_left_out = 2;
	assert_string_equal(draft_text(d),
	    "Dosya gönderildi; açıklama yazılmadı.\n[2 dosya eklenemedi; bilgisi gelen mesajlarda durur.]");
}

static void
test_what_does_not_fit_is_said(void **state)
{
	struct draft *d = *state;
	char *long_text = arena_alloc(d->arena, 8001);
	const char *text;

	for (size_t i = 0; i < 4000; i++)
		memcpy(long_text + 2 * i, "ç", 2);
	for (size_t i = 0; i < MANY; i++)
		add(d, "text", long_text);
	text = draft_text(d);
	assert_true(text_length(text) <= FORM_TEXT_MAX);
	assert_true(text_valid(text, strlen(text)));
	assert_non_null(strstr(text, "…\n[Metin buraya sığmadı"));
	d->message_count = 1;
	assert_null(strstr(draft_text(d), "sığmadı"));
	d->cut = true;
	assert_non_null(strstr(draft_text(d), "sığmadı"));
}

static void
test_the_form_takes_the_last_place_and_the_first_arrival(void **state)
{
	struct draft *d = *state;
	struct application_form form;
	struct draft_message *m = add(d, "text", "a");

	m->subject = "Konu\nsatırı";
	m = add(d, "location", NULL);
	m->has_point = true;
	m->latitude_e7 = 1;
	m->longitude_e7 = 2;
	m->address = "Eski";
	m = add(d, "location", NULL);
	m->has_point = true;
	m->latitude_e7 = 378745000;
	m->longitude_e7 = 325342000;
	m = add(d, "location", NULL);
	m->has_point = true;
	m->latitude_e7 = 910000000;
	d->name = "Deneme\x02 Şahıs";
	d->phone = "+905000000000";
	d->email = "no address";
	draft_form(d, &form);
	assert_int_equal(form.received_at, d->messages[0].received_at);
	assert_int_equal(form.latitude_e7, 378745000);
	assert_null(form.address);
	assert_string_equal(form.subject, "Konu satırı");
	assert_string_equal(form.applicant_name, "Deneme Şahıs");
	assert_string_equal(form.applicant_phone, "+905000000000");
	assert_null(form.applicant_email);
	assert_false(form.email_verified);
	assert_int_equal(form.kind, 1);
}

static void
test_bytes_become_text(void **state)
{
	struct draft *d = *state;

	assert_string_equal(triage_text(d->arena, "a\xff\xc3\xa7\0\x1b\r\n\xc2\x85\xe2\x82", 11), "a?ç??\n???");
	assert_string_equal(triage_text(d->arena, "", 0), "");
}

static void
test_decisions_are_read_strictly(void **state)
{
	static const struct {
		const char *json;
		bool good;
	} cases[] = {
	    {"{\"id\": 1, \"decision\": \"application\"}", true},
	    {"{\"id\": 1, \"decision\": \"application\", \"text\": \"a\"}", true},
	    {"{\"id\": 1, \"decision\": \"addition\", \"number\": \"HM-2026-0000001-2\"}", false},
	    {"{\"id\": 1, \"decision\": \"addition\"}", false},
	    {"{\"id\": 1, \"decision\": \"dismiss\"}", false},
	    {"{\"id\": 1, \"decision\": \"dismiss\", \"reason\": \"a\"}", true},
	    {"{\"id\": 1, \"decision\": \"dismiss\", \"reason\": \"a\", \"text\": \"b\"}", false},
	    {"{\"id\": 0, \"decision\": \"application\"}", false},
	    {"{\"id\": 1, \"decision\": \"odd\"}", false},
	    {"{\"id\": 1, \"decision\": \"application\", \"number\": \"HM-2026-0000001-2\"}", false},
	    {"{\"decision\": \"application\"}", false},
	    {"{\"id\": 1}", false},
	    {"{\"id\": 1, \"decision\": \"application\", \"more\": 1}", false},
	};
	struct draft *d = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *json = json_loads(cases[i].json, 0, NULL);
		struct triage_form form;
		struct form_faults faults;

		if ((triage_form_read(d->arena, json, &form, &faults) == 0) != cases[i].good)
			fail_msg("%s", cases[i].json);
		json_decref(json);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_messages_stand_one_below_the_other, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_what_was_not_written_is_said, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_what_does_not_fit_is_said, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_the_form_takes_the_last_place_and_the_first_arrival, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_bytes_become_text, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_decisions_are_read_strictly, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
