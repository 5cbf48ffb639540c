/* process: see process.h. */
#include "tests/harness/process.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STEP_MS 10
#define NOT_EXECUTED 127

struct process {
	pid_t pid; /* 0 when it has ended */
	int status;
};

static void
sleep_step(void)
{
	nanosleep(&(struct timespec){.tv_nsec = STEP_MS * 1000000}, NULL);
}

static void
become(const char *const *argv, const char *const *environment, int log)
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (log >= 0 && (dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0))
		_exit(NOT_EXECUTED);
	for (; environment && *environment; environment++) {
		char *pair = strdup(*environment);

		if (!pair || putenv(pair) != 0)
			_exit(NOT_EXECUTED);
	}
	/* execvp() changes nothing behind its pointers, its type is only older than const. */
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(NOT_EXECUTED);
}

struct process *
process_start(const char *const *argv, const char *const *environment, const char *log, struct err *e)
{
	struct process *p = calloc(1, sizeof(*p));
	int file = log ? open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;

	if (!p)
		abort();
	if (log && file < 0) {
		err_set(e, "cannot write \"%s\": %s", log, strerror(errno));
		free(p);
		return NULL;
	}
	fflush(NULL);
	p->pid = fork();
	if (p->pid == 0)
		become(argv, environment, file);
	if (file >= 0)
		close(file);
	if (p->pid < 0) {
		err_set(e, "cannot start \"%s\": %s", argv[0], strerror(errno));
		free(p);
		return NULL;
	}
	return p;
}

static void
note_end(struct process *p, int status)
{
	p->pid = 0;
	p->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool
process_running(struct process *p)
{
	int status;

	if (p->pid > 0 && waitpid(p->pid, &status, WNOHANG) == p->pid)
		note_end(p, status);
	return p->pid > 0;
}

int
process_stop(struct process *p, int ms)
{
	if (process_running(p))
		kill(p->pid, SIGTERM);
	for (int waited = 0; process_running(p); waited += STEP_MS) {
		if (waited >= ms) {
			process_kill(p);
			return -1;
		}
		sleep_step();
	}
	return p->status;
}

void
process_kill(struct process *p)
{
	int status;

	if (!process_running(p))
		return;
	kill(p->pid, SIGKILL);
	while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	note_end(p, status);
}

void
process_freeze(struct process *p)
{
	if (process_running(p))
		kill(p->pid, SIGSTOP);
}

void
process_thaw(struct process *p)
{
	if (process_running(p))
		kill(p->pid, SIGCONT);
}

void
process_free(struct process *p)
{
	if (!p)
		return;
	process_kill(p);
	free(p);
}

bool
wait_until(bool (*is_true)(void *arg), void *arg, int ms)
{
	struct timespec start, now;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while (!is_true(arg)) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 >= ms)
			return false;
		sleep_step();
	}
	return true;
}

/* A connected socket, or -1. */
static int
dial(const char *address)
{
	struct sockaddr_un local = {.sun_family = AF_UNIX};
	struct sockaddr_in net = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const char *colon = strrchr(address, ':');
	bool is_local = strncmp(address, "unix:", 5) == 0;
	int fd = socket(is_local ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval limit = {.tv_sec = 2};
	int rc;

	if (fd < 0 || !colon)
		abort();
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (is_local) {
		snprintf(local.sun_path, sizeof(local.sun_path), "%s", address + 5);
		rc = connect(fd, (const struct sockaddr *)&local, sizeof(local));
	} else {
		net.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
		rc = connect(fd, (const struct sockaddr *)&net, sizeof(net));
	}
	if (rc == 0)
		return fd;
	close(fd);
	return -1;
}

static bool
listens(void *arg)
{
	int fd = dial(*(const char *const *)arg);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool
is_healthy(void *arg)
{
	static const char request[] = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
	char answer[32] = "";
	int fd = dial(*(const char *const *)arg);
	ssize_t got = -1;

	if (fd < 0)
		return false;
	if (send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) > 0)
		got = recv(fd, answer, sizeof(answer) - 1, MSG_WAITALL);
	close(fd);
	return got > 12 && strncmp(answer, "HTTP/1.", 7) == 0 && strncmp(answer + 9, "200", 3) == 0;
}

bool
wait_until_listening(const char *address, int ms)
{
	return wait_until(listens, &address, ms);
}

bool
wait_until_healthy(const char *address, int ms)
{
	return wait_until(is_healthy, &address, ms);
}
