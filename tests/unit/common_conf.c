/* conf: settings from the environment, and all that is wrong with them at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sched.h>
#include <unistd.h>

#include "common/base/conf.h"

struct settings {
	const char *database;
	const char *key;
	const char *listen;
	long window;
	bool verbose;
};

static const struct conf_key keys[] = {
    {.name = "T_DATABASE",
	.type = CONF_TEXT,
	.offset = offsetof(struct settings, database),
	.help = "where the data is"},
    {.name = "T_KEY",
	.type = CONF_SECRET,
	.offset = offsetof(struct settings, key),
	.fallback = "hush",
	.help = "key of the house"},
    {.name = "T_LISTEN",
	.type = CONF_ENDPOINT,
	.offset = offsetof(struct settings, listen),
	.fallback = "unix:/run/a.sock",
	.help = "where it listens"},
    {.name = "T_WINDOW",
	.type = CONF_NUMBER,
	.offset = offsetof(struct settings, window),
	.fallback = "100",
	.help = "events at once",
	.min = 1,
	.max = 1000},
    {.name = "T_VERBOSE",
	.type = CONF_SWITCH,
	.offset = offsetof(struct settings, verbose),
	.fallback = "off",
	.help = "say more"},
    {.name = NULL},
};

static int
setup(void **state)
{
	char path[] = "/tmp/kopru-conf.XXXXXX";
	int fd = mkstemp(path);

	if (fd < 0)
		return -1;
	close(fd);
	for (const struct conf_key *key = keys; key->name; key++) {
		char name[64];

		snprintf(name, sizeof name, "%s_FILE", key->name);
		unsetenv(key->name);
		unsetenv(name);
	}
	*state = strdup(path);
	return 0;
}

static int
teardown(void **state)
{
	unlink(*state);
	free(*state);
	return 0;
}

static void
put_file(const char *path, const char *data, size_t size)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static void
defaults_stand_where_nothing_is_set(void **state)
{
	struct settings s;
	struct err e;

	(void)state;
	setenv("T_DATABASE", "dbname=x", 1);
	assert_int_equal(conf_load(keys, &s, &e), 0);
	assert_string_equal(s.database, "dbname=x");
	assert_string_equal(s.key, "hush");
	assert_int_equal(s.window, 100);
	assert_false(s.verbose);
	conf_free(keys, &s);
	assert_null(s.database);
}

static void
the_environment_wins(void **state)
{
	struct settings s;
	struct err e;

	(void)state;
	setenv("T_DATABASE", "", 1);
	setenv("T_WINDOW", "1000", 1);
	setenv("T_VERBOSE", "on", 1);
	assert_int_equal(conf_load(keys, &s, &e), 0);
	assert_string_equal(s.database, "");
	assert_int_equal(s.window, 1000);
	assert_true(s.verbose);
	conf_free(keys, &s);
}

static void
texts_come_from_files_too(void **state)
{
	static const char *const contents[] = {"secret", "secret\n", "secret\r\n"};
	struct settings s;
	struct err e;

	setenv("T_DATABASE", "x", 1);
	setenv("T_KEY_FILE", *state, 1);
	for (size_t i = 0; i < 3; i++) {
		put_file(*state, contents[i], strlen(contents[i]));
		assert_int_equal(conf_load(keys, &s, &e), 0);
		assert_string_equal(s.key, "secret");
		conf_free(keys, &s);
	}
	put_file(*state, "two\n\n", 5);
	assert_int_equal(conf_load(keys, &s, &e), 0);
	assert_string_equal(s.key, "two\n");
	conf_free(keys, &s);
	put_file(*state, "a\0b", 3);
	assert_int_equal(conf_load(keys, &s, &e), -1);
	assert_non_null(strstr(e.text, "T_KEY_FILE"));
	assert_non_null(strstr(e.text, "NUL"));
	setenv("T_KEY", "x", 1);
	assert_int_equal(conf_load(keys, &s, &e), -1);
	assert_string_equal(e.text, "T_KEY and T_KEY_FILE are both set; set one of them");
}

static void
all_that_is_wrong_is_said_at_once(void **state)
{
	struct settings s;
	struct err e;

	(void)state;
	setenv("T_KEY_FILE", "/nowhere/key", 1);
	setenv("T_WINDOW", "1001", 1);
	setenv("T_VERBOSE", "yes", 1);
	assert_int_equal(conf_load(keys, &s, &e), -1);
	assert_string_equal(e.text, "T_DATABASE is not set; it is required: where the data is\n"
				    "T_KEY_FILE: /nowhere/key: cannot be opened: No such file or directory\n"
				    "T_WINDOW is \"1001\"; allowed is a number from 1 to 1000\n"
				    "T_VERBOSE is \"yes\"; allowed are on and off");
	assert_null(s.database);
	conf_free(keys, &s);
}

static void
an_endpoint_may_hold_the_hosts_name(void **state)
{
	char host[65] = "", expected[256];
	struct settings s;
	struct err e;

	(void)state;
	assert_int_equal(gethostname(host, sizeof host), 0);
	setenv("T_DATABASE", "100%h", 1);
	assert_int_equal(conf_load(keys, &s, &e), 0);
	assert_string_equal(s.database, "100%h"); /* a text is left as it is */
	assert_string_equal(s.listen, "unix:/run/a.sock");
	conf_free(keys, &s);
	setenv("T_LISTEN", "unix:/run/%h-%%/%hx.sock%", 1);
	snprintf(expected, sizeof expected, "unix:/run/%s-%%%%/%sx.sock%%", host, host);
	assert_int_equal(conf_load(keys, &s, &e), 0);
	assert_string_equal(s.listen, expected);
	conf_free(keys, &s);
}

