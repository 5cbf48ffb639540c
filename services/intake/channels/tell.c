/* tell: see the header. */
#include "services/intake/channels/tell.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "services/intake/channels/fields.h"
#include "services/intake/channels/graph_fault.h"
#include "services/intake/channels/graph_url.h"
#include "services/intake/channels/telegram.h"

#define TIME_MS 15000

/* One account and how to speak to it. */
struct way {
	const char *base, *bearer, *path; /* path: from the arena */
	json_t *body;
};

/* All of one telling that is not the caller's. */
struct telling_request {
	struct arena *arena;
	struct loop_timer *timer;
	struct tell *tell;
	enum tell_end end; /* what is known at once, and why */
	const char *why;
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
whatsapp_way(struct arena *a, const struct meta_conf *conf, const struct tell *tell, const json_t *to, struct way *way)
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
	put(way->body, "text", json_pack("{s:b,s:s}", "preview_url", 0, "body", tell->text));
	put(way->body, "biz_opaque_callback_data", json_string(tell->id));
	return NULL;
}

/* A comment, too, is answered by a private message to who wrote it. */
static const char *
messenger_way(struct arena *a, const struct meta_conf *conf, const struct tell *tell, const json_t *to, struct way *way)
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
	put(way->body, "message", json_pack("{s:s}", "text", tell->text));
	return NULL;
}

static const char *
telegram_way(
    struct arena *a, const struct telegram_conf *conf, const struct tell *tell, const json_t *to, struct way *way)
{
	const char *chat = piece(to, "chat_id");

	if (!chat)
		return "it does not say whom to tell";
	way->base = conf->api_url;
	way->path = conf->access_token ? arena_printf(a, "/bot%s/sendMessage", conf->access_token) : NULL;
	put(way->body, "chat_id", json_string(chat));
	put(way->body, "text", json_string(tell->text));
	return NULL;
}

/* Why not, or NULL. */
static const char *
find_way(struct arena *a, const struct channels_conf *conf, const struct tell *tell, struct way *way)
{
	json_t *to = json_loads(tell->reply_to, JSON_REJECT_DUPLICATES, NULL);
	const char *why = "the channel is not configured";

	if (strcmp(tell->source, "whatsapp") == 0 && conf->whatsapp)
		why = whatsapp_way(a, conf->whatsapp, tell, to, way);
	else if (strcmp(tell->source, "messenger") == 0 && conf->messenger)
		why = messenger_way(a, conf->messenger, tell, to, way);
	else if (strcmp(tell->source, "instagram") == 0 && conf->instagram)
		why = messenger_way(a, conf->instagram, tell, to, way);
	else if (strcmp(tell->source, "telegram") == 0 && conf->telegram)
		why = telegram_way(a, conf->telegram, tell, to, way);
	if (!why && (!way->path || (!way->bearer && strcmp(tell->source, "telegram") != 0)))
		why = "the channel has no access token";
	json_decref(to);
	return why;
}

static enum tell_end
end_of(const struct graph_request *r, enum graph_end how, char reason[GRAPH_REASON_SIZE])
{
	struct graph_fault fault;

	if (how != GRAPH_ANSWERED) {
		memcpy(reason, r->reason, GRAPH_REASON_SIZE);
		return how == GRAPH_NOT_SENT ? TELL_LATER : how == GRAPH_REFUSED ? TELL_NEVER : TELL_UNKNOWN;
	}
	if (r->status >= 200 && r->status <= 299)
		return TELL_SENT;
	fault = graph_fault_read(r->status, r->body);
	snprintf(reason, GRAPH_REASON_SIZE, "the provider says %d, code %d", r->status, fault.code);
	if (graph_fault_passes(&fault))
		return TELL_LATER;
	return r->status >= 500 ? TELL_UNKNOWN : TELL_NEVER;
}

/* WhatsApp's messages[0].id, Telegram's chat and message_id, Messenger's and Instagram's message_id. */
static const char *
message_id_of(struct arena *a, const char *body)
{
	json_t *json = body ? json_loads(body, JSON_REJECT_DUPLICATES, NULL) : NULL;
	const json_t *result = json_object_get(json, "result");
	const json_t *message = json_array_get(json_object_get(json, "messages"), 0);
	const char *id = fields_id(a, message, "id", FIELDS_MESSAGE_ID_MAX);

	if (!id)
		id = fields_id(a, json, "message_id", FIELDS_MESSAGE_ID_MAX);
	if (!id && json_is_object(result))
		id = telegram_message_id(a, result);
	id = id ? arena_string(a, id) : NULL;
	json_decref(json);
	return id;
}

static void
end(struct telling_request *t, enum tell_end how, const char *reason)
{
	struct tell *tell = t->tell;

	tell->own = NULL;
	tell->on_end(tell, how, reason);
	timer_free(t->timer);
	arena_free(t->arena);
}

static void
on_answer(struct graph_request *r, enum graph_end how)
{
	struct tell *tell = (struct tell *)((char *)r - offsetof(struct tell, request));
	char reason[GRAPH_REASON_SIZE] = "";
	enum tell_end known = end_of(r, how, reason);

	tell->message_id = known == TELL_SENT ? message_id_of(tell->own->arena, r->body) : NULL;
	end(tell->own, known, known == TELL_SENT ? NULL : reason);
}

static void
on_timer(void *arg)
{
	struct telling_request *t = arg;

	end(t, t->end, t->why);
}

static void
end_later(struct graph *g, struct telling_request *t, enum tell_end how, const char *why)
{
	t->end = how;
	t->why = why;
	t->timer = timer_new(graph_loop(g), on_timer, t);
	timer_start(t->timer, 0);
}

static void
ask(struct graph *g, struct telling_request *t, const struct way *way)
{
	struct graph_request *r = &t->tell->request;
	char *text = json_dumps(way->body, JSON_COMPACT);

	if (!text)
		abort();
	*r = (struct graph_request){.base = way->base, .bearer = way->bearer, .time_ms = TIME_MS, .on_end = on_answer};
	r->url = arena_printf(t->arena, "%s%s", way->base, way->path);
	r->json = arena_string(t->arena, text);
	free(text);
	graph_ask(g, r);
}

void
tell_send(struct graph *g, const struct channels_conf *conf, struct tell *tell)
{
	struct arena *a = arena_new(0);
	struct telling_request *t = arena_alloc(a, sizeof(*t));
	struct way way = {.body = json_object()};
	const char *why = find_way(a, conf, tell, &way);

	*t = (struct telling_request){.arena = a, .tell = tell};
	tell->own = t;
	if (why)
		end_later(g, t, TELL_NEVER, why);
	else if (!graph_has_room(g))
		end_later(g, t, TELL_LATER, "too many are under way");
	else
		ask(g, t, &way);
	json_decref(way.body);
}
