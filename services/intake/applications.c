/* applications: see the header. */
#include "services/intake/applications.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/wire.h"
#include "common/domain/access_code.h"
#include "proto/kopru/v1/application.pb-c.h"
#include "services/intake/receipt.h"
#include "services/intake/refusal.h"
#include "services/intake/submission.h"

#define DEADLINE_MICROSECONDS 10000000
#define LOOK_MS 500
#define BYTES_MAX ((size_t)3 * 1024 * 1024) /* of bodies that wait; each holds some ten times its size */
#define SCOPE_PUBLIC "public"

static void
on_look(void *arg)
{
	struct applications *a = arg;
	int64_t limit = clock_monotonic() - DEADLINE_MICROSECONDS;

	/* Oldest first. Who was answered stays in the list until its end is known. */
	for (struct submission *s = a->first; s && s->arrived <= limit; s = s->next) {
		if (http_answered(s->request))
			continue;
		metric_add(a->metrics.unknown, 1);
		http_reply_problem(s->request, "unknown-outcome", NULL);
	}
	if (!loop_stopping(a->desk.loop))
		timer_start(a->look, LOOK_MS);
}

static void
on_metrics_read(void *arg)
{
	const struct applications *a = arg;

	metric_set(a->metrics.waiting, (int64_t)a->count);
	metric_set(a->metrics.oldest, a->first ? (clock_monotonic() - a->first->arrived) / 1000 : 0);
}

struct applications *
applications_new(const struct applications_desk *desk, struct metrics *m)
{
	struct applications *a = calloc(1, sizeof(*a));

	if (!a)
		abort();
	a->desk = *desk;
	a->metrics.accepted =
	    metrics_counter(m, "kopru_intake_accepted_total", "", "Applications stored and acknowledged");
	a->metrics.replayed =
	    metrics_counter(m, "kopru_intake_replayed_total", "", "Requests answered from their key again");
	a->metrics.refused = metrics_counter(m, "kopru_intake_refused_total", "", "Requests refused for their content");
	a->metrics.unknown =
	    metrics_counter(m, "kopru_intake_unknown_total", "", "Requests whose outcome was not known");
	a->metrics.unavailable = metrics_counter(
	    m, "kopru_intake_unavailable_total", "", "Requests not stored for want of database or room");
	a->metrics.waiting = metrics_gauge(m, "kopru_intake_waiting", "", "Applications not yet committed");
	a->metrics.oldest =
	    metrics_gauge(m, "kopru_intake_oldest_waiting_milliseconds", "", "Age of the oldest of them");
	metrics_on_read(m, on_metrics_read, a);
	a->look = timer_new(desk->loop, on_look, a);
	timer_start(a->look, LOOK_MS);
	return a;
}

void
applications_free(struct applications *a)
{
	if (!a)
		return;
	timer_free(a->look);
	free(a);
}

void
applications_set_store(struct applications *a, struct store *store, struct source *source)
{
	a->desk.store = store;
	a->desk.source = source;
}

static void
enqueue(struct applications *a, struct submission *s)
{
	s->previous = a->last;
	s->next = NULL;
	if (a->last)
		a->last->next = s;
	else
		a->first = s;
	a->last = s;
	a->count++;
	a->bytes += s->body_size;
}

/* The end of a submission: its memory goes with the request. */
static void
finish(struct submission *s)
{
	struct applications *a = s->applications;

	if (s->previous)
		s->previous->next = s->next;
	else
		a->first = s->next;
	if (s->next)
		s->next->previous = s->previous;
	else
		a->last = s->previous;
	a->count--;
	a->bytes -= s->body_size;
	http_release(s->request);
}

static void
finish_with_problem(struct submission *s, const char *problem)
{
	if (!http_answered(s->request))
		http_reply_problem(s->request, problem, NULL);
	finish(s);
}

static void
reply_receipt(struct submission *s, bool replayed)
{
	struct receipt *r = &s->receipt;
	struct arena *arena = http_arena(s->request);
	size_t size;
	char *json;

	if (http_answered(s->request))
		return;
	r->seq = s->record.seq;
	json = receipt_json(arena, r, s->applications->desk.public_url, &size);
	if (replayed)
		http_set_header(s->request, "Idempotency-Replayed", "true");
	http_reply_bytes(s->request, 201, "application/json", NULL, json, size);
}

static void
make_access_code(struct submission *s)
{
	const struct applications_desk *desk = &s->applications->desk;

	access_code_make(desk->access_code_key, desk->access_code_key_size, &s->receipt.application_id,
	    RECEIPT_GENERATION, s->receipt.access_code);
}

static void
tell_stored(struct submission *s)
{
	struct applications *a = s->applications;
	struct feed_item item = {.seq = s->record.seq,
	    .event_id = s->record.event_id,
	    .event = s->record.event,
	    .size = s->record.event_size};

	metric_add(a->metrics.accepted, 1);
	reply_receipt(s, false);
	source_publish(a->desk.source, "intake", &item);
	finish(s);
}

