/* imports: see the header. */
#include "services/intake/imports.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "services/intake/imports_form.h"
#include "services/intake/refusal.h"

#define REQUESTS_MAX 32 /* at once: whoever applies meanwhile must find room beside them */

struct imports {
	struct imports_desk desk;
	size_t count; /* requests that wait */
	struct metric *ends[ENTRY_REFUSED + 1];
	struct metric *invalid;
};

struct imports_turn;

/* One application of the list. */
struct item {
	struct entry entry;
	struct imports_turn *turn;
	bool begun;
	enum entry_end end;
	json_t *problem; /* of its form; NULL: it is right */
};

/* One request; it lives in that request's arena. */
struct imports_turn {
	struct imports *imports;
	struct http_request *request;
	const char *key_name;
	struct imports_form form;
	int64_t now;
	size_t waiting; /* items without an end, and one while they are begun */
	struct item *items;
};

struct imports *
imports_new(const struct imports_desk *desk, struct metrics *m)
{
	static const char *const labels[] = {
	    [ENTRY_STORED] = "end=\"stored\"",
	    [ENTRY_REPEATED] = "end=\"repeated\"",
	    [ENTRY_KEY_REUSED] = "end=\"key_reused\"",
	    [ENTRY_FILES_USED] = "end=\"files_used\"",
	    [ENTRY_BUSY] = "end=\"busy\"",
	    [ENTRY_UNAVAILABLE] = "end=\"unavailable\"",
	    [ENTRY_UNKNOWN] = "end=\"unknown\"",
	    [ENTRY_TOO_LARGE] = "end=\"too_large\"",
	    [ENTRY_REFUSED] = "end=\"refused\"",
	};
	struct imports *i = calloc(1, sizeof(*i));

	if (!i)
		abort();
	i->desk = *desk;
	for (size_t n = 0; n < sizeof(labels) / sizeof(labels[0]); n++)
		i->ends[n] =
		    metrics_counter(m, "kopru_intake_imported_total", labels[n], "Imported applications by end");
	i->invalid =
	    metrics_counter(m, "kopru_intake_imported_total", "end=\"invalid\"", "Imported applications by end");
	return i;
}

void
imports_free(struct imports *i)
{
	free(i);
}

static json_t *
problem_json(struct http_request *r, const struct form_faults *faults)
{
	json_t *json = http_problem_json(r, "invalid", NULL), *list = json_array();
	bool english = http_language(r) == HTTP_EN;

	for (size_t i = 0; i < faults->count; i++) {
		const struct form_fault *f = &faults->list[i];

		json_array_append_new(
		    list, json_pack("{s:s,s:s}", "field", f->field, "text", english ? f->text_en : f->text_tr));
	}
	json_object_set_new(json, "errors", list);
	return json;
}

/* What became of it, with its number where it has one. */
static json_t *
result_json(const struct item *item)
{
	static const char *const problems[] = {
	    [ENTRY_STORED] = NULL,
	    [ENTRY_REPEATED] = NULL,
	    [ENTRY_KEY_REUSED] = "key-reused",
	    [ENTRY_FILES_USED] = "invalid",
	    [ENTRY_BUSY] = "busy",
	    [ENTRY_UNAVAILABLE] = "unavailable",
	    [ENTRY_UNKNOWN] = "unknown-outcome",
	    [ENTRY_TOO_LARGE] = "too-large",
	    [ENTRY_REFUSED] = "internal",
	};
	const struct imports_turn *t = item->turn;
	json_t *json;

	if (item->problem)
		return item->problem;
	if (!item->begun)
		return json_pack("{s:i}", "status", 200);
	if (problems[item->end]) {
		json = http_problem_json(t->request, problems[item->end], NULL);
		if (item->end == ENTRY_KEY_REUSED)
			json_object_set_new(json, "number", json_string(item->entry.record.number));
		return json;
	}
	json = json_pack("{s:i,s:s}", "status", 201, "number", item->entry.receipt.number);
	if (item->end == ENTRY_REPEATED)
		json_object_set_new(json, "repeated", json_true());
	return json;
}

