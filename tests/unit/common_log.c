/* log: one line for each thing, that nobody can forge, and not too many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "common/base/log.h"

struct capture {
	FILE *file;
	int saved;
	char text[1 << 20];
};

static int
setup(void **state)
{
	struct capture *c = calloc(1, sizeof *c);

	if (!c || !(c->file = tmpfile()))
		abort();
	log_open("test", LOG_INFO_LEVEL);
	c->saved = dup(STDERR_FILENO);
	dup2(fileno(c->file), STDERR_FILENO);
	*state = c;
	return 0;
}

static const char *
captured(struct capture *c)
{
	ssize_t n = pread(fileno(c->file), c->text, sizeof c->text - 1, 0);

	c->text[n > 0 ? n : 0] = '\0';
	return c->text;
}

static int
teardown(void **state)
{
	struct capture *c = *state;

	dup2(c->saved, STDERR_FILENO);
	close(c->saved);
	fclose(c->file);
	free(c);
	return 0;
}

static unsigned
count_lines(const char *text)
{
	unsigned lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

static void
a_line_has_its_parts(void **state)
{
	const char *text;

	log_info("thing.done", "count=%d name=\"%s\"", 3, "İsmil");
	text = captured(*state);
	assert_int_equal(strspn(text, "0123456789-:.TZ"), strlen("2026-11-23T09:00:00.123Z"));
	assert_true(text[4] == '-' && text[10] == 'T' && text[19] == '.' && text[23] == 'Z');
	assert_string_equal(text + 24, " level=info service=test event=thing.done count=3 name=\"İsmil\"\n");
}

static void
nothing_to_add_leaves_no_space(void **state)
{
	log_warn("thing.empty", "%s", "");
	assert_string_equal(captured(*state) + 24, " level=warn service=test event=thing.empty\n");
}

static void
levels_are_kept(void **state)
{
	enum log_level level;

	log_debug("thing.debug", "%s", "");
	assert_string_equal(captured(*state), "");
	log_set_level(LOG_ERROR_LEVEL);
	log_warn("thing.warn", "%s", "");
	assert_string_equal(captured(*state), "");
	log_error("thing.error", "%s", "");
	assert_non_null(strstr(captured(*state), "level=error"));
	assert_int_equal(log_level_parse("debug", &level), 0);
	assert_int_equal(level, LOG_DEBUG_LEVEL);
	assert_int_equal(log_level_parse("error", &level), 0);
	assert_int_equal(level, LOG_ERROR_LEVEL);
	assert_int_equal(log_level_parse("DEBUG", &level), -1);
	assert_int_equal(log_level_parse("", &level), -1);
}

static void
nobody_can_forge_a_line(void **state)
{
	const char *text;

	log_info("thing.forged", "text=\"%s\"", "a\nb\r\x1b[31m\x7f\xc2\x85\xe2\x80\xa8z\t");
	text = captured(*state);
	assert_int_equal(count_lines(text), 1);
	assert_non_null(strstr(text, "text=\"a?b??[31m??" /* DEL and the first byte of U+0085 */));
	assert_null(strpbrk(text, "\r\x1b\x7f\t"));
	assert_null(strstr(text, "\xc2\x85"));
}

static void
long_lines_are_cut(void **state)
{
	log_info("thing.long", "%05000d", 0);
	assert_int_equal(count_lines(captured(*state)), 1);
	assert_true(strlen(captured(*state)) <= 2048);
}

static void
too_many_are_left_out_and_counted(void **state)
{
	const char *text;
	unsigned lines;

	for (int i = 0; i < 1000; i++)
		log_info("thing.flood", "n=%d", i);
	lines = count_lines(captured(*state));
	assert_true(lines >= 50 && lines <= 100); /* one second or the border of two */
	log_info("thing.other", "%s", "");
	assert_int_equal(count_lines(captured(*state)), lines + 1);
	usleep(1100000);
	log_info("thing.flood", "n=%s", "last");
	text = strstr(captured(*state), "n=last");
	assert_non_null(text);
	assert_non_null(strstr(captured(*state), "event=thing.flood left_out=9"));
}

static void
more_events_than_slots_still_go_out(void **state)
{
	static char names[200][24];

	for (int i = 0; i < 200; i++) {
		snprintf(names[i], sizeof names[i], "thing.number%d", i);
		log_info(names[i], "%s", "");
	}
	assert_int_equal(count_lines(captured(*state)), 200);
}

static void
errno_survives(void **state)
{
	errno = ENOENT;
	log_info("thing.errno", "error=\"%m\"");
	assert_int_equal(errno, ENOENT);
	assert_non_null(strstr(captured(*state), "No such file"));
}

static void *
write_many(void *arg)
{
	(void)arg;
	for (int i = 0; i < 500; i++)
		log_info("thing.threads", "n=%d", i);
	return NULL;
}

static void
threads_do_not_mix_their_lines(void **state)
{
	pthread_t threads[4];
	char *text, *line, *rest;

	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_many, NULL), 0);
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	captured(*state);
	text = ((struct capture *)*state)->text;
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		assert_non_null(strstr(line, "Z level=info service=test event=thing.threads"));
}

static void
who_does_not_read_keeps_nobody_waiting(void **state)
{
	static const char *const events[] = {
	    "pipe.a", "pipe.b", "pipe.c", "pipe.d", "pipe.e", "pipe.f", "pipe.g", "pipe.h"};
	static char text[1 << 17];
	int ends[2];
	ssize_t first, second;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	for (size_t i = 0; i < 8 * 10; i++) /* twice what a pipe holds */
		log_info(events[i % 8], "of=%01900d", 1);
	first = read(ends[0], text, sizeof text);
	log_info("pipe.later", "n=%d", 1);
	second = read(ends[0], text + first, sizeof text - (size_t)first - 1);
	dup2(((struct capture *)*state)->saved, STDERR_FILENO);
	close(ends[0]);
	close(ends[1]);
	assert_true(first > 0 && second > 0);
	assert_int_equal(text[first - 1], '\n');
	text[first + second] = '\0';
	assert_non_null(strstr(text + first, "event=pipe.later lost="));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_line_has_its_parts, setup, teardown),
	    cmocka_unit_test_setup_teardown(nothing_to_add_leaves_no_space, setup, teardown),
	    cmocka_unit_test_setup_teardown(levels_are_kept, setup, teardown),
	    cmocka_unit_test_setup_teardown(nobody_can_forge_a_line, setup, teardown),
	    cmocka_unit_test_setup_teardown(long_lines_are_cut, setup, teardown),
	    cmocka_unit_test_setup_teardown(too_many_are_left_out_and_counted, setup, teardown),
	    cmocka_unit_test_setup_teardown(more_events_than_slots_still_go_out, setup, teardown),
	    cmocka_unit_test_setup_teardown(errno_survives, setup, teardown),
	    cmocka_unit_test_setup_teardown(threads_do_not_mix_their_lines, setup, teardown),
	    cmocka_unit_test_setup_teardown(who_does_not_read_keeps_nobody_waiting, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
