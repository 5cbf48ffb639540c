/* cursor: see cursor.h. */
#include "services/department/cursor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/base/file.h"

#define CURSOR_FILE_MAX 256

static int
seq_parse(const char **rest, uint64_t *seq)
{
	const char *p = *rest;
	uint64_t value = 0;

	for (; *p >= '0' && *p <= '9'; p++) {
		if (value > (INT64_MAX - 9) / 10)
			return -1;
		value = value * 10 + (uint64_t)(*p - '0');
	}
	if (p == *rest || **rest == '0')
		return -1;
	*rest = p;
	*seq = value;
	return 0;
}

int
cursor_parse(const char *text, const char *stream, struct cursor *c, struct err *e)
{
	size_t size = strcspn(text, " ");
	const char *rest = text + size + 1;
	char id[UUID_TEXT_SIZE];
	struct cursor found;

	if (text[size] != ' ' || strchr(text, '\n') != text + strlen(text) - 1)
		return err_set(e, "it is not one whole line");
	if (strlen(stream) != size || strncmp(text, stream, size) != 0)
		return err_set(e, "it is the cursor of \"%.*s\", not of \"%s\"", (int)size, text, stream);
	if (seq_parse(&rest, &found.seq) < 0 || *rest != ' ' || strlen(rest + 1) != UUID_TEXT_SIZE)
		return err_set(e, "it does not hold a sequence number and an event id");
	memcpy(id, rest + 1, UUID_TEXT_SIZE - 1);
	id[UUID_TEXT_SIZE - 1] = '\0';
	if (!uuid_parse(id, &found.event_id))
		return err_set(e, "\"%s\" is no event id", id);
	*c = found;
	return 0;
}

int
cursor_read(const char *path, const char *stream, struct cursor *c, struct err *e)
{
	struct arena *a;
	char *text;
	size_t size;
	int rc = -1;

	*c = (struct cursor){0};
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return 0;
	a = arena_new(0);
	if (file_read(a, path, CURSOR_FILE_MAX, &text, &size, e) < 0)
		goto out;
	rc = strlen(text) == size ? cursor_parse(text, stream, c, e) : err_set(e, "it holds a NUL");
	if (rc < 0)
		err_prefix(e, "the cursor file \"%s\" cannot be used", path);

out:
	arena_free(a);
	return rc;
}

int
cursor_write(const char *path, const char *stream, const struct cursor *c, struct err *e)
{
	struct arena *a = arena_new(0);
	char id[UUID_TEXT_SIZE];
	const char *text;
	int rc;

	uuid_text(&c->event_id, id);
	text = arena_printf(a, "%s %" PRIu64 " %s\n", stream, c->seq, id);
	rc = file_write_durable(path, text, strlen(text), 0600, e);
	arena_free(a);
	return rc;
}

int
cursor_lock(const char *path, struct err *e)
{
	struct arena *a = arena_new(0);
	const char *name = arena_printf(a, "%s.lock", path);
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0) {
		err_set(e, "cannot open \"%s\": %s", name, strerror(errno));
	} else if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		err_set(e, "the cursor \"%s\" is used by another process", path);
		close(fd);
		fd = -1;
	}
	arena_free(a);
	return fd;
}
