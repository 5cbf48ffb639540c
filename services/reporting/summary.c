/* summary: reads the period, counts in one snapshot, writes JSON or a table. */
#include "common/base/ids.h"
#include "common/base/log.h"
#include "common/domain/calendar.h"
#include "services/reporting/reports.h"
#include "services/reporting/store.h"
#include "services/reporting/store_figures.h"
#include "services/reporting/store_ledger.h"

#define COUNTS_MAX 8 /* under way at once */

struct counting {
	struct reports *reports;
	struct http_request *request;
	int32_t from, to;
	struct query_output output;
	struct after_place after;
	size_t cursor, promises;
	struct store_summary_calls calls;
};

static const struct export_table columns = {
    .columns = figures_columns, .count = FIGURES_COLUMNS, .first_number = 3, .last_number = FIGURES_COLUMNS - 1};

/* In a; lets go of the value. */
static const char *
json_text(struct arena *a, json_t *json)
{
	size_t size = json_dumpb(json, NULL, 0, JSON_COMPACT);
	char *text = arena_alloc(a, size + 1);

	json_dumpb(json, text, size, JSON_COMPACT);
	text[size] = '\0';
	json_decref(json);
	return text;
}

static void
figures_answer(struct counting *c, const struct figures *f, const struct db_results *results)
{
	char from[DATE_TEXT_SIZE], to[DATE_TEXT_SIZE];
	struct output *output;
	size_t size;

	if (c->output.format == QUERY_JSON) {
		json_t *kept = store_get_promises_kept(results, c->promises);
		const struct figures_told told = {
		    feed_clock_now(c->reports->clock), json_text(http_arena(c->request), kept)};
		const char *json = figures_json(f, &told, &size);

		http_reply_bytes(c->request, 200, "application/json", NULL, json, size);
		return;
	}
	date_text(c->from, from);
	date_text(c->to, to);
	output = output_new(&c->reports->outputs, c->request, &c->output, &columns,
	    arena_printf(http_arena(c->request), "basvuru-ozeti_%s_%s", from, to));
	if (!output)
		return;
	figures_rows(f, output_row, output);
	output_end(output);
}

static void
on_counted(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *reason)
{
	struct counting *c = arg;
	struct http_request *r = c->request;
	struct figures *f;
	struct err e;

	if (outcome != DB_COMMITTED) {
		reports_fail(r, outcome, reason);
		return;
	}
	if (reports_behind(r, &c->after, results, c->cursor))
		return;
	f = figures_new(http_arena(r), c->from, c->to, http_language(r) == HTTP_EN);
	if (store_get_summary(results, &c->calls, f, &e) < 0 ||
	    figures_finish(f, date_in_istanbul(feed_clock_now(c->reports->clock)), &e) < 0) {
		log_error("summary.unbalanced", "reason=\"%s\"", e.text);
		http_reply_problem(r, "internal", NULL);
		return;
	}
	figures_answer(c, f, results);
}

static void
on_ready(void *arg)
{
	struct counting *c = arg;
	struct db_tx *tx;

	if (db_in_flight(c->reports->db) >= COUNTS_MAX) {
		http_reply_problem(c->request, "busy", NULL);
		return;
	}
	tx = db_begin(c->reports->db);
	c->calls = store_summary(tx, c->from, c->to);
	c->promises = store_promises_kept(tx, c->from, c->to, date_in_istanbul(feed_clock_now(c->reports->clock)));
	if (c->after.stream)
		c->cursor = store_reporting_cursor(tx, c->after.stream);
	db_commit(tx, on_counted, c);
}

void
summary_answer(struct reports *reports, struct http_request *r)
{
	struct counting *c = arena_alloc(http_arena(r), sizeof(*c));
	struct http_faults faults = {.count = 0};

	if (!reports_allowed(reports, r))
		return;
	c->reports = reports;
	c->request = r;
	query_read_period(r, &c->from, &c->to, &faults);
	query_read_output(r, &c->output, &faults);
	query_read_after(r, &c->after, &faults);
	if (faults.count > 0)
		http_reply_problem(r, "invalid", &faults);
	else
		after_wait(reports->after, &c->after, on_ready, c);
}
