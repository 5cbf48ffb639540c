/* years: a year's report. */
#include <stdlib.h>
#include <string.h>

#include "common/base/ids.h"
#include "services/reporting/reports.h"
#include "services/reporting/store.h"
#include "services/reporting/store_figures.h"

#define YEAR_MIN 2000
#define YEAR_MAX 2099

struct asking {
	struct reports *reports;
	struct http_request *request;
	int year;
	struct query_output output;
	struct after_place after;
	size_t cursor, call;
};

static const struct export_table columns = {
    .columns = year_columns, .count = YEAR_COLUMNS, .first_number = YEAR_FIRST_NUMBER, .last_number = YEAR_COLUMNS - 1};

static void
year_reply(struct asking *asking, const struct year *y)
{
	struct http_request *r = asking->request;
	bool english = http_language(r) == HTTP_EN;
	struct output *output;

	if (asking->output.format == QUERY_JSON) {
		http_reply_json(r, 200, year_json(http_arena(r), y, feed_clock_now(asking->reports->clock), english));
		return;
	}
	output = output_new(&asking->reports->outputs, r, &asking->output, &columns,
	    arena_printf(http_arena(r), "yil-raporu_%d", y->year));
	if (!output)
		return;
	year_rows(http_arena(r), y, english, output_row, output);
	output_end(output);
}

static void
on_counted(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *reason)
{
	struct asking *asking = arg;
	struct http_request *r = asking->request;
	struct year *y;

	if (outcome != DB_COMMITTED) {
		reports_fail(r, outcome, reason);
		return;
	}
	if (reports_behind(r, &asking->after, results, asking->cursor))
		return;
	y = arena_alloc(http_arena(r), sizeof(*y));
	y->year = asking->year;
	store_get_year(results, asking->call, y);
	year_reply(asking, y);
}

static void
on_ready(void *arg)
{
	struct asking *asking = arg;
	struct db_tx *tx = db_begin(asking->reports->db);

	store_snapshot(tx);
	asking->call = store_year(tx, asking->year);
	if (asking->after.stream)
		asking->cursor = store_reporting_cursor(tx, asking->after.stream);
	db_commit(tx, on_counted, asking);
}

void
year_answer(struct reports *reports, struct http_request *r)
{
	struct asking *asking = arena_alloc(http_arena(r), sizeof(*asking));
	struct http_faults faults = {.count = 0};
	const char *text = http_segment(r);

	if (!reports_allowed(reports, r))
		return;
	asking->reports = reports;
	asking->request = r;
	if (strlen(text) == 4 && strspn(text, "0123456789") == 4)
		asking->year = (int)strtol(text, NULL, 10);
	if (asking->year < YEAR_MIN || asking->year > YEAR_MAX)
		http_fault_add(&faults, "year", "2000 ile 2099 arasında bir yıl olmalıdır, örneğin 2020",
		    "A year from 2000 to 2099 is required, for example 2020");
	query_read_output(r, &asking->output, &faults);
	query_read_after(r, &asking->after, &faults);
	if (faults.count > 0)
		http_reply_problem(r, "invalid", &faults);
	else
		after_wait(reports->after, &asking->after, on_ready, asking);
}
