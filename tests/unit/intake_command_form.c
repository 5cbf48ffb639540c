/* intake_command_form: every action with all its fields, and every fault by its name, in both languages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/domain/words.h"
#include "services/intake/command_form.h"

#define ACTION(name) KOPRU__V1__COMMAND__ACTION_##name
#define NUMBER "HM-2026-0000001-5"
#define FILE_ID "0190a1b2-c3d4-4e5f-8a9b-0c1d2e3f4a5b"
#define COMMAND(action, members)                                                                                       \
	"{\"number\":\"" NUMBER "\",\"expected_version\":3,\"action\":\"" action "\"" members "}"
#define ANSWER(members) COMMAND("answer", ",\"text\":\"a\"" members)
#define APPLICANT(members) "{\"number\":\"" NUMBER "\",\"access_code\":\"0123\"" members "}"

struct world {
	struct arena *arena;
	struct command_form *forms;
	struct command_form form;
	bool list;
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

static void
load(struct world *w, const char *body)
{
	json_decref(w->json);
	w->json = json_loads(body, JSON_REJECT_DUPLICATES, NULL);
	if (!w->json)
		fail_msg("the test's own JSON is malformed: %s", body);
}

static int
read_forms(struct world *w, const char *body)
{
	load(w, body);
	return command_forms_read(w->arena, w->json, &w->forms, &w->list, &w->faults);
}

static int
read_applicant(struct world *w, int action, const char *body)
{
	load(w, body);
	return command_form_read_applicant(w->arena, action, w->json, &w->form, &w->faults);
}

static void
assert_fault(const struct world *w, const char *body, const char *field, const char *text)
{
	for (size_t i = 0; i < w->faults.count; i++) {
		const struct form_fault *fault = &w->faults.list[i];

		if (strcmp(fault->field, field) != 0 || !strstr(fault->text_en, text))
			continue;
		assert_non_null(fault->text_tr);
		assert_string_not_equal(fault->text_tr, fault->text_en);
		return;
	}
	fail_msg("%s: no fault of \"%s\" with \"%s\", but \"%s\": \"%s\"", body, field, text, w->faults.list[0].field,
	    w->faults.list[0].text_en);
}

/* What each action must be told, and what it may. */
static const struct {
	const char *action;
	const char *must[3];
	const char *may[3];
	bool any_version;
} actions[] = {
    {"accept", {NULL}, {NULL}, false},
    {"assign", {"department"}, {"topic", "reason"}, false},
    {"transfer", {"department", "reason"}, {NULL}, false},
    {"hand_back", {"reason"}, {NULL}, false},
    {"ask", {"text"}, {"answer_by"}, false},
    {"reply", {NULL}, {"text", "attachments"}, true},
    {"add", {NULL}, {"text", "attachments"}, true},
    {"note", {"text"}, {NULL}, true},
    {"draft", {"text"}, {NULL}, false},
    {"approve", {NULL}, {NULL}, false},
    {"answer", {NULL}, {"text", "part"}, false},
    {"interim_answer", {"text"}, {"final_by"}, false},
    {"forward", {"institution"}, {"letter", "letter_on", "letter_number"}, false},
    {"reject", {"reason", "text"}, {NULL}, false},
    {"merge", {"into", "reason"}, {NULL}, false},
    {"unmerge", {"reason"}, {NULL}, false},
    {"split", {"parts", "reason"}, {NULL}, false},
    {"reopen", {"reason"}, {NULL}, false},
    {"close", {NULL}, {"reason"}, false},
    {"withdraw", {NULL}, {"reason"}, true},
    {"extend", {"reason"}, {NULL}, false},
    {"tell_fee", {"text"}, {"pay_by"}, false},
    {"fee_was_paid", {"evidence"}, {"paid_on"}, false},
    {"promise", {"promised_on"}, {"reason"}, false},
};

