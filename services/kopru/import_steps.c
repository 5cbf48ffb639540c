/* import_steps: what an old system did with its cases, after they are in: commands whose ids follow from the source, the number,
 * the action and the version, so that the same run again does nothing twice. A case that does not stand where a new one stands
 * is looked at before. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/domain/words.h"
#include "proto/kopru/v1/event.pb-c.h"
#include "services/kopru/import_batch.h"

#define COMMANDS_PATH "/api/v1/commands"
#define ROOM_MAX 400 /* of a command without its text */
#define DESK "HM"
#define VERSION_ROUTED 2 /* of a case that only was routed */
#define LOOKS_MAX 5
#define RETRY_MS 300
#define RETRY_MAX_MS 5000

/* A command to be sent. */
struct step {
	const char *action; /* NULL: nothing is left to be done */
	const char *name, *value; /* what it is sent with */
	bool of_version;
	bool *done; /* set when it was done */
};

/* One after the other: the router keeps no order between commands of one request. Only the desk answers what it has, so it
 * takes the case first, unless it was sent there. */
static struct step
next_step(struct import_work *w)
{
	const struct import_item *item = &w->item;

	if (item->answer && !w->answered && !w->at_desk)
		return (struct step){"assign", "department", DESK, true, &w->at_desk};
	if (item->answer && !w->answered)
		return (struct step){"answer", "text", item->answer, true, &w->answered};
	if (item->closing && !w->closed)
		return (struct step){"close", "reason", item->closing, true, &w->closed};
	if (item->note && !w->noted)
		return (struct step){"note", "text", item->note, false, &w->noted};
	return (struct step){.action = NULL};
}

static void
make_id(const struct import_batch *b, const struct import_work *w, const char *action, const char *text,
    char id[UUID_TEXT_SIZE])
{
	static const char purpose[] = "kopru import";
	const char *const parts[] = {b->flight->job->source->name, w->item.key, action, text};
	const uint8_t version[4] = {
	    (uint8_t)(w->version >> 24), (uint8_t)(w->version >> 16), (uint8_t)(w->version >> 8), (uint8_t)w->version};
	crypto_generichash_state state;
	struct uuid u;

	crypto_generichash_init(&state, NULL, 0, UUID_SIZE);
	crypto_generichash_update(&state, (const uint8_t *)purpose, sizeof(purpose));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		crypto_generichash_update(&state, (const uint8_t *)parts[i], strlen(parts[i]) + 1);
	/* A note has no version: it is the same wherever its case stands. */
	crypto_generichash_update(&state, version, strcmp(action, "note") == 0 ? 0 : sizeof(version));
	crypto_generichash_final(&state, u.bytes, UUID_SIZE);
	u.bytes[6] = (uint8_t)((u.bytes[6] & 0x0f) | 0x80); /* version 8 (RFC 9562): made by an own rule */
	u.bytes[8] = (uint8_t)((u.bytes[8] & 0x3f) | 0x80);
	uuid_text(&u, id);
}

static void
add(struct import_batch *b, json_t *list, struct import_work *w, const struct step *step)
{
	char id[UUID_TEXT_SIZE];
	json_t *json = json_object();

	make_id(b, w, step->action, step->value, id);
	json_object_set_new(json, "id", json_string(id));
	json_object_set_new(json, "number", json_string(w->number));
	json_object_set_new(json, "action", json_string(step->action));
	json_object_set_new(json, step->name, json_string(step->value));
	if (step->of_version)
		json_object_set_new(json, "expected_version", json_integer(w->version));
	json_array_append_new(list, json);
	b->sent[b->sent_count++] = (size_t)(w - b->works);
}

static void
send_next(struct import_batch *b, int64_t delay)
{
	json_t *list = json_array(), *json;
	size_t size = 0;
	char *text;

	b->sent_count = 0;
	for (size_t i = 0; i < b->count && size < IMPORT_BODY_SOFT; i++) {
		struct import_work *w = &b->works[i];
		struct step step;

		step = next_step(w);
		if (w->done || !step.action)
			continue;
		add(b, list, w, &step);
		size += strlen(step.value) + ROOM_MAX;
	}
	json = json_pack("{s:o}", "commands", list);
	if (!(text = json_dumps(json, JSON_COMPACT)))
		abort();
	json_decref(json);
	arena_reset(b->call_arena);
	b->call.size = strlen(text);
	b->call.body = arena_string_n(b->call_arena, text, b->call.size);
	free(text);
	import_front_post(b->flight->front, &b->call, delay);
}

static void
finish(struct import_batch *b, struct import_work *w)
{
	w->done = true;
	if (w->item.answer)
		b->flight->counts->answered++;
}

static void
refuse(struct import_batch *b, struct import_work *w, const char *why)
{
	import_batch_refuse(b, w, "",
	    arena_printf(b->arena, "it is in as %s, not all that the file says was done: %s", w->number, why));
}

/* The same command of another key has the same id, and the router takes it for another one: whether it was done is what its
 * own memory says. Which step that was follows from the case, but for a note, which moves nothing. */
static bool
settle_doubt(struct import_batch *b, struct import_work *w, bool done)
{
	const struct step step = next_step(w);

	if (!*w->doubted)
		return true;
	w->doubted[0] = '\0';
	if (!done) {
		refuse(b, w, w->refusal);
		return false;
	}
	if (!step.of_version && step.action)
		*step.done = true;
	return true;
}

/* Line breaks are compared as the service keeps them. */
static bool
is_among(struct arena *a, const char *answer, const char *hashes)
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	char hex[2 * sizeof(hash) + 1], *text = arena_string(a, answer), *to = text;

	for (const char *c = answer; *c; c++)
		if (*c != '\r')
			*to++ = *c;
	crypto_hash_sha256(hash, (const uint8_t *)text, (size_t)(to - text));
	return strstr(hashes, sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash))) != NULL;
}