/* Its number was stored nowhere, and never will be. */
static void
give_back(struct submission *s)
{
	numbers_give_back(s->applications->desk.numbers, s->year, &s->waiter, s->serial);
}

static void
tell_repeated(struct submission *s)
{
	struct receipt *r = &s->receipt;

	give_back(s);
	r->application_id = s->record.id;
	memcpy(r->number, s->record.number, sizeof(r->number));
	r->received_at = s->record.received_at;
	r->due_on = s->record.due_on;
	make_access_code(s);
	metric_add(s->applications->metrics.replayed, 1);
	reply_receipt(s, true);
	finish(s);
}

void
applications_on_end(void *arg, struct record *record, enum store_end end, const struct err *e)
{
	struct applications *a = arg;
	struct submission *s = (struct submission *)((char *)record - offsetof(struct submission, record));

	switch (end) {
	case STORE_STORED:
		tell_stored(s);
		return;
	case STORE_REPEATED:
		tell_repeated(s);
		return;
	case STORE_KEY_REUSED:
		give_back(s);
		metric_add(a->metrics.refused, 1);
		finish_with_problem(s, "key-reused");
		return;
	case STORE_UNKNOWN:
		metric_add(a->metrics.unknown, 1);
		finish_with_problem(s, "unknown-outcome");
		return;
	case STORE_REFUSED:
		log_error("application.refused", "number=%s reason=\"%s\"", record->number, e->text);
		finish_with_problem(s, "internal");
		return;
	case STORE_UNAVAILABLE:
	default:
		metric_add(a->metrics.unavailable, 1);
		finish_with_problem(s, "unavailable");
	}
}

/* With a number, everything about the application is known. */
static void
on_number(struct number_waiter *w, int32_t serial)
{
	struct submission *s = (struct submission *)((char *)w - offsetof(struct submission, waiter));
	struct applications *a = s->applications;

	if (serial == 0 || http_answered(s->request)) {
		metric_add(a->metrics.unavailable, 1);
		finish_with_problem(s, "unavailable");
		return;
	}
	s->serial = serial;
	submission_complete(s);
	if (s->record.event_size > WIRE_EVENT_MAX)
		finish_with_problem(s, "too-large");
	else if (store_add(a->desk.store, &s->record) < 0) {
		give_back(s);
		metric_add(a->metrics.unavailable, 1);
		finish_with_problem(s, "busy");
	}
}

/* Early refusals cost nothing: no database, no room, no right. */
static bool
admit(struct applications *a, struct http_request *r, const struct api_key **key)
{
	enum api_answer answer = api_keys_check(a->desk.api_keys, r, API_APPLICATIONS, key);

	if (answer != API_ABSENT && answer != API_GRANTED) {
		api_keys_reply(r, answer);
		return false;
	}
	if (!db_is_up(a->desk.writer) || !source_knows_time(a->desk.source)) {
		metric_add(a->metrics.unavailable, 1);
		http_reply_problem(r, "unavailable", NULL);
		return false;
	}
	if (a->count >= a->desk.queue || a->bytes >= BYTES_MAX) {
		metric_add(a->metrics.unavailable, 1);
		http_reply_problem(r, "busy", NULL);
		return false;
	}
	return true;
}

void
applications_post(struct applications *a, struct http_request *r)
{
	const struct api_key *api_key = NULL;
	const char *key;
	struct form_rules rules = {.english = http_language(r) == HTTP_EN};
	struct form_faults faults;
	struct submission *s;
	const void *body;
	json_t *json;

	if (!admit(a, r, &api_key))
		return;
	if (!refusal_read_key(r, &key)) {
		metric_add(a->metrics.refused, 1);
		return;
	}
	if (!(json = http_json(r)))
		return;
	rules.now = source_now(a->desk.source);
	rules.trusted = api_key != NULL;
	s = arena_alloc(http_arena(r), sizeof(*s));
	if (form_read(http_arena(r), json, &rules, &s->form, &faults) < 0) {
		metric_add(a->metrics.refused, 1);
		refusal_send(r, &faults);
		return;
	}
	s->applications = a;
	s->request = r;
	s->arrived = clock_monotonic();
	s->now = rules.now;
	body = http_body(r, &s->body_size);
	crypto_hash_sha256(s->record.body_hash, body, s->body_size);
	s->record.key = key;
	if (key)
		s->record.key_scope = api_key ? arena_string(http_arena(r), api_key->id) : SCOPE_PUBLIC;
	s->receipt.key_name = api_key ? arena_string(http_arena(r), api_key->name) : NULL;
	s->waiter.on_number = on_number;
	http_keep(r);
	enqueue(a, s);
	submission_prepare(s);
	numbers_take(a->desk.numbers, s->year, &s->waiter);
}
