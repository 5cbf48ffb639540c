/* Commands over HTTP against a router that is played: who commands, which ids numbers become (I-02), and what each reply
 * looks like, no reply too (I-03); applicants with the right code and with a wrong one (I-13). The served half is a process
 * of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "common/base/ids.h"
#include "common/domain/access_code.h"
#include "services/intake/commands.h"
#include "services/intake/store.h"
#include "tests/harness/http_play.h"
#include "tests/harness/scratch.h"

#define SECRET "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
#define KEY(id) "Authorization: Bearer kopru_" id "_" SECRET "\r\n"
#define JSON "Content-Type: application/json\r\n"
#define MANAGER KEY("manager00001") JSON
#define ID "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"
#define NUMBER "HM-2026-0000001-5"
#define LEADING "HM-2026-0000002-3"
#define ABSENT "HM-2026-0000003-1"
#define WAIT_MS 1500

static const uint8_t code_key[] = "0123456789abcdef";
static const struct uuid application = {{0x01, 0x90, 0xaa, 1, 2, 3, 0x70, 4, 0x80, 5, 6, 7, 8, 9, 10, 11}};
static const char application_text[] = "0190aa01-0203-7004-8005-060708090a0b";

/* -- the served half */

static struct {
	char conninfo[256];
	char endpoint[128];
	struct db *db;
	struct bus *bus;
	struct command_server *server;
	struct command_client *client;
	struct api_keys *keys;
	struct commands *commands;
} served;

static const char *
text_of(const Kopru__V1__Command *c)
{
	switch ((int)c->action_case) {
	case KOPRU__V1__COMMAND__ACTION_NOTE:
		return c->note->text;
	case KOPRU__V1__COMMAND__ACTION_CITIZEN_REPLY:
		return c->citizen_reply->text;
	case KOPRU__V1__COMMAND__ACTION_WITHDRAW:
		return c->withdraw->reason;
	default:
		return "";
	}
}

/* The router that is played: a note "7 ..." is answered with code 7, "silence" never; every reply tells what came. */
static void
on_received(void *arg, struct command_request *request, const char *peer, const Kopru__V1__Command *c)
{
	const char *text = text_of(c);
	char id[UUID_TEXT_SIZE] = "", case_id[UUID_TEXT_SIZE] = "", said[512];
	struct uuid uuid;
	Kopru__V1__Reply reply;

	(void)arg;
	(void)peer;
	if (strcmp(text, "silence") == 0)
		return;
	if (uuid_from_bytes(c->id.data, c->id.len, &uuid))
		uuid_text(&uuid, id);
	if (uuid_from_bytes(c->application_id.data, c->application_id.len, &uuid))
		uuid_text(&uuid, case_id);
	kopru__v1__reply__init(&reply);
	reply.code = text[0] >= '1' && text[0] <= '9' ? (Kopru__V1__Reply__Code)(text[0] - '0')
						      : KOPRU__V1__REPLY__CODE__CODE_INVALID;
	reply.version = c->expected_version + 1;
	reply.seq = 77;
	snprintf(said, sizeof(said),
	    "id=%s case=%s type=%d actor=%s role=%d department=%s version=%u after=%u %s action=%d into=%d", id,
	    case_id, (int)c->actor->type, c->actor->id, (int)c->actor->role, c->actor->department, c->expected_version,
	    (unsigned)c->after_intake_seq, c->language, (int)c->action_case,
	    (int)c->action_case == KOPRU__V1__COMMAND__ACTION_MERGE ? (int)c->merge->into.len : 0);
	reply.text = strstr(text, "mute") ? reply.text : said;
	command_reply(request, &reply);
}

static void
add_key(struct api_key *key, const char *id, unsigned rights, const char *role, const char *department)
{
	snprintf(key->id, sizeof(key->id), "%s", id);
	snprintf(key->role, sizeof(key->role), "%s", role);
	snprintf(key->department, sizeof(key->department), "%s", department);
	crypto_hash_sha256(key->secret_hash, (const unsigned char *)SECRET, strlen(SECRET));
	key->rights = rights;
}