/* A good value of a field, as JSON. */
static const char *
good_value(const char *action, const char *field)
{
	static const struct {
		const char *field, *value;
	} values[] = {{"department", "\"TEM\""}, {"topic", "\"TEM-01\""}, {"reason", "\"Gerekçe\""},
	    {"text", "\"Metin\""}, {"answer_by", "\"2026-12-01\""}, {"final_by", "\"2026-12-01\""},
	    {"institution", "\"KOSKI\""}, {"letter", "\"Yazı\""}, {"letter_on", "\"2026-12-01\""},
	    {"letter_number", "\"E-1\""}, {"into", "\"" NUMBER "\""}, {"part", "2"},
	    {"parts", "[{\"department\":\"TEM\",\"task\":\"Topla\"}]"}, {"attachments", "[\"" FILE_ID "\"]"},
	    {"pay_by", "\"2026-12-01\""}, {"paid_on", "\"2026-12-01\""}, {"evidence", "\"Makbuz 7\""},
	    {"promised_on", "\"2026-12-01\""}};

	if (strcmp(action, "reject") == 0 && strcmp(field, "reason") == 0)
		return "\"missing_element\"";
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (strcmp(values[i].field, field) == 0)
			return values[i].value;
	fail_msg("the test has no value of \"%s\"", field);
	return NULL;
}

static void
put(char *body, size_t size, const char *action, const char *field)
{
	size_t length = strlen(body);

	snprintf(body + length, size - length, ",\"%s\":%s", field, good_value(action, field));
}

/* A command of row i, without the field left_out. */
static char *
make_body(struct world *w, size_t i, const char *left_out)
{
	const size_t size = 1024;
	char *body = arena_alloc(w->arena, size);

	snprintf(body, size, "{\"number\":\"" NUMBER "\",\"action\":\"%s\"", actions[i].action);
	if (!actions[i].any_version && strcmp(left_out, "expected_version") != 0)
		strncat(body, ",\"expected_version\":3", size - strlen(body) - 1);
	for (size_t j = 0; j < 3; j++) {
		if (actions[i].must[j] && strcmp(actions[i].must[j], left_out) != 0)
			put(body, size, actions[i].action, actions[i].must[j]);
		if (actions[i].may[j] && strcmp(actions[i].may[j], left_out) != 0)
			put(body, size, actions[i].action, actions[i].may[j]);
	}
	strncat(body, "}", size - strlen(body) - 1);
	return body;
}

static void
test_every_action_is_read_with_its_fields(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		const char *body = make_body(w, i, "");

		if (read_forms(w, body) != 1)
			fail_msg("%s was refused: %s %s", body, w->faults.list[0].field, w->faults.list[0].text_en);
		assert_false(w->list);
		assert_int_equal(w->forms[0].action, word_value(action_words, actions[i].action));
		assert_string_equal(w->forms[0].number, NUMBER);
		assert_int_equal(w->forms[0].expected_version, actions[i].any_version ? 0 : 3);
		for (size_t j = 0; j < 3 && actions[i].may[j]; j++)
			assert_int_equal(read_forms(w, make_body(w, i, actions[i].may[j])), 1);
	}
	for (const struct command_shape *shape = command_shapes; shape->action != 0; shape++) {
		size_t i = 0;

		while (i < sizeof(actions) / sizeof(actions[0]) &&
		       word_value(action_words, actions[i].action) != shape->action)
			i++;
		assert_true(i < sizeof(actions) / sizeof(actions[0]));
	}
}

static void
test_every_action_names_what_is_missing_and_what_is_too_much(void **state)
{
	static const char *const all[] = {"department", "topic", "reason", "text", "answer_by", "final_by",
	    "institution", "letter", "letter_on", "letter_number", "into", "parts", "part", "attachments", "pay_by",
	    "paid_on", "evidence", "promised_on"};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		char *body;

		for (size_t j = 0; j < 3 && actions[i].must[j]; j++) {
			body = make_body(w, i, actions[i].must[j]);
			assert_int_equal(read_forms(w, body), -1);
			assert_int_equal(w->faults.count, 1);
			assert_fault(w, body, actions[i].must[j], "required");
		}
		if (!actions[i].any_version) {
			body = make_body(w, i, "expected_version");
			assert_int_equal(read_forms(w, body), -1);
			assert_fault(w, body, "expected_version", "required");
		}
		for (size_t j = 0; j < sizeof(all) / sizeof(all[0]); j++) {
			body = make_body(w, i, "");
			if (strstr(body, arena_printf(w->arena, "\"%s\":", all[j])))
				continue;
			body[strlen(body) - 1] = '\0';
			put(body, 1024, actions[i].action, all[j]);
			strncat(body, "}", 1023 - strlen(body));
			assert_int_equal(read_forms(w, body), -1);
			assert_int_equal(w->faults.count, 1);
			assert_fault(
			    w, body, all[j], "unknown field; allowed are: id, number, action, expected_version");
		}
	}
}

