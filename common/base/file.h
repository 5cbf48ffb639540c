/* file: whole files in and out. */
#ifndef KOPRU_COMMON_BASE_FILE_H
#define KOPRU_COMMON_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"

/* Reads a whole file of at most limit bytes; data ends with a NUL that size does not count. */
int file_read(struct arena *a, const char *path, size_t limit, char **data, size_t *size, struct err *e);

/* Writes path.tmp, fsync, rename, fsync of the folder: after 0 the whole new content is durable,
 * before it the old one stands. mode as for open(2). */
int file_write_durable(const char *path, const void *data, size_t size, unsigned mode, struct err *e);

/* Reads a secret: a file that others may not read (mode & 077 == 0), 16 bytes or more, as bytes. */
int file_read_secret(struct arena *a, const char *path, uint8_t **data, size_t *size, struct err *e);

#endif
