/* output: see the header. */
#include "services/reporting/output.h"

#include <stdlib.h>

#include "common/base/log.h"

struct output {
	struct outputs *outputs;
	struct http_request *request;
	struct export *file;
	const char *name, *type; /* in the request's arena */
};

struct output *
output_new(struct outputs *o, struct http_request *r, const struct query_output *asked,
    const struct export_table *columns, const char *file_name)
{
	struct output *output;
	struct export_table table = *columns;
	struct err e;
	bool csv = asked->format == QUERY_CSV;

	if (o->running == OUTPUTS_MAX) {
		http_reply_problem(r, "busy", NULL);
		return NULL;
	}
	table.format = csv ? EXPORT_CSV : EXPORT_XLSX;
	table.separator = asked->separator;
	output = calloc(1, sizeof(*output));
	if (!output)
		abort();
	output->outputs = o;
	output->request = r;
	output->name = arena_printf(http_arena(r), "%s.%s", file_name, csv ? "csv" : "xlsx");
	output->type =
	    csv ? "text/csv; charset=utf-8" : "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
	output->file = export_new(o->loop, o->folder, &table, &e);
	o->running++;
	if (!output->file) {
		log_error("export.failed", "reason=\"%s\"", e.text);
		output_fail(output, "unavailable");
		return NULL;
	}
	return output;
}

void
output_row(void *output, const char *const *cells)
{
	export_row(((struct output *)output)->file, cells);
}

static void
output_free(struct output *output)
{
	output->outputs->running--;
	export_free(output->file);
	free(output);
}

void
output_fail(struct output *output, const char *problem)
{
	http_reply_problem(output->request, problem, NULL);
	output_free(output);
}

static void
on_closed(void *arg, int fd, uint64_t size, const struct err *e)
{
	struct output *output = arg;

	if (fd < 0) {
		log_error("export.failed", "reason=\"%s\"", e->text);
		output_fail(output, "unavailable");
		return;
	}
	http_reply_file(output->request, output->type, output->name, fd, size);
	output_free(output);
}

void
output_end(struct output *output)
{
	export_close(output->file, on_closed, output);
}
