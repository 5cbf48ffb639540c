/* similar: reads the case, then what an index finds around it and of its person, judges each, fetches leading cases that are
 * not among them, and answers. */
#include "services/reporting/similar.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/domain/calendar.h"
#include "common/domain/number.h"
#include "services/reporting/query.h"
#include "services/reporting/similar_out.h"
#include "services/reporting/store.h"
#include "services/reporting/store_similar.h"

#define LEADERS_MAX 20 /* that are fetched because what was found is merged into them */

struct asking {
	const struct similar *similar;
	struct http_request *request;
	char number[NUMBER_TEXT_SIZE];
	const char *department; /* for which is asked; "": for all */
	bool clerk;
	int64_t limit;
	struct after_place after;
	size_t cursor, call;
	struct similar_base base; /* its texts are the request's */
	struct similar_calls calls;
	struct similar_one *found; /* about the same matter */
	size_t count;
	struct similar_sum sum;
};

/* A row that an index found, perhaps twice. */
struct hit {
	struct uuid id;
	size_t call, row;
	bool person;
};

static bool
is_read(const struct asking *asking, enum db_outcome outcome, const struct err *reason)
{
	if (outcome == DB_COMMITTED)
		return true;
	log_warn("similar.unread", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), reason->text);
	http_reply_problem(asking->request, "unavailable", NULL);
	return false;
}

static void
reply(struct asking *asking)
{
	struct arena *a = http_arena(asking->request);
	bool english = http_language(asking->request) == HTTP_EN;
	json_t *json = json_object(), *list = json_array();
	const struct similar_sum *sum = &asking->sum;
	size_t count = sum->places + sum->persons;
	char since[TIME_TEXT_SIZE];

	for (size_t i = 0; i < asking->count && i < (size_t)asking->limit; i++)
		json_array_append_new(list, similar_one_json(a, &asking->found[i], english));
	json_object_set_new(json, "count", json_integer((json_int_t)count));
	json_object_set_new(json, "more", json_boolean(sum->more));
	if (sum->since)
		time_text_istanbul(sum->since, since);
	json_object_set_new(json, "since", sum->since ? json_string(since) : json_null());
	json_object_set_new(
	    json, "sentence", json_string(similar_sentence(a, sum, feed_clock_now(asking->similar->clock), english)));
	json_object_set_new(json, "list", list);
	http_reply_json(asking->request, 200, json);
}

static void
keep_text(struct arena *a, const char **text)
{
	*text = *text ? arena_string(a, *text) : NULL;
}

/* What is shown outlives the results. */
static void
keep(struct arena *a, struct similar_row *row)
{
	const char **texts[] = {&row->number, &row->topic_name, &row->department, &row->merged_into, &row->side.topic,
	    &row->side.candidates, &row->side.neighbourhood, &row->side.streets, &row->side.text};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		keep_text(a, texts[i]);
}

static int
hit_compare(const void *left, const void *right)
{
	const struct hit *a = left, *b = right;
	int order = uuid_compare(&a->id, &b->id);

	return order ? order : (int)b->person - (int)a->person;
}

/* Each once; of two the one that says whose it is. */
static size_t
hits_read(struct asking *asking, const struct db_results *results, struct hit **hits)
{
	const struct similar_calls *calls = &asking->calls;
	size_t count = 0, kept = 0, all = 0;

	for (size_t i = 0; i < calls->count; i++)
		all += db_rows(results, calls->list[i].call);
	*hits = arena_array(http_arena(asking->request), all + 1, sizeof(**hits));
	for (size_t i = 0; i < calls->count; i++)
		for (size_t row = 0; row < db_rows(results, calls->list[i].call); row++)
			(*hits)[count++] = (struct hit){db_uuid(results, calls->list[i].call, row, 0),
			    calls->list[i].call, row, calls->list[i].person};
	qsort(*hits, count, sizeof(**hits), hit_compare);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || uuid_compare(&(*hits)[i].id, &(*hits)[kept - 1].id) != 0)
			(*hits)[kept++] = (*hits)[i];
	return kept;
}

