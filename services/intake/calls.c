/* calls: one call: told by the exchange, asked for by a clerk; and who a clerk searches for. */
#include "services/intake/calls_internal.h"

#include <sodium.h>
#include <string.h>

#include "common/base/log.h"
#include "common/domain/calendar.h"
#include "services/intake/call_form.h"
#include "services/intake/calls.sql.h"
#include "services/intake/earlier.h"
#include "services/intake/refusal.h"

/* A look into the database for a request; in its arena. */
struct asking {
	struct calls *calls;
	struct http_request *request;
	char key_id[API_KEY_ID_SIZE];
	bool shown; /* the earlier applications, not only their number */
	size_t earlier; /* index of that call */
	const char *how, *call_id, *scope;
	struct earlier_person person;
	json_t *answer;
};

const struct api_key *
calls_clerk(struct calls *c, struct http_request *r)
{
	const struct api_key *key = NULL;
	enum api_answer answer = api_keys_check(c->desk.api_keys, r, API_CASES, &key);

	if (answer == API_GRANTED && earlier_may_see(key))
		return key;
	api_keys_reply(r, answer == API_GRANTED ? API_FORBIDDEN : answer);
	return NULL;
}

void
calls_reply_outcome(struct http_request *r, enum db_outcome outcome, const struct err *e)
{
	if (outcome == DB_REFUSED || outcome == DB_FENCED) {
		log_error("call.refused", "reason=\"%s\"", e->text);
		http_reply_problem(r, "internal", NULL);
		return;
	}
	http_reply_problem(r, outcome == DB_UNKNOWN ? "unknown-outcome" : "unavailable", NULL);
}

json_t *
calls_time_json(const struct db_results *results, size_t call, size_t row, int column)
{
	char time[TIME_TEXT_SIZE];

	if (db_null(results, call, row, column))
		return json_null();
	time_text_istanbul(db_time(results, call, row, column), time);
	return json_string(time);
}

json_t *
calls_text_json(const struct db_results *results, size_t call, size_t row, int column)
{
	return db_null(results, call, row, column) ? json_null() : json_string(db_text(results, call, row, column));
}

const char *
calls_state(bool ended, bool answered, bool missed)
{
	if (missed)
		return "missed";
	if (ended)
		return "ended";
	return answered ? "answered" : "ringing";
}

static struct asking *
asking_new(struct calls *c, struct http_request *r, const struct api_key *key)
{
	struct asking *asking = arena_alloc(http_arena(r), sizeof(*asking));

	asking->calls = c;
	asking->request = r;
	memcpy(asking->key_id, key->id, sizeof(asking->key_id));
	asking->shown = earlier_may_see(key);
	return asking;
}

/* -- an exchange tells */

static void
on_stored(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct asking *asking = arg;
	json_t *json;

	if (outcome != DB_COMMITTED) {
		calls_reply_outcome(asking->request, outcome, e);
		return;
	}
	metric_add(asking->calls->metrics.told, 1);
	if (asking->shown)
		earlier_log(asking->key_id, "call", results, asking->earlier);
	json = json_pack("{s:s, s:s}", "call_id", asking->call_id, "state",
	    calls_state(!db_null(results, 0, 0, 2), !db_null(results, 0, 0, 3), db_bool(results, 0, 0, 4)));
	json_object_set_new(json, "applications", earlier_json(results, asking->earlier, asking->shown));
	http_reply_json(asking->request, 200, json);
}

static void
bind_time(struct db_tx *tx, int64_t time)
{
	if (time != 0)
		db_bind_time(tx, time);
	else
		db_bind_null(tx);
}

static void
store(struct asking *asking, const struct call_form *form)
{
	struct arena *a = http_arena(asking->request);
	struct db_tx *tx = db_begin(asking->calls->desk.db);
	uint8_t hash[crypto_hash_sha256_BYTES];
	char *hash_text = arena_alloc(a, 2 * sizeof(hash) + 1);
	size_t size;
	const void *body = http_body(asking->request, &size);

	crypto_hash_sha256(hash, body, size);
	sodium_bin2hex(hash_text, 2 * sizeof(hash) + 1, hash, sizeof(hash));
	db_call(tx, &calls_statements[CALLS_STORE]);
	db_bind_text(tx, asking->key_id);
	db_bind_bytes(tx, body, size);
	db_bind_text(tx, hash_text);
	db_bind_text(tx, "application/json");
	db_bind_text(tx, form->call_id);
	db_bind_text(tx, form->caller);
	db_bind_time(tx, form->started_at);
	bind_time(tx, form->ended_at);
	db_bind_text(tx, form->answered_by);
	db_bind_bool(tx, form->missed);
	db_bind_text(tx, form->recording);
	asking->earlier = earlier_ask(tx, &asking->person);
	db_commit(tx, on_stored, asking);
}

