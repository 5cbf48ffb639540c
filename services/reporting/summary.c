/* summary: reads the period, counts in one statement, writes JSON or CSV. */
#include "services/reporting/summary.h"

#include <string.h>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/domain/calendar.h"
#include "services/reporting/store.h"

#define COUNTS_MAX 8 /* under way at once */

struct counting {
	const struct summary *summary;
	struct http_request *request;
	int32_t from, to;
	bool csv;
	struct after_place after;
	size_t call, cursor_call;
};

static void
day_read(struct http_request *r, const char *name, int32_t *day, struct http_faults *faults)
{
	const char *text = http_query(r, name);

	if (!text || !date_parse(text, day))
		http_fault_add(faults, name, "YYYY-AA-GG biçiminde bir gün olmalıdır, örneğin 2026-11-23",
		    "A day as YYYY-MM-DD is required, for example 2026-11-23");
}

static void
period_read(struct http_request *r, struct counting *c, struct http_faults *faults)
{
	size_t before = faults->count;

	day_read(r, "from", &c->from, faults);
	day_read(r, "to", &c->to, faults);
	if (faults->count > before)
		return;
	if (c->to < c->from)
		http_fault_add(
		    faults, "to", "Son gün ilk günden önce olamaz", "The last day cannot be before the first");
	else if (c->to - c->from >= FIGURES_DAYS_MAX)
		http_fault_add(faults, "to", "Dönem en çok 10 yıl (3653 gün) olabilir",
		    "The period is at most 10 years (3653 days)");
}

static void
format_read(struct http_request *r, struct counting *c, struct http_faults *faults)
{
	const char *format = http_query(r, "format");
	const char *accept = http_header(r, "Accept");

	if (!format)
		c->csv = accept && ascii_starts_nocase(accept, "text/csv");
	else if (strcmp(format, "csv") == 0)
		c->csv = true;
	else if (strcmp(format, "json") != 0)
		http_fault_add(faults, "format", "csv ya da json olmalıdır", "Either csv or json");
}

static void
after_read(struct http_request *r, struct counting *c, struct http_faults *faults)
{
	const char *text = http_query(r, "after");

	if (text && !after_parse(text, &c->after))
		http_fault_add(
		    faults, "after", "intake:SAYI ya da case:SAYI olmalıdır", "intake:NUMBER or case:NUMBER");
}

static void
figures_answer(const struct counting *c, const struct figures *f)
{
	char from[DATE_TEXT_SIZE], to[DATE_TEXT_SIZE];
	size_t size;
	char *data;

	if (!c->csv) {
		http_reply_json(c->request, 200, figures_json(f, clock_now()));
		return;
	}
	date_text(c->from, from);
	date_text(c->to, to);
	data = figures_csv(f, &size);
	http_reply_bytes(c->request, 200, "text/csv; charset=utf-8",
	    arena_printf(http_arena(c->request), "basvuru-ozeti_%s_%s.csv", from, to), data, size);
}

static void
on_counted(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *reason)
{
	struct counting *c = arg;
	struct http_request *r = c->request;
	struct figures *f;
	struct err e;
	size_t rows;

	if (outcome != DB_COMMITTED) {
		log_warn("summary.failed", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), reason->text);
		http_reply_problem(r, "unavailable", NULL);
		return;
	}
	if (c->after.stream && store_get_reporting_cursor(results, c->cursor_call) < c->after.seq) {
		http_reply_problem(r, "busy", NULL);
		return;
	}
	rows = db_rows(results, c->call);
	f = figures_new(http_arena(r), c->from, c->to, http_language(r) == HTTP_EN, rows);
	for (size_t row = 0; row < rows; row++) {
		struct figures_group group;

		store_get_figures_group(results, c->call, row, &group);
		figures_add(f, &group);
	}
	if (figures_finish(f, &e) < 0) {
		log_error("summary.unbalanced", "reason=\"%s\"", e.text);
		http_reply_problem(r, "internal", NULL);
		return;
	}
	figures_answer(c, f);
}

static void
on_ready(void *arg)
{
	struct counting *c = arg;
	struct db_tx *tx;

	if (db_in_flight(c->summary->db) >= COUNTS_MAX) {
		http_reply_problem(c->request, "busy", NULL);
		return;
	}
	tx = db_begin(c->summary->db);
	if (c->after.stream)
		c->cursor_call = store_reporting_cursor(tx, c->after.stream);
	c->call = store_applications_count(tx, c->from, c->to);
	db_read(tx, on_counted, c);
}

void
summary_answer(const struct summary *summary, struct http_request *r)
{
	struct counting *c = arena_alloc(http_arena(r), sizeof(*c));
	struct http_faults faults = {.count = 0};
	const struct api_key *key;
	enum api_answer granted = api_keys_check(summary->keys, r, API_REPORTS, &key);

	if (granted != API_GRANTED) {
		api_keys_reply(r, granted);
		return;
	}
	c->summary = summary;
	c->request = r;
	period_read(r, c, &faults);
	format_read(r, c, &faults);
	after_read(r, c, &faults);
	if (faults.count > 0)
		http_reply_problem(r, "invalid", &faults);
	else
		after_wait(summary->after, &c->after, on_ready, c);
}
