/* calls_missed: whom to call back: the list, who did it, and how long it takes. */
#include "services/intake/calls_internal.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "services/intake/call_form.h"
#include "services/intake/calls.sql.h"
#include "services/intake/refusal.h"

#define LOOK_MS 2000
#define PAGE 100

/* Where a page begins: after the row with this time and this newest call. */
struct page {
	int64_t first_at;
	const char *scope, *call_id; /* NULL: from the beginning */
};

struct asked {
	struct calls *calls;
	struct http_request *request;
	struct call_back_form form;
	const char *who;
};

/* -- figures */

static void
on_looked(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct calls *c = arg;

	(void)e;
	c->looking = false;
	if (outcome != DB_COMMITTED)
		return;
	metric_set(c->metrics.missed, db_int8(results, 1, 0, 0));
	metric_set(c->metrics.oldest, db_int8(results, 1, 0, 1));
}

static void
on_look(void *arg)
{
	struct calls *c = arg;
	struct db_tx *tx;

	if (!c->looking && db_is_up(c->desk.db)) {
		c->looking = true;
		tx = db_begin(c->desk.db);
		db_call(tx, &calls_statements[CALLS_SETTLE]);
		db_call(tx, &calls_statements[CALLS_WAITING]);
		db_commit(tx, on_looked, c);
	}
	if (!loop_stopping(c->desk.loop))
		timer_start(c->look, LOOK_MS);
}

struct calls *
calls_new(const struct calls_desk *desk, struct metrics *m)
{
	struct calls *c = calloc(1, sizeof(*c));

	if (!c || !(c->look = timer_new(desk->loop, on_look, c)))
		abort();
	c->desk = *desk;
	c->metrics.told =
	    metrics_counter(m, "kopru_intake_calls_told_total", "", "What exchanges told of calls and was stored");
	c->metrics.refused = metrics_counter(
	    m, "kopru_intake_calls_refused_total", "", "Requests about calls and callers refused for their content");
	c->metrics.missed =
	    metrics_gauge(m, "kopru_intake_missed_callers_waiting", "", "Callers who wait to be called back");
	c->metrics.oldest = metrics_gauge(
	    m, "kopru_intake_missed_callers_oldest_seconds", "", "For how long the first of them has waited");
	timer_start(c->look, LOOK_MS);
	return c;
}

void
calls_free(struct calls *c)
{
	if (!c)
		return;
	timer_free(c->look);
	free(c);
}

/* -- the list */

/* "MICROSECONDS.SCOPE.CALL_ID", as "next" of the page before gave it. */
static bool
page_read(struct http_request *r, struct page *page)
{
	const char *text = http_query(r, "after");
	char *copy, *end;

	*page = (struct page){0};
	if (!text)
		return true;
	copy = arena_string(http_arena(r), text);
	page->first_at = strtoll(copy, &end, 10);
	if (end == copy || *end != '.')
		return false;
	page->scope = end + 1;
	if (!(end = strchr(end + 1, '.')))
		return false;
	*end = '\0';
	page->call_id = end + 1;
	return page->first_at > 0 && *page->scope && *page->call_id;
}

static json_t *
row_json(const struct db_results *results, size_t row)
{
	json_t *json = json_object();

	json_object_set_new(json, "caller", calls_text_json(results, 0, row, 0));
	json_object_set_new(json, "calls", json_integer(db_int8(results, 0, row, 1)));
	json_object_set_new(json, "first_at", calls_time_json(results, 0, row, 2));
	json_object_set_new(json, "last_at", calls_time_json(results, 0, row, 3));
	json_object_set_new(json, "scope", calls_text_json(results, 0, row, 4));
	json_object_set_new(json, "call_id", calls_text_json(results, 0, row, 5));
	json_object_set_new(json, "applications", json_integer(db_int8(results, 0, row, 6)));
	return json;
}

