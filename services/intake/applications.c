/* applications: see the header. */
#include "services/intake/applications.h"

#include <sodium.h>
#include <stdlib.h>

#include "proto/kopru/v1/application.pb-c.h"
#include "services/intake/refusal.h"
#include "services/intake/submission.h"

#define DEADLINE_MICROSECONDS 10000000
#define LOOK_MS 500
#define BYTES_MAX ((size_t)2 * 1024 * 1024) /* of bodies that wait; each holds some ten times its size */
#define SCOPE_X "x" /* of all keys: a post is one application, whoever enters it */
#define SCOPE_CIMER "cimer" /* as in an import */

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

/* Early refusals cost nothing: no database, no room, no right. */
static bool
admit(struct applications *a, struct http_request *r, const struct api_key **key)
{
	enum api_answer answer = api_keys_check(a->desk.api_keys, r, API_APPLICATIONS, key);

	if (answer != API_ABSENT && answer != API_GRANTED) {
		api_keys_reply(r, answer);
		return false;
	}
	if (!db_is_up(a->desk.writer) || !source_knows_time(a->desk.entry->source)) {
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

/* What has a number of its own is one application, whoever enters it: a post, and what CİMER sent, which a file may bring, too
 * (`kopru import cimer`). */
static void
set_key(struct submission *s, const char *key)
{
	const struct application_form *form = &s->entry.form;
	struct record *record = &s->entry.record;
	const char *cimer = form->channel == KOPRU__V1__CHANNEL__CHANNEL_CIMER && form->external_id
				? arena_printf(s->entry.arena, "cimer-%s", form->external_id)
				: NULL;

	s->post = form->channel == KOPRU__V1__CHANNEL__CHANNEL_X;
	s->numbered = s->post || (cimer && form_key_valid(cimer));
	if (s->post) {
		record->key_scope = SCOPE_X;
		record->key = form->external_id;
	} else if (s->numbered) {
		record->key_scope = SCOPE_CIMER;
		record->key = cimer;
	} else if (key) {
		record->key_scope = s->scope;
		record->key = key;
	}
}

static void
fill_entry(struct submission *s, const char *key, const struct api_key *api_key)
{
	struct arena *arena = http_arena(s->request);
	struct entry *entry = &s->entry;
	const void *body = http_body(s->request, &s->body_size);

	entry->arena = arena;
	s->scope = api_key ? arena_string(arena, api_key->id) : ATTACHMENTS_SCOPE_PUBLIC;
	crypto_hash_sha256(entry->record.body_hash, body, s->body_size);
	set_key(s, key);
	if (api_key) {
		entry->receipt.key_name = arena_string(arena, api_key->name);
		entry->receipt.missing = form_missing_json(arena, &entry->form);
	}
	entry->receipt.traceparent = http_traceparent(s->request);
}

void
applications_post(struct applications *a, struct http_request *r)
{
	const struct api_key *api_key = NULL;
	const char *key;
	struct form_rules rules = {.files = true, .english = http_language(r) == HTTP_EN};
	struct form_faults faults;
	struct submission *s;
	json_t *json;

	if (!admit(a, r, &api_key))
		return;
	if (!refusal_read_key(r, &key)) {
		metric_add(a->metrics.refused, 1);
		return;
	}
	if (!(json = http_json(r)))
		return;
	rules.now = source_now(a->desk.entry->source);
	rules.trusted = api_key != NULL;
	s = arena_alloc(http_arena(r), sizeof(*s));
	if (form_read(http_arena(r), json, &rules, &s->entry.form, &faults) < 0) {
		metric_add(a->metrics.refused, 1);
		refusal_send(r, &faults);
		return;
	}
	s->applications = a;
	s->request = r;
	s->arrived = clock_monotonic();
	s->entry.now = rules.now;
	fill_entry(s, key, api_key);
	submission_begin(s);
}
