/* db: what is told when connections, sessions and servers end, and how it comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/harness/database.h"

enum { SLEEP, INSERT, EVERYTHING, READ_ONLY, DEALLOCATE };

static const struct db_statement statements[] = {
    {"sleep", "SELECT pg_sleep($1::int / 1000.0)::text"},
    {"insert", "INSERT INTO public.thing (id) VALUES ($1::int)"},
    {"everything", "SELECT * FROM public.thing"},
    {"read_only", "SELECT set_config('default_transaction_read_only', 'on', false)"},
    {"deallocate", "SELECT public.deallocate()"},
    {NULL, NULL},
};
static const struct db_statement *const tables[] = {statements, NULL};

static const struct db_statement wrong_statements[] = {
    {"right", "SELECT 1"}, {"wrong", "SELECT no_such_column FROM public.thing"}, {NULL, NULL}};
static const struct db_statement *const wrong_tables[] = {wrong_statements, NULL};

static const char schema[] = "CREATE TABLE public.thing (id int PRIMARY KEY);"
			     "CREATE FUNCTION public.deallocate() RETURNS text LANGUAGE plpgsql AS $$"
			     " BEGIN EXECUTE 'DEALLOCATE insert'; RETURN 'done'; END $$";

#if defined(__has_feature)
#define WITH_ASAN __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#else
#define WITH_ASAN 0
#endif

#define BACKENDS "FROM pg_stat_activity WHERE application_name = 'test' AND datname = current_database()"

static int
set_up(void **state)
{
	static struct database b;

	database_start(&b);
	assert_int_equal(scratch_sql(b.scratch, schema, NULL, 0), 0);
	*state = &b;
	return 0;
}

static int
tear_down(void **state)
{
	database_end(*state);
	return 0;
}

static struct db_tx *
insert(struct database *b, int id)
{
	struct db_tx *tx = db_begin(b->db);

	db_call(tx, &statements[INSERT]);
	db_bind_int4(tx, id);
	return tx;
}

static struct db_tx *
sleeper(struct database *b, int id, int ms)
{
	struct db_tx *tx = insert(b, id);

	db_call(tx, &statements[SLEEP]);
	db_bind_int4(tx, ms);
	return tx;
}

struct ends {
	struct database *database;
	unsigned count[DB_UNKNOWN + 1];
	unsigned total;
	unsigned downs_seen; /* on_down calls that had come before the last end */
};

static void
on_end(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct ends *ends = arg;

	(void)results;
	(void)e;
	ends->count[outcome]++;
	ends->total++;
	ends->downs_seen = ends->database->downs;
}

static bool
three_ended(void *arg)
{
	return ((struct ends *)arg)->total >= 3;
}

static bool
one_up(void *arg)
{
	return ((struct database *)arg)->ups >= 1;
}

static bool
one_down(void *arg)
{
	return ((struct database *)arg)->downs >= 1;
}

static bool
backend_sleeps(void *arg)
{
	return scratch_number(arg, "SELECT count(*) " BACKENDS " AND wait_event = 'PgSleep'") == 1;
}

static void
test_session_that_is_ended_in_the_middle_is_unknown_and_comes_back(void **state)
{
	struct database *b = *state;
	struct ends ends = {.database = b};

	database_open(b, "kopru", "", tables);
	database_wait_up(b);
	db_commit(sleeper(b, 1, 20000), on_end, &ends);
	db_commit(insert(b, 2), on_end, &ends);
	assert_true(database_wait(b, backend_sleeps, b->scratch, 5000));
	assert_int_equal(scratch_number(b->scratch, "SELECT count(pg_terminate_backend(pid)) " BACKENDS), 1);
	db_commit(insert(b, 3), on_end, &ends);
	assert_true(database_wait(b, three_ended, &ends, 5000));
	assert_int_equal(ends.count[DB_UNKNOWN], 3);
	assert_int_equal(ends.downs_seen, 0);
	assert_true(database_wait(b, one_down, b, 1000));
	assert_false(db_is_up(b->db));
	assert_int_equal(database_commit(b, insert(b, 4), NULL, NULL), DB_UNAVAILABLE);
	database_wait_up(b);
	assert_int_equal(b->ups, 2);
	assert_int_equal(b->downs, 1);
	assert_int_equal(db_session(b->db), 2);
	assert_int_equal(database_commit(b, insert(b, 5), NULL, NULL), DB_COMMITTED);
	assert_int_equal(scratch_number(b->scratch, "SELECT sum(id) FROM thing"), 5);
}

static void
test_session_that_is_ended_when_idle_comes_back(void **state)
{
	struct database *b = *state;

	database_open(b, "kopru", "", tables);
	database_wait_up(b);
	assert_int_equal(scratch_number(b->scratch, "SELECT count(pg_terminate_backend(pid)) " BACKENDS), 1);
	assert_true(database_wait(b, one_down, b, 2000));
	database_wait_up(b);
	assert_int_equal(database_commit(b, insert(b, 1), NULL, NULL), DB_COMMITTED);
}