/* Is it about the same matter? Then it is one of found. */
static bool
take(struct asking *asking, const struct similar_row *row, bool person)
{
	struct similar_one *one = &asking->found[asking->count];

	*one = (struct similar_one){.row = *row};
	likeness_judge(http_arena(asking->request), &asking->base.row.side, &one->row.side,
	    person && (asking->clerk || !row->hidden), &one->verdict);
	if (!one->verdict.same_place && !one->verdict.same_person)
		return false;
	asking->count++;
	return true;
}

static void
add_since(struct similar_sum *sum, int64_t at)
{
	if (at && (!sum->since || at < sum->since))
		sum->since = at;
}

/* What is sure is counted by the database, all of it; what texts or marks settled, here. */
static void
sum_up(struct asking *asking, const struct db_results *results)
{
	const struct similar_calls *calls = &asking->calls;
	struct similar_sum *sum = &asking->sum;
	int64_t since;

	for (size_t i = 0; i < calls->count; i++) {
		if (!calls->list[i].sure)
			continue;
		sum->places += store_get_similar_count(results, calls->list[i].call, &since);
		add_since(sum, since);
	}
	for (size_t i = 0; i < asking->count; i++) {
		const struct likeness_verdict *verdict = &asking->found[i].verdict;

		sum->places += verdict->same_place && !verdict->sure;
		sum->persons += !verdict->same_place;
		add_since(sum, asking->found[i].row.side.received_at);
	}
	sum->more = sum->places > SIMILAR_COUNTED;
	if (sum->more && calls->has_since)
		add_since(sum, store_get_similar_since(results, calls->since));
	if (sum->more)
		sum->places = SIMILAR_COUNTED;
}

/* The numbers of the cases into which something found, or the case itself, is merged. */
static size_t
leaders_of(const struct asking *asking, const char *numbers[LEADERS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i <= asking->count && count < LEADERS_MAX; i++) {
		const char *number = i == 0 ? asking->base.row.merged_into : asking->found[i - 1].row.merged_into;
		bool known = !number || strcmp(number, asking->number) == 0;

		for (size_t k = 0; !known && k < count; k++)
			known = strcmp(numbers[k], number) == 0;
		if (!known)
			numbers[count++] = number;
	}
	return count;
}

/* Marks those that are among the found, and leaves the others in numbers; how many these are. */
static size_t
mark_leaders(struct asking *asking, const char *numbers[LEADERS_MAX], size_t count)
{
	size_t left = 0;

	for (size_t k = 0; k < count; k++) {
		bool found = false;

		for (size_t i = 0; !found && i < asking->count; i++)
			if (strcmp(asking->found[i].row.number, numbers[k]) == 0)
				found = asking->found[i].leading = true;
		if (!found)
			numbers[left++] = numbers[k];
	}
	return left;
}

static void
finish(struct asking *asking)
{
	struct arena *a = http_arena(asking->request);

	qsort(asking->found, asking->count, sizeof(*asking->found), similar_compare);
	for (size_t i = 0; i < asking->count && i < (size_t)asking->limit; i++)
		likeness_judge_text(a, &asking->base.row.side, &asking->found[i].row.side, &asking->found[i].verdict);
	reply(asking);
}

/* A leading case that is out of the window or the circle is shown too, and not counted. */
static void
on_leaders_read(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *reason)
{
	struct asking *asking = arg;
	struct arena *a = http_arena(asking->request);

	if (!is_read(asking, outcome, reason))
		return;
	for (size_t row = 0; row < db_rows(results, asking->call); row++) {
		struct similar_one *one = &asking->found[asking->count++];

		*one = (struct similar_one){.leading = true};
		store_get_similar(results, asking->call, row, &one->row);
		keep(a, &one->row);
		likeness_judge(a, &asking->base.row.side, &one->row.side, false, &one->verdict);
	}
	finish(asking);
}

