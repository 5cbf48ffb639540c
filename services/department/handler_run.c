/* handler_run: a program for each event, the line on its standard input; it is done when it ends with 0. The
 * program is started without a shell and in a process group of its own; what it prints goes where ours goes. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/loop/watch.h"
#include "services/department/handler.h"

struct run {
	struct handler *handler;
	char *program;
	struct loop_timer *limit;
	bool late;
	/* of the event in hand */
	pid_t pid; /* 0: none */
	int process; /* its pidfd */
	int input; /* -1 when all is written */
	struct watch *on_process, *on_input;
	const char *rest;
	size_t size;
};

static void
input_close(struct run *r)
{
	watch_free(r->on_input);
	r->on_input = NULL;
	if (r->input >= 0)
		close(r->input);
	r->input = -1;
}

static void
process_forget(struct run *r)
{
	timer_stop(r->limit);
	input_close(r);
	watch_free(r->on_process);
	r->on_process = NULL;
	if (r->process >= 0)
		close(r->process);
	r->process = -1;
	r->pid = 0;
}

static void
on_input_ready(void *arg, bool readable, bool writable)
{
	struct run *r = arg;
	ssize_t n = write(r->input, r->rest, r->size);

	(void)readable;
	(void)writable;
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n >= 0) {
		r->rest += n;
		r->size -= (size_t)n;
	}
	/* A program may well end without having read all. */
	if (n < 0 || r->size == 0)
		input_close(r);
}

static void
on_process_ended(void *arg, bool readable, bool writable)
{
	struct run *r = arg;
	struct err e = {""};
	enum handled outcome = HANDLED_FAILED;
	int status;

	(void)readable;
	(void)writable;
	if (waitpid(r->pid, &status, WNOHANG) != r->pid)
		return;
	process_forget(r);
	if (r->late)
		err_set(&e, "\"%s\" took too long and was ended", r->program);
	else if (WIFSIGNALED(status))
		err_set(&e, "\"%s\" was ended by signal %d", r->program, WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		err_set(&e, "\"%s\" ended with %d", r->program, WEXITSTATUS(status));
	else
		outcome = HANDLED_DONE;
	handler_done(r->handler, outcome, &e);
}

static void
on_late(void *arg)
{
	struct run *r = arg;

	r->late = true;
	kill(-r->pid, SIGKILL);
}

static int
spawn(struct run *r, int input)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	char *arguments[] = {r->program, NULL};
	sigset_t signals;
	int rc;

	sigemptyset(&signals);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &signals);
	sigaddset(&signals, SIGPIPE);
	posix_spawnattr_setsigdefault(&attributes, &signals);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	rc = posix_spawnp(&r->pid, r->program, &actions, &attributes, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return rc;
}

static enum handled
run_take(void *way, const char *line, size_t size, struct err *e)
{
	struct run *r = way;
	int ends[2], rc;

	if (pipe2(ends, O_CLOEXEC) < 0) {
		err_set(e, "cannot make a pipe: %s", strerror(errno));
		return HANDLED_UNAVAILABLE;
	}
	rc = spawn(r, ends[0]);
	close(ends[0]);
	r->input = ends[1];
	if (rc != 0) {
		process_forget(r);
		err_set(e, "cannot start \"%s\": %s", r->program, strerror(rc));
		return HANDLED_UNAVAILABLE;
	}
	fcntl(r->input, F_SETFL, O_NONBLOCK);
	r->process = pidfd_open(r->pid, 0);
	if (r->process < 0)
		abort();
	r->late = false;
	r->rest = line;
	r->size = size;
	r->on_process = watch_new(handler_loop(r->handler), r->process, on_process_ended, r);
	watch_want(r->on_process, true, false);
	r->on_input = watch_new(handler_loop(r->handler), r->input, on_input_ready, r);
	watch_want(r->on_input, false, true);
	timer_start(r->limit, handler_wait_ms(r->handler));
	return HANDLED_PENDING;
}

static void *
run_new(struct handler *h, const char *rest, struct err *e)
{
	struct run *r;

	if (!*rest) {
		err_set(e, "run: needs a program");
		return NULL;
	}
	r = calloc(1, sizeof(*r));
	if (!r || !(r->program = strdup(rest)))
		abort();
	r->handler = h;
	r->process = r->input = -1;
	r->limit = timer_new(handler_loop(h), on_late, r);
	return r;
}

static void
run_free(void *way)
{
	struct run *r = way;

	/* Its event is not acknowledged and will come again: it must not go on beside that. */
	if (r->pid > 0 && kill(-r->pid, SIGKILL) == 0)
		waitpid(r->pid, NULL, 0);
	process_forget(r);
	timer_free(r->limit);
	free(r->program);
	free(r);
}

const struct handler_way handler_run = {"run:", run_new, run_free, run_take};
