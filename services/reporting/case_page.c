/* case_page: see the header. */
#include "services/reporting/case_page.h"

#include <string.h>

#include "common/base/log.h"
#include "common/domain/calendar.h"
#include "common/domain/number.h"
#include "common/domain/words.h"
#include "services/reporting/case_routing.h"
#include "services/reporting/query.h"
#include "services/reporting/similar_out.h"
#include "services/reporting/store.h"
#include "services/reporting/store_case.h"
#include "services/reporting/store_ledger.h"
#include "services/reporting/store_similar.h"

struct asking {
	const struct case_page *page;
	struct http_request *request;
	char number[NUMBER_TEXT_SIZE];
	bool counts; /* has the right "reports" */
	bool works; /* has the right "cases" */
	bool clerk; /* of the desk, with that right */
	const char *department; /* for which it works; "": for all, or for none */
	struct after_place after;
	size_t cursor;
	struct store_case_calls calls;
	struct store_routed_calls routed;
};

/* What of the history whoever asks may see. */
struct shown {
	int32_t version; /* of the case: later steps wait */
	bool whole, names; /* texts of those who work on it; names of files */
	struct tracked_files files;
};

static void
set_text(json_t *json, const char *key, const char *text)
{
	if (text)
		json_object_set_new(json, key, json_string(text));
}

static void
set_time(json_t *json, const char *key, int64_t at)
{
	char text[TIME_TEXT_SIZE];

	if (!at)
		return;
	time_text_istanbul(at, text);
	json_object_set_new(json, key, json_string(text));
}

static void
set_word(json_t *json, const char *key, const char *text_key, const struct word *words, int32_t value, bool english)
{
	json_object_set_new(json, key, json_string(word_token(words, value)));
	json_object_set_new(json, text_key, tracked_word(words, value, english));
}

static json_t *
facts_json(const struct asking *asking, const struct case_facts *f, bool whole, bool english)
{
	json_t *json = json_object();

	json_object_set_new(json, "number", json_string(asking->number));
	json_object_set_new(json, "version", json_integer(f->version));
	set_word(json, "status", "status_text", state_words, f->state, english);
	set_word(json, "kind", "kind_text", kind_words, f->kind, english);
	set_word(json, "channel", "channel_text", channel_words, f->channel, english);
	set_time(json, "received_at", f->received_at);
	tracked_set_day(json, "due_on", f->due_on);
	tracked_set_day(json, "target_on", f->target_on);
	set_time(json, "changed_at", f->changed_at);
	set_time(json, "first_reaction_at", f->reaction_at);
	set_time(json, "answered_at", f->answered_at);
	json_object_set_new(json, "department", tracked_text(f->department));
	json_object_set_new(json, "department_text",
	    tracked_text(english && f->department_name_en ? f->department_name_en : f->department_name));
	json_object_set_new(json, "topic", tracked_text(f->topic));
	json_object_set_new(json, "topic_text", tracked_text(f->topic_name));
	json_object_set_new(json, "neighbourhood", tracked_text(f->neighbourhood));
	json_object_set_new(json, "triage", json_boolean(f->triage));
	json_object_set_new(json, "outside", json_boolean(f->outside));
	json_object_set_new(json, "with_arbiter", json_boolean(f->with_arbiter));
	json_object_set_new(json, "final_owed", json_boolean(f->final_owed));
	json_object_set_new(json, "overdue", json_boolean(f->overdue));
	json_object_set_new(json, "handed_back", json_boolean(f->handed_back));
	json_object_set_new(json, "forwarded", json_boolean(f->forwarded));
	json_object_set_new(json, "reopened", json_boolean(f->reopened));
	json_object_set_new(json, "erased", json_boolean(f->erased));
	if (whole) {
		json_object_set_new(json, "subject", tracked_text(f->subject));
		json_object_set_new(json, "text", tracked_text(f->text));
		json_object_set_new(json, "merged_into", tracked_text(f->merged_into));
	}
	return json;
}

static const char *const actor_types[] = {"unknown", "citizen", "clerk", "department", "system", "service"};

static json_t *
actor_json(const struct case_step *step)
{
	json_t *json = json_object();
	size_t type = (size_t)step->actor_type;

	json_object_set_new(json, "type",
	    json_string(type < sizeof(actor_types) / sizeof(actor_types[0]) ? actor_types[type] : "unknown"));
	if (step->actor_role)
		json_object_set_new(json, "role", json_string(word_token(role_words, step->actor_role)));
	set_text(json, "department", step->actor_department);
	return json;
}