static void
test_bad_input_names_its_field(void **state)
{
	static const struct {
		const char *body, *field, *text;
	} bad[] = {
	    {"{}", "number", "required"},
	    {"{}", "action", "allowed are: accept"},
	    {"{}", "action", "extend (Extend the term)"},
	    {COMMAND("remind", ""), "action", "allowed are"},
	    {COMMAND("expire", ""), "action", "allowed are"},
	    {COMMAND("Answer", ""), "action", "allowed are"},
	    {"{\"number\":\"" NUMBER "\",\"action\":7}", "action", "allowed are"},
	    {"{\"action\":\"accept\",\"expected_version\":1,\"number\":\"HM-2026-0000001-6\"}", "number",
		"check digit"},
	    {"{\"action\":\"accept\",\"expected_version\":1,\"number\":\"\"}", "number", "check digit"},
	    {"{\"action\":\"accept\",\"expected_version\":1,\"number\":1}", "number", "check digit"},
	    {"{\"action\":\"accept\",\"expected_version\":0,\"number\":\"" NUMBER "\"}", "expected_version",
		"positive"},
	    {"{\"action\":\"accept\",\"expected_version\":-1,\"number\":\"" NUMBER "\"}", "expected_version",
		"positive"},
	    {"{\"action\":\"accept\",\"expected_version\":3.0,\"number\":\"" NUMBER "\"}", "expected_version",
		"positive"},
	    {"{\"action\":\"accept\",\"expected_version\":\"3\",\"number\":\"" NUMBER "\"}", "expected_version",
		"positive"},
	    {"{\"action\":\"accept\",\"expected_version\":4294967296,\"number\":\"" NUMBER "\"}", "expected_version",
		"positive"},
	    {ANSWER(",\"id\":\"x\""), "id", "UUID"},
	    {ANSWER(",\"id\":7"), "id", "UUID"},
	    {ANSWER(",\"id\":\"00000000-0000-0000-0000-000000000000\""), "id", "UUID"},
	    {ANSWER(",\"after\":5"), "after", "stream"},
	    {ANSWER(",\"after\":{\"stream\":\"case\",\"seq\":5}"), "after", "\"intake\""},
	    {ANSWER(",\"after\":{\"stream\":\"intake\",\"seq\":-5}"), "after", "zero or a positive"},
	    {ANSWER(",\"after\":{\"stream\":\"intake\"}"), "after", "seq"},
	    {ANSWER(",\"after\":{\"stream\":\"intake\",\"seq\":5,\"x\":1}"), "after", "seq"},
	    {ANSWER(",\"part\":0"), "part", "1 to 10"},
	    {ANSWER(",\"part\":11"), "part", "1 to 10"},
	    {ANSWER(",\"part\":\"1\""), "part", "1 to 10"},
	    {ANSWER(",\"actor\":\"x\""), "actor", "unknown field"},
	    {ANSWER(",\"access_code\":\"x\""), "access_code", "unknown field"},
	    {COMMAND("answer", ",\"text\":\" \\n\""), "text", "blank"},
	    {COMMAND("note", ",\"text\":\"\""), "text", "1 to 20000"},
	    {COMMAND("note", ",\"text\":5"), "text", "string"},
	    {COMMAND("note", ",\"text\":\"a\\u0007\""), "text", "control"},
	    {COMMAND("note", ",\"text\":\"a\\rb\""), "text", "control"},
	    {COMMAND("hand_back", ",\"reason\":\"\""), "reason", "1 to 2000"},
	    {COMMAND("close", ",\"reason\":\"\""), "reason", "leave the field out"},
	    {COMMAND("assign", ",\"department\":\"tem\""), "department", "A-Z and 0-9"},
	    {COMMAND("assign", ",\"department\":5"), "department", "A-Z and 0-9"},
	    {COMMAND("assign", ",\"department\":\"TEM\",\"topic\":\"x\""), "topic", "no topic code"},
	    {COMMAND("ask", ",\"text\":\"a\",\"answer_by\":\"1.12.2026\""), "answer_by", "YYYY-MM-DD"},
	    {COMMAND("ask", ",\"text\":\"a\",\"answer_by\":\"2026-02-30\""), "answer_by", "YYYY-MM-DD"},
	    {COMMAND("ask", ",\"text\":\"a\",\"answer_by\":20816"), "answer_by", "YYYY-MM-DD"},
	    {COMMAND("interim_answer", ",\"text\":\"a\",\"final_by\":null"), "final_by", "YYYY-MM-DD"},
	    {COMMAND("forward", ",\"letter\":\"a\",\"institution\":\"Koski\""), "institution", "A-Z and 0-9"},
	    {COMMAND("forward", ",\"letter\":\"a\",\"institution\":\"KOSKI\",\"letter_number\":\"a\\nb\""),
		"letter_number", "one line"},
	    {COMMAND("forward", ",\"letter\":\"a\",\"institution\":\"KOSKI\",\"letter_on\":\"yarın\""), "letter_on",
		"YYYY-MM-DD"},
	    {COMMAND("reject", ",\"text\":\"a\",\"reason\":\"x\""), "reason", "judicial_matter"},
	    {COMMAND("reject", ",\"text\":\"a\""), "reason", "article 6"},
	    {COMMAND("merge", ",\"reason\":\"a\",\"into\":\"HM-1\""), "into", "check digit"},
	    {COMMAND("split", ",\"reason\":\"a\",\"parts\":[]"), "parts", "1 to 10 parts"},
	    {COMMAND("split", ",\"reason\":\"a\",\"parts\":{}"), "parts", "1 to 10 parts"},
	    {COMMAND("split", ",\"reason\":\"a\",\"parts\":[1,1,1,1,1,1,1,1,1,1,1]"), "parts", "1 to 10 parts"},
	    {COMMAND("split", ",\"reason\":\"a\",\"parts\":[7]"), "parts.0.department", "required"},
	    {COMMAND("split", ",\"reason\":\"a\",\"parts\":[{\"department\":\"TEM\"}]"), "parts.0.task", "required"},
	    {COMMAND("split", ",\"reason\":\"a\",\"parts\":[{\"department\":\"TEM\",\"task\":\"\"}]"), "parts.0.task",
		"blank"},
	    {COMMAND("split", ",\"reason\":\"a\",\"parts\":[{\"department\":\"t\",\"task\":\"a\",\"x\":1}]"),
		"parts.0.x", "allowed are: department, task"},
	    {"{\"commands\":[]}", "commands", "1 to 100"},
	    {"{\"commands\":{}}", "commands", "1 to 100"},
	    {"{\"commands\":[7]}", "commands.0", "object"},
	    {"{\"commands\":[" ANSWER("") "],\"number\":1}", "number", "allowed are: commands"},
	    {"{\"commands\":[" ANSWER("") "," ANSWER(",\"part\":0") "]}", "commands.1.part", "1 to 10"},
	    {"{\"commands\":[" ANSWER("") ",{\"action\":\"note\"}]}", "commands.1.text", "required"},
	    {"{\"commands\":[{\"commands\":[]}]}", "commands.0.commands", "unknown field"},
	    {"{\"commands\":[" COMMAND("split", ",\"reason\":\"a\",\"parts\":[{\"task\":\"a\"}]") "]}",
		"commands.0.parts.0.department", "required"},
	    {"{\"commands\":[" ANSWER(",\"id\":\"0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b\"") "," ANSWER(
		 ",\"id\":\"0190A1B2-C3D4-7E5F-8A9B-0C1D2E3F4A5B\"") "]}",
		"commands.1.id", "twice"},
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(read_forms(w, bad[i].body), -1);
		assert_fault(w, bad[i].body, bad[i].field, bad[i].text);
	}
}

