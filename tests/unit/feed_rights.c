/* Unit tests of who may read which stream (common/feed/source): a department its own and under its own name, a service all
 * but departments'. I-13. */
#include "common/feed/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/bus/feed_owner_internal.h"

struct question {
	const char *peer, *consumer, *stream;
	bool allowed;
};

static const char *const routers[] = {"case", "department/", NULL};

static const struct question questions[] = {
    {"department/TEM", "TEM", "department/TEM", true}, {"department/TEM", "TEM", "department/FEN", false},
    {"department/TEM", "FEN", "department/FEN", false}, {"department/TEM", "FEN", "department/TEM", false},
    {"department/TE", "TE", "department/TEM", false}, {"department/TEM", "TEM", "department/TE", false},
    {"department/TEM", "TEM", "department/", false}, {"department/", "", "department/TEM", false},
    {"department/TEM", "TEM", "case", false}, {"department/TEM", "notifier", "case", false},
    {"service/notifier", "notifier", "case", true}, {"service/notifier", "reporting", "case", false},
    {"service/notifier", "notifier", "department/TEM", false}, {"service/notifier", "notifier", "intake", false},
    {"somebody", "somebody", "case", false}, {"", "notifier", "case", true}, /* over ipc:// */
    {"", "notifier", "intake", false}, /* another owner's */
};

/* The source never runs: it is only asked. */
static void
test_each_reads_what_is_its_own(void **state)
{
	char folder[] = "/tmp/kopru-rights.XXXXXX", path[64], endpoint[80];
	struct metrics *m = metrics_new();
	struct err e;
	struct loop *l = loop_new(&e);
	struct bus *b = bus_new(l, m, &e);
	struct source_conf conf = {.feed = {.endpoints = endpoint}, .streams = routers};
	const struct question *wrong = NULL;
	struct source *s;

	(void)state;
	assert_non_null(b);
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/feed.sock", folder);
	(void)snprintf(endpoint, sizeof(endpoint), "ipc://%s", path);
	s = source_new(b, l, NULL, NULL, &conf, m, &e);
	assert_non_null(s);
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		const struct question *q = &questions[i];
		const struct feed_source *feed = &source_owner(s)->source;

		if (feed->allowed(feed->arg, q->peer, q->consumer, q->stream) != q->allowed)
			wrong = q;
	}
	source_free(s);
	bus_free(b);
	loop_free(l);
	metrics_free(m);
	unlink(path);
	rmdir(folder);
	if (wrong)
		fail_msg("\"%s\" as \"%s\" %s read \"%s\"", wrong->peer, wrong->consumer,
		    wrong->allowed ? "may not" : "may", wrong->stream);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_reads_what_is_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