/* On the first request: the loop is known then. */
static struct commands *
serve(struct loop *l)
{
	static struct metrics *metrics;
	struct db_conf db = {.conninfo = served.conninfo, .name = "intake", .tables = store_tables};
	struct db_conf down = db; /* so that the keys stay those of the test */
	struct command_server_conf server = {
	    .endpoints = served.endpoint, .waiting_max = 1000, .on_received = on_received};
	struct api_key keys[4] = {0};
	struct err e;

	if (served.commands)
		return served.commands;
	metrics = metrics_new();
	served.db = db_open(l, &db, NULL, NULL, NULL, NULL, &e);
	served.bus = bus_new(l, NULL, &e);
	served.server = command_server_new(served.bus, &server, NULL, &e);
	served.client = command_client_new(served.bus, l, served.endpoint, NULL, NULL, NULL, &e);
	down.conninfo = "host=/nowhere";
	served.keys = api_keys_new(l, db_open(l, &down, NULL, NULL, NULL, NULL, &e), &store_tables[0][0]);
	if (!served.db || !served.server || !served.client)
		abort();
	add_key(&keys[0], "manager00001", API_CASES, "manager", "TEM");
	add_key(&keys[1], "clerk0000001", API_CASES | API_REPORTS, "clerk", "");
	add_key(&keys[2], "reports00001", API_REPORTS, "", "");
	add_key(&keys[3], "later0000001", API_CASES, "mayor", "");
	api_keys_set(served.keys, keys, 4);
	served.commands = commands_new(&(struct commands_desk){.reader = served.db,
					   .api_keys = served.keys,
					   .client = served.client,
					   .access_code_key = code_key,
					   .access_code_key_size = sizeof(code_key) - 1,
					   .wait_ms = WAIT_MS},
	    metrics);
	return served.commands;
}

static void
on_ready(void *arg, struct http_request *r)
{
	serve(arg);
	http_reply_json(r, db_is_up(served.db) ? 200 : 503, json_object());
}

static void
on_commands(void *arg, struct http_request *r)
{
	commands_post(serve(arg), r);
}

static void
on_citizens_reply(void *arg, struct http_request *r)
{
	commands_reply(serve(arg), r);
}

static void
on_withdraw(void *arg, struct http_request *r)
{
	commands_withdraw(serve(arg), r);
}

static const struct http_route routes[] = {
    {HTTP_GET, "/ready", "public", on_ready, 0},
    {HTTP_POST, COMMANDS_PATH, "key:cases", on_commands, COMMANDS_BODY_MAX},
    {HTTP_POST, COMMANDS_REPLY_PATH, "public", on_citizens_reply, COMMANDS_BODY_MAX},
    {HTTP_POST, COMMANDS_WITHDRAW_PATH, "public", on_withdraw, COMMANDS_BODY_MAX},
    {HTTP_GET, NULL, NULL, NULL, 0},
};

/* -- the asking half */

struct fixture {
	struct scratch *scratch;
	char folder[64];
	struct http_play *play;
	char code[ACCESS_CODE_TEXT_SIZE];
};

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err e;
	int tries = 0;

	if (!f || !(f->scratch = scratch_new(&e)))
		return -1;
	ids_start();
	snprintf(f->folder, sizeof(f->folder), "/tmp/kopru-commands.XXXXXX");
	if (!mkdtemp(f->folder))
		return -1;
	snprintf(served.endpoint, sizeof(served.endpoint), "ipc://%s/c.sock", f->folder);
	snprintf(served.conninfo, sizeof(served.conninfo), "%s", scratch_conninfo(f->scratch, "intake"));
	access_code_make(code_key, sizeof(code_key) - 1, &application, 1, f->code);
	if (scratch_sql(f->scratch,
		"INSERT INTO intake.application (id, number, body_hash, kind, channel, received_at, legal_basis, "
		"due_on, "
		"body, anonymous, hide_identity, language, prefers) "
		"SELECT v.id::uuid, v.number, decode(repeat('00', 32), 'hex'), 1, 12, now(), 1, '2026-12-01', 'x', "
		"false, "
		"false, 'tr', 0 FROM (VALUES ('0190aa01-0203-7004-8005-060708090a0b', '" NUMBER "'), "
		"('0190aa01-0203-7004-8005-060708090a0c', '" LEADING "')) AS v(id, number)",
		NULL, 0) < 0)
		return -1;
	f->play = http_play_start(routes, 100, 100);
	while (!strstr(http_play_ask(f->play, "GET /ready HTTP/1.1\r\nHost: a\r\n\r\n"), " 200 ") && tries++ < 1000)
		usleep(10000);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;
	char path[128];

	http_play_stop(f->play);
	snprintf(path, sizeof(path), "%s/c.sock", f->folder);
	unlink(path);
	rmdir(f->folder);
	scratch_free(f->scratch);
	free(f);
	return 0;
}