/* Who entered it is for those who work on it. */
static json_t *
origin_json(const struct asking *asking, const struct db_results *results, bool whole)
{
	struct origin origin;
	json_t *json;

	if (!store_get_case_origin(results, asking->calls.origin, &origin))
		return json_null();
	json = json_object();
	if (whole)
		set_text(json, "entered_by", origin.entered_by);
	set_text(json, "registry_number", origin.registry_number);
	tracked_set_day(json, "registry_on", origin.registry_on);
	set_text(json, "sender_institution", origin.sender_institution);
	tracked_set_day(json, "reply_by", origin.reply_by);
	return json;
}

static json_t *
steps_json(const struct asking *asking, const struct db_results *results, const struct shown *shown, bool english)
{
	size_t call = asking->calls.steps;
	bool whole = shown->whole;
	json_t *list = json_array();

	for (size_t row = 0; row < db_rows(results, call); row++) {
		struct case_step step;
		json_t *json;

		store_get_case_step(results, call, row, &step);
		if (step.tracked.version > shown->version || (!step.visible && !whole))
			continue;
		json = tracked_step_json(&step.tracked, english);
		json_object_set_new(json, "version", json_integer(step.tracked.version));
		tracked_set_files(json, &shown->files, step.tracked.version, true, shown->names);
		set_text(json, "department_code", step.department);
		if (whole) {
			json_object_set_new(json, "actor", actor_json(&step));
			json_object_set_new(json, "visible", json_boolean(step.visible));
			set_text(json, "internal", step.internal);
			if (!step.visible)
				set_text(json, "other", step.tracked.name);
		}
		json_array_append_new(list, json);
	}
	return list;
}

static json_t *
parts_json(const struct asking *asking, const struct db_results *results, bool whole)
{
	json_t *list = json_array();

	for (size_t row = 0; row < db_rows(results, asking->calls.parts); row++) {
		json_t *json = json_object();
		struct part part;

		store_get_case_part(results, asking->calls.parts, row, &part);
		json_object_set_new(json, "number", json_integer(part.number));
		json_object_set_new(json, "department", json_string(part.department));
		json_object_set_new(json, "department_text", json_string(part.department_name));
		json_object_set_new(json, "answered", json_boolean(part.answered_at != 0));
		set_time(json, "answered_at", part.answered_at);
		if (whole) {
			set_text(json, "task", part.task);
			set_text(json, "answer", part.answer);
		}
		json_array_append_new(list, json);
	}
	return list;
}

static json_t *
member_json(const struct incident_member *member)
{
	json_t *json = json_object();

	json_object_set_new(json, "number", json_string(member->number));
	json_object_set_new(json, "version", json_integer(member->version));
	json_object_set_new(json, "channel", json_string(word_token(channel_words, member->channel)));
	json_object_set_new(json, "status", json_string(word_token(state_words, member->state)));
	set_time(json, "received_at", member->received_at);
	return json;
}

/* What is merged into it, and since when; null: nothing. */
static json_t *
incident_json(const struct asking *asking, const struct db_results *results, bool english)
{
	size_t call = asking->calls.incident, count = db_rows(results, call);
	struct arena *a = http_arena(asking->request);
	json_t *json = json_object(), *list = json_array();
	struct incident_member member = {0};
	int64_t since = 0;

	for (size_t row = 0; row < count; row++) {
		store_get_incident_member(results, call, row, &member);
		json_array_append_new(list, member_json(&member));
		since = row == 0 ? member.received_at : since;
	}
	json_object_set_new(json, "count", json_integer((json_int_t)count));
	set_time(json, "since", since);
	json_object_set_new(json, "sentence",
	    json_string(arena_printf(a, "%zu %s, %s", count,
		!english     ? "başvuru daha"
		: count == 1 ? "other"
			     : "others",
		similar_since(a, since, feed_clock_now(asking->page->clock), english))));
	json_object_set_new(json, "members", list);
	if (count > 0)
		return json;
	json_decref(json);
	return json_null();
}

