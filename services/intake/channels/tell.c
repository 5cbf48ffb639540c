/* tell: see the header. */
#include "services/intake/channels/tell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "proto/kopru/v1/application.pb-c.h"
#include "services/intake/channels/graph_url.h"

#define TIME_MS 15000
#define KINDS 4

enum kind { WHATSAPP, MESSENGER, INSTAGRAM, TELEGRAM };

static const char *const sources[KINDS] = {"whatsapp", "messenger", "instagram", "telegram"};

/* What told gives back: which channel it is. */
struct tells_kind {
	struct tells *tells;
	enum kind kind;
};

struct tells {
	struct graph *graph;
	const struct channels_conf *conf;
	struct inbound *inbound;
	struct tells_kind kinds[KINDS];
};

/* One account and how to speak to it. */
struct way {
	const char *base, *bearer, *path; /* path: from the arena */
	json_t *body;
};

/* A telling on its way; in an arena of its own. */
struct asking {
	struct graph_request request;
	struct arena *arena;
	struct tells *tells;
	struct telling *telling;
	const char *source;
};

static const char *
piece(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text && graph_url_piece_valid(text) ? text : NULL;
}

static void
put(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

/* Why not, or NULL. */
static const char *
whatsapp_way(
    struct arena *a, const struct meta_conf *conf, const struct telling *telling, const json_t *to, struct way *way)
{
	const char *from = piece(to, "phone_number_id"), *number = piece(to, "to"), *user = piece(to, "recipient");

	if (!from || (!number && !user))
		return "it does not say whom to tell";
	way->base = conf->graph_url;
	way->bearer = conf->access_token;
	way->path = arena_printf(a, "/%s/messages", from);
	put(way->body, "messaging_product", json_string("whatsapp"));
	put(way->body, "recipient_type", json_string("individual"));
	put(way->body, number ? "to" : "recipient", json_string(number ? number : user));
	put(way->body, "type", json_string("text"));
	put(way->body, "text", json_pack("{s:b,s:s}", "preview_url", 0, "body", telling->text));
	put(way->body, "biz_opaque_callback_data", json_string(telling->draft_id));
	return NULL;
}

/* A comment, too, is answered by a private message to who wrote it. */
static const char *
messenger_way(
    struct arena *a, const struct meta_conf *conf, const struct telling *telling, const json_t *to, struct way *way)
{
	static const char *const kinds[] = {"id", "comment_id", "post_id"};
	const char *account = piece(to, "account"), *kind = NULL;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !kind; i++)
		kind = piece(to, kinds[i]) ? kinds[i] : NULL;
	if (!account || !kind)
		return "it does not say whom to tell";
	way->base = conf->graph_url;
	way->bearer = conf->access_token;
	way->path = arena_printf(a, "/%s/messages", account);
	put(way->body, "recipient", json_pack("{s:s}", kind, piece(to, kind)));
	put(way->body, "messaging_type", json_string("RESPONSE"));
	put(way->body, "message", json_pack("{s:s}", "text", telling->text));
	return NULL;
}

static const char *
telegram_way(
    struct arena *a, const struct telegram_conf *conf, const struct telling *telling, const json_t *to, struct way *way)
{
	const char *chat = piece(to, "chat_id");

	if (!chat)
		return "it does not say whom to tell";
	way->base = conf->api_url;
	way->path = conf->access_token ? arena_printf(a, "/bot%s/sendMessage", conf->access_token) : NULL;
	put(way->body, "chat_id", json_string(chat));
	put(way->body, "text", json_string(telling->text));
	return NULL;
}

/* Why not, or NULL. */
static const char *
find_way(struct arena *a, const struct tells *t, enum kind kind, const struct telling *telling, struct way *way)
{
	const struct meta_conf *const metas[KINDS] = {
	    [WHATSAPP] = t->conf->whatsapp, [MESSENGER] = t->conf->messenger, [INSTAGRAM] = t->conf->instagram};
	json_t *to = json_loads(telling->reply_to, JSON_REJECT_DUPLICATES, NULL);
	const char *why;

	if (kind == TELEGRAM)
		why = telegram_way(a, t->conf->telegram, telling, to, way);
	else if (kind == WHATSAPP)
		why = whatsapp_way(a, metas[kind], telling, to, way);
	else
		why = messenger_way(a, metas[kind], telling, to, way);
	json_decref(to);
	if (!why && (!way->path || (kind != TELEGRAM && !way->bearer)))
		why = "the channel has no access token";
	return why;
}