static void
on_list(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct http_request *r = arg;
	json_t *json, *list;
	size_t rows;

	if (outcome != DB_COMMITTED) {
		calls_reply_outcome(r, outcome, e);
		return;
	}
	rows = db_rows(results, 0);
	list = json_array();
	for (size_t row = 0; row < rows && row < PAGE; row++)
		json_array_append_new(list, row_json(results, row));
	json = json_pack("{s:o}", "callers", list);
	if (rows > PAGE)
		json_object_set_new(json, "next",
		    json_sprintf("%lld.%s.%s", (long long)db_time(results, 0, PAGE - 1, 2),
			db_text(results, 0, PAGE - 1, 4), db_text(results, 0, PAGE - 1, 5)));
	http_reply_json(r, 200, json);
}

void
calls_missed(struct calls *c, struct http_request *r)
{
	struct http_faults faults = {.count = 0};
	struct page page;
	struct db_tx *tx;

	if (!calls_clerk(c, r))
		return;
	if (!page_read(r, &page)) {
		http_fault_add(&faults, "query:after", "önceki sayfanın \"next\" değeri olmalı",
		    "must be what \"next\" of the page before said");
		http_reply_problem(r, "bad-request", &faults);
		return;
	}
	tx = db_begin(c->desk.db);
	db_call(tx, &calls_statements[CALLS_MISSED]);
	if (page.scope)
		db_bind_time(tx, page.first_at);
	else
		db_bind_null(tx);
	db_bind_text(tx, page.scope);
	db_bind_text(tx, page.call_id);
	db_bind_int4(tx, PAGE + 1);
	db_read(tx, on_list, r);
}

/* -- somebody called back */

static void
refuse(struct http_request *r, const char *problem, const char *text_tr, const char *text_en)
{
	const bool english = http_language(r) == HTTP_EN;

	http_reply_problem_json(r, problem, http_problem_json(r, problem, english ? text_en : text_tr));
}

static void
on_called_back(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct asked *asked = arg;
	struct http_request *r = asked->request;
	struct arena *a = http_arena(r);
	const char *who;

	if (outcome != DB_COMMITTED) {
		calls_reply_outcome(r, outcome, e);
		return;
	}
	if (db_rows(results, 0) == 0) {
		refuse(r, "not-found", "Bu kimlikle bir arama yok.", "There is no call with this id.");
		return;
	}
	who = db_text(results, 0, 0, 2);
	if (db_int8(results, 0, 0, 0) > 1)
		refuse(r, "conflict", "Bu kimlikle birden çok santralde arama var; \"scope\" alanını da gönderin.",
		    "Several exchanges have a call with this id; give \"scope\", too.");
	else if (!db_bool(results, 0, 0, 1))
		refuse(r, "conflict", "Bu arama cevapsız değil.", "This call was not missed.");
	else if (*who && strcmp(who, asked->who) != 0)
		refuse(r, "conflict", arena_printf(a, "Bu numara zaten geri arandı: %s.", who),
		    arena_printf(a, "This number was called back already: %s.", who));
	else if (!*who && db_int8(results, 0, 0, 3) == 0)
		refuse(r, "conflict", "Bu numara az önce geri arandı.", "This number was called back a moment ago.");
	else
		http_reply_json(r, 200,
		    json_pack(
			"{s:s, s:I}", "called_back_by", asked->who, "calls", (json_int_t)db_int8(results, 0, 0, 3)));
}

void
calls_called_back(struct calls *c, struct http_request *r)
{
	const struct api_key *key = calls_clerk(c, r);
	struct form_faults faults;
	struct asked *asked;
	struct db_tx *tx;
	json_t *json;

	if (!key || !(json = http_json(r)))
		return;
	asked = arena_alloc(http_arena(r), sizeof(*asked));
	if (call_back_form_read(http_arena(r), json, &asked->form, &faults) < 0) {
		metric_add(c->metrics.refused, 1);
		refusal_send(r, &faults);
		return;
	}
	asked->calls = c;
	asked->request = r;
	asked->who = asked->form.entered_by ? asked->form.entered_by : arena_string(http_arena(r), key->name);
	tx = db_begin(c->desk.db);
	db_call(tx, &calls_statements[CALLS_CALLED_BACK]);
	db_bind_text(tx, asked->form.call_id);
	db_bind_text(tx, asked->form.scope);
	db_bind_text(tx, asked->who);
	db_commit(tx, on_called_back, asked);
}
