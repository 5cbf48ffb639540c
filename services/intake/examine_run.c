/* examine_run: the service's side: starts the program, waits for it, and believes nothing of what it tells. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/text.h"
#include "services/intake/examine.h"
#include "services/intake/file_type.h"

#define SELF "/proc/self/exe"
#define ABOVE 10
#define STEP_MS 200
#define WAIT_MS 180000 /* more than it takes for itself: its turn with a large image comes late */

static int
add_actions(posix_spawn_file_actions_t *actions, int input, int result, int output, int large)
{
	int rc = posix_spawn_file_actions_adddup2(actions, input, 0);

	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(actions, result, 1);
	if (rc == 0)
		rc = posix_spawn_file_actions_addopen(actions, 2, "/dev/null", O_WRONLY, 0);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(actions, output, 3);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(actions, large, 4);
	return rc == 0 ? posix_spawn_file_actions_addclosefrom_np(actions, 5) : rc;
}

/* The thread's blocked signals and ignored ones are not the program's. */
static int
set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &all);
	return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static int
start(const char *program, const int fds[4], pid_t *pid, struct err *e)
{
	char name[] = "kopru-intake", option[] = EXAMINE_OPTION;
	char *const arguments[] = {name, option, NULL}, *const environment[] = {NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int rc;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return err_set(e, "no memory to start a process");
	if (posix_spawnattr_init(&attributes) != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return err_set(e, "no memory to start a process");
	}
	rc = add_actions(&actions, fds[0], fds[1], fds[2], fds[3]);
	if (rc == 0)
		rc = set_attributes(&attributes);
	if (rc == 0)
		rc = posix_spawn(pid, program ? program : SELF, &actions, &attributes, arguments, environment);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return rc == 0 ? 0 : err_set(e, "%s cannot be started: %s", program ? program : SELF, strerror(rc));
}

/* The end of the program, however it ends. What it tells fits into the pipe, so that it waits for nobody. */
static int
wait_for(pid_t pid, const atomic_bool *stop, int *status)
{
	struct pollfd end = {.fd = pidfd_open(pid, 0), .events = POLLIN};
	bool ended = false;

	for (int waited = 0; end.fd >= 0 && !ended && !*stop && waited < WAIT_MS; waited += STEP_MS)
		ended = poll(&end, 1, STEP_MS) == 1;
	if (!ended)
		kill(pid, SIGKILL);
	if (end.fd >= 0)
		close(end.fd);
	while (waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return 0;
}

static bool
sound(const struct examined *r)
{
	if (r->end != FILES_KEPT && r->end != FILES_REFUSED && r->end != FILES_FAILED)
		return false;
	if (!memchr(r->reason, '\0', sizeof(r->reason)) || !memchr(r->media_type, '\0', sizeof(r->media_type)))
		return false;
	if (!text_valid(r->reason, strlen(r->reason)) || text_has_line_break_or_control(r->reason))
		return false;
	if (r->latitude_e7 < -900000000 || r->latitude_e7 > 900000000 || r->longitude_e7 < -1800000000 ||
	    r->longitude_e7 > 1800000000)
		return false;
	if (r->encoded > 1 || r->has_point > 1)
		return false;
	return r->end != FILES_KEPT || file_type_known(r->media_type);
}

/* Ended by a signal: by its limits or its own fault it has refused what it read; by SIGKILL the machine has no memory. */
static int
judge(int status, size_t got, struct examined *result, struct err *e)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL) {
		memset(result, 0, sizeof(*result));
		result->end = FILES_REFUSED;
		snprintf(result->reason, sizeof(result->reason),
		    "Dosya okunamadı: bozuk veya çok karmaşık / The file cannot be read: broken or too complex");
		return 0;
	}
	if (WIFSIGNALED(status))
		return err_set(e, "the program that looks at files was killed");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || got != sizeof(*result) || !sound(result))
		return err_set(e, "the program that looks at files ended with %d and told %zu bytes", status, got);
	return 0;
}

static int
talk(const char *program, const atomic_bool *stop, const int fds[4], int answer, struct examined *result, struct err *e)
{
	int status = 0;
	ssize_t got;
	pid_t pid;

	if (start(program, fds, &pid, e) < 0)
		return -1;
	if (wait_for(pid, stop, &status) < 0)
		return err_set(e, "the program that looks at files cannot be waited for: %m");
	got = read(answer, result, sizeof(*result));
	return judge(status, got > 0 ? (size_t)got : 0, result, e);
}

int
examine_run(const char *program, const atomic_bool *stop, const int given[3], struct examined *result, struct err *e)
{
	int ends[2], rc = -1;
	/* Above the places that they take in the program, so that none stands in another's way. */
	int fds[] = {fcntl(given[0], F_DUPFD_CLOEXEC, ABOVE), -1, fcntl(given[1], F_DUPFD_CLOEXEC, ABOVE),
	    fcntl(given[2], F_DUPFD_CLOEXEC, ABOVE)};

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
		err_set(e, "no pipe: %m");
	} else {
		fds[1] = fcntl(ends[1], F_DUPFD_CLOEXEC, ABOVE);
		close(ends[1]);
		if (fds[0] < 0 || fds[1] < 0 || fds[2] < 0 || fds[3] < 0)
			err_set(e, "no descriptors: %m");
		else
			rc = talk(program, stop, fds, ends[0], result, e);
		close(ends[0]);
	}
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	return rc;
}
