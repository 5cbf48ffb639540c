/* triage: see the header. */
#include "services/intake/triage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/domain/calendar.h"
#include "proto/kopru/v1/application.pb-c.h"
#include "services/intake/digest.sql.h"
#include "services/intake/refusal.h"
#include "services/intake/triage.sql.h"
#include "services/intake/triage_form.h"

#define PAGE 100
#define SHOWN_MAX 32768 /* bytes of what arrived */

struct triage {
	struct triage_desk desk;
	struct metric *decided;
};

/* In the request's arena. */
struct asking {
	struct triage *triage;
	struct http_request *request;
	struct triage_form form;
	const char *who;
};

struct triage *
triage_new(const struct triage_desk *desk, struct metrics *m)
{
	struct triage *t = calloc(1, sizeof(*t));

	if (!t)
		abort();
	t->desk = *desk;
	t->decided =
	    metrics_counter(m, "kopru_intake_inbound_decided_total", "", "Arrivals that a clerk decided about");
	return t;
}

void
triage_free(struct triage *t)
{
	free(t);
}

/* Only clerks of the desk; NULL: the problem was sent. */
static struct asking *
asking_new(struct triage *t, struct http_request *r)
{
	const struct api_key *key = NULL;
	enum api_answer answer = api_keys_check(t->desk.api_keys, r, API_CASES, &key);
	struct asking *asking;

	if (answer == API_GRANTED && strcmp(key->role, "clerk") != 0)
		answer = API_FORBIDDEN;
	if (answer != API_GRANTED) {
		api_keys_reply(r, answer);
		return NULL;
	}
	asking = arena_alloc(http_arena(r), sizeof(*asking));
	asking->triage = t;
	asking->request = r;
	asking->who = arena_string(http_arena(r), key->name);
	return asking;
}

static void
reply_outcome(struct http_request *r, enum db_outcome outcome, const struct err *e)
{
	if (outcome == DB_REFUSED)
		log_error("triage.refused", "reason=\"%s\"", e->text);
	http_reply_problem(r,
	    outcome == DB_REFUSED   ? "internal"
	    : outcome == DB_UNKNOWN ? "unknown-outcome"
				    : "unavailable",
	    NULL);
}

static json_t *
text_json(const struct db_results *results, size_t call, size_t row, int column)
{
	return db_null(results, call, row, column) ? json_null() : json_string(db_text(results, call, row, column));
}

/* The columns that triage_list and triage_row have in common. */
static json_t *
row_json(const struct db_results *results, size_t row)
{
	char time[TIME_TEXT_SIZE];
	json_t *json = json_object();

	time_text_istanbul(db_time(results, 0, row, 2), time);
	json_object_set_new(json, "id", json_integer(db_int8(results, 0, row, 0)));
	json_object_set_new(json, "source", text_json(results, 0, row, 1));
	json_object_set_new(json, "received_at", json_string(time));
	json_object_set_new(json, "state", text_json(results, 0, row, 3));
	json_object_set_new(json, "verdict", text_json(results, 0, row, 4));
	json_object_set_new(json, "size", json_integer(db_int8(results, 0, row, 5)));
	json_object_set_new(json, "decided_by", text_json(results, 0, row, 6));
	return json;
}

static void
on_listed(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct asking *asking = arg;
	json_t *list, *json;
	size_t count;

	if (outcome != DB_COMMITTED) {
		reply_outcome(asking->request, outcome, e);
		return;
	}
	list = json_array();
	count = db_rows(results, 0);
	for (size_t row = 0; row < count; row++)
		json_array_append_new(list, row_json(results, row));
	json = json_pack("{s:o}", "inbound", list);
	json_object_set_new(
	    json, "after", count == PAGE ? json_integer(db_int8(results, 0, count - 1, 0)) : json_null());
	http_reply_json(asking->request, 200, json);
}

static bool
read_id(const char *text, int64_t *id)
{
	char *end;
	long long number;

	errno = 0;
	number = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end || number < 0)
		return false;
	*id = number;
	return true;
}

static bool
state_valid(const char *state)
{
	static const char *const states[] = {"triage", "stored", "done", "ignored", "refused"};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(states[i], state) == 0)
			return true;
	return false;
}

