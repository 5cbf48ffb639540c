/* import_file: a CSV file on disk: looked through once as a whole for what it is, then read row by row, as UTF-8, with little
 * memory however large it is. */
#ifndef KOPRU_SERVICES_KOPRU_IMPORT_FILE_H
#define KOPRU_SERVICES_KOPRU_IMPORT_FILE_H

#include <stdint.h>

#include "services/kopru/import_csv.h"
#include "services/kopru/import_scan.h"

struct import_file;

/* Also reads the head. -1: it is no file that can be imported. */
struct import_file *import_file_open(const char *path, struct err *e);
void import_file_close(struct import_file *f); /* NULL is fine */

const struct import_format *import_file_format(const struct import_file *f);
const struct import_csv_row *import_file_head(const struct import_file *f); /* lives as long as the file is open */
const char *import_file_hash(const struct import_file *f); /* SHA-256 in hex */
uint64_t import_file_size(const struct import_file *f);
uint64_t import_file_done(const struct import_file *f); /* bytes of it that were read */

/* 1: a row, which lives until the next is asked for; 0: there is none left; -1: the rest cannot be read. A row whose count of
 * cells is not the head's has its fault, as have those of another encoding. */
int import_file_next(struct import_file *f, struct import_csv_row *row, struct err *e);

#endif
