/* import_scan: what a file is, seen over the whole of it: its encoding, its separator, or why it is no CSV at all. Fed in
 * pieces of any size. Pure. */
#ifndef KOPRU_SERVICES_KOPRU_IMPORT_SCAN_H
#define KOPRU_SERVICES_KOPRU_IMPORT_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"

enum import_encoding { IMPORT_UTF8, IMPORT_WINDOWS_1254 };

/* Zeroed before the first piece. The members are import_scan's own. */
struct import_scan {
	uint8_t head[4]; /* the file's first bytes */
	size_t size;
	unsigned wanted; /* bytes that the character still wants */
	uint8_t low, high; /* between which the next of them lies */
	bool several, broken; /* this line holds such a character; bytes that make none */
	size_t lines_utf8, lines_other;
	bool quoted, head_read; /* within the first line; past it */
	size_t separators[3];
	bool nul;
};

struct import_format {
	enum import_encoding encoding;
	bool bom; /* the file begins with the three bytes that say UTF-8 */
	bool mixed; /* lines of both encodings: rows of the rarer one are refused */
	char separator;
};

void import_scan_feed(struct import_scan *s, const void *data, size_t size);
/* After the last piece. -1: it is no CSV file; the reason says what it is and what to do. */
int import_scan_end(struct import_scan *s, struct import_format *format, struct err *e);

/* A row's cells as UTF-8, in place of what stands there: from the arena, or the same. NULL, or why it cannot be. */
const char *import_decode(struct arena *a, enum import_encoding encoding, const char **cells, size_t count);

/* "UTF-8" or "windows-1254". */
const char *import_encoding_name(enum import_encoding encoding);

#endif
