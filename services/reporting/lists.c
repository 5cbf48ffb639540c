/* lists: the list behind a figure, page by page as JSON, or whole as a file, which is filled page by page too. */
#include <stdlib.h>
#include <string.h>

#include "common/domain/calendar.h"
#include "services/reporting/reports.h"
#include "services/reporting/store.h"
#include "services/reporting/store_figures.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX 1000
#define FILE_PAGE 500 /* rows that are written in one turn of the loop */

struct asking {
	struct reports *reports;
	struct http_request *request;
	struct listing listing;
	struct listing_place place; /* the row before the page */
	int64_t limit;
	struct query_output asked;
	struct after_place after;
	size_t cursor, call;
	struct output *output; /* NULL as long as no file is begun */
};

static const struct export_table columns = {.columns = listing_columns,
    .count = LISTING_COLUMNS,
    .first_number = LISTING_FIRST_NUMBER,
    .last_number = LISTING_COLUMNS};

static void page_ask(struct asking *asking);

/* Everything but the page stays as it was asked. */
static const char *
next_text(struct asking *asking)
{
	static const char *const kept[] = {"from", "to", "channel", "kind", "status", "topic", "department",
	    "neighbourhood", "outcome", "measure", "backlog", "limit"};
	struct arena *a = http_arena(asking->request);
	const char *next = arena_printf(a, FIGURES_LIST "?page=%s", listing_place_text(a, &asking->place));

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		const char *value = http_query(asking->request, kept[i]);

		if (value)
			next = arena_printf(a, "%s&%s=%s", next, kept[i], listing_encode(a, value));
	}
	return next;
}

static void
page_reply(struct asking *asking, const struct db_results *results)
{
	struct http_request *r = asking->request;
	size_t count = db_rows(results, asking->call), shown;
	json_t *rows = json_array(), *json = json_object();

	shown = count > (size_t)asking->limit ? (size_t)asking->limit : count;
	for (size_t row = 0; row < shown; row++) {
		struct listing_row one;

		store_get_list_row(results, asking->call, row, &one);
		json_array_append_new(rows, listing_json(http_arena(r), &one, http_language(r) == HTTP_EN));
		asking->place = one.place;
	}
	json_object_set_new(json, "rows", rows);
	json_object_set_new(json, "next", count > shown ? json_string(next_text(asking)) : json_null());
	http_reply_json(r, 200, json);
}

static void
file_fill(struct asking *asking, const struct db_results *results)
{
	size_t count = db_rows(results, asking->call);
	struct arena *a = arena_new(0);

	for (size_t row = 0; row < count; row++) {
		const char *cells[LISTING_COLUMNS];
		struct listing_row one;

		store_get_list_row(results, asking->call, row, &one);
		listing_cells(a, &one, http_language(asking->request) == HTTP_EN, cells);
		output_row(asking->output, cells);
		asking->place = one.place;
		arena_reset(a);
	}
	arena_free(a);
	if (count < FILE_PAGE)
		output_end(asking->output);
	else
		page_ask(asking);
}

/* NULL: the request is answered, and asking is no more. */
static struct output *
file_begin(struct asking *asking)
{
	struct http_request *r = asking->request;
	char from[DATE_TEXT_SIZE], to[DATE_TEXT_SIZE];

	date_text(asking->listing.from, from);
	date_text(asking->listing.to, to);
	return output_new(&asking->reports->outputs, r, &asking->asked, &columns,
	    arena_printf(http_arena(r), "basvuru-listesi_%s_%s", from, to));
}

static void
on_listed(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *reason)
{
	struct asking *asking = arg;

	if (outcome != DB_COMMITTED && asking->output) {
		output_fail(asking->output, "unavailable");
		return;
	}
	if (outcome != DB_COMMITTED) {
		reports_fail(asking->request, outcome, reason);
		return;
	}
	if (!asking->output && reports_behind(asking->request, &asking->after, results, asking->cursor))
		return;
	if (asking->asked.format == QUERY_JSON) {
		page_reply(asking, results);
		return;
	}
	if (!asking->output) {
		struct output *output = file_begin(asking);

		if (!output)
			return;
		asking->output = output;
	}
	file_fill(asking, results);
}

static void
page_ask(struct asking *asking)
{
	struct db_tx *tx = db_begin(asking->reports->db);
	int64_t limit = asking->asked.format == QUERY_JSON ? asking->limit + 1 : FILE_PAGE;

	asking->call = store_list(tx, &asking->listing, &asking->place, limit);
	if (asking->after.stream)
		asking->cursor = store_reporting_cursor(tx, asking->after.stream);
	db_read(tx, on_listed, asking);
}

static void
on_ready(void *arg)
{
	page_ask(arg);
}

static void
page_read(struct http_request *r, struct asking *asking, struct http_faults *faults)
{
	const char *page = http_query(r, "page"), *limit = http_query(r, "limit");
	char *end = NULL;

	asking->place = (struct listing_place){.received_on = asking->listing.from - 1};
	if (page && !listing_place_parse(page, &asking->place))
		http_fault_add(faults, "page", "Önceki sayfanın \"next\" adresindeki değer olmalıdır",
		    "The value in the address \"next\" of the page before");
	asking->limit = limit ? strtol(limit, &end, 10) : LIMIT_DEFAULT;
	if ((limit && (*limit < '0' || *limit > '9' || *end)) || asking->limit < 1 || asking->limit > LIMIT_MAX)
		http_fault_add(faults, "limit", "1 ile 1000 arasında bir sayı olmalıdır", "A number from 1 to 1000");
}

void
list_answer(struct reports *reports, struct http_request *r)
{
	struct asking *asking = arena_alloc(http_arena(r), sizeof(*asking));
	struct http_faults faults = {.count = 0};

	if (!reports_allowed(reports, r))
		return;
	asking->reports = reports;
	asking->request = r;
	query_read_listing(r, &asking->listing, &faults);
	page_read(r, asking, &faults);
	query_read_output(r, &asking->asked, &faults);
	query_read_after(r, &asking->after, &faults);
	if (faults.count > 0)
		http_reply_problem(r, "invalid", &faults);
	else
		after_wait(reports->after, &asking->after, on_ready, asking);
}