static void
test_all_faults_come_at_once(void **state)
{
	struct world *w = *state;
	static const char *const fields[] = {"number", "expected_version", "department", "reason"};

	assert_int_equal(read_forms(w, "{\"number\":\"x\",\"action\":\"transfer\",\"expected_version\":0,"
				       "\"department\":\"x\",\"reason\":\"\"}"),
	    -1);
	assert_int_equal(w->faults.count, sizeof(fields) / sizeof(fields[0]));
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		assert_string_equal(w->faults.list[i].field, fields[i]);
}

/* One letter of two bytes more than fits. */
static void
assert_limit(struct world *w, const char *before, size_t limit, const char *field)
{
	char *body = arena_alloc(w->arena, strlen(before) + 2 * (limit + 1) + 8);

	for (size_t extra = 0; extra < 2; extra++) {
		size_t size = strlen(before);

		memcpy(body, before, size);
		for (size_t i = 0; i < limit + extra; i++, size += 2)
			memcpy(body + size, "ç", 2);
		memcpy(body + size, "\"}", 3);
		assert_int_equal(read_forms(w, body), extra == 0 ? 1 : -1);
	}
	assert_fault(w, field, field, arena_printf(w->arena, "at most %zu", limit));
}

static void
test_limits_count_characters(void **state)
{
	struct world *w = *state;

#define BEFORE(action, members)                                                                                        \
	"{\"number\":\"" NUMBER "\",\"expected_version\":3,\"action\":\"" action "\"," members ":\""
	assert_limit(w, BEFORE("note", "\"text\""), 20000, "text");
	assert_limit(w, BEFORE("answer", "\"text\""), 20000, "text");
	assert_limit(w, BEFORE("hand_back", "\"reason\""), 2000, "reason");
	assert_limit(w, BEFORE("forward", "\"institution\":\"KOSKI\",\"letter\""), 20000, "letter");
	assert_limit(
	    w, BEFORE("forward", "\"institution\":\"KOSKI\",\"letter\":\"a\",\"letter_number\""), 64, "letter_number");
}