/* In a namespace of its own, which needs root. */
static void
an_odd_hosts_name_matters_only_where_it_is_asked_for(void **state)
{
	char host[65] = "";
	struct settings s;
	struct err e;

	(void)state;
	assert_int_equal(gethostname(host, sizeof host), 0);
	if (unshare(CLONE_NEWUTS) < 0) {
		print_message("# SKIP the host's name cannot be changed without root\n");
		skip();
	}
	setenv("T_DATABASE", "here", 1);
	assert_int_equal(sethostname("a b", 3), 0);
	assert_int_equal(conf_load(keys, &s, &e), 0);
	assert_string_equal(s.listen, "unix:/run/a.sock");
	conf_free(keys, &s);
	setenv("T_LISTEN", "unix:/run/%h.sock", 1);
	assert_int_equal(conf_load(keys, &s, &e), -1);
	assert_string_equal(e.text, "T_LISTEN: this host's name \"a b\" cannot be part of a path");
	assert_int_equal(sethostname(host, strlen(host)), 0);
}

static void
numbers_are_whole_and_within_their_bounds(void **state)
{
	static const char *const bad[] = {
	    "", " ", "0", "-1", "1001", "1 ", "1x", "0x10", "1.5", "99999999999999999999"};
	struct settings s;
	struct err e;

	(void)state;
	setenv("T_DATABASE", "x", 1);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		setenv("T_WINDOW", bad[i], 1);
		assert_int_equal(conf_load(keys, &s, &e), -1);
		assert_non_null(strstr(e.text, "allowed is a number from 1 to 1000"));
	}
}

static void
help_never_tells_a_secret(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	conf_help(keys, out);
	fclose(out);
	assert_non_null(strstr(text, "T_WINDOW"));
	assert_non_null(strstr(text, "default \"100\": events at once (1 to 1000)"));
	assert_non_null(strstr(text, "required: where the data is"));
	assert_non_null(strstr(text, "where it listens (%h is this host's name)"));
	assert_null(strstr(text, "hush"));
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(defaults_stand_where_nothing_is_set, setup, teardown),
	    cmocka_unit_test_setup_teardown(the_environment_wins, setup, teardown),
	    cmocka_unit_test_setup_teardown(texts_come_from_files_too, setup, teardown),
	    cmocka_unit_test_setup_teardown(all_that_is_wrong_is_said_at_once, setup, teardown),
	    cmocka_unit_test_setup_teardown(an_endpoint_may_hold_the_hosts_name, setup, teardown),
	    cmocka_unit_test_setup_teardown(an_odd_hosts_name_matters_only_where_it_is_asked_for, setup, teardown),
	    cmocka_unit_test_setup_teardown(numbers_are_whole_and_within_their_bounds, setup, teardown),
	    cmocka_unit_test_setup_teardown(help_never_tells_a_secret, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
