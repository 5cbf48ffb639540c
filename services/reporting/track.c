/* track: reads the form, waits for what the reader already saw, looks up, compares, answers. */
#include "services/reporting/track.h"

#include <string.h>

#include "common/domain/access_code.h"
#include "common/domain/number.h"
#include "services/reporting/store.h"
#include "services/reporting/tracked.h"

#define FIELD_MAX 64

struct tracking {
	const struct track *track;
	struct http_request *request;
	char number[NUMBER_TEXT_SIZE];
	uint8_t hash[ACCESS_CODE_HASH_SIZE];
	bool code_possible;
	struct after_place after;
	struct store_track_calls calls;
};

/* Stands where a number has no access code: nobody knows what it is the hash of. */
static const uint8_t dummy[ACCESS_CODE_HASH_SIZE];

static const char *
text_or_none(const json_t *json)
{
	const char *text = json_string_value(json);

	return text && strlen(text) <= FIELD_MAX ? text : NULL;
}

static void
number_read(const json_t *json, struct tracking *t, struct http_faults *faults)
{
	const char *text = text_or_none(json);
	int32_t serial;
	int year;

	if (!text || !number_parse(text, &year, &serial) || !number_format(year, serial, t->number))
		http_fault_add(faults, "number",
		    "Başvuru numarası HM-2026-0000123-4 biçiminde olmalıdır; son rakam sağlama rakamıdır",
		    "The application number looks like HM-2026-0000123-4; the last digit is a check digit");
}

/* What cannot be a code is answered as a wrong one. */
static void
code_read(const json_t *json, struct tracking *t, struct http_faults *faults)
{
	const char *text = text_or_none(json);

	t->code_possible = access_code_hash(text ? text : "", t->hash);
	if (!text || !*text)
		http_fault_add(faults, "access_code", "Takip kodu yazılmalıdır: en çok 64 karakterlik bir metin",
		    "The access code is required: a text of at most 64 characters");
}

static void
after_read(const json_t *json, struct tracking *t, struct http_faults *faults)
{
	const char *stream = text_or_none(json_object_get(json, "stream"));
	const json_t *seq = json_object_get(json, "seq");

	if (!json)
		return;
	t->after.stream = stream ? after_stream(stream) : NULL;
	if (!t->after.stream || !json_is_integer(seq) || json_integer_value(seq) < 0 || json_object_size(json) != 2) {
		http_fault_add(faults, "after",
		    "Alan {\"stream\": \"intake\" veya \"case\", \"seq\": sıfır ya da artı tam sayı} olmalıdır",
		    "The field is {\"stream\": \"intake\" or \"case\", \"seq\": zero or a positive whole number}");
		return;
	}
	t->after.seq = (uint64_t)json_integer_value(seq);
}

static void
others_refuse(struct arena *a, json_t *form, struct http_faults *faults)
{
	static const char *const known[] = {"number", "access_code", "after"};
	const char *key;
	json_t *value;

	json_object_foreach(form, key, value)
	{
		size_t i = 0;

		while (i < sizeof(known) / sizeof(known[0]) && strcmp(known[i], key) != 0)
			i++;
		if (i == sizeof(known) / sizeof(known[0]))
			http_fault_add(faults, arena_string(a, key),
			    "Bilinmeyen alan; izin verilenler: number, access_code, after",
			    "Unknown field; allowed are number, access_code and after");
	}
}

static json_t *
answer_json(const struct tracking *t, const struct tracked *tracked, const struct db_results *results)
{
	size_t count = db_rows(results, t->calls.steps);
	struct tracked_step *steps = arena_array(http_arena(t->request), count, sizeof(*steps));
	struct tracked_files files;

	for (size_t row = 0; row < count; row++)
		store_get_tracked_step(results, t->calls.steps, row, &steps[row]);
	store_get_tracked_files(results, t->calls.files, http_arena(t->request), &files);
	return tracked_json(t->number, tracked, steps, count, &files, http_language(t->request) == HTTP_EN);
}

static void
on_looked_up(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct tracking *t = arg;
	struct http_request *r = t->request;
	const uint8_t *stored;
	struct tracked tracked;
	bool opened;

	(void)e;
	if (outcome != DB_COMMITTED) {
		http_reply_problem(r, "unavailable", NULL);
		return;
	}
	stored = store_get_access_code_hash(results, t->calls.hash);
	opened = access_code_hash_equal(stored ? stored : dummy, t->hash) && t->code_possible && stored &&
		 store_get_tracked_application(results, t->calls.track, &tracked);
	if (opened)
		http_reply_json(r, 200, answer_json(t, &tracked, results));
	else if (t->after.stream && store_get_reporting_cursor(results, t->calls.cursor) < t->after.seq)
		http_reply_problem(r, "busy", NULL);
	else
		http_reply_problem(r, "not-found", NULL);
}

static void
on_ready(void *arg)
{
	struct tracking *t = arg;
	struct db_tx *tx = db_begin(t->track->db);

	t->calls = store_application_track(tx, t->number, t->hash, dummy, t->after.stream);
	db_read(tx, on_looked_up, t);
}

void
track_answer(const struct track *track, struct http_request *r)
{
	struct tracking *t = arena_alloc(http_arena(r), sizeof(*t));
	struct http_faults faults = {.count = 0};
	json_t *form = http_json(r);

	if (!form)
		return;
	t->track = track;
	t->request = r;
	number_read(json_object_get(form, "number"), t, &faults);
	code_read(json_object_get(form, "access_code"), t, &faults);
	after_read(json_object_get(form, "after"), t, &faults);
	others_refuse(http_arena(r), form, &faults);
	if (faults.count > 0)
		http_reply_problem(r, "invalid", &faults);
	else
		after_wait(track->after, &t->after, on_ready, t);
}
