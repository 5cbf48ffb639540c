/* file: see file.h. */
#include "common/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_STEP 65536
#define SECRET_MIN 16
#define SECRET_MAX 65536

/* Reads at most room bytes; fewer only at the end of the file. -1 with errno. */
static ssize_t
read_full(int fd, char *data, size_t room)
{
	size_t size = 0;

	while (size < room) {
		ssize_t n = read(fd, data + size, room - size);

		if (n == 0)
			break;
		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0)
			size += (size_t)n;
	}
	return (ssize_t)size;
}

/* Grows as the file turns out to be long, so that a pipe or a file in /proc can be read too. */
static int
read_all(struct arena *a, int fd, const char *path, size_t limit, char **data, size_t *size, struct err *e)
{
	struct stat st;
	size_t have = 0, room = fstat(fd, &st) == 0 && st.st_size > 0 ? (size_t)st.st_size + 1 : FILE_STEP;

	for (char *old = NULL;; old = *data, room *= 2) {
		ssize_t n;

		if (room > limit)
			room = limit + 1;
		if (!(*data = arena_alloc(a, room + 1)))
			return err_set(e, "%s: no memory left to read it", path);
		if (have > 0)
			memcpy(*data, old, have);
		if ((n = read_full(fd, *data + have, room - have)) < 0)
			return err_set(e, "%s: cannot be read: %m", path);
		have += (size_t)n;
		if (have > limit)
			return err_set(e, "%s: longer than %zu bytes", path, limit);
		if (have < room)
			break;
	}
	(*data)[have] = '\0';
	*size = have;
	return 0;
}

int
file_read(struct arena *a, const char *path, size_t limit, char **data, size_t *size, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return err_set(e, "%s: cannot be opened: %m", path);
	rc = read_all(a, fd, path, limit, data, size, e);
	close(fd);
	return rc;
}

int
file_read_secret(struct arena *a, const char *path, uint8_t **data, size_t *size, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *bytes;
	int rc = -1;

	if (fd < 0)
		return err_set(e, "%s: cannot be opened: %m", path);
	if (fstat(fd, &st) != 0)
		err_set(e, "%s: cannot be looked at: %m", path);
	else if (!S_ISREG(st.st_mode))
		err_set(e, "%s: is not a plain file", path);
	else if (st.st_mode & 077)
		err_set(
		    e, "%s: mode is %04o; a secret must be closed to others (chmod 600)", path, st.st_mode & 07777u);
	else
		rc = read_all(a, fd, path, SECRET_MAX, &bytes, size, e);
	close(fd);
	if (rc != 0)
		return -1;
	if (*size < SECRET_MIN)
		return err_set(e, "%s: holds %zu bytes; a secret has %d or more", path, *size, SECRET_MIN);
	*data = (uint8_t *)bytes;
	return 0;
}

static int
write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

/* A rename is durable only when the folder itself was synced. */
static int
sync_folder_of(const char *path, struct err *e)
{
	char folder[4096];
	const char *slash = strrchr(path, '/');
	int length = slash == path ? 1 : (int)(slash ? slash - path : 1);
	int fd, rc;

	snprintf(folder, sizeof folder, "%.*s", length, slash ? path : ".");
	if ((fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return err_set(e, "%s: cannot be opened: %m", folder);
	rc = fsync(fd) == 0 ? 0 : err_set(e, "%s: cannot be synced: %m", folder);
	close(fd);
	return rc;
}

static int
write_new(const char *path, const void *data, size_t size, unsigned mode, struct err *e)
{
	int fd, rc = 0;

	/* What a process that died left here may have another mode or be a link. */
	if (unlink(path) != 0 && errno != ENOENT)
		return err_set(e, "%s: cannot be removed: %m", path);
	if ((fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)) < 0)
		return err_set(e, "%s: cannot be made: %m", path);
	if (write_all(fd, data, size) != 0 || fsync(fd) != 0)
		rc = err_set(e, "%s: cannot be written: %m", path);
	if (close(fd) != 0 && rc == 0)
		rc = err_set(e, "%s: cannot be written: %m", path);
	return rc;
}

int
file_write_durable(const char *path, const void *data, size_t size, unsigned mode, struct err *e)
{
	char temporary[4096];
	int length = snprintf(temporary, sizeof temporary, "%s.tmp", path);

	if (length < 0 || (size_t)length >= sizeof temporary)
		return err_set(e, "%.100s...: the path is too long", path);
	if (write_new(temporary, data, size, mode, e) != 0) {
		unlink(temporary);
		return -1;
	}
	if (rename(temporary, path) != 0) {
		err_set(e, "%s: cannot be renamed to %s: %m", temporary, path);
		unlink(temporary);
		return -1;
	}
	return sync_folder_of(path, e);
}