/* Posts, insists on the status, and on the text in the answer when there is one to be found. */
static const char *
post(struct fixture *f, const char *path, const char *headers, const char *body, int status, const char *text)
{
	const char *answer = http_play_post(f->play, path, headers, body);

	if (strncmp(answer, "HTTP/1.1 ", 9) != 0 || strtol(answer + 9, NULL, 10) != status ||
	    (text && !strstr(answer, text)))
		fail_msg("%s %s: not %d with %s, but: %s", path, body, status, text ? text : "", answer);
	return answer;
}

#define NOTE(text) "{\"number\":\"" NUMBER "\",\"action\":\"note\",\"id\":\"" ID "\",\"text\":\"" text "\"}"

static void
test_every_code_of_a_reply_has_its_status(void **state)
{
	static const struct {
		const char *body;
		int status;
		const char *type, *retry;
	} cases[] = {
	    {NOTE("2 mute"), 409, "conflict", NULL},
	    {NOTE("3 mute"), 403, "forbidden", NULL},
	    {NOTE("4 mute"), 404, "not-found", NULL},
	    {NOTE("5 mute"), 422, "invalid", NULL},
	    {NOTE("6 mute"), 503, "busy", "Retry-After: "},
	    {NOTE("7 mute"), 503, "unknown-outcome", "Retry-After: "},
	    {NOTE("8 mute"), 501, "unsupported", NULL},
	    {NOTE("9 mute"), 500, "internal", NULL},
	};
	struct fixture *f = *state;
	const char *answer =
	    post(f, COMMANDS_PATH, MANAGER, NOTE("1"), 200, "\"after\":{\"stream\":\"case\",\"seq\":77}");

	assert_non_null(strstr(answer, "\"version\":1"));
	assert_non_null(strstr(answer, "\"id\":\"" ID "\""));
	assert_non_null(strstr(answer, "\"number\":\"" NUMBER "\""));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		answer = post(f, COMMANDS_PATH, MANAGER, cases[i].body, cases[i].status, "application/problem+json");
		assert_non_null(strstr(answer, cases[i].type));
		assert_non_null(strstr(answer, "\"id\":\"" ID "\""));
		assert_null(strstr(answer, "\"detail\":\"\""));
		if (cases[i].retry)
			assert_non_null(strstr(answer, cases[i].retry));
	}
}

static void
test_the_routers_sentence_is_the_detail(void **state)
{
	struct fixture *f = *state;

	post(f, COMMANDS_PATH, MANAGER, NOTE("2 so"), 409, "\"detail\":\"id=" ID " case=");
	post(f, COMMANDS_PATH, MANAGER, NOTE("2 so"), 409, "\"version\":1");
}

static void
test_no_answer_is_unknown_and_names_the_id(void **state)
{
	struct fixture *f = *state;
	const char *answer = post(f, COMMANDS_PATH, MANAGER, NOTE("silence"), 503, "unknown-outcome");

	assert_non_null(strstr(answer, "Aynı \\\"id\\\" ile"));
	assert_non_null(strstr(answer, "\"id\":\"" ID "\""));
	assert_non_null(strstr(answer, "Retry-After: "));
}