static void
test_statement_timeout_is_to_be_repeated(void **state)
{
	struct database *b = *state;

	database_open(b, "kopru", "options='-c statement_timeout=1000'", tables);
	database_wait_up(b);
	assert_int_equal(database_commit(b, sleeper(b, 1, 20000), NULL, NULL), DB_RETRY);
	assert_non_null(strstr(b->reason.text, "57014"));
	assert_int_equal(database_commit(b, sleeper(b, 1, 10), NULL, NULL), DB_COMMITTED);
	assert_int_equal(b->ups, 1);
}

static void
test_lock_timeout_is_to_be_repeated(void **state)
{
	struct database *b = *state;

	database_open(b, "kopru", "options='-c lock_timeout=100'", tables);
	database_wait_up(b);
	assert_int_equal(scratch_sql(b->scratch, "BEGIN; LOCK TABLE public.thing", NULL, 0), 0);
	assert_int_equal(database_commit(b, insert(b, 1), NULL, NULL), DB_RETRY);
	assert_non_null(strstr(b->reason.text, "55P03"));
	assert_int_equal(scratch_sql(b->scratch, "COMMIT", NULL, 0), 0);
	assert_int_equal(database_commit(b, insert(b, 1), NULL, NULL), DB_COMMITTED);
}

static void
open_with_answer_limit(struct database *b, int64_t ms)
{
	struct db_conf conf = {
	    .conninfo = scratch_conninfo(b->scratch, "kopru"), .name = "test", .tables = tables, .answer_ms = ms};
	struct err e;

	b->db = db_open(b->loop, &conf, NULL, NULL, NULL, NULL, &e);
	assert_non_null(b->db);
	database_wait_up(b);
}

static void
test_server_that_does_not_answer_is_left(void **state)
{
	struct database *b = *state;

	open_with_answer_limit(b, 1500);
	for (int i = 0; i < 5; i++)
		assert_int_equal(database_commit(b, sleeper(b, i, 400), NULL, NULL), DB_COMMITTED);
	assert_int_equal(database_commit(b, sleeper(b, 10, 20000), NULL, NULL), DB_UNKNOWN);
	assert_non_null(strstr(b->reason.text, "no answer in time"));
	database_wait_up(b);
	assert_int_equal(db_session(b->db), 2);
	assert_int_equal(database_commit(b, sleeper(b, 11, 100), NULL, NULL), DB_COMMITTED);
}

static void
test_server_that_is_down_at_start_is_waited_for(void **state)
{
	struct database *b = *state;
	char folder[64];
	char more[128];

	snprintf(folder, sizeof(folder), "/tmp/kopru-later.%ld", (long)getpid());
	snprintf(more, sizeof(more), "host=%s", folder);
	database_open(b, "kopru", more, tables);
	assert_int_equal(database_commit(b, insert(b, 1), NULL, NULL), DB_UNAVAILABLE);
	assert_false(database_wait(b, one_down, b, 700));
	assert_int_equal(symlink(scratch_folder(b->scratch), folder), 0);
	database_wait_up(b);
	unlink(folder);
	assert_int_equal(b->ups, 1);
	assert_int_equal(b->downs, 0);
	assert_int_equal(database_commit(b, insert(b, 1), NULL, NULL), DB_COMMITTED);
}

static void
test_second_host_is_tried(void **state)
{
	struct database *b = *state;
	char more[256];

	snprintf(more, sizeof(more), "host=/tmp/kopru-nowhere,%s target_session_attrs=read-write",
	    scratch_folder(b->scratch));
	database_open(b, "kopru", more, tables);
	database_wait_up(b);
	assert_int_equal(database_commit(b, insert(b, 1), NULL, NULL), DB_COMMITTED);
}