void
triage_list(struct triage *t, struct http_request *r)
{
	const char *state = http_query(r, "state"), *source = http_query(r, "source"), *after = http_query(r, "after");
	struct asking *asking = asking_new(t, r);
	struct http_faults faults = {.count = 0};
	struct arena *a = http_arena(r);
	int64_t id = 0;
	struct db_tx *tx;

	if (!asking)
		return;
	if (state && !state_valid(state))
		http_fault_add(&faults, "query:state", "triage, stored, done, ignored ya da refused olmalı",
		    "must be triage, stored, done, ignored or refused");
	if (after && !read_id(after, &id))
		http_fault_add(&faults, "query:after", "bir önceki sayfanın \"after\" değeri olmalı",
		    "must be \"after\" of the page before");
	if (faults.count > 0) {
		http_reply_problem(r, "bad-request", &faults);
		return;
	}
	tx = db_begin(t->desk.db);
	db_call(tx, &triage_statements[TRIAGE_LIST]);
	db_bind_text(tx, state ? arena_string(a, state) : "triage");
	db_bind_text(tx, arena_string(a, source));
	db_bind_int8(tx, id);
	db_bind_int4(tx, PAGE);
	db_read(tx, on_listed, asking);
}

/* The beginning of a file of what arrived. */
static char *
file_text(const struct asking *asking, const uint8_t *hash)
{
	struct arena *a = http_arena(asking->request);
	char *bytes = arena_alloc(a, SHOWN_MAX);
	ssize_t size = -1;
	uint64_t whole;
	int fd = asking->triage->desk.files ? files_open(asking->triage->desk.files, hash, &whole) : -1;

	if (fd >= 0) {
		size = read(fd, bytes, SHOWN_MAX);
		close(fd);
	}
	return size >= 0 ? triage_text(a, bytes, (size_t)size) : NULL;
}

static json_t *
messages_json(const struct db_results *results)
{
	json_t *list = json_array(), *json;

	for (size_t row = 0; row < db_rows(results, 1); row++) {
		json = json_object();
		json_object_set_new(json, "type", text_json(results, 1, row, 0));
		json_object_set_new(json, "text", text_json(results, 1, row, 1));
		json_object_set_new(json, "became", text_json(results, 1, row, 2));
		json_object_set_new(json, "number", text_json(results, 1, row, 3));
		json_array_append_new(list, json);
	}
	return list;
}

static void
on_shown(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct asking *asking = arg;
	const void *raw, *hash;
	size_t size, hash_size;
	const char *text = NULL;
	json_t *json;

	if (outcome != DB_COMMITTED) {
		reply_outcome(asking->request, outcome, e);
		return;
	}
	if (db_rows(results, 0) == 0) {
		http_reply_problem(asking->request, "not-found", NULL);
		return;
	}
	json = row_json(results, 0);
	raw = db_bytes(results, 0, 0, 8, &size);
	hash = db_bytes(results, 0, 0, 9, &hash_size);
	if (hash && hash_size == FILES_HASH_SIZE)
		text = file_text(asking, hash);
	else if (raw)
		text = triage_text(http_arena(asking->request), raw, size);
	json_object_set_new(json, "content_type", text_json(results, 0, 0, 7));
	json_object_set_new(json, "raw", text ? json_string(text) : json_null());
	json_object_set_new(json, "raw_is_whole", json_boolean(db_int8(results, 0, 0, 5) <= SHOWN_MAX));
	json_object_set_new(json, "messages", messages_json(results));
	log_info("inbound.shown", "id=%lld by=\"%s\"", (long long)db_int8(results, 0, 0, 0), asking->who);
	http_reply_json(asking->request, 200, json);
}

void
triage_show(struct triage *t, struct http_request *r)
{
	struct asking *asking = asking_new(t, r);
	struct db_tx *tx;
	int64_t id;

	if (!asking)
		return;
	if (!read_id(http_segment(r), &id)) {
		http_reply_problem(r, "not-found", NULL);
		return;
	}
	tx = db_begin(t->desk.db);
	db_call(tx, &triage_statements[TRIAGE_ROW]);
	db_bind_int8(tx, id);
	db_bind_int4(tx, SHOWN_MAX);
	db_call(tx, &triage_statements[TRIAGE_MESSAGES]);
	db_bind_int8(tx, id);
	db_read(tx, on_shown, asking);
}