static void
test_values_arrive(void **state)
{
	struct world *w = *state;
	const struct command_form *f;

	assert_int_equal(
	    read_forms(w, COMMAND("ask", ",\"text\":\"Nerede?\\r\\nNe zaman?\",\"answer_by\":\"2026-12-29\","
					 "\"id\":\"0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b\","
					 "\"after\":{\"stream\":\"intake\",\"seq\":42}")),
	    1);
	f = &w->forms[0];
	assert_string_equal(f->fields.text, "Nerede?\nNe zaman?");
	assert_int_equal(f->fields.answer_by, 20816);
	assert_int_equal(f->after_intake_seq, 42);
	assert_true(f->has_id && f->id.bytes[0] == 0x01 && f->id.bytes[15] == 0x5b);
	assert_int_equal(read_forms(w, "{\"number\":\"hm 2026 0000001 5\",\"action\":\"merge\",\"expected_version\":3,"
				       "\"reason\":\"a\",\"into\":\"hm20260000001 5\"}"),
	    1);
	assert_string_equal(w->forms[0].number, NUMBER);
	assert_string_equal(w->forms[0].into, NUMBER);
	assert_int_equal(read_forms(w, COMMAND("split", ",\"reason\":\"a\",\"parts\":[{\"department\":\"TEM\",\"task\":"
							"\"x\"},{\"department\":\"FEN\",\"task\":\"y\\r\\nz\"}]")),
	    1);
	assert_int_equal(w->forms[0].fields.parts_count, 2);
	assert_string_equal(w->forms[0].fields.parts[1].department, "FEN");
	assert_string_equal(w->forms[0].fields.parts[1].task, "y\nz");
	assert_string_equal(w->forms[0].fields.reason, "a");
	assert_int_equal(read_forms(w, COMMAND("reject", ",\"text\":\"a\",\"reason\":\"judicial_matter\"")), 1);
	assert_int_equal(w->forms[0].fields.legal_reason, KOPRU__V1__CASE_REJECTED__REASON__REASON_JUDICIAL_MATTER);
	assert_null(w->forms[0].fields.reason);
}

