/* worker: see the header. The end of work reaches the loop through an eventfd. */
#include "common/loop/worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/loop/watch.h"

struct worker {
	struct loop *loop;
	pthread_t thread;
	struct watch *watch;
	int fd;
	void (*work)(void *arg);
	void (*on_done)(void *arg);
	void *arg;
};

static void *
on_thread(void *arg)
{
	struct worker *w = arg;
	uint64_t one = 1;

	w->work(w->arg);
	if (write(w->fd, &one, sizeof(one)) != (ssize_t)sizeof(one))
		abort(); /* an eventfd that nobody reads takes one */
	return NULL;
}

static void
on_ready(void *arg, bool readable, bool writable)
{
	struct worker *w = arg;

	(void)readable;
	(void)writable;
	watch_want(w->watch, false, false);
	w->on_done(w->arg);
}

static int
thread_start(struct worker *w)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&w->thread, NULL, on_thread, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

struct worker *
worker_start(struct loop *l, void (*work)(void *arg), void (*on_done)(void *arg), void *arg, struct err *e)
{
	struct worker *w = calloc(1, sizeof(*w));
	int rc;

	if (!w)
		abort();
	*w = (struct worker){.loop = l, .work = work, .on_done = on_done, .arg = arg};
	w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->fd < 0) {
		err_set(e, "no eventfd: %s", strerror(errno));
		free(w);
		return NULL;
	}
	w->watch = watch_new(l, w->fd, on_ready, w);
	watch_want(w->watch, true, false);
	rc = thread_start(w);
	if (rc != 0) {
		err_set(e, "no thread: %s", strerror(rc));
		watch_free(w->watch);
		close(w->fd);
		free(w);
		return NULL;
	}
	loop_hold(l);
	return w;
}

void
worker_free(struct worker *w)
{
	if (!w)
		return;
	pthread_join(w->thread, NULL);
	watch_free(w->watch);
	close(w->fd);
	loop_release(w->loop);
	free(w);
}