static void
on_decided(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct asking *asking = arg;

	if (outcome != DB_COMMITTED) {
		reply_outcome(asking->request, outcome, e);
		return;
	}
	if (db_rows(results, 1) == 0) {
		http_reply_problem(asking->request, "conflict", NULL);
		return;
	}
	metric_add(asking->triage->decided, 1);
	log_info("inbound.decided", "id=%lld decision=%s by=\"%s\"", (long long)asking->form.id, asking->form.decision,
	    asking->who);
	asking->triage->desk.on_decided(asking->triage->desk.arg);
	http_reply_json(asking->request, 200,
	    json_pack("{s:I, s:s}", "id", (json_int_t)asking->form.id, "decision", asking->form.decision));
}

static void
commit_decision(struct asking *asking, const struct uuid *target)
{
	struct db_tx *tx = db_begin(asking->triage->desk.db);
	struct uuid draft = uuid_new();

	db_call(tx, &digest_statements[EFFECTS_LOCK]);
	db_call(tx, &triage_statements[TRIAGE_DECIDE]);
	db_bind_int8(tx, asking->form.id);
	db_bind_text(tx, asking->form.decision);
	db_bind_uuid(tx, target);
	db_bind_text(tx, asking->form.text);
	db_bind_text(tx, asking->who);
	db_bind_text(tx, asking->form.reason);
	db_bind_uuid(tx, &draft);
	db_bind_int4(tx, KOPRU__V1__CHANNEL__CHANNEL_DESK);
	db_commit(tx, on_decided, asking);
}

/* What was read of it is what is decided about; only of what could not be read the clerk says what it says. */
static bool
text_fits(struct asking *asking, bool readable)
{
	struct http_faults faults = {.count = 0};

	if (strcmp(asking->form.decision, "dismiss") == 0 || readable == !asking->form.text)
		return true;
	http_fault_add(&faults, "text",
	    readable ? "mesajın kendi metni kullanılır; text verilmez" : "zorunlu: okunamayan kaydın ne dediği",
	    readable ? "its own text is used; text is not given" : "required: what it says, as it could not be read");
	http_reply_problem(asking->request, "invalid", &faults);
	return false;
}

static void
on_looked(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct asking *asking = arg;
	struct http_faults faults = {.count = 0};
	struct uuid target;
	bool known;

	if (outcome != DB_COMMITTED) {
		reply_outcome(asking->request, outcome, e);
		return;
	}
	if (db_rows(results, 0) == 0 || strcmp(db_text(results, 0, 0, 0), "triage") != 0) {
		http_reply_problem(asking->request, db_rows(results, 0) == 0 ? "not-found" : "conflict", NULL);
		return;
	}
	known = !db_null(results, 0, 0, 2);
	if (*asking->form.number && !known) {
		http_fault_add(&faults, "number", "bu numarayla bir başvuru yok", "there is no application with it");
		http_reply_problem(asking->request, "invalid", &faults);
		return;
	}
	if (!text_fits(asking, db_bool(results, 0, 0, 1)))
		return;
	if (known)
		target = db_uuid(results, 0, 0, 2);
	commit_decision(asking, known ? &target : NULL);
}

void
triage_decide(struct triage *t, struct http_request *r)
{
	struct asking *asking = asking_new(t, r);
	struct form_faults faults;
	struct db_tx *tx;
	json_t *json;

	if (!asking || !(json = http_json(r)))
		return;
	if (triage_form_read(http_arena(r), json, &asking->form, &faults) < 0) {
		refusal_send(r, &faults);
		return;
	}
	tx = db_begin(t->desk.db);
	db_call(tx, &triage_statements[TRIAGE_LOOK]);
	db_bind_int8(tx, asking->form.id);
	db_bind_text(tx, *asking->form.number ? asking->form.number : NULL);
	db_read(tx, on_looked, asking);
}