/* As a machine that was cut off, or whose server is frozen: it is connected to and says nothing. */
static void
test_silent_host_does_not_keep_the_second_from_its_turn(void **state)
{
	struct database *b = *state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char folder[64];
	char more[256];
	bool up = false;

	snprintf(folder, sizeof(folder), "/tmp/kopru-silent.%ld", (long)getpid());
	assert_int_equal(mkdir(folder, 0700), 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/.s.PGSQL.5432", folder);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 16), 0);
	snprintf(more, sizeof(more), "host=%s,%s", folder, scratch_folder(b->scratch));
	database_open(b, "kopru", more, tables);
	up = database_wait(b, one_up, b, 20000);
	close(fd);
	unlink(address.sun_path);
	rmdir(folder);
	assert_true(up);
	assert_int_equal(database_commit(b, insert(b, 1), NULL, NULL), DB_COMMITTED);
}

static void
test_wrong_connection_string_is_said_at_once(void **state)
{
	struct database *b = *state;
	struct db_conf conf = {.conninfo = "hots=here", .name = "test", .tables = tables};
	struct err e;

	assert_null(db_open(b->loop, &conf, NULL, NULL, NULL, NULL, &e));
	assert_non_null(strstr(e.text, "hots"));
}

static void
test_hosts_and_ports_must_fit_together(void **state)
{
	static const struct {
		const char *conninfo, *told;
	} cases[] = {
	    {"host=a,b,c port=1,2", "2 entries in \"port\" for 3 hosts"},
	    {"host=a port=1,2", NULL},
	    {"host=a,b port=1", NULL},
	    {"postgresql://a:1,b:2/x", NULL},
	    {"host=a,b hostaddr=127.0.0.1", NULL},
	    {"host=a,b,c,d,e,f,g,h,i", "at most 8"},
	};
	struct database *b = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct db_conf conf = {.conninfo = cases[i].conninfo, .name = "test", .tables = tables};
		struct err e = {""};
		struct db *d = db_open(b->loop, &conf, NULL, NULL, NULL, NULL, &e);

		assert_int_equal(d == NULL, cases[i].told != NULL);
		if (cases[i].told)
			assert_non_null(strstr(e.text, cases[i].told));
		db_close(d);
	}
}

static void
test_one_server_with_two_names_is_worked_with(void **state)
{
	struct database *b = *state;
	char more[256];

	snprintf(more, sizeof(more), "host=%s,%s", scratch_folder(b->scratch), scratch_folder(b->scratch));
	database_open(b, "kopru", more, tables);
	database_wait_up(b);
	assert_int_equal(database_commit(b, insert(b, 1), NULL, NULL), DB_COMMITTED);
	assert_int_equal(scratch_number(b->scratch, "SELECT count(*) FROM pg_stat_activity WHERE application_name = "
						    "'test' AND datname = current_database()"),
	    1);
}

static void
test_statement_that_does_not_fit_the_schema_stops_the_program(void **state)
{
	struct database *b = *state;
	struct err e = {""};

	database_open(b, "kopru", "", wrong_tables);
	assert_int_equal(loop_run(b->loop, &e), -1);
	assert_non_null(strstr(e.text, "\"wrong\""));
	assert_non_null(strstr(e.text, "no_such_column"));
	assert_int_equal(b->ups, 0);
}

static void
test_read_only_session_is_left_for_another(void **state)
{
	struct database *b = *state;
	struct db_tx *tx;

	database_open(b, "kopru", "", tables);
	database_wait_up(b);
	tx = db_begin(b->db);
	db_call(tx, &statements[READ_ONLY]);
	assert_int_equal(database_read(b, tx, NULL, NULL), DB_COMMITTED);
	assert_int_equal(database_commit(b, insert(b, 1), NULL, NULL), DB_RETRY);
	assert_non_null(strstr(b->reason.text, "25006"));
	assert_false(db_is_up(b->db));
	database_wait_up(b);
	assert_int_equal(database_commit(b, insert(b, 1), NULL, NULL), DB_COMMITTED);
	assert_int_equal(db_session(b->db), 2);
}

static void
test_lost_plan_is_prepared_anew(void **state)
{
	struct database *b = *state;
	struct db_tx *tx;

	database_open(b, "kopru", "", tables);
	database_wait_up(b);
	tx = db_begin(b->db);
	db_call(tx, &statements[DEALLOCATE]);
	assert_int_equal(database_read(b, tx, NULL, NULL), DB_COMMITTED);
	assert_int_equal(database_commit(b, insert(b, 1), NULL, NULL), DB_RETRY);
	assert_non_null(strstr(b->reason.text, "26000"));
	database_wait_up(b);
	assert_int_equal(database_commit(b, insert(b, 1), NULL, NULL), DB_COMMITTED);
}

static struct db_tx *
read_everything(struct database *b)
{
	struct db_tx *tx = db_begin(b->db);

	db_call(tx, &statements[EVERYTHING]);
	return tx;
}

static void
test_changed_table_is_prepared_anew(void **state)
{
	struct database *b = *state;

	database_open(b, "kopru", "", tables);
	database_wait_up(b);
	assert_int_equal(database_read(b, read_everything(b), NULL, NULL), DB_COMMITTED);
	assert_int_equal(scratch_sql(b->scratch, "ALTER TABLE thing ADD COLUMN name text", NULL, 0), 0);
	assert_int_equal(database_read(b, read_everything(b), NULL, NULL), DB_RETRY);
	assert_non_null(strstr(b->reason.text, "0A000"));
	database_wait_up(b);
	assert_int_equal(database_read(b, read_everything(b), NULL, NULL), DB_COMMITTED);
}