/* What a provider says is wrong, as a number: Meta's "error.code", Telegram's "error_code". */
static int
error_code(const char *body)
{
	json_t *json = json_loads(body, JSON_DECODE_ANY, NULL);
	json_int_t code = json_integer_value(json_object_get(json_object_get(json, "error"), "code"));

	if (code == 0)
		code = json_integer_value(json_object_get(json, "error_code"));
	json_decref(json);
	return code > 0 && code < 10000000 ? (int)code : 0;
}

/* Too many, or for now not: Meta's codes for limits of calls, of a number, of a pair, and for a token that is no more valid. */
static bool
is_for_now(int status, int code)
{
	static const int codes[] = {
	    1, 2, 4, 17, 32, 190, 131000, 613, 80007, 130429, 131048, 131056, 131016, 131057, 133004};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i] == code)
			return true;
	return status == 401 || status == 408 || status == 429 || status == 503;
}

static enum telling_end
end_of(const struct graph_request *r, enum graph_end how, char reason[GRAPH_REASON_SIZE])
{
	int code;

	if (how != GRAPH_ANSWERED) {
		memcpy(reason, r->reason, GRAPH_REASON_SIZE);
		return how == GRAPH_NOT_SENT ? TELLING_LATER : how == GRAPH_REFUSED ? TELLING_FAILED : TELLING_UNKNOWN;
	}
	if (r->status >= 200 && r->status <= 299)
		return TELLING_SENT;
	code = error_code(r->body);
	snprintf(reason, GRAPH_REASON_SIZE, "the provider says %d, code %d", r->status, code);
	if (is_for_now(r->status, code))
		return TELLING_LATER;
	return r->status >= 500 ? TELLING_UNKNOWN : TELLING_FAILED;
}

static void
on_answer(struct graph_request *r, enum graph_end how)
{
	struct asking *a = (struct asking *)r;
	char reason[GRAPH_REASON_SIZE];
	enum telling_end end = end_of(r, how, reason);
	struct arena *arena = a->arena;

	if (end != TELLING_SENT)
		inbound_error(a->tells->inbound, a->source, reason);
	a->telling->on_end(a->telling, end);
	arena_free(arena);
}

static void
ask(struct asking *a, const struct way *way)
{
	struct graph_request *r = &a->request;
	char *text = json_dumps(way->body, JSON_COMPACT);

	if (!text)
		abort();
	r->base = way->base;
	r->bearer = way->bearer;
	r->url = arena_printf(a->arena, "%s%s", way->base, way->path);
	r->json = arena_string(a->arena, text);
	r->time_ms = TIME_MS;
	r->on_end = on_answer;
	free(text);
	graph_ask(a->tells->graph, r);
}

static void
on_tell(void *arg, struct telling *telling)
{
	const struct tells_kind *kind = arg;
	struct tells *t = kind->tells;
	struct arena *arena;
	struct asking *a;
	struct way way;
	const char *why;

	if (!graph_has_room(t->graph)) {
		telling->on_end(telling, TELLING_LATER);
		return;
	}
	arena = arena_new(0);
	a = arena_alloc(arena, sizeof(*a));
	*a = (struct asking){.arena = arena, .tells = t, .telling = telling, .source = sources[kind->kind]};
	way = (struct way){.body = json_object()};
	if ((why = find_way(arena, t, kind->kind, telling, &way))) {
		inbound_error(t->inbound, a->source, why);
		arena_free(arena);
		telling->on_end(telling, TELLING_FAILED);
	} else {
		ask(a, &way);
	}
	json_decref(way.body);
}

struct tells *
tells_new(struct graph *g, const struct channels_conf *conf, struct inbound *inbound)
{
	struct tells *t = calloc(1, sizeof(*t));

	if (!t)
		abort();
	t->graph = g;
	t->conf = conf;
	t->inbound = inbound;
	for (size_t i = 0; i < KINDS; i++)
		t->kinds[i] = (struct tells_kind){.tells = t, .kind = (enum kind)i};
	return t;
}

void
tells_free(struct tells *t)
{
	free(t);
}

void
tells_use(struct tells *t, struct told *told)
{
	if (t->conf->whatsapp)
		told_use(told, KOPRU__V1__CHANNEL__CHANNEL_WHATSAPP, on_tell, &t->kinds[WHATSAPP]);
	if (t->conf->messenger)
		told_use(told, KOPRU__V1__CHANNEL__CHANNEL_FACEBOOK, on_tell, &t->kinds[MESSENGER]);
	if (t->conf->instagram)
		told_use(told, KOPRU__V1__CHANNEL__CHANNEL_INSTAGRAM, on_tell, &t->kinds[INSTAGRAM]);
	if (t->conf->telegram)
		told_use(told, KOPRU__V1__CHANNEL__CHANNEL_TELEGRAM, on_tell, &t->kinds[TELEGRAM]);
}