/* Is it the case of whoever asks? */
static bool
is_theirs(const struct asking *asking, const struct case_facts *facts, const struct db_results *results)
{
	if (!asking->works || !*asking->department)
		return asking->works;
	if (facts->department && strcmp(facts->department, asking->department) == 0)
		return true;
	for (size_t row = 0; row < db_rows(results, asking->calls.parts); row++) {
		struct part part;

		store_get_case_part(results, asking->calls.parts, row, &part);
		if (strcmp(part.department, asking->department) == 0)
			return true;
	}
	return false;
}

static void
on_looked_up(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *reason)
{
	struct asking *asking = arg;
	struct http_request *r = asking->request;
	bool english = http_language(r) == HTTP_EN, whole;
	struct case_facts facts;
	struct shown shown;
	json_t *json;

	if (outcome != DB_COMMITTED) {
		log_warn("case.unread", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), reason->text);
		http_reply_problem(r, "unavailable", NULL);
		return;
	}
	if (asking->after.stream && store_get_reporting_cursor(results, asking->cursor) < asking->after.seq) {
		http_reply_problem(r, "busy", NULL);
		return;
	}
	if (!store_get_case_facts(results, asking->calls.facts, &facts)) {
		http_reply_problem(r, "not-found", NULL);
		return;
	}
	whole = is_theirs(asking, &facts, results);
	if (!whole && !asking->counts) {
		http_reply_problem(r, "not-found", NULL);
		return;
	}
	shown = (struct shown){.version = facts.version, .whole = whole};
	/* An outside institution is not told who applies, nor by the name of a file, whoever else has the case. */
	shown.names = whole && (asking->clerk || facts.asked_by_ours);
	store_get_tracked_files(results, asking->calls.files, http_arena(r), &shown.files);
	json = facts_json(asking, &facts, whole, english);
	json_object_set_new(json, "origin", origin_json(asking, results, whole));
	json_object_set_new(
	    json, "routing", case_routing_json(http_arena(r), results, &asking->routed, whole, english));
	json_object_set_new(json, "parts", parts_json(asking, results, whole));
	if (whole)
		json_object_set_new(json, "incident", incident_json(asking, results, english));
	json_object_set_new(json, "promises", store_get_case_promises(results, asking->calls.promises));
	json_object_set_new(json, "history", steps_json(asking, results, &shown, english));
	http_reply_json(r, 200, json);
}

static void
on_ready(void *arg)
{
	struct asking *asking = arg;
	struct db_tx *tx = db_begin(asking->page->db);

	if (asking->after.stream)
		asking->cursor = store_reporting_cursor(tx, asking->after.stream);
	asking->calls = store_case(tx, asking->number, asking->department);
	asking->routed = store_case_routing(tx, asking->number);
	db_read(tx, on_looked_up, asking);
}

/* Either right will do. */
static bool
is_allowed(struct asking *asking)
{
	const struct api_key *key;
	enum api_answer works = api_keys_check(asking->page->keys, asking->request, API_CASES, &key), counts;

	if (works == API_GRANTED) {
		asking->works = true;
		asking->clerk = strcmp(key->role, "clerk") == 0;
		asking->department = arena_string(http_arena(asking->request), key->department);
	}
	counts = api_keys_check(asking->page->keys, asking->request, API_REPORTS, &key);
	asking->counts = counts == API_GRANTED;
	if (asking->works || asking->counts)
		return true;
	api_keys_reply(asking->request, counts); /* with which asking ends */
	return false;
}

void
case_page_answer(const struct case_page *page, struct http_request *r)
{
	struct asking *asking = arena_alloc(http_arena(r), sizeof(*asking));
	struct http_faults faults = {.count = 0};
	int32_t serial;
	int year;

	asking->page = page;
	asking->request = r;
	asking->department = "";
	if (!is_allowed(asking))
		return;
	if (!number_parse(http_segment(r), &year, &serial) || !number_format(year, serial, asking->number))
		http_fault_add(&faults, "number",
		    "Başvuru numarası HM-2026-0000123-4 biçiminde olmalıdır; son rakam sağlama rakamıdır",
		    "The application number looks like HM-2026-0000123-4; the last digit is a check digit");
	query_read_after(r, &asking->after, &faults);
	if (faults.count > 0)
		http_reply_problem(r, "invalid", &faults);
	else
		after_wait(page->after, &asking->after, on_ready, asking);
}
