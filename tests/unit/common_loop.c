/* loop: timers, and a stop that waits for what is held. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/ids.h"
#include "common/loop/loop.h"

struct play {
	struct loop *loop;
	struct loop_timer *first, *second;
	char seen[32];
};

static void
see(struct play *p, char what)
{
	size_t length = strlen(p->seen);

	if (length + 1 < sizeof(p->seen))
		p->seen[length] = what;
}

static void
on_first(void *arg)
{
	see(arg, '1');
}

static void
on_second_stop(void *arg)
{
	struct play *p = arg;

	see(p, '2');
	loop_stop(p->loop);
}

static void
on_second_release(void *arg)
{
	struct play *p = arg;

	see(p, 'r');
	loop_release(p->loop);
}

static void
on_stop(void *arg)
{
	see(arg, 's');
}

static void
begin(struct play *p, void (*on_second)(void *arg))
{
	struct err e;

	memset(p, 0, sizeof(*p));
	p->loop = loop_new(&e);
	assert_non_null(p->loop);
	p->first = timer_new(p->loop, on_first, p);
	p->second = timer_new(p->loop, on_second, p);
	loop_on_stop(p->loop, on_stop, p);
}

static void
end(struct play *p)
{
	timer_free(p->first);
	timer_free(p->second);
	loop_free(p->loop);
}

static void
test_timers_fire_once_in_order_and_a_stopped_one_never(void **state)
{
	struct play p;
	struct loop_timer *third;
	struct err e;

	(void)state;
	begin(&p, on_second_stop);
	third = timer_new(p.loop, on_first, &p);
	timer_start(third, 5);
	timer_start(p.second, 60);
	timer_start(p.first, 10000);
	timer_start(p.first, 20); /* replaces */
	assert_true(timer_pending(third));
	timer_stop(third);
	assert_false(timer_pending(third));
	assert_int_equal(loop_run(p.loop, &e), 0);
	assert_string_equal(p.seen, "12s");
	timer_free(third);
	end(&p);
}

static void
test_stop_waits_until_nothing_is_held(void **state)
{
	struct play p;
	struct err e;

	(void)state;
	begin(&p, on_second_release);
	loop_hold(p.loop);
	loop_hold(p.loop);
	timer_start(p.second, 50);
	loop_stop(p.loop);
	loop_stop(p.loop); /* calls nobody twice */
	assert_true(loop_stopping(p.loop));
	loop_release(p.loop);
	assert_int_equal(loop_run(p.loop, &e), 0);
	assert_string_equal(p.seen, "sr");
	end(&p);
}

static void
on_term(void *arg)
{
	see(arg, 't');
	raise(SIGTERM);
}

static void
test_sigterm_is_an_orderly_stop(void **state)
{
	struct play p;
	struct err e;

	(void)state;
	begin(&p, on_term);
	timer_start(p.second, 0);
	assert_int_equal(loop_run(p.loop, &e), 0);
	assert_string_equal(p.seen, "ts");
	end(&p);
}

/* A supervisor and a person may both ask: what is in hand is finished all the same. */
static void
test_a_second_sigterm_does_not_cut_the_stop_short(void **state)
{
	struct loop_timer *again;
	struct play p;
	struct err e;

	(void)state;
	begin(&p, on_second_release);
	again = timer_new(p.loop, on_term, &p);
	loop_hold(p.loop);
	loop_stop(p.loop);
	timer_start(again, 20);
	timer_start(p.second, 100);
	assert_int_equal(loop_run(p.loop, &e), 0);
	assert_string_equal(p.seen, "str");
	timer_free(again);
	end(&p);
	raise(SIGTERM); /* nothing is left to stop but the end of main() */
	signal(SIGTERM, SIG_DFL);
}

static void
test_failure_gives_the_first_reason(void **state)
{
	struct err first, second, e;
	struct play p;

	(void)state;
	begin(&p, on_second_stop);
	err_set(&first, "the first");
	err_set(&second, "the second");
	loop_fail(p.loop, &first);
	loop_fail(p.loop, &second);
	assert_int_equal(loop_run(p.loop, &e), -1);
	assert_string_equal(e.text, "the first");
	end(&p);
}

static void
test_stop_that_is_held_for_ever_ends_all_the_same(void **state)
{
	struct play p;
	struct err e;
	int64_t start = clock_monotonic();
	int64_t took;

	(void)state;
	begin(&p, on_second_stop);
	loop_hold(p.loop);
	loop_stop(p.loop);
	assert_int_equal(loop_run(p.loop, &e), 0);
	took = (clock_monotonic() - start) / 1000;
	assert_in_range(took, LOOP_STOP_SECONDS * 1000 - 100, LOOP_STOP_SECONDS * 1000 + 900);
	end(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_timers_fire_once_in_order_and_a_stopped_one_never),
	    cmocka_unit_test(test_stop_waits_until_nothing_is_held),
	    cmocka_unit_test(test_sigterm_is_an_orderly_stop),
	    cmocka_unit_test(test_a_second_sigterm_does_not_cut_the_stop_short),
	    cmocka_unit_test(test_failure_gives_the_first_reason),
	    cmocka_unit_test(test_stop_that_is_held_for_ever_ends_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