static void
on_end_close(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct ends *ends = arg;

	on_end(arg, outcome, results, e);
	database_close(ends->database);
	if (results)
		assert_int_equal(db_rows(results, 0), 0); /* still there */
}

static void
test_close_inside_a_callback_tells_the_others_first(void **state)
{
	struct database *b = *state;
	struct ends ends = {.database = b};

	database_open(b, "kopru", "", tables);
	database_wait_up(b);
	db_commit(insert(b, 1), on_end_close, &ends);
	db_commit(sleeper(b, 2, 1000), on_end, &ends);
	db_commit(insert(b, 3), on_end, &ends);
	assert_true(database_wait(b, three_ended, &ends, 5000));
	assert_int_equal(ends.count[DB_COMMITTED], 1);
	assert_int_equal(ends.count[DB_UNKNOWN], 2);
	assert_null(b->db);
}

static void
test_close_while_connecting_is_quiet(void **state)
{
	struct database *b = *state;
	struct ends ends = {.database = b};

	database_open(b, "kopru", "", tables);
	db_commit(insert(b, 1), on_end, &ends);
	database_close(b);
	assert_int_equal(ends.count[DB_UNAVAILABLE], 1);
	assert_int_equal(b->ups + b->downs, 0);
}

static void
test_stop_waits_for_what_is_in_flight(void **state)
{
	struct database *b = *state;
	struct ends ends = {.database = b};
	struct err e;

	database_open(b, "kopru", "", tables);
	database_wait_up(b);
	db_commit(sleeper(b, 1, 300), on_end, &ends);
	loop_stop(b->loop);
	assert_int_equal(loop_run(b->loop, &e), 0);
	assert_int_equal(ends.count[DB_COMMITTED], 1);
}

static long
resident_kib(void)
{
	char line[128];
	FILE *file = fopen("/proc/self/statm", "r");
	char *end;

	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	fclose(file);
	strtol(line, &end, 10);
	return strtol(end, NULL, 10) * (sysconf(_SC_PAGESIZE) / 1024);
}

static bool
few_in_flight(void *arg)
{
	return db_in_flight(arg) < 4;
}

static bool
none_in_flight(void *arg)
{
	return db_in_flight(arg) == 0;
}

static void
insert_many(struct database *b, int first, int count)
{
	struct ends ends = {.database = b};

	for (int i = first; i < first + count; i++) {
		struct db_tx *tx = insert(b, i % 4 == 0 ? first + 1 : i); /* a quarter is refused */

		memset(arena_alloc(db_tx_arena(tx), 20000), 1, 20000);
		db_commit(tx, on_end, &ends);
		if (i % 5 == 0)
			db_abandon(insert(b, i));
		assert_true(database_wait(b, few_in_flight, b->db, 30000));
	}
	assert_true(database_wait(b, none_in_flight, b->db, 30000));
	assert_int_equal(ends.count[DB_REFUSED] + ends.count[DB_COMMITTED], count);
	assert_in_range(ends.count[DB_REFUSED], count / 4 - 1, count / 4 + 1);
}

static void
test_ten_thousand_transactions_leave_no_memory_behind(void **state)
{
	struct database *b = *state;
	long before;

	database_open(b, "kopru", "options='-c synchronous_commit=off'", tables);
	database_wait_up(b);
	insert_many(b, 0, 2000);
	before = resident_kib();
	insert_many(b, 2000, 10000);
	if (!WITH_ASAN) /* it keeps what was freed; its own leak check does the work then */
		assert_true(resident_kib() - before < 2048);
	assert_int_equal(b->ups, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_session_that_is_ended_in_the_middle_is_unknown_and_comes_back),
	    TEST(test_session_that_is_ended_when_idle_comes_back),
	    TEST(test_statement_timeout_is_to_be_repeated),
	    TEST(test_lock_timeout_is_to_be_repeated),
	    TEST(test_server_that_does_not_answer_is_left),
	    TEST(test_server_that_is_down_at_start_is_waited_for),
	    TEST(test_second_host_is_tried),
	    TEST(test_silent_host_does_not_keep_the_second_from_its_turn),
	    TEST(test_wrong_connection_string_is_said_at_once),
	    TEST(test_hosts_and_ports_must_fit_together),
	    TEST(test_one_server_with_two_names_is_worked_with),
	    TEST(test_statement_that_does_not_fit_the_schema_stops_the_program),
	    TEST(test_read_only_session_is_left_for_another),
	    TEST(test_lost_plan_is_prepared_anew),
	    TEST(test_changed_table_is_prepared_anew),
	    TEST(test_close_inside_a_callback_tells_the_others_first),
	    TEST(test_close_while_connecting_is_quiet),
	    TEST(test_stop_waits_for_what_is_in_flight),
	    TEST(test_ten_thousand_transactions_leave_no_memory_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