static void
test_the_key_says_who_commands(void **state)
{
	struct fixture *f = *state;
	const char *answer = post(f, COMMANDS_PATH, MANAGER,
	    "{\"number\":\"" NUMBER "\",\"expected_version\":3,\"action\":\"accept\",\"id\":\"" ID
	    "\",\"after\":{\"stream\":\"intake\",\"seq\":9}}",
	    422, "type=4 actor=manager00001 role=4 department=TEM version=3 after=9 tr action=10");

	assert_non_null(strstr(answer, application_text));
	post(f, COMMANDS_PATH, KEY("clerk0000001") JSON "Accept-Language: en\r\n", NOTE("x"), 422,
	    "actor=clerk0000001 role=2 department= version=0 after=0 en action=16");
	post(f, COMMANDS_PATH, MANAGER,
	    "{\"number\":\"" NUMBER
	    "\",\"expected_version\":3,\"action\":\"merge\",\"reason\":\"a\",\"into\":\"" LEADING "\"}",
	    422, "into=16");
}

static void
test_who_has_no_right_is_let_nowhere(void **state)
{
	struct fixture *f = *state;

	post(f, COMMANDS_PATH, JSON, NOTE("1"), 401, "unauthorized");
	post(f, COMMANDS_PATH, KEY("unknown00001") JSON, NOTE("1"), 401, "WWW-Authenticate: Bearer");
	post(f, COMMANDS_PATH, KEY("reports00001") JSON, NOTE("1"), 403, "forbidden");
	post(f, COMMANDS_PATH, KEY("later0000001") JSON, NOTE("1"), 403, "forbidden");
	post(f, COMMANDS_PATH, MANAGER, "{\"number\":1}", 422, "\"pointer\":\"#/action\"");
	post(f, COMMANDS_PATH, MANAGER, "[", 400, "malformed-json");
	post(f, COMMANDS_PATH, KEY("manager00001"), NOTE("1"), 415, "media-type");
	post(f, COMMANDS_PATH, MANAGER "Idempotency-Key: a b\r\n", NOTE("1"), 400, "Idempotency-Key");
}

static void
test_numbers_must_exist(void **state)
{
	struct fixture *f = *state;

	post(f, COMMANDS_PATH, MANAGER, "{\"number\":\"" ABSENT "\",\"action\":\"note\",\"text\":\"1\"}", 404,
	    "Bu numarayla bir başvuru yok");
	post(f, COMMANDS_PATH, MANAGER,
	    "{\"number\":\"" NUMBER "\",\"expected_version\":3,\"action\":\"merge\",\"reason\":\"a\",\"into\":\"" ABSENT
	    "\"}",
	    404, "\\\"into\\\"");
}

static void
copy_id(const char *answer, char id[UUID_TEXT_SIZE])
{
	const char *at = strstr(answer, "\"id\":\"");

	assert_non_null(at);
	memcpy(id, at + 6, UUID_TEXT_SIZE - 1);
	id[UUID_TEXT_SIZE - 1] = '\0';
}

static void
test_an_idempotency_key_is_an_id(void **state)
{
	static const char body[] = "{\"number\":\"" NUMBER "\",\"action\":\"note\",\"text\":\"1\"}";
	static const char *const headers[] = {MANAGER "Idempotency-Key: k\r\n", MANAGER "Idempotency-Key: k\r\n",
	    MANAGER "Idempotency-Key: l\r\n", KEY("clerk0000001") JSON "Idempotency-Key: k\r\n", MANAGER, MANAGER};
	struct fixture *f = *state;
	char ids[6][UUID_TEXT_SIZE];

	for (size_t i = 0; i < 6; i++)
		copy_id(post(f, COMMANDS_PATH, headers[i], body, 200, NULL), ids[i]);
	assert_string_equal(ids[0], ids[1]);
	assert_int_equal(ids[0][14], '8');
	for (size_t i = 1; i < 6; i++)
		for (size_t j = i + 1; j < 6; j++)
			assert_string_not_equal(ids[i], ids[j]);
}

