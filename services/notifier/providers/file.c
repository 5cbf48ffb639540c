/* file: letters are written under a temporary name, flushed together, renamed, and the folder is flushed once. */
#include "services/notifier/providers/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_SIZE 96

struct file_outbox {
	int folder;
};

static void
letter_name(const char *number, const struct uuid *id, const char *ending, char name[NAME_SIZE])
{
	char text[UUID_TEXT_SIZE];

	uuid_text(id, text);
	snprintf(name, NAME_SIZE, "%.32s-%s%s", number, text, ending);
}

static bool
bytes_write(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t written = write(fd, data, size);

		if (written < 0 && errno != EINTR)
			return false;
		if (written > 0) {
			data += written;
			size -= (size_t)written;
		}
	}
	return true;
}

/* The open temporary file, or -1 with the letter's reason. */
static int
letter_write(struct file_outbox *o, struct file_letter *letter)
{
	char name[NAME_SIZE];
	int fd;

	letter_name(letter->number, &letter->id, ".tmp", name);
	fd = openat(o->folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || !bytes_write(fd, letter->data, letter->size)) {
		err_set(&letter->reason, "\"%s\" cannot be written: %s", name, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	/* Starts writing out now, so that the flushes below find most of the work done. */
	sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	return fd;
}

static void
letter_flush(struct file_outbox *o, struct file_letter *letter, int fd)
{
	char from[NAME_SIZE], to[NAME_SIZE];

	letter_name(letter->number, &letter->id, ".tmp", from);
	letter_name(letter->number, &letter->id, ".eml", to);
	letter->delivered = fsync(fd) == 0 && renameat(o->folder, from, o->folder, to) == 0;
	if (!letter->delivered)
		err_set(&letter->reason, "\"%s\" cannot be kept: %s", to, strerror(errno));
	close(fd);
}

void
file_deliver(struct file_outbox *o, struct file_letter *letters, size_t count)
{
	int *fds = calloc(count + 1, sizeof(*fds));

	if (!fds)
		abort();
	for (size_t i = 0; i < count; i++)
		fds[i] = letter_write(o, &letters[i]);
	for (size_t i = 0; i < count; i++)
		if (fds[i] >= 0)
			letter_flush(o, &letters[i], fds[i]);
	free(fds);
	if (count == 0 || fsync(o->folder) == 0)
		return;
	for (size_t i = 0; i < count; i++) {
		letters[i].delivered = false;
		err_set(&letters[i].reason, "the outbox cannot be flushed: %s", strerror(errno));
	}
}

void
file_forget(struct file_outbox *o, const char *number, const struct uuid *id)
{
	char name[NAME_SIZE];

	letter_name(number, id, ".eml", name);
	unlinkat(o->folder, name, 0);
	letter_name(number, id, ".tmp", name);
	unlinkat(o->folder, name, 0);
}

static bool
name_is_about(const char *name, const char *const *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t size = strlen(numbers[i]);

		if (size > 0 && strncmp(name, numbers[i], size) == 0 && name[size] == '-')
			return true;
	}
	return false;
}

void
file_forget_numbers(struct file_outbox *o, const char *const *numbers, size_t count)
{
	int again = openat(o->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = again < 0 ? NULL : fdopendir(again);
	struct dirent *entry;

	if (!folder) {
		if (again >= 0)
			close(again);
		return;
	}
	while ((entry = readdir(folder)))
		if (name_is_about(entry->d_name, numbers, count))
			unlinkat(o->folder, entry->d_name, 0);
	closedir(folder);
}

struct file_outbox *
file_outbox_open(const char *folder, struct err *e)
{
	struct file_outbox *o = calloc(1, sizeof(*o));

	if (!o)
		abort();
	o->folder = -1;
	if (mkdir(folder, 0700) < 0 && errno != EEXIST) {
		err_set(e, "outbox \"%s\" cannot be made: %s", folder, strerror(errno));
		goto fail;
	}
	o->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (o->folder < 0 || faccessat(o->folder, ".", W_OK | X_OK, 0) < 0) {
		err_set(e, "outbox \"%s\" cannot be used: %s", folder, strerror(errno));
		goto fail;
	}
	return o;

fail:
	file_outbox_close(o);
	return NULL;
}

void
file_outbox_close(struct file_outbox *o)
{
	if (!o)
		return;
	if (o->folder >= 0)
		close(o->folder);
	free(o);
}