static void
on_found(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *reason)
{
	struct asking *asking = arg;
	struct arena *a = http_arena(asking->request);
	const char *missing[LEADERS_MAX];
	size_t count, leaders;
	struct hit *hits;
	struct db_tx *tx;

	if (!is_read(asking, outcome, reason))
		return;
	count = hits_read(asking, results, &hits);
	asking->found = arena_array(a, count + LEADERS_MAX + 1, sizeof(*asking->found));
	for (size_t i = 0; i < count; i++) {
		struct similar_row row;

		store_get_similar(results, hits[i].call, hits[i].row, &row);
		take(asking, &row, hits[i].person);
	}
	sum_up(asking, results);
	leaders = mark_leaders(asking, missing, leaders_of(asking, missing));
	if (leaders == 0) {
		finish(asking);
		return;
	}
	/* The shown first: the rest may go with the results. */
	qsort(asking->found, asking->count, sizeof(*asking->found), similar_compare);
	if (asking->count > SIMILAR_SHOWN)
		asking->count = SIMILAR_SHOWN;
	for (size_t i = 0; i < asking->count; i++)
		keep(a, &asking->found[i].row);
	for (size_t i = 0; i < leaders; i++)
		keep_text(a, &missing[i]);
	tx = db_begin(asking->similar->db);
	asking->call = store_similar_named(tx, missing, leaders, asking->department);
	db_read(tx, on_leaders_read, asking);
}

/* Who may not see it is told what is told of a number that there is not. */
static void
on_base_read(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *reason)
{
	struct asking *asking = arg;
	struct similar_base *base = &asking->base;
	struct db_tx *tx;

	if (!is_read(asking, outcome, reason))
		return;
	if (asking->after.stream && store_get_reporting_cursor(results, asking->cursor) < asking->after.seq) {
		http_reply_problem(asking->request, "busy", NULL);
		return;
	}
	if (!store_get_similar_base(results, asking->call, base) || !base->theirs) {
		http_reply_problem(asking->request, "not-found", NULL);
		return;
	}
	if (!base->known) { /* not routed yet, or erased */
		reply(asking);
		return;
	}
	keep(http_arena(asking->request), &base->row);
	tx = db_begin(asking->similar->db);
	asking->calls =
	    store_similar(tx, &base->row, asking->department, asking->clerk || (base->ours && !base->row.hidden));
	if (asking->calls.count > 0) {
		db_read(tx, on_found, asking);
		return;
	}
	db_abandon(tx); /* neither a place nor a person to ask by */
	reply(asking);
}

static void
on_ready(void *arg)
{
	struct asking *asking = arg;
	struct db_tx *tx = db_begin(asking->similar->db);

	if (asking->after.stream)
		asking->cursor = store_reporting_cursor(tx, asking->after.stream);
	asking->call = store_similar_base(tx, asking->number, asking->department);
	db_read(tx, on_base_read, asking);
}

static void
limit_read(struct asking *asking, struct http_faults *faults)
{
	const char *limit = http_query(asking->request, "limit");
	char *end = NULL;

	asking->limit = limit ? strtol(limit, &end, 10) : SIMILAR_SHOWN;
	if ((limit && (*limit < '0' || *limit > '9' || *end)) || asking->limit < 0 || asking->limit > SIMILAR_SHOWN)
		http_fault_add(faults, "limit", "0 ile 100 arasında bir sayı olmalıdır", "A number from 0 to 100");
}

void
similar_answer(const struct similar *similar, struct http_request *r)
{
	struct asking *asking = arena_alloc(http_arena(r), sizeof(*asking));
	struct http_faults faults = {.count = 0};
	const struct api_key *key;
	enum api_answer answer = api_keys_check(similar->keys, r, API_CASES, &key);
	int32_t serial;
	int year;

	if (answer != API_GRANTED) {
		api_keys_reply(r, answer);
		return;
	}
	asking->similar = similar;
	asking->request = r;
	asking->clerk = strcmp(key->role, "clerk") == 0;
	asking->department = arena_string(http_arena(r), key->department);
	if (!number_parse(http_segment(r), &year, &serial) || !number_format(year, serial, asking->number))
		http_fault_add(&faults, "number",
		    "Başvuru numarası HM-2026-0000123-4 biçiminde olmalıdır; son rakam sağlama rakamıdır",
		    "The application number looks like HM-2026-0000123-4; the last digit is a check digit");
	limit_read(asking, &faults);
	query_read_after(r, &asking->after, &faults);
	if (faults.count > 0)
		http_reply_problem(r, "invalid", &faults);
	else
		after_wait(similar->after, &asking->after, on_ready, asking);
}
