/* import_report: see the header. */
#include "services/kopru/import_report.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/csv.h"
#include "common/base/ids.h"

#define TERMINAL_MICROSECONDS 100000
#define LINE_MICROSECONDS 10000000
#define BAR 30

struct import_report {
	struct arena *arena;
	char *path, *written; /* the same for what is no file, such as /dev/stdout */
	FILE *file;
	size_t refused;
	bool terminal, shown;
	bool regular; /* neither a terminal nor a pipe such as /dev/stdout */
	int64_t began, last;
};

static void
report_free(struct import_report *r)
{
	arena_free(r->arena);
	free(r->written);
	free(r->path);
	free(r);
}

struct import_report *
import_report_open(const char *path, struct err *e)
{
	struct import_report *r = calloc(1, sizeof(*r));
	struct stat st;
	int fd;

	if (!r || !(r->path = strdup(path)))
		abort();
	r->arena = arena_new(0);
	r->regular = stat(path, &st) < 0 || S_ISREG(st.st_mode);
	r->written = r->regular ? arena_printf(r->arena, "%s.XXXXXX", path) : r->path;
	r->written = strdup(r->written);
	if (!r->written)
		abort();
	fd = r->regular ? mkostemp(r->written, O_CLOEXEC) : open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0) {
		err_set(e, "cannot write %s: %s", path, strerror(errno));
		report_free(r);
		return NULL;
	}
	if (!(r->file = fdopen(fd, "w")))
		abort();
	r->terminal = isatty(STDERR_FILENO);
	r->began = r->last = clock_monotonic();
	fputs("row,line,number,column,reason\r\n", r->file);
	return r;
}

int
import_report_close(struct import_report *r, struct err *e)
{
	bool failed;

	if (!r)
		return 0;
	if (r->terminal && r->shown)
		fputc('\n', stderr);
	failed = ferror(r->file) != 0;
	failed |= fclose(r->file) != 0;
	if (r->regular && !failed && r->refused > 0)
		failed = rename(r->written, r->path) < 0;
	else if (r->regular && !failed)
		failed = unlink(r->written) < 0 || (unlink(r->path) < 0 && errno != ENOENT);
	if (failed)
		err_set(e, "cannot write %s; what was written is in %s", r->path, r->written);
	report_free(r);
	return failed ? -1 : 0;
}

void
import_report_refuse(
    struct import_report *r, size_t row, size_t line, const char *number, const char *column, const char *reason)
{
	arena_reset(r->arena);
	fprintf(r->file, "%zu,%zu,%s,%s,%s\r\n", row, line, csv_quote(r->arena, number), csv_quote(r->arena, column),
	    csv_quote(r->arena, reason));
	r->refused++;
}

static void
show_bar(const struct import_report *r, uint64_t rows, unsigned percent, int64_t rate, int64_t left)
{
	unsigned full = percent * BAR / 100;

	(void)r;
	fprintf(stderr, "\r[%.*s%*s] %3u %%  %" PRIu64 " rows  %" PRId64 "/s  %02" PRId64 ":%02" PRId64 " left ",
	    (int)full, "##############################", (int)(BAR - full), "", percent, rows, rate, left / 60,
	    left % 60);
}

void
import_report_progress(struct import_report *r, uint64_t rows, uint64_t done, uint64_t size)
{
	int64_t now = clock_monotonic(), spent = now - r->began, rate, left;
	double part = size > 0 ? (double)done / (double)size : 1;

	if (now - r->last < (r->terminal ? TERMINAL_MICROSECONDS : LINE_MICROSECONDS))
		return;
	r->last = now;
	r->shown = true;
	rate = (int64_t)((double)rows * 1e6 / (double)(spent > 0 ? spent : 1));
	left = part > 0 ? (int64_t)((double)spent * (1 - part) / part / 1e6) : 0;
	if (r->terminal)
		show_bar(r, rows, (unsigned)(100 * part), rate, left);
	else
		fprintf(stderr, "%" PRIu64 " rows, %" PRId64 " a second, %.0f %%, %" PRId64 " s left\n", rows, rate,
		    100 * part, left);
}
