/* metrics: Prometheus text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/metrics.h"

static void
text_has_one_head_for_each_name(void **state)
{
	struct metrics *m = metrics_new();
	struct metric *a = metrics_counter(m, "kopru_x_total", "stream=\"intake\"", "Things");
	struct metric *depth = metrics_gauge(m, "kopru_x_depth", "", "Depth");
	char *text;

	(void)state;
	metric_add(a, 2);
	metric_add(metrics_counter(m, "kopru_x_total", "stream=\"case\"", "Things"), 5);
	metric_add(metrics_counter(m, "kopru_x_total", "stream=\"intake\"", "Things"), 1);
	metric_set(depth, -7);
	text = metrics_text(m);
	assert_string_equal(text, "# HELP kopru_x_total Things\n# TYPE kopru_x_total counter\n"
				  "kopru_x_total{stream=\"intake\"} 3\nkopru_x_total{stream=\"case\"} 5\n"
				  "# HELP kopru_x_depth Depth\n# TYPE kopru_x_depth gauge\nkopru_x_depth -7\n");
	free(text);
	metrics_free(m);
	metrics_free(NULL);
}

static void
on_read(void *arg)
{
	metric_set(arg, 42);
}

static void
ages_are_asked_before_printing(void **state)
{
	struct metrics *m = metrics_new();
	struct metric *age = metrics_gauge(m, "kopru_x_age_seconds", "", "Age");
	char *text;

	(void)state;
	metrics_on_read(m, on_read, age);
	text = metrics_text(m);
	assert_non_null(strstr(text, "\nkopru_x_age_seconds 42\n"));
	free(text);
	metrics_free(m);
}

static void
too_many_share_one(void **state)
{
	struct metrics *m = metrics_new();
	struct metric *last = NULL, *before = NULL;
	char labels[32], *text;

	(void)state;
	for (int i = 0; i < 1100; i++) {
		snprintf(labels, sizeof labels, "n=\"%d\"", i);
		before = last;
		last = metrics_counter(m, "kopru_x_total", labels, "Things");
		assert_non_null(last);
		metric_add(last, 1);
	}
	assert_ptr_equal(last, before);
	assert_int_equal(metric_value(last), 76);
	text = metrics_text(m);
	assert_non_null(strstr(text, "\nkopru_metrics_overflow 76\n"));
	assert_null(strstr(text, "n=\"1024\""));
	assert_non_null(strstr(text, "n=\"1023\""));
	free(text);
	metrics_free(m);
}

static void
no_metric_is_fine(void **state)
{
	(void)state;
	metric_add(NULL, 1);
	metric_set(NULL, 1);
	assert_int_equal(metric_value(NULL), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_has_one_head_for_each_name),
	    cmocka_unit_test(ages_are_asked_before_printing),
	    cmocka_unit_test(too_many_share_one),
	    cmocka_unit_test(no_metric_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
