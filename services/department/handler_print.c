/* handler_print: each line to standard output. It never blocks the loop, however slow its reader is: a pipe that
 * is ready takes a piece of PIPE_BUF bytes at once, though its descriptor is a blocking one (it may be shared with
 * others, who would not expect another mode). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/loop/watch.h"
#include "services/department/handler.h"

struct print {
	struct handler *handler;
	struct watch *watch;
	const char *rest;
	size_t size;
	size_t piece; /* most bytes in one write */
};

static enum handled
print_go(struct print *p, struct err *e)
{
	while (p->size > 0) {
		struct pollfd ready = {.fd = STDOUT_FILENO, .events = POLLOUT};
		ssize_t n;

		if (poll(&ready, 1, 0) == 0)
			return HANDLED_PENDING;
		n = write(STDOUT_FILENO, p->rest, p->size < p->piece ? p->size : p->piece);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0) {
			err_set(e, "cannot write to standard output: %s", strerror(errno));
			return errno == ENOSPC ? HANDLED_UNAVAILABLE : HANDLED_BROKEN;
		}
		p->rest += n;
		p->size -= (size_t)n;
	}
	return HANDLED_DONE;
}

static void
on_writable(void *arg, bool readable, bool writable)
{
	struct print *p = arg;
	struct err e = {""};
	enum handled outcome = print_go(p, &e);

	(void)readable;
	(void)writable;
	if (outcome == HANDLED_PENDING)
		return;
	watch_want(p->watch, false, false);
	handler_done(p->handler, outcome, &e);
}

static enum handled
print_take(void *way, const char *line, size_t size, struct err *e)
{
	struct print *p = way;
	enum handled outcome;

	p->rest = line;
	p->size = size;
	outcome = print_go(p, e);
	if (outcome == HANDLED_PENDING)
		watch_want(p->watch, false, true);
	return outcome;
}

/* A process that was killed may have left half a line at the end of a file: the next one must not join it. */
static void
line_mend(const struct stat *file)
{
	int fd = open("/proc/self/fd/1", O_RDONLY | O_CLOEXEC);
	char last = '\n';

	if (fd >= 0 && file->st_size > 0 && pread(fd, &last, 1, file->st_size - 1) == 1 && last != '\n')
		while (write(STDOUT_FILENO, "\n", 1) < 0 && errno == EINTR)
			;
	if (fd >= 0)
		close(fd);
}

static void *
print_new(struct handler *h, const char *rest, struct err *e)
{
	struct print *p;
	struct stat file;

	if (*rest) {
		err_set(e, "\"print%s\" is no handler: print is", rest);
		return NULL;
	}
	if (!(p = calloc(1, sizeof(*p))))
		abort();
	p->handler = h;
	p->piece = PIPE_BUF;
	if (fstat(STDOUT_FILENO, &file) == 0 && S_ISREG(file.st_mode)) {
		p->piece = SIZE_MAX;
		line_mend(&file);
	}
	p->watch = watch_new(handler_loop(h), STDOUT_FILENO, on_writable, p);
	return p;
}

static void
print_free(void *way)
{
	struct print *p = way;

	watch_free(p->watch);
	free(p);
}

const struct handler_way handler_print = {"print", print_new, print_free, print_take};
