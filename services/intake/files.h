/* files: bytes that came with applications, in a folder (INTAKE_FILES), each under the SHA-256 of its content. A file is
 * written whole, fsync'ed with its folder, and only then named in the database; what no row names is removed after a day. */
#ifndef KOPRU_SERVICES_INTAKE_FILES_H
#define KOPRU_SERVICES_INTAKE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"

#define FILES_SIZE_MAX ((uint64_t)20 * 1024 * 1024) /* of one file */
#define FILES_HASH_SIZE 32

struct files; /* knows its folder only; used from any thread */

/* What became of bytes that came in. */
struct files_kept {
	uint8_t original_sha256[FILES_HASH_SIZE]; /* of what came */
	uint8_t kept_sha256[FILES_HASH_SIZE]; /* of what is kept: an image is encoded anew, without EXIF */
	uint64_t size; /* of what is kept */
	char media_type[64]; /* by its content */
	bool quarantine; /* not looked at for viruses yet, and it has to be */
	bool has_point; /* EXIF said where it was taken */
	int32_t latitude_e7, longitude_e7;
};

enum files_end {
	FILES_KEPT,
	FILES_REFUSED, /* its type or size is not allowed: reason says what is */
	FILES_FAILED, /* the disk: come again */
};

/* folder: exists or is made (mode 0700). */
struct files *files_new(const char *folder, bool scan, struct err *e);
void files_free(struct files *f); /* NULL is fine */

/* Slow (reads, decodes, writes, fsyncs): for a worker's thread. reason: for FILES_REFUSED one line in Turkish and English
 * with " / " between, otherwise for the log. */
enum files_end files_keep(struct files *f, const void *data, size_t size, struct files_kept *kept, char reason[256]);
/* The same from a file of the folder's "incoming", which is consumed. */
enum files_end files_keep_incoming(struct files *f, const char *name, struct files_kept *kept, char reason[256]);
/* As it is, whatever it is: raw mails, packages for the registry. size_max: bytes. */
enum files_end files_keep_raw(
    struct files *f, const void *data, size_t size, uint8_t sha256[FILES_HASH_SIZE], char reason[256]);
/* A descriptor for reading, or -1. */
int files_open(const struct files *f, const uint8_t sha256[FILES_HASH_SIZE], uint64_t *size);

#endif
