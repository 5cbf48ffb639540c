/* output: a table as the answer to a request: rows go into a file, the file goes out. */
#ifndef KOPRU_SERVICES_REPORTING_OUTPUT_H
#define KOPRU_SERVICES_REPORTING_OUTPUT_H

#include "common/http/http.h"
#include "common/loop/loop.h"
#include "services/reporting/export.h"
#include "services/reporting/query.h"

#define OUTPUTS_MAX 4 /* files being written at once */

/* Zeroed at start but for these. */
struct outputs {
	struct loop *loop;
	const char *folder; /* of the temporary files */
	unsigned running;
};

struct output;

/* What the columns are; format and separator come from asked. file_name without its ending. NULL: r is answered, since too
 * many are running or there is no file to be had. */
struct output *output_new(struct outputs *o, struct http_request *r, const struct query_output *asked,
    const struct export_table *columns, const char *file_name);
void output_row(void *output, const char *const *cells);
/* Ends the file, answers with it and frees itself. */
void output_end(struct output *output);
/* Frees, and answers with this problem. */
void output_fail(struct output *output, const char *problem);

#endif