static void
test_a_list_keeps_its_order(void **state)
{
	struct world *w = *state;

	assert_int_equal(
	    read_forms(w, "{\"commands\":[" COMMAND("accept", "") "," ANSWER("") "," COMMAND("close", "") "]}"), 3);
	assert_true(w->list);
	assert_int_equal(w->forms[0].action, ACTION(ACCEPT));
	assert_int_equal(w->forms[1].action, ACTION(ANSWER));
	assert_int_equal(w->forms[2].action, ACTION(CLOSE));
}

static void
test_a_list_has_a_limit(void **state)
{
	struct world *w = *state;
	const char *one = COMMAND("accept", "");
	char *body = arena_alloc(w->arena, 101 * (strlen(one) + 1) + 64);

	for (size_t count = 100; count <= 101; count++) {
		char *to = stpcpy(body, "{\"commands\":[");

		for (size_t i = 0; i < count; i++)
			to = stpcpy(stpcpy(to, i > 0 ? "," : ""), one);
		stpcpy(to, "]}");
		assert_int_equal(read_forms(w, body), count == 100 ? 100 : -1);
	}
	assert_fault(w, "101 commands", "commands", "1 to 100");
}

static void
test_applicants_show_their_code(void **state)
{
	static const struct {
		int action;
		const char *body, *field, *text;
	} bad[] = {
	    {ACTION(CITIZEN_REPLY), "{}", "number", "required"},
	    {ACTION(CITIZEN_REPLY), "{}", "access_code", "required"},
	    {ACTION(CITIZEN_REPLY), "{}", "text", "required"},
	    {ACTION(CITIZEN_REPLY), APPLICANT(",\"text\":\"\""), "text", "blank"},
	    {ACTION(CITIZEN_REPLY), APPLICANT(",\"text\":\"a\",\"reason\":\"b\""), "reason",
		"allowed are: id, number, access_code, text, attachments, after"},
	    {ACTION(CITIZEN_ADD), APPLICANT(""), "text", "a text, attachments, or both"},
	    {ACTION(CITIZEN_ADD), APPLICANT(",\"text\":\"\",\"attachments\":[\"" FILE_ID "\"]"), "text", "blank"},
	    {ACTION(CITIZEN_ADD), APPLICANT(",\"attachments\":[]"), "attachments", "1 to 10 ids"},
	    {ACTION(CITIZEN_ADD), APPLICANT(",\"attachments\":\"" FILE_ID "\""), "attachments", "1 to 10 ids"},
	    {ACTION(CITIZEN_ADD), APPLICANT(",\"attachments\":[\"x\"]"), "attachments", "1 to 10 ids"},
	    {ACTION(CITIZEN_ADD), APPLICANT(",\"attachments\":[\"" FILE_ID "\",\"" FILE_ID "\"]"), "attachments",
		"each once"},
	    {ACTION(CITIZEN_REPLY), APPLICANT(",\"text\":\"a\",\"expected_version\":3"), "expected_version", "unknown"},
	    {ACTION(CITIZEN_REPLY), APPLICANT(",\"text\":\"a\",\"action\":\"answer\""), "action", "unknown"},
	    {ACTION(CITIZEN_REPLY), "{\"number\":\"" NUMBER "\",\"access_code\":5,\"text\":\"a\"}", "access_code",
		"64 characters"},
	    {ACTION(CITIZEN_REPLY), "{\"number\":\"" NUMBER "\",\"access_code\":\"\",\"text\":\"a\"}", "access_code",
		"64 characters"},
	    {ACTION(WITHDRAW), APPLICANT(",\"text\":\"a\""), "text", "allowed are: id, number, access_code, reason"},
	    {ACTION(WITHDRAW), APPLICANT(",\"reason\":\"a\\u0001\""), "reason", "control"},
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(read_applicant(w, bad[i].action, bad[i].body), -1);
		assert_fault(w, bad[i].body, bad[i].field, bad[i].text);
	}
	assert_int_equal(read_applicant(w, ACTION(CITIZEN_REPLY), APPLICANT(",\"text\":\"Fetih\\r\\n\"")), 0);
	assert_int_equal(w->form.action, ACTION(CITIZEN_REPLY));
	assert_string_equal(w->form.fields.text, "Fetih\n");
	assert_string_equal(w->form.access_code, "0123");
	assert_int_equal(read_applicant(w, ACTION(CITIZEN_ADD), APPLICANT(",\"attachments\":[\"" FILE_ID "\"]")), 0);
	assert_int_equal(w->form.action, ACTION(CITIZEN_ADD));
	assert_int_equal(w->form.fields.attachment_count, 1);
	assert_int_equal(w->form.fields.attachments[0].id.bytes[15], 0x5b);
	assert_null(w->form.fields.text);
	assert_int_equal(read_applicant(w, ACTION(WITHDRAW), APPLICANT("")), 0);
	assert_int_equal(read_applicant(w, ACTION(WITHDRAW), APPLICANT(",\"reason\":\"Çözüldü\"")), 0);
	assert_string_equal(w->form.fields.reason, "Çözüldü");
}

