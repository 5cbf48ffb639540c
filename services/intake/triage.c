/* triage: see the header. */
#include "services/intake/triage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/domain/calendar.h"
#include "common/domain/number.h"
#include "services/intake/triage.sql.h"
#include "services/intake/triage_internal.h"
#include "services/intake/verdicts.h"

#define PAGE 100
#define LOOKED_MAX 5000 /* rows, for a page of what is not in triage any more */
#define SHOWN_MAX 32768 /* bytes of what arrived */

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

struct asking *
triage_asking_new(struct triage *t, struct http_request *r)
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

void
triage_reply_outcome(struct http_request *r, enum db_outcome outcome, const struct err *e)
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
row_json(struct http_request *r, const struct db_results *results, size_t row)
{
	const char *verdict = db_null(results, 0, row, 4) ? NULL : db_text(results, 0, row, 4);
	char time[TIME_TEXT_SIZE];
	json_t *json = json_object();

	time_text_istanbul(db_time(results, 0, row, 2), time);
	json_object_set_new(json, "id", json_integer(db_int8(results, 0, row, 0)));
	json_object_set_new(json, "source", text_json(results, 0, row, 1));
	json_object_set_new(json, "received_at", json_string(time));
	json_object_set_new(json, "state", text_json(results, 0, row, 3));
	json_object_set_new(json, "verdict", text_json(results, 0, row, 4));
	json_object_set_new(json, "verdict_text",
	    verdict ? json_string(verdicts_text(verdict, http_language(r) == HTTP_EN)) : json_null());
	json_object_set_new(json, "size", json_integer(db_int8(results, 0, row, 5)));
	json_object_set_new(json, "decided_by", text_json(results, 0, row, 6));
	json_object_set_new(json, "decided_reason", text_json(results, 0, row, 7));
	return json;
}

static void
on_listed(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct asking *asking = arg;
	json_t *list, *json;
	size_t count;
	bool more; /* the last row only says how far was looked */

	if (outcome != DB_COMMITTED) {
		triage_reply_outcome(asking->request, outcome, e);
		return;
	}
	list = json_array();
	count = db_rows(results, 0);
	more = count > 0 && db_null(results, 0, count - 1, 3);
	for (size_t row = 0; row < count - more; row++)
		json_array_append_new(list, row_json(asking->request, results, row));
	json = json_pack("{s:o}", "inbound", list);
	if (count - more == PAGE)
		json_object_set_new(json, "after", json_integer(db_int8(results, 0, PAGE - 1, 0)));
	else
		json_object_set_new(
		    json, "after", more ? json_integer(db_int8(results, 0, count - 1, 0)) : json_null());
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

/* Of one application, in whatever state. given: a valid number. */
static void
list_of_case(struct db_tx *tx, struct arena *a, const char *given, int64_t after)
{
	char number[NUMBER_TEXT_SIZE];
	int32_t serial;
	int year;

	if (!number_parse(given, &year, &serial) || !number_format(year, serial, number))
		abort();
	db_call(tx, &triage_statements[TRIAGE_OF_CASE]);
	db_bind_text(tx, arena_string(a, number));
	db_bind_int8(tx, after);
	db_bind_int4(tx, PAGE);
}

static void
list_in_state(struct db_tx *tx, struct arena *a, const char *state, const char *source, int64_t after)
{
	bool others = strcmp(state, "triage") != 0;

	db_call(tx, &triage_statements[others ? TRIAGE_OTHERS : TRIAGE_LIST]);
	if (others)
		db_bind_text(tx, arena_string(a, state));
	db_bind_text(tx, arena_string(a, source));
	db_bind_int8(tx, after);
	db_bind_int4(tx, PAGE);
	if (others)
		db_bind_int4(tx, LOOKED_MAX);
}

void
triage_list(struct triage *t, struct http_request *r)
{
	const char *state = http_query(r, "state"), *source = http_query(r, "source"), *after = http_query(r, "after"),
		   *number = http_query(r, "number");
	struct asking *asking = triage_asking_new(t, r);
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
	if (number && !number_parse(number, NULL, NULL))
		http_fault_add(&faults, "query:number", "başvuru numarası olmalı: HM-2026-0000123-4",
		    "must be the number of an application: HM-2026-0000123-4");
	if (number && (state || source))
		http_fault_add(&faults, "query:number", "state ve source ile birlikte verilmez",
		    "is not given with state or source");
	if (faults.count > 0) {
		http_reply_problem(r, "bad-request", &faults);
		return;
	}
	tx = db_begin(t->desk.db);
	if (number)
		list_of_case(tx, a, number, id);
	else
		list_in_state(tx, a, state ? state : "triage", source, id);
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

/* What came with it; of what could not be had, why. */
static json_t *
files_json(const struct db_results *results)
{
	static const char *const names[] = {"id", "name", "media_type", "state", "reason"};
	json_t *list = json_array(), *json;

	for (size_t row = 0; row < db_rows(results, 2); row++) {
		json = json_object();
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			json_object_set_new(json, names[i], text_json(results, 2, row, (int)i));
		json_object_set_new(json, "size",
		    db_null(results, 2, row, 5) ? json_null() : json_integer(db_int8(results, 2, row, 5)));
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
		triage_reply_outcome(asking->request, outcome, e);
		return;
	}
	if (db_rows(results, 0) == 0) {
		http_reply_problem(asking->request, "not-found", NULL);
		return;
	}
	json = row_json(asking->request, results, 0);
	raw = db_bytes(results, 0, 0, 9, &size);
	hash = db_bytes(results, 0, 0, 10, &hash_size);
	if (hash && hash_size == FILES_HASH_SIZE)
		text = file_text(asking, hash);
	else if (raw)
		text = triage_text(http_arena(asking->request), raw, size);
	json_object_set_new(json, "content_type", text_json(results, 0, 0, 8));
	json_object_set_new(json, "raw", text ? json_string(text) : json_null());
	json_object_set_new(json, "raw_is_whole", json_boolean(db_int8(results, 0, 0, 5) <= SHOWN_MAX));
	json_object_set_new(json, "messages", messages_json(results));
	json_object_set_new(json, "files", files_json(results));
	log_info("inbound.shown", "id=%lld by=\"%s\"", (long long)db_int8(results, 0, 0, 0), asking->who);
	http_reply_json(asking->request, 200, json);
}

void
triage_show(struct triage *t, struct http_request *r)
{
	struct asking *asking = triage_asking_new(t, r);
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
	db_call(tx, &triage_statements[TRIAGE_FILES]);
	db_bind_int8(tx, id);
	db_read(tx, on_shown, asking);
}
