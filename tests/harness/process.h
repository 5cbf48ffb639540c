/* process: programs that a test starts, waits for, and ends. */
#ifndef KOPRU_TESTS_HARNESS_PROCESS_H
#define KOPRU_TESTS_HARNESS_PROCESS_H

#include <stdbool.h>

#include "common/base/err.h"

struct process;

/* Starts argv (NULL ends it; a name without "/" is looked up). environment: "NAME=value" besides our own, NULL ends it
 * (itself may be NULL). Its output goes to the file log (appended), or to ours when log is NULL. The child dies with us. */
struct process *process_start(const char *const *argv, const char *const *environment, const char *log, struct err *e);
/* Kills it when it still runs. NULL is fine. */
void process_free(struct process *p);

bool process_running(struct process *p);
/* SIGTERM, then waits at most ms. Exit status, 128 + signal, or -1 when it did not end (it is killed then). */
int process_stop(struct process *p, int ms);
void process_kill(struct process *p); /* SIGKILL, and waits */
void process_freeze(struct process *p); /* SIGSTOP */
void process_thaw(struct process *p); /* SIGCONT */

/* Asks every 10 ms until it is true: true; false after ms. */
bool wait_until(bool (*is_true)(void *arg), void *arg, int ms);
/* Someone accepts connections at "unix:/path" or "127.0.0.1:port". */
bool wait_until_listening(const char *address, int ms);
/* GET /healthz there answers 200. */
bool wait_until_healthy(const char *address, int ms);

#endif
