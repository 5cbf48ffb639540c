/* import_preview: how a file and its first rows are understood, before anything is sent. */
#ifndef KOPRU_SERVICES_KOPRU_IMPORT_PREVIEW_H
#define KOPRU_SERVICES_KOPRU_IMPORT_PREVIEW_H

#include "services/kopru/import_file.h"
#include "services/kopru/import_row.h"

/* Reads so many rows of the file. Of a person it only says that he is named, but the beginnings of texts and subjects stand as
 * they are, and may name persons: whoever runs it holds the file. Of those who are hidden only how long the text is. */
int import_preview(const struct import_source *source, struct import_file *file, size_t rows, bool json, struct err *e);

/* What may be meant otherwise, on standard error. */
void import_preview_warn(const struct import_source *source);

#endif