/* What its case is now decides what is left. */
static void
take_look(struct import_batch *b, struct import_work *w, const char *const *cells)
{
	int state = (int)strtol(cells[1], NULL, 10);
	const struct word *word = word_find(state_words, state);

	w->look = false;
	if (!settle_doubt(b, w, strcmp(cells[5], "t") == 0))
		return;
	w->version = (unsigned)strtoul(cells[2], NULL, 10);
	w->at_desk = strcmp(cells[3], DESK) == 0;
	w->noted |= strcmp(cells[4], "t") != 0; /* the router forgets after thirty days what it did */
	w->closed = state == KOPRU__V1__STATE__STATE_CLOSED;
	w->answered = w->closed || state == KOPRU__V1__STATE__STATE_ANSWERED;
	if (w->answered && w->item.answer && *cells[6] && !is_among(b->arena, w->item.answer, cells[6]))
		refuse(b, w, "it was answered with another text");
	else if (!next_step(w).action)
		finish(b, w);
	else if (!w->answered && w->item.answer &&
		 (state == KOPRU__V1__STATE__STATE_FORWARDED || state == KOPRU__V1__STATE__STATE_REJECTED ||
		     state == KOPRU__V1__STATE__STATE_MERGED || state == KOPRU__V1__STATE__STATE_WITHDRAWN ||
		     state == KOPRU__V1__STATE__STATE_WAITING_FOR_CITIZEN))
		refuse(b, w, arena_printf(b->arena, "here it is %s", word ? word->token : "?"));
}

/* Asks where the cases of all those stand that were in before, or changed meanwhile. */
static int
look(struct import_batch *b)
{
	struct arena *a = arena_new(0);
	const char *numbers = "", *commands = "", *values[3] = {NULL, NULL, NULL};
	struct script_rows rows = {.count = 0};
	int rc = 0;

	for (size_t i = 0; i < b->count; i++) {
		const struct import_work *w = &b->works[i];

		if (w->done || !w->look)
			continue;
		numbers = arena_printf(a, "%s%s%s", numbers, *numbers ? "," : "", w->number);
		if (*w->doubted)
			commands = arena_printf(a, "%s%s%s", commands, *commands ? "," : "", w->doubted);
	}
	values[0] = arena_printf(a, "{%s}", numbers);
	values[1] = arena_printf(a, "{%s}", commands);
	if (*numbers)
		rc = script_call(b->flight->job->session->script, &operator_statements[IMPORT_CASES], values, a, &rows,
		    b->flight->e);
	for (size_t row = 0; rc == 0 && row < rows.count; row++)
		for (size_t i = 0; i < b->count; i++)
			if (b->works[i].look && strcmp(b->works[i].number, rows.cells[row * rows.columns]) == 0)
				take_look(b, &b->works[i], rows.cells + row * rows.columns);
	arena_free(a);
	return rc;
}

static void
doubt(const struct import_batch *b, struct import_work *w)
{
	const struct step step = next_step(w);

	make_id(b, w, step.action, step.value, w->doubted);
}

/* true: it is to be sent once more as it was. */
static bool
take_result(struct import_batch *b, struct import_work *w, const json_t *result)
{
	json_int_t status = json_integer_value(json_object_get(result, "status"));
	const char *detail = json_string_value(json_object_get(result, "detail"));

	w->doubted[0] = '\0';
	if (status == 200) {
		*next_step(w).done = true;
		w->version = (unsigned)json_integer_value(json_object_get(result, "version"));
		if (!next_step(w).action)
			finish(b, w);
		return false;
	}
	if (status == 429 || status == 503)
		return true;
	w->look = (status == 409 || status == 422) && ++w->looks <= LOOKS_MAX;
	w->refusal = detail ? arena_string(b->arena, detail) : "it was refused";
	if (!w->look)
		refuse(b, w, w->refusal);
	else if (status == 422)
		doubt(b, w);
	return false;
}

/* Whatever is left: once more, or the end. */
static void
go_on(struct import_batch *b, bool again)
{
	int64_t delay = (int64_t)RETRY_MS << (b->tries < 5 ? b->tries : 5);

	if (look(b) < 0) {
		b->flight->failed = true;
		import_batch_end(b);
		return;
	}
	b->tries = again ? b->tries + 1 : 0;
	for (size_t i = 0; i < b->count; i++) {
		if (b->works[i].done)
			continue;
		send_next(b, !again ? 0 : delay < RETRY_MAX_MS ? delay : RETRY_MAX_MS);
		return;
	}
	import_batch_end(b);
}

static void
on_commanded(struct import_call *call, long status, const char *body, size_t size)
{
	struct import_batch *b = (struct import_batch *)((char *)call - offsetof(struct import_batch, call));
	json_t *results = status == 200 ? json_loadb(body, size, 0, NULL) : NULL;
	bool again = false;

	if (json_array_size(results) != b->sent_count) {
		json_decref(results);
		import_batch_fail(b, status, body);
		return;
	}
	for (size_t i = 0; i < b->sent_count; i++)
		again |= take_result(b, &b->works[b->sent[i]], json_array_get(results, i));
	json_decref(results);
	go_on(b, again);
}

void
import_steps_begin(struct import_batch *b)
{
	for (size_t i = 0; i < b->count; i++) {
		struct import_work *w = &b->works[i];

		if (!w->done && !next_step(w).action)
			w->done = true;
		w->look = w->repeated;
		w->version = VERSION_ROUTED;
		w->at_desk = w->item.for_desk;
	}
	b->tries = 0;
	b->call.path = COMMANDS_PATH;
	b->call.on_end = on_commanded;
	go_on(b, false);
}