static void
test_a_list_is_answered_in_its_order(void **state)
{
	struct fixture *f = *state;
	const char *answer = post(f, COMMANDS_PATH, MANAGER "Idempotency-Key: list\r\n",
	    "{\"commands\":[{\"number\":\"" ABSENT "\",\"action\":\"note\",\"text\":\"1\"},"
	    "{\"number\":\"" NUMBER "\",\"action\":\"note\",\"text\":\"1\"},"
	    "{\"number\":\"" LEADING "\",\"action\":\"note\",\"text\":\"2 mute\"},"
	    "{\"number\":\"" NUMBER "\",\"action\":\"note\",\"text\":\"silence\"},"
	    "{\"number\":\"" NUMBER "\",\"action\":\"note\",\"text\":\"1\"}]}",
	    200, "application/json");
	json_t *list = json_loads(strstr(answer, "\r\n\r\n") + 4, 0, NULL);
	static const int statuses[] = {404, 200, 409, 503, 200};

	assert_int_equal(json_array_size(list), 5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(json_integer_value(json_object_get(json_array_get(list, i), "status")), statuses[i]);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 2), "number")), LEADING);
	assert_string_not_equal(json_string_value(json_object_get(json_array_get(list, 1), "id")),
	    json_string_value(json_object_get(json_array_get(list, 4), "id")));
	json_decref(list);
}

/* {"number", "access_code", more} */
static char *
applicants(const struct fixture *f, char body[512], const char *number, const char *more)
{
	snprintf(body, 512, "{\"number\":\"%s\",\"access_code\":\"%s\",%s}", number, f->code, more);
	return body;
}

static void
test_applicants_reply_and_withdraw(void **state)
{
	struct fixture *f = *state;
	char body[512];

	post(f, COMMANDS_REPLY_PATH, JSON, applicants(f, body, NUMBER, "\"text\":\"x\""), 422,
	    "type=1 actor=public role=1 department= version=0 after=0 tr action=15");
	post(f, COMMANDS_REPLY_PATH, JSON, applicants(f, body, NUMBER, "\"text\":\"1\",\"id\":\"" ID "\""), 200, ID);
	post(f, COMMANDS_WITHDRAW_PATH, JSON, applicants(f, body, NUMBER, "\"reason\":\"x\""), 422, "action=28");
	post(f, COMMANDS_REPLY_PATH, JSON, applicants(f, body, NUMBER, "\"reason\":\"x\""), 422, "#/text");
}

static void
test_unknown_numbers_and_wrong_codes_look_alike(void **state)
{
	static const char wrong[] =
	    "{\"number\":\"" NUMBER "\",\"access_code\":\"0000-0000-0000-0000-0000-0000-00\",\"text\":\"1\"}";
	static const char impossible[] = "{\"number\":\"" NUMBER "\",\"access_code\":\"?\",\"text\":\"1\"}";
	struct fixture *f = *state;
	char body[512], *answers[4];

	/* The same application's code does not open another one. */
	answers[0] = strdup(strstr(post(f, COMMANDS_REPLY_PATH, JSON, wrong, 404, NULL), "\r\n\r\n"));
	answers[1] = strdup(strstr(
	    post(f, COMMANDS_REPLY_PATH, JSON, applicants(f, body, ABSENT, "\"text\":\"1\""), 404, NULL), "\r\n\r\n"));
	answers[2] = strdup(strstr(post(f, COMMANDS_REPLY_PATH, JSON, impossible, 404, NULL), "\r\n\r\n"));
	answers[3] = strdup(strstr(
	    post(f, COMMANDS_REPLY_PATH, JSON, applicants(f, body, LEADING, "\"text\":\"1\""), 404, NULL), "\r\n\r\n"));
	for (size_t i = 0; i < 4; i++) {
		/* but for what the sender gave: the number and the new id */
		*strstr(answers[i], "\"id\":") = '\0';
		assert_string_equal(answers[i], answers[0]);
	}
	for (size_t i = 0; i < 4; i++)
		free(answers[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_code_of_a_reply_has_its_status),
	    cmocka_unit_test(test_the_routers_sentence_is_the_detail),
	    cmocka_unit_test(test_no_answer_is_unknown_and_names_the_id),
	    cmocka_unit_test(test_the_key_says_who_commands),
	    cmocka_unit_test(test_who_has_no_right_is_let_nowhere),
	    cmocka_unit_test(test_numbers_must_exist),
	    cmocka_unit_test(test_an_idempotency_key_is_an_id),
	    cmocka_unit_test(test_a_list_is_answered_in_its_order),
	    cmocka_unit_test(test_applicants_reply_and_withdraw),
	    cmocka_unit_test(test_unknown_numbers_and_wrong_codes_look_alike),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