static void
answer(struct imports_turn *t)
{
	json_t *list;

	if (http_answered(t->request)) {
		for (size_t i = 0; i < t->form.count; i++)
			json_decref(t->items[i].problem);
		return;
	}
	list = json_array();
	for (size_t i = 0; i < t->form.count; i++) {
		json_t *result = result_json(&t->items[i]);

		json_object_set_new(result, "key", json_string(t->form.items[i].key));
		json_array_append_new(list, result);
	}
	http_reply_json(t->request, 200, json_pack("{s:o}", "results", list));
}

static void
end_one(struct imports_turn *t)
{
	if (--t->waiting > 0)
		return;
	answer(t);
	t->imports->count--;
	http_release(t->request);
}

static void
on_end(struct entry *entry, enum entry_end end, const struct err *e)
{
	struct item *item = (struct item *)((char *)entry - offsetof(struct item, entry));

	(void)e;
	item->end = end;
	metric_add(item->turn->imports->ends[end], 1);
	end_one(item->turn);
}

static bool
abandoned(const struct entry *entry)
{
	const struct item *item = (const struct item *)((const char *)entry - offsetof(struct item, entry));

	return http_answered(item->turn->request);
}

/* What it says, however it is written: the order of fields and spaces make no other application of it. */
static void
hash_body(const json_t *application, uint8_t hash[crypto_hash_sha256_BYTES])
{
	char *text = json_dumps(application, JSON_COMPACT | JSON_SORT_KEYS);

	if (!text)
		abort(); /* it came as JSON */
	crypto_hash_sha256(hash, (const uint8_t *)text, strlen(text));
	free(text);
}

static void
begin(struct imports_turn *t, size_t i)
{
	struct http_request *r = t->request;
	struct item *item = &t->items[i];
	json_t *application = t->form.items[i].application;
	struct form_rules rules = {.now = t->now, .trusted = true, .imported = true, .english = false};
	struct form_faults faults;

	item->turn = t;
	/* The same application, whatever the importer thinks of where it belongs. */
	hash_body(application, item->entry.record.body_hash);
	if (t->form.items[i].topic && !json_object_get(application, "topic"))
		json_object_set_new(application, "topic", json_string(t->form.items[i].topic));
	if (form_read(http_arena(r), application, &rules, &item->entry.form, &faults) < 0) {
		item->problem = problem_json(r, &faults);
		metric_add(t->imports->invalid, 1);
		return;
	}
	if (t->form.dry_run)
		return;
	item->begun = true;
	item->entry.arena = http_arena(r);
	item->entry.form.inbound_id = t->form.inbound_id;
	item->entry.now = t->now;
	item->entry.record.key_scope = t->form.source;
	item->entry.record.key = t->form.items[i].key;
	item->entry.receipt.key_name = t->key_name;
	item->entry.receipt.traceparent = http_traceparent(r);
	item->entry.on_end = on_end;
	item->entry.abandoned = abandoned;
	t->waiting++;
	entry_begin(t->imports->desk.entry, &item->entry);
}

static bool
admit(struct imports *i, struct http_request *r, const struct api_key **key)
{
	enum api_answer granted = api_keys_check(i->desk.api_keys, r, API_APPLICATIONS, key);

	if (granted != API_GRANTED)
		api_keys_reply(r, granted);
	else if (!db_is_up(i->desk.writer) || !source_knows_time(i->desk.entry->source))
		http_reply_problem(r, "unavailable", NULL);
	else if (i->count >= REQUESTS_MAX)
		http_reply_problem(r, "busy", NULL);
	else
		return true;
	return false;
}

void
imports_post(struct imports *i, struct http_request *r)
{
	const struct api_key *key = NULL;
	struct imports_turn *t;
	struct form_faults faults;
	json_t *json;

	if (!admit(i, r, &key) || !(json = http_json(r)))
		return;
	t = arena_alloc(http_arena(r), sizeof(*t));
	if (imports_form_read(http_arena(r), json, &t->form, &faults) < 0) {
		refusal_send(r, &faults);
		return;
	}
	t->imports = i;
	t->request = r;
	t->key_name = arena_string(http_arena(r), key->name);
	t->now = source_now(i->desk.entry->source);
	t->items = arena_array(http_arena(r), t->form.count, sizeof(*t->items));
	t->waiting = 1;
	i->count++;
	http_keep(r);
	for (size_t n = 0; n < t->form.count; n++)
		begin(t, n);
	end_one(t);
}
