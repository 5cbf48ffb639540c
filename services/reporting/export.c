/* export: see the header. */
#include "services/reporting/export.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xlsxwriter.h>

#include "common/base/arena.h"
#include "common/base/csv.h"
#include "common/loop/worker.h"

#define PATH_SIZE 512

struct export
{
	struct loop *loop;
	struct export_table table;
	char *folder;
	struct arena *arena; /* of a row */
	int fd;
	FILE *csv;
	lxw_workbook *workbook;
	lxw_worksheet *sheet;
	lxw_row_t sheet_row;
	int64_t rows;
	bool failed;
	struct worker *worker;
	export_on_closed *on_closed;
	void *arg;
	uint64_t size;
	struct err reason;
};

static int
file_open(struct export *x, struct err *e)
{
	char path[PATH_SIZE];

	if (snprintf(path, sizeof(path), "%s/kopru-export-XXXXXX", x->folder) >= (int)sizeof(path))
		return err_set(e, "the folder's name is too long");
	x->fd = mkostemp(path, O_CLOEXEC);
	if (x->fd < 0)
		return err_set(e, "no temporary file in \"%s\": %s", x->folder, strerror(errno));
	unlink(path);
	return 0;
}

static void
csv_row(struct export *x, const char *const *cells)
{
	for (size_t i = 0; i < x->table.count; i++) {
		const char *cell = csv_quote(x->arena, cells[i]);

		if (i > 0 && fputc(x->table.separator, x->csv) == EOF)
			x->failed = true;
		if (fputs(cell, x->csv) == EOF)
			x->failed = true;
	}
	if (fputs("\r\n", x->csv) == EOF)
		x->failed = true;
}

static int
csv_open(struct export *x, struct err *e)
{
	int copy = fcntl(x->fd, F_DUPFD_CLOEXEC, 0);

	if (copy < 0 || !(x->csv = fdopen(copy, "w"))) {
		if (copy >= 0)
			close(copy);
		return err_set(e, "cannot write the temporary file: %s", strerror(errno));
	}
	if (fputs("\xef\xbb\xbf", x->csv) == EOF)
		x->failed = true;
	csv_row(x, x->table.columns);
	return 0;
}

static void
xlsx_row(struct export *x, const char *const *cells, bool head)
{
	for (size_t i = 0; i < x->table.count; i++) {
		lxw_col_t column = (lxw_col_t)i;
		lxw_error error = LXW_NO_ERROR;

		if (!head && i >= x->table.first_number && i < x->table.last_number) {
			if (*cells[i])
				error = worksheet_write_number(
				    x->sheet, x->sheet_row, column, strtod(cells[i], NULL), NULL);
		} else {
			error =
			    worksheet_write_string(x->sheet, x->sheet_row, column, csv_guard(x->arena, cells[i]), NULL);
		}
		if (error != LXW_NO_ERROR)
			x->failed = true;
	}
	x->sheet_row++;
}

static void
sheet_begin(struct export *x)
{
	x->sheet = workbook_add_worksheet(x->workbook, NULL);
	x->sheet_row = 0;
	if (x->sheet)
		xlsx_row(x, x->table.columns, true);
	else
		x->failed = true;
}

/* The library opens its file by name; ours has one as long as it is open. */
static int
xlsx_open(struct export *x, struct err *e)
{
	char path[PATH_SIZE];
	lxw_workbook_options options = {.constant_memory = LXW_TRUE, .tmpdir = x->folder, .use_zip64 = LXW_TRUE};

	snprintf(path, sizeof(path), "/proc/self/fd/%d", x->fd);
	x->workbook = workbook_new_opt(path, &options);
	if (!x->workbook)
		return err_set(e, "cannot begin a workbook");
	sheet_begin(x);
	return 0;
}

struct export *
export_new(struct loop *l, const char *folder, const struct export_table *table, struct err *e)
{
	struct export *x = calloc(1, sizeof(*x));

	if (!x || !(x->folder = strdup(folder)))
		abort();
	x->loop = l;
	x->table = *table;
	x->fd = -1;
	x->arena = arena_new(0);
	if (file_open(x, e) < 0 || (table->format == EXPORT_CSV ? csv_open(x, e) : xlsx_open(x, e)) < 0) {
		export_free(x);
		return NULL;
	}
	return x;
}

void
export_row(struct export *x, const char *const *cells)
{
	x->rows++;
	if (x->failed)
		return;
	if (x->csv) {
		csv_row(x, cells);
	} else {
		if (x->sheet_row > EXPORT_SHEET_ROWS)
			sheet_begin(x);
		if (x->sheet)
			xlsx_row(x, cells, false);
	}
	arena_reset(x->arena);
}

int64_t
export_rows(const struct export *x)
{
	return x->rows;
}

/* On the worker's thread. */
static void
on_work(void *arg)
{
	struct export *x = arg;
	struct stat status;
	lxw_error error;

	if (x->csv) {
		if (fclose(x->csv) != 0)
			x->failed = true;
		x->csv = NULL;
	} else {
		error = workbook_close(x->workbook);
		x->workbook = NULL;
		if (error != LXW_NO_ERROR)
			x->failed = true;
	}
	if (fstat(x->fd, &status) < 0)
		x->failed = true;
	else
		x->size = (uint64_t)status.st_size;
}

static void
on_worked(void *arg)
{
	struct export *x = arg;
	int fd = x->fd;

	worker_free(x->worker);
	x->worker = NULL;
	if (x->failed) {
		err_set(&x->reason, "the temporary file could not be written");
		x->on_closed(x->arg, -1, 0, &x->reason);
		return;
	}
	x->fd = -1;
	x->on_closed(x->arg, fd, x->size, NULL);
}

void
export_close(struct export *x, export_on_closed *on_closed, void *arg)
{
	x->on_closed = on_closed;
	x->arg = arg;
	x->worker = worker_start(x->loop, on_work, on_worked, x, &x->reason);
	if (!x->worker)
		on_closed(arg, -1, 0, &x->reason);
}

void
export_free(struct export *x)
{
	if (!x)
		return;
	worker_free(x->worker);
	if (x->csv)
		fclose(x->csv);
	lxw_workbook_free(x->workbook);
	if (x->fd >= 0)
		close(x->fd);
	arena_free(x->arena);
	free(x->folder);
	free(x);
}
