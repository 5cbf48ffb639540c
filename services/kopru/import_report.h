/* import_report: what an import tells while it runs: how far it is, on standard error, and which rows it refused, in a file of
 * their own. */
#ifndef KOPRU_SERVICES_KOPRU_IMPORT_REPORT_H
#define KOPRU_SERVICES_KOPRU_IMPORT_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"

struct import_report;

/* path: of the file of refused rows, which is written beside it and put in its place at the end, or taken away when there are
 * none. */
struct import_report *import_report_open(const char *path, struct err *e);
/* -1: the file could not be written. */
int import_report_close(struct import_report *r, struct err *e);

/* column, number: "" when it is not known. Cells are guarded against being formulas. */
void import_report_refuse(
    struct import_report *r, size_t row, size_t line, const char *number, const char *column, const char *reason);

/* Often; it is shown ten times a second on a terminal, else each ten seconds. */
void import_report_progress(struct import_report *r, uint64_t rows, uint64_t done, uint64_t size);

#endif
