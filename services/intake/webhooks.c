/* webhooks: see the header. */
#include "services/intake/webhooks.h"

#include <stdlib.h>
#include <string.h>

#include "services/intake/webhook_proof.h"

#define KINDS 4

static const char *const names[KINDS] = {"whatsapp", "messenger", "instagram", "telegram"};
static const char *const labels[KINDS] = {
    "source=\"whatsapp\"", "source=\"messenger\"", "source=\"instagram\"", "source=\"telegram\""};

struct webhooks {
	const struct channels_conf *conf;
	struct inbound *inbound;
	struct metric *refused[KINDS];
};

/* A body on its way into the database; lives in its request's arena. */
struct delivery {
	struct inbound_arrival arrival;
	struct http_request *request;
};

struct webhooks *
webhooks_new(const struct channels_conf *conf, struct inbound *inbound, struct metrics *m)
{
	struct webhooks *w = calloc(1, sizeof(*w));

	if (!w)
		abort();
	w->conf = conf;
	w->inbound = inbound;
	for (size_t i = 0; i < KINDS; i++)
		w->refused[i] = metrics_counter(m, "kopru_intake_webhooks_refused_total", labels[i],
		    "Handshakes and bodies that did not show where they come from");
	return w;
}

void
webhooks_free(struct webhooks *w)
{
	free(w);
}

static const struct meta_conf *
meta_of(const struct webhooks *w, size_t kind)
{
	const struct meta_conf *const list[KINDS] = {w->conf->whatsapp, w->conf->messenger, w->conf->instagram, NULL};

	return list[kind];
}

/* Which one it is; KINDS for one that there is not, or that is not configured. */
static size_t
kind_of(const struct webhooks *w, const char *name)
{
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(names[i], name) == 0 && (meta_of(w, i) || (i == KINDS - 1 && w->conf->telegram)))
			return i;
	return KINDS;
}

static void
refuse_handshake(struct http_request *r)
{
	http_reply_problem_json(r, "forbidden",
	    http_problem_json(r, "forbidden",
		http_language(r) == HTTP_EN ? "hub.mode, hub.verify_token or hub.challenge is not right."
					    : "hub.mode, hub.verify_token ya da hub.challenge doğru değil."));
}

void
webhooks_get(struct webhooks *w, struct http_request *r)
{
	size_t kind = kind_of(w, http_segment(r));
	const struct meta_conf *meta = kind < KINDS ? meta_of(w, kind) : NULL;
	const char *mode = http_query(r, "hub.mode"), *challenge = http_query(r, "hub.challenge");

	if (!meta) {
		http_reply_problem(r, "not-found", NULL);
	} else if (!meta->verify_token ||
		   !webhook_secret_valid(http_query(r, "hub.verify_token"), &meta->verify_token, 1) || !mode ||
		   strcmp(mode, "subscribe") != 0 || !webhook_challenge_valid(challenge)) {
		metric_add(w->refused[kind], 1);
		refuse_handshake(r);
	} else {
		http_reply_bytes(r, 200, "text/plain; charset=utf-8", NULL, challenge, strlen(challenge));
	}
}

/* NULL when it has shown where it comes from. */
static const char *
why_not(const struct webhooks *w, size_t kind, struct http_request *r)
{
	const struct meta_conf *meta = meta_of(w, kind);
	const char *header = meta ? "X-Hub-Signature-256" : "X-Telegram-Bot-Api-Secret-Token";
	size_t size;
	const void *body = http_body(r, &size);

	if (!http_has_header(r, header))
		return meta ? "the signature is missing" : "the secret is missing";
	if (meta)
		return webhook_signature_valid(http_header(r, header), body, size, meta->secrets, meta->secret_count)
			   ? NULL
			   : "the signature is wrong";
	return webhook_secret_valid(http_header(r, header), w->conf->telegram->secrets, w->conf->telegram->secret_count)
		   ? NULL
		   : "the secret is wrong";
}

static void
refuse(struct webhooks *w, size_t kind, struct http_request *r, const char *why)
{
	size_t size;
	const void *body = http_body(r, &size);

	metric_add(w->refused[kind], 1);
	inbound_refuse(w->inbound, names[kind], http_header(r, "Content-Type"), body, size, why);
	http_reply_problem(r, "signature", NULL);
}

static void
on_received(struct inbound_arrival *arrival, enum inbound_end end, int64_t id)
{
	struct http_request *r = ((struct delivery *)arrival)->request;

	(void)id;
	if (http_answered(r))
		; /* nobody waits for it any more */
	else if (end == INBOUND_STORED || end == INBOUND_REPEATED)
		http_reply_bytes(r, 200, "application/json", NULL, "{}", 2);
	else
		http_reply_problem(r, "again", NULL);
	http_release(r);
}

void
webhooks_post(struct webhooks *w, struct http_request *r)
{
	size_t kind = kind_of(w, http_segment(r)), size;
	struct delivery *d;
	const char *why;
	const void *body;

	if (kind == KINDS) {
		http_reply_problem(r, "not-found", NULL);
		return;
	}
	if ((why = why_not(w, kind, r))) {
		refuse(w, kind, r, why);
		return;
	}
	/* The body may be gone with its connection, before it is stored. */
	body = http_body(r, &size);
	d = arena_alloc(http_arena(r), sizeof(*d));
	d->request = r;
	d->arrival = (struct inbound_arrival){.source = names[kind],
	    .content_type = arena_string(http_arena(r), http_header(r, "Content-Type")),
	    .raw = arena_copy(http_arena(r), size ? body : "", size),
	    .size = size,
	    .state = "stored",
	    .on_end = on_received};
	http_keep(r);
	if (inbound_receive(w->inbound, &d->arrival) < 0) {
		http_reply_problem(r, "busy", NULL);
		http_release(r);
	}
}