static void
test_unknown_names_point_to_their_place(void **state)
{
	struct world *w = *state;

	assert_int_equal(
	    read_forms(w, "{\"commands\":[" COMMAND("split",
			      ",\"reason\":\"a\",\"parts\":[{\"department\":\"TEM\",\"task\":\"a\",\"x/y\":1}]") "]}"),
	    -1);
	assert_string_equal(w->faults.list[0].field, "commands.0.parts.0.x/y");
	assert_string_equal(w->faults.list[0].pointer, "#/commands/0/parts/0/x~1y");
}

static int
read_incident(struct world *w, const char *body, const char **leading)
{
	load(w, body);
	return command_forms_read_incident(w->arena, w->json, &w->forms, leading, &w->faults);
}

static void
test_an_incident_is_a_command_for_each_member(void **state)
{
	static const char members[] = "\"members\":[{\"number\":\"HM-2026-0000002-3\",\"expected_version\":2},"
				      "{\"number\":\"HM-2026-0000003-1\",\"expected_version\":7}]";
	struct world *w = *state;
	const char *leading, *body;

	body = arena_printf(w->arena, "{\"leading\":\"" NUMBER "\",\"reason\":\"aynı\",%s}", members);
	assert_int_equal(read_incident(w, body, &leading), 2);
	assert_string_equal(leading, NUMBER);
	assert_int_equal(w->forms[1].action, ACTION(MERGE));
	assert_string_equal(w->forms[1].number, "HM-2026-0000003-1");
	assert_int_equal(w->forms[1].expected_version, 7);
	assert_string_equal(w->forms[1].into, NUMBER);
	assert_string_equal(w->forms[1].fields.reason, "aynı");
	body =
	    arena_printf(w->arena, "{\"leading\":\"" NUMBER "\",\"reason\":\"a\",\"action\":\"unmerge\",%s}", members);
	assert_int_equal(read_incident(w, body, &leading), 2);
	assert_int_equal(w->forms[0].action, ACTION(UNMERGE));
	assert_string_equal(w->forms[0].into, "");
	assert_string_equal(leading, NUMBER);
	assert_int_equal(read_incident(w, "{\"leading\":\"" NUMBER "\",\"members\":[]}", &leading), -1);
	assert_int_equal(w->faults.count, 2); /* no reason, no members */
	body = arena_printf(w->arena, "{\"leading\":\"HM-2026-0000003-1\",\"reason\":\"a\",%s}", members);
	assert_int_equal(read_incident(w, body, &leading), -1);
	assert_string_equal(w->faults.list[0].field, "members.1.number");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_action_is_read_with_its_fields),
	    cmocka_unit_test(test_every_action_names_what_is_missing_and_what_is_too_much),
	    cmocka_unit_test(test_bad_input_names_its_field),
	    cmocka_unit_test(test_all_faults_come_at_once),
	    cmocka_unit_test(test_limits_count_characters),
	    cmocka_unit_test(test_values_arrive),
	    cmocka_unit_test(test_a_list_keeps_its_order),
	    cmocka_unit_test(test_a_list_has_a_limit),
	    cmocka_unit_test(test_applicants_show_their_code),
	    cmocka_unit_test(test_unknown_names_point_to_their_place),
	    cmocka_unit_test(test_an_incident_is_a_command_for_each_member),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
