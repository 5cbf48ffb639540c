/* file: letters are written under a temporary name and renamed, so nobody sees half of one; then all are flushed together. */
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
	char *path;
	provider_on_end *on_end;
	void *arg;
};

/* Opened for each use: a folder that was moved or removed meanwhile is made anew. */
static int
folder_open(const struct file_outbox *o, struct err *e)
{
	int folder;

	if (mkdir(o->path, 0700) < 0 && errno != EEXIST)
		return err_set(e, "outbox \"%s\" cannot be made: %s", o->path, strerror(errno));
	folder = open(o->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return err_set(e, "outbox \"%s\" cannot be opened: %s", o->path, strerror(errno));
	return folder;
}

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

/* Under its name, but not yet durable. */
static int
letter_write(int folder, const struct provider_letter *letter, struct err *e)
{
	char from[NAME_SIZE], to[NAME_SIZE];
	bool written;
	int fd;

	letter_name(letter->number, &letter->id, ".tmp", from);
	letter_name(letter->number, &letter->id, ".eml", to);
	fd = openat(folder, from, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_set(e, "\"%s\" cannot be made: %s", from, strerror(errno));
	written = bytes_write(fd, letter->data, letter->size);
	if (close(fd) < 0 || !written || renameat(folder, from, folder, to) < 0)
		return err_set(e, "\"%s\" cannot be written: %s", to, strerror(errno));
	return 0;
}

/* One flush of the whole file system is several times cheaper than one for each file (11 ms against 49 ms for a
 * hundred), and PostgreSQL feels it less. Until then the notices count as not sent, so a torn file is replaced. */
static void
file_send(void *way, struct provider_letter **letters, size_t count)
{
	struct file_outbox *o = way;
	struct err folder_reason = {""}, reasons[FILE_LETTERS_MAX];
	bool written[FILE_LETTERS_MAX];
	int folder = folder_open(o, &folder_reason);

	if (count > FILE_LETTERS_MAX)
		abort();
	for (size_t i = 0; i < count; i++) {
		reasons[i] = folder_reason;
		written[i] = folder >= 0 && letter_write(folder, letters[i], &reasons[i]) == 0;
	}
	if (folder >= 0 && syncfs(folder) < 0)
		err_set(&folder_reason, "outbox \"%s\" cannot be flushed: %s", o->path, strerror(errno));
	if (folder >= 0)
		close(folder);
	for (size_t i = 0; i < count; i++) {
		const char *reason = written[i] ? folder_reason.text : reasons[i].text;

		o->on_end(o->arg, letters[i], *reason ? PROVIDER_RETRY : PROVIDER_SENT, reason);
	}
}

static void
file_forget(void *way, const char *number, const struct uuid *id)
{
	struct file_outbox *o = way;
	char name[NAME_SIZE];
	struct err e;
	int folder = folder_open(o, &e);

	if (folder < 0)
		return;
	letter_name(number, id, ".eml", name);
	unlinkat(folder, name, 0);
	letter_name(number, id, ".tmp", name);
	unlinkat(folder, name, 0);
	close(folder);
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

static void
file_forget_numbers(void *way, const char *const *numbers, size_t count)
{
	const struct file_outbox *o = way;
	DIR *folder = opendir(o->path);
	struct dirent *entry;

	if (!folder)
		return;
	while ((entry = readdir(folder)))
		if (name_is_about(entry->d_name, numbers, count))
			unlinkat(dirfd(folder), entry->d_name, 0);
	closedir(folder);
}

struct file_outbox *
file_outbox_open(const char *path, provider_on_end *on_end, void *arg, struct err *e)
{
	struct file_outbox *o = calloc(1, sizeof(*o));
	int folder;

	if (!o || !(o->path = strdup(path)))
		abort();
	o->on_end = on_end;
	o->arg = arg;
	folder = folder_open(o, e);
	if (folder >= 0 && faccessat(folder, ".", W_OK | X_OK, AT_EACCESS) < 0) {
		err_set(e, "outbox \"%s\" cannot be written to: %s", path, strerror(errno));
		close(folder);
		folder = -1;
	}
	if (folder < 0) {
		file_outbox_close(o);
		return NULL;
	}
	close(folder);
	return o;
}

void
file_outbox_close(struct file_outbox *o)
{
	if (!o)
		return;
	free(o->path);
	free(o);
}

static size_t
file_routes(void *way)
{
	(void)way;
	return 1;
}

static struct provider_route
file_route(void *way, size_t route)
{
	(void)way;
	(void)route;
	return (struct provider_route){.room = FILE_LETTERS_MAX};
}

static void
file_stop(void *way)
{
	(void)way;
}

static void
file_free(void *way)
{
	file_outbox_close(way);
}

const struct provider file_provider = {
    .name = "file",
    .routes = file_routes,
    .route = file_route,
    .send = file_send,
    .stop = file_stop,
    .forget = file_forget,
    .forget_numbers = file_forget_numbers,
    .free = file_free,
};
