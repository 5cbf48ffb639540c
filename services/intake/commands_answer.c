/* commands_answer: replies of the router as JSON and as problem documents. */
#include "services/intake/commands_turn.h"

#include <string.h>

#include <sodium.h>

#include "common/domain/access_code.h"

static const struct {
	int code; /* Reply.Code */
	const char *problem;
} problems[] = {
    {KOPRU__V1__REPLY__CODE__CODE_CONFLICT, "conflict"},
    {KOPRU__V1__REPLY__CODE__CODE_FORBIDDEN, "forbidden"},
    {KOPRU__V1__REPLY__CODE__CODE_NOT_FOUND, "not-found"},
    {KOPRU__V1__REPLY__CODE__CODE_INVALID, "invalid"},
    {KOPRU__V1__REPLY__CODE__CODE_BUSY, "busy"},
    {KOPRU__V1__REPLY__CODE__CODE_UNKNOWN, "unknown-outcome"},
    {KOPRU__V1__REPLY__CODE__CODE_UNSUPPORTED, "unsupported"},
};

struct uuid
commands_id(const char *scope, const char *key, size_t place)
{
	static const char purpose[] = "kopru command";
	const uint8_t last[2] = {(uint8_t)(place >> 8), (uint8_t)place};
	crypto_generichash_state state;
	struct uuid id;

	crypto_generichash_init(&state, NULL, 0, UUID_SIZE);
	crypto_generichash_update(&state, (const uint8_t *)purpose, sizeof(purpose));
	crypto_generichash_update(&state, (const uint8_t *)scope, strlen(scope) + 1);
	crypto_generichash_update(&state, (const uint8_t *)key, strlen(key) + 1);
	crypto_generichash_update(&state, last, sizeof(last));
	crypto_generichash_final(&state, id.bytes, UUID_SIZE);
	id.bytes[6] = (uint8_t)((id.bytes[6] & 0x0f) | 0x80); /* version 8 (RFC 9562): made by an own rule */
	id.bytes[8] = (uint8_t)((id.bytes[8] & 0x3f) | 0x80);
	return id;
}

/* No key holds a line break. */
struct uuid
commands_member_id(struct arena *a, const char *scope, const char *key, const char *number)
{
	return commands_id(scope, arena_printf(a, "%s\n%s", key, number), 0);
}

bool
commands_code_right(const struct commands_desk *desk, const struct commands_item *item)
{
	uint8_t given[ACCESS_CODE_HASH_SIZE], right[ACCESS_CODE_HASH_SIZE];
	char code[ACCESS_CODE_TEXT_SIZE];
	bool possible = access_code_hash(item->form->access_code, given), equal;

	access_code_make(
	    desk->access_code_key, desk->access_code_key_size, &item->application_id, item->generation, code);
	access_code_hash(code, right);
	equal = access_code_hash_equal(given, right);
	sodium_memzero(code, sizeof(code));
	return (unsigned)equal & (unsigned)possible & (unsigned)item->found;
}

/* NULL: it was done. */
static const char *
problem_of(const struct commands_item *item)
{
	for (size_t i = 0; i < sizeof(problems) / sizeof(problems[0]); i++)
		if (problems[i].code == item->code)
			return problems[i].problem;
	return item->code == KOPRU__V1__REPLY__CODE__CODE_OK ? NULL : "internal";
}

/* What is to be known of every command: which one it was. */
static void
set_name(const struct commands_item *item, json_t *json)
{
	char id[UUID_TEXT_SIZE];

	uuid_text(&item->id, id);
	json_object_set_new(json, "id", json_string(id));
	json_object_set_new(json, "number", json_string(item->form->number));
	if (item->version > 0)
		json_object_set_new(json, "version", json_integer(item->version));
}

static json_t *
done_json(const struct commands_item *item)
{
	json_t *json = json_object();

	set_name(item, json);
	json_object_set_new(json, "after", json_pack("{s:s,s:I}", "stream", "case", "seq", (json_int_t)item->seq));
	return json;
}

static json_t *
problem_json(const struct commands_item *item, const char *problem)
{
	const bool english = http_language(item->turn->request) == HTTP_EN;
	const char *text = item->text;
	json_t *json;

	if (item->code == KOPRU__V1__REPLY__CODE__CODE_UNKNOWN && (!text || !*text))
		text = english ? "It is not known whether this was done. Send it again with the same \"id\": it is "
				 "never done twice."
			       : "Bunun yapılıp yapılmadığı bilinmiyor. Aynı \"id\" ile yeniden gönderin: ikinci kez "
				 "yapılmaz.";
	json = http_problem_json(item->turn->request, problem, text);
	set_name(item, json);
	return json;
}

static void
answer_one(struct commands_turn *t)
{
	const struct commands_item *item = &t->items[0];
	const char *problem = problem_of(item);

	if (problem)
		http_reply_problem_json(t->request, problem, problem_json(item, problem));
	else
		http_reply_json(t->request, 200, done_json(item));
}

void
commands_answer(struct commands_turn *t)
{
	size_t done = 0;
	json_t *list;

	if (!t->list) {
		answer_one(t);
		return;
	}
	list = json_array();
	for (size_t i = 0; i < t->count; i++) {
		const char *problem = problem_of(&t->items[i]);
		json_t *json = problem ? problem_json(&t->items[i], problem) : done_json(&t->items[i]);

		if (!problem)
			json_object_set_new(json, "status", json_integer(200));
		done += !problem;
		json_array_append_new(list, json);
	}
	if (t->leading)
		list = json_pack("{s:s,s:I,s:o}", "leading", t->leading, "done", (json_int_t)done, "members", list);
	http_reply_json(t->request, 200, list);
}
