/* transfer: see transfer.h. */
#include "common/loop/transfer.h"

#include <stdlib.h>

#include "common/loop/watch.h"

struct transfer {
	struct loop *loop;
	CURLM *multi;
	CURL *easy;
	struct loop_timer *timer;
	transfer_on_done *on_done;
	void *arg;
};

/* One socket of libcurl's on the loop. */
struct link {
	struct transfer *transfer;
	struct watch *watch;
	curl_socket_t socket;
};

static void
done_tell(struct transfer *t)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(t->multi, &left))) {
		if (message->msg != CURLMSG_DONE)
			continue;
		t->on_done(t->arg, message->data.result); /* and t may be gone */
		return;
	}
}

static void
on_link_ready(void *arg, bool readable, bool writable)
{
	struct link *link = arg;
	struct transfer *t = link->transfer;
	int running;

	curl_multi_socket_action(
	    t->multi, link->socket, (readable ? CURL_CSELECT_IN : 0) | (writable ? CURL_CSELECT_OUT : 0), &running);
	done_tell(t);
}

static void
on_timer(void *arg)
{
	struct transfer *t = arg;
	int running;

	curl_multi_socket_action(t->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	done_tell(t);
}

static struct link *
link_new(struct transfer *t, curl_socket_t socket)
{
	struct link *link = calloc(1, sizeof(*link));

	if (!link)
		abort();
	link->transfer = t;
	link->socket = socket;
	link->watch = watch_new(t->loop, socket, on_link_ready, link);
	curl_multi_assign(t->multi, socket, link);
	return link;
}

static void
link_free(struct link *link)
{
	if (!link)
		return;
	watch_free(link->watch);
	free(link);
}

static int
on_socket_wanted(CURL *easy, curl_socket_t socket, int what, void *arg, void *of_socket)
{
	struct link *link = of_socket;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		link_free(link);
		return 0;
	}
	if (!link)
		link = link_new(arg, socket);
	watch_want(link->watch, (what & CURL_POLL_IN) != 0, (what & CURL_POLL_OUT) != 0);
	return 0;
}

static int
on_timer_wanted(CURLM *multi, long milliseconds, void *arg)
{
	struct transfer *t = arg;

	(void)multi;
	if (milliseconds < 0)
		timer_stop(t->timer);
	else
		timer_start(t->timer, milliseconds);
	return 0;
}

struct transfer *
transfer_new(struct loop *l, CURL *easy, transfer_on_done *on_done, void *arg)
{
	struct transfer *t = calloc(1, sizeof(*t));

	if (!t || !(t->multi = curl_multi_init()))
		abort();
	t->loop = l;
	t->easy = easy;
	t->on_done = on_done;
	t->arg = arg;
	t->timer = timer_new(l, on_timer, t);
	curl_multi_setopt(t->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wanted);
	curl_multi_setopt(t->multi, CURLMOPT_SOCKETDATA, t);
	curl_multi_setopt(t->multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
	curl_multi_setopt(t->multi, CURLMOPT_TIMERDATA, t);
	return t;
}

void
transfer_start(struct transfer *t)
{
	curl_multi_remove_handle(t->multi, t->easy);
	if (curl_multi_add_handle(t->multi, t->easy) != CURLM_OK)
		abort();
}

void
transfer_free(struct transfer *t)
{
	if (!t)
		return;
	curl_multi_remove_handle(t->multi, t->easy);
	curl_multi_cleanup(t->multi);
	timer_free(t->timer);
	free(t);
}