void
calls_post(struct calls *c, struct http_request *r)
{
	const struct api_key *key = NULL;
	enum api_answer answer = api_keys_check(c->desk.api_keys, r, API_CALLS, &key);
	struct form_rules rules = {.trusted = true};
	struct form_faults faults;
	struct call_form form;
	struct asking *asking;
	json_t *json;

	if (answer != API_GRANTED) {
		api_keys_reply(r, answer);
		return;
	}
	if (!source_knows_time(c->desk.source)) {
		http_reply_problem(r, "unavailable", NULL);
		return;
	}
	if (!(json = http_json(r)))
		return;
	rules.now = source_now(c->desk.source);
	if (call_form_read(http_arena(r), json, &rules, &form, &faults) < 0) {
		metric_add(c->metrics.refused, 1);
		refusal_send(r, &faults);
		return;
	}
	asking = asking_new(c, r, key);
	asking->call_id = form.call_id;
	asking->person.phone = form.caller;
	store(asking, &form);
}

/* -- a clerk's screen asks for the call that it was told of */

static void
on_pop(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct asking *asking = arg;

	if (outcome != DB_COMMITTED) {
		json_decref(asking->answer);
		calls_reply_outcome(asking->request, outcome, e);
		return;
	}
	earlier_log(asking->key_id, asking->how, results, asking->earlier);
	if (!asking->answer)
		asking->answer = json_object();
	json_object_set_new(asking->answer, "applications", earlier_json(results, asking->earlier, true));
	http_reply_json(asking->request, 200, asking->answer);
}

static void
pop(struct asking *asking)
{
	struct db_tx *tx = db_begin(asking->calls->desk.db);

	asking->earlier = earlier_ask(tx, &asking->person);
	db_read(tx, on_pop, asking);
}

static json_t *
call_json(const struct asking *asking, const struct db_results *results)
{
	json_t *json = json_pack("{s:s, s:s, s:s}", "call_id", asking->call_id, "scope", db_text(results, 0, 0, 0),
	    "state", calls_state(!db_null(results, 0, 0, 3), !db_null(results, 0, 0, 4), db_bool(results, 0, 0, 5)));

	json_object_set_new(json, "caller", calls_text_json(results, 0, 0, 1));
	json_object_set_new(json, "started_at", calls_time_json(results, 0, 0, 2));
	json_object_set_new(json, "ended_at", calls_time_json(results, 0, 0, 3));
	json_object_set_new(json, "answered_by", calls_text_json(results, 0, 0, 4));
	json_object_set_new(json, "recording", calls_text_json(results, 0, 0, 6));
	json_object_set_new(json, "called_back_at", calls_time_json(results, 0, 0, 7));
	json_object_set_new(json, "called_back_by", calls_text_json(results, 0, 0, 8));
	json_object_set_new(json, "number", calls_text_json(results, 0, 0, 9));
	return json;
}

static void
on_found(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct asking *asking = arg;

	if (outcome != DB_COMMITTED) {
		calls_reply_outcome(asking->request, outcome, e);
		return;
	}
	if (db_rows(results, 0) == 0) {
		http_reply_problem(asking->request, "not-found", NULL);
		return;
	}
	asking->answer = call_json(asking, results);
	if (!db_null(results, 0, 0, 1))
		asking->person.phone = arena_string(http_arena(asking->request), db_text(results, 0, 0, 1));
	pop(asking);
}

void
calls_get(struct calls *c, struct http_request *r)
{
	const struct api_key *key = calls_clerk(c, r);
	struct http_faults faults = {.count = 0};
	const char *call_id;
	struct asking *asking;
	struct db_tx *tx;

	if (!key)
		return;
	call_id = http_query(r, "call_id");
	if (!call_id || !*call_id || strlen(call_id) > 4 * (size_t)FORM_CALL_ID_MAX) {
		http_fault_add(&faults, "query:call_id", "santralin verdiği arama kimliği olmalı",
		    "must be the id of the call, as the exchange gave it");
		http_reply_problem(r, "bad-request", &faults);
		return;
	}
	asking = asking_new(c, r, key);
	asking->how = "call";
	asking->call_id = call_id;
	asking->scope = http_query(r, "scope");
	tx = db_begin(c->desk.db);
	db_call(tx, &calls_statements[CALLS_FIND]);
	db_bind_text(tx, asking->call_id);
	db_bind_text(tx, asking->scope);
	db_read(tx, on_found, asking);
}

/* -- a clerk searches */

void
calls_search(struct calls *c, struct http_request *r)
{
	const struct api_key *key = calls_clerk(c, r);
	struct search_form form;
	struct form_faults faults;
	struct asking *asking;
	uint8_t *hash;
	json_t *json;

	if (!key || !(json = http_json(r)))
		return;
	if (search_form_read(http_arena(r), json, &form, &faults) < 0) {
		metric_add(c->metrics.refused, 1);
		refusal_send(r, &faults);
		return;
	}
	asking = asking_new(c, r, key);
	asking->how = form.phone ? "phone" : form.email ? "email" : "national_id";
	asking->person.phone = form.phone;
	asking->person.email = form.email;
	if (form.national_id) {
		hash = arena_alloc(http_arena(r), PERSON_HASH_SIZE);
		person_hash(c->desk.person_keys, form.national_id, hash);
		asking->person.national_id_hash = hash;
	}
	pop(asking);
}
