/* files: see the header. Who puts a file into its place holds the folder's lock shared, who removes one holds it alone: so
 * what is kept again while it is about to be removed stays. */
#include "services/intake/files.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "services/intake/examine.h"
#include "services/intake/files_internal.h"

#define EXAMINERS 2 /* programs at once, for each instance */
#define STEP (64 * 1024)

struct files *
files_new(const char *folder, const char *program, bool scan, struct err *e)
{
	struct files *f = calloc(1, sizeof(*f));

	if (!f || (program && !(f->program = strdup(program))))
		abort();
	f->scan = scan;
	f->folder = f->incoming = f->lock = f->large = -1;
	if (sem_init(&f->examiners, 0, EXAMINERS) != 0)
		abort();
	if (mkdir(folder, 0700) != 0 && errno != EEXIST)
		err_set(e, "%s: cannot be made: %m", folder);
	else if ((f->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		err_set(e, "%s: cannot be opened: %m", folder);
	else if ((mkdirat(f->folder, "incoming", 0700) != 0 && errno != EEXIST) ||
		 (f->incoming = openat(f->folder, "incoming", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		err_set(e, "%s/incoming: cannot be made or opened: %m", folder);
	else if ((f->lock = openat(f->folder, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0 ||
		 (f->large = openat(f->folder, "large", O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0 ||
		 fsync(f->folder) != 0)
		err_set(e, "%s: cannot be written to: %m", folder);
	else
		return f;
	files_free(f);
	return NULL;
}

void
files_stop(struct files *f)
{
	if (f)
		f->stopping = true;
}

static void
close_one(int fd)
{
	if (fd >= 0)
		close(fd);
}

void
files_free(struct files *f)
{
	if (!f)
		return;
	close_one(f->folder);
	close_one(f->incoming);
	close_one(f->lock);
	close_one(f->large);
	sem_destroy(&f->examiners);
	free(f->program);
	free(f);
}

/* Version 4 of RFC 9562. */
struct uuid
files_id_new(void)
{
	struct uuid id;

	randombytes_buf(id.bytes, sizeof(id.bytes));
	id.bytes[6] = (uint8_t)(0x40 | (id.bytes[6] & 0x0f));
	id.bytes[8] = (uint8_t)(0x80 | (id.bytes[8] & 0x3f));
	return id;
}

int
files_incoming_new(struct files *f, char name[FILES_NAME_SIZE])
{
	uint8_t random[16];

	randombytes_buf(random, sizeof(random));
	sodium_bin2hex(name, FILES_NAME_SIZE, random, sizeof(random));
	return openat(f->incoming, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
}

void
files_incoming_remove(struct files *f, const char *name)
{
	unlinkat(f->incoming, name, 0);
}

void
files_path(const uint8_t sha256[FILES_HASH_SIZE], char path[FILES_PATH_SIZE])
{
	char hex[2 * FILES_HASH_SIZE + 1];

	sodium_bin2hex(hex, sizeof(hex), sha256, FILES_HASH_SIZE);
	snprintf(path, FILES_PATH_SIZE, "%.2s/%.2s/%s", hex, hex + 2, hex);
}

int
files_lock(struct files *f, bool alone)
{
	/* A lock belongs to who opened it: each thread needs one of its own. */
	int fd = openat(f->folder, "lock", O_RDWR | O_CLOEXEC);

	while (fd >= 0 && flock(fd, alone ? LOCK_EX : LOCK_SH) != 0)
		if (errno != EINTR) {
			close(fd);
			return -1;
		}
	return fd;
}

/* A folder, made when it is not there, and durable: another may have made it a moment ago and not have got so far. */
static int
folder_open(int above, const char *name)
{
	int fd;

	if (mkdirat(above, name, 0700) != 0 && errno != EEXIST)
		return -1;
	fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && fsync(above) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int
put_into(struct files *f, const char *name, const char path[FILES_PATH_SIZE])
{
	char first[3] = {path[0], path[1], '\0'}, second[3] = {path[3], path[4], '\0'};
	int above = folder_open(f->folder, first), folder = above >= 0 ? folder_open(above, second) : -1, rc = -1;

	/* In place of the same bytes, if they are there: then they count as new. */
	if (folder >= 0 && renameat(f->incoming, name, folder, path + 6) == 0)
		rc = fsync(folder);
	close_one(folder);
	close_one(above);
	return rc;
}

/* A file of "incoming" that is written and synced, into its place. */
static int
put(struct files *f, const char *name, const uint8_t sha256[FILES_HASH_SIZE])
{
	char path[FILES_PATH_SIZE];
	int lock = files_lock(f, false), rc = -1;

	files_path(sha256, path);
	if (lock >= 0)
		rc = put_into(f, name, path);
	close_one(lock);
	return rc;
}

static int
hash_file(int fd, uint8_t sha256[FILES_HASH_SIZE], uint64_t *size)
{
	crypto_hash_sha256_state state;
	uint8_t step[STEP];

	crypto_hash_sha256_init(&state);
	for (*size = 0;;) {
		ssize_t n = pread(fd, step, sizeof(step), (off_t)*size);

		if (n == 0)
			break;
		if (n < 0)
			return -1;
		crypto_hash_sha256_update(&state, step, (unsigned long long)n);
		*size += (uint64_t)n;
	}
	crypto_hash_sha256_final(&state, sha256);
	return 0;
}

static enum files_end
refuse(char reason[FILES_REASON_SIZE], const char *text)
{
	snprintf(reason, FILES_REASON_SIZE, "%s", text);
	return FILES_REFUSED;
}

static enum files_end
fail(char reason[FILES_REASON_SIZE], const char *what)
{
	snprintf(reason, FILES_REASON_SIZE, "%s: %m", what);
	return FILES_FAILED;
}

static int
examine(struct files *f, int input, int output, struct examined *result, struct err *e)
{
	int rc;

	while (sem_wait(&f->examiners) != 0)
		continue;
	rc = examine_run(f->program, &f->stopping, (const int[]){input, output, f->large}, result, e);
	sem_post(&f->examiners);
	return rc;
}

/* The file, or what was made of it, becomes durable under its hash. */
static enum files_end
keep(struct files *f, int fd, const char *name, struct files_kept *kept, char reason[FILES_REASON_SIZE])
{
	if (hash_file(fd, kept->kept_sha256, &kept->size) != 0 || fsync(fd) != 0 ||
	    put(f, name, kept->kept_sha256) != 0)
		return fail(reason, "a file cannot be kept");
	return FILES_KEPT;
}

static enum files_end
keep_examined(struct files *f, int input, const char *name, struct files_kept *kept, char reason[FILES_REASON_SIZE])
{
	char output_name[FILES_NAME_SIZE];
	struct examined result;
	struct err e;
	enum files_end end = FILES_FAILED;
	int output = files_incoming_new(f, output_name);

	if (output < 0)
		return fail(reason, "a file cannot be made");
	if (examine(f, input, output, &result, &e) < 0) {
		snprintf(reason, FILES_REASON_SIZE, "%.*s", FILES_REASON_SIZE - 1, e.text);
	} else if (result.end != FILES_KEPT) {
		memcpy(reason, result.reason, FILES_REASON_SIZE);
		memcpy(kept->media_type, result.media_type, sizeof(kept->media_type));
		end = (enum files_end)result.end;
	} else {
		memcpy(kept->media_type, result.media_type, sizeof(kept->media_type));
		kept->has_point = result.has_point;
		kept->latitude_e7 = result.latitude_e7;
		kept->longitude_e7 = result.longitude_e7;
		kept->quarantine = f->scan;
		end = result.encoded ? keep(f, output, output_name, kept, reason) : keep(f, input, name, kept, reason);
	}
	close(output);
	files_incoming_remove(f, output_name);
	return end;
}

enum files_end
files_keep_incoming(struct files *f, const char *name, struct files_kept *kept, char reason[FILES_REASON_SIZE])
{
	int fd = openat(f->incoming, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	enum files_end end;

	memset(kept, 0, sizeof(*kept));
	if (fd < 0)
		return fail(reason, "a file cannot be opened");
	if (hash_file(fd, kept->original_sha256, &kept->size) != 0)
		end = fail(reason, "a file cannot be read");
	else if (kept->size == 0)
		end = refuse(reason, "Dosya boş / The file is empty");
	else if (kept->size > FILES_SIZE_MAX)
		end =
		    refuse(reason, "Dosya çok büyük; en çok 20 MB olabilir / The file is too large; 20 MB are allowed");
	else
		end = keep_examined(f, fd, name, kept, reason);
	close(fd);
	files_incoming_remove(f, name);
	return end;
}

static int
write_whole(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, data, size);

		if (n < 0)
			return -1;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

/* Its name, with the bytes in it. */
static int
write_incoming(struct files *f, const void *data, size_t size, char name[FILES_NAME_SIZE])
{
	int fd = files_incoming_new(f, name);

	if (fd >= 0 && write_whole(fd, data, size) != 0) {
		int reason = errno;

		close(fd);
		files_incoming_remove(f, name);
		errno = reason;
		return -1;
	}
	return fd;
}

enum files_end
files_keep(struct files *f, const void *data, size_t size, struct files_kept *kept, char reason[FILES_REASON_SIZE])
{
	char name[FILES_NAME_SIZE];
	int fd;

	if (size > FILES_SIZE_MAX)
		return refuse(
		    reason, "Dosya çok büyük; en çok 20 MB olabilir / The file is too large; 20 MB are allowed");
	fd = write_incoming(f, data, size, name);
	if (fd < 0)
		return fail(reason, "a file cannot be written");
	close(fd);
	return files_keep_incoming(f, name, kept, reason);
}

enum files_end
files_keep_raw(
    struct files *f, const void *data, size_t size, uint8_t sha256[FILES_HASH_SIZE], char reason[FILES_REASON_SIZE])
{
	struct files_kept kept;
	char name[FILES_NAME_SIZE];
	int fd = write_incoming(f, data, size, name);
	enum files_end end;

	if (fd < 0)
		return fail(reason, "a file cannot be written");
	end = keep(f, fd, name, &kept, reason);
	close(fd);
	if (end == FILES_KEPT)
		memcpy(sha256, kept.kept_sha256, FILES_HASH_SIZE);
	else
		files_incoming_remove(f, name);
	return end;
}

int
files_open(const struct files *f, const uint8_t sha256[FILES_HASH_SIZE], uint64_t *size)
{
	char path[FILES_PATH_SIZE];
	struct stat st;
	int fd;

	files_path(sha256, path);
	fd = openat(f->folder, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 && fstat(fd, &st) == 0)
		*size = (uint64_t)st.st_size;
	return fd;
}

bool
files_lack(const struct files *f, const uint8_t sha256[FILES_HASH_SIZE])
{
	char path[FILES_PATH_SIZE];
	struct stat st;

	files_path(sha256, path);
	if (fstatat(f->folder, path, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT)
		return false;
	path[5] = '\0'; /* aa/bb */
	return fstatat(f->folder, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}
