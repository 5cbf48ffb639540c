/* files: bytes that came with applications, in a folder (INTAKE_FILES) that all instances share, each under the SHA-256 of
 * its content: aa/bb/<the whole in hex>. A file is written whole in "incoming", fsync'ed, renamed into its place, fsync'ed
 * with its folders, and only then named in the database; what no row names is removed after a day. What it is is found out by
 * a program of its own with limits (examine.h). All functions may be called from any thread. */
#ifndef KOPRU_SERVICES_INTAKE_FILES_H
#define KOPRU_SERVICES_INTAKE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/ids.h"

#define FILES_SIZE_MAX ((uint64_t)20 * 1024 * 1024) /* of one file */
#define FILES_HASH_SIZE 32
#define FILES_REASON_SIZE 256
#define FILES_TYPE_SIZE 96
#define FILES_NAME_SIZE 64 /* of one in "incoming" */
#define FILES_UNUSED_SECONDS ((int64_t)24 * 3600) /* so long what nobody names is left alone */

struct files;

/* For a row of intake.attachment: random as a whole, unlike uuid_new(), because it lets whoever has it fetch the file. */
struct uuid files_id_new(void);

/* What became of bytes that came in. */
struct files_kept {
	uint8_t original_sha256[FILES_HASH_SIZE]; /* of what came */
	uint8_t
	    kept_sha256[FILES_HASH_SIZE]; /* of what is kept: JPEG, PNG, WebP and GIF are encoded anew, without EXIF */
	uint64_t size; /* of what is kept */
	char media_type[FILES_TYPE_SIZE]; /* by its content; also of what was refused for what is in it, else empty */
	bool quarantine; /* not looked at for viruses yet, and it has to be */
	bool has_point; /* EXIF said where it was taken */
	int32_t latitude_e7, longitude_e7;
};

enum files_end {
	FILES_KEPT,
	FILES_REFUSED, /* its type or size is not allowed: reason says what is */
	FILES_FAILED, /* the disk, or no process to be had: come again */
};

/* folder: exists or is made (mode 0700). program: what is started with EXAMINE_OPTION; NULL: this program itself. */
struct files *files_new(const char *folder, const char *program, bool scan, struct err *e);
/* Whoever is in files_keep* comes back within a second, with FILES_FAILED; so do all later ones. NULL is fine. */
void files_stop(struct files *f);
void files_free(struct files *f); /* NULL is fine */

/* Slow (writes, waits for another process, fsyncs): for a worker's thread. reason: for FILES_REFUSED one line in Turkish and
 * English with " / " between, otherwise for the log. */
enum files_end files_keep(
    struct files *f, const void *data, size_t size, struct files_kept *kept, char reason[FILES_REASON_SIZE]);
/* The same from a file of the folder's "incoming", which is gone after it, whatever the end. */
enum files_end files_keep_incoming(
    struct files *f, const char *name, struct files_kept *kept, char reason[FILES_REASON_SIZE]);
/* As it is, whatever it is and how large: raw mails, packages for the registry. */
enum files_end files_keep_raw(
    struct files *f, const void *data, size_t size, uint8_t sha256[FILES_HASH_SIZE], char reason[FILES_REASON_SIZE]);
/* A descriptor for reading, or -1 with errno. */
int files_open(const struct files *f, const uint8_t sha256[FILES_HASH_SIZE], uint64_t *size);
/* Surely without the file: the folder that it was in, which is never removed, is there (on another volume it is not). */
bool files_lack(const struct files *f, const uint8_t sha256[FILES_HASH_SIZE]);

/* For who writes a file of "incoming" himself: a descriptor and its name, or -1 with errno. The caller closes it. */
int files_incoming_new(struct files *f, char name[FILES_NAME_SIZE]);
void files_incoming_remove(struct files *f, const char *name);
/* Removes what has been in "incoming" for a day; its writer died. How many. */
size_t files_incoming_clean(struct files *f);
/* Removes one file if it has been there for FILES_UNUSED_SECONDS and was not kept again since. For who has made sure that no
 * row names it. */
bool files_remove_old(struct files *f, const uint8_t sha256[FILES_HASH_SIZE]);
/* Calls on_file for each kept file of one of the 256 folders that is old enough to be removed. Slow. */
void files_each_old(
    struct files *f, unsigned folder, void (*on_file)(void *arg, const uint8_t sha256[FILES_HASH_SIZE]), void *arg);

#endif
