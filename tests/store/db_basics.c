/* db: values there and back, and the ends of a transaction. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/harness/database.h"

enum {
	SCALARS,
	NULLS,
	ARRAYS,
	INSERT,
	COUNT,
	DEFERRED,
	WARN,
	FAIL,
	NUMBERS,
	ROLL_BACK,
	DIVIDE,
	BEGIN_AGAIN,
	LATE_WARNING,
};

static const struct db_statement statements[] = {
    {"scalars", "SELECT $1::text, $2::bytea, $3::uuid, $4::int, $5::bigint, $6::bool, $7::timestamptz, $8::date,"
		" $7::timestamptz::text, $8::date::text, $4::int::smallint, $1::text IS NULL"},
    {"nulls", "SELECT $1::text, $2::bytea, $3::uuid, NULL::int, NULL::bool, NULL::timestamptz, NULL::date"},
    {"arrays", "SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::int[], $5::bigint[], $6::bool[],"
	       " $7::timestamptz[], $8::date[])"},
    {"insert", "INSERT INTO public.thing (id, parent) VALUES ($1::int, $2::int)"},
    {"count", "SELECT count(*) FROM public.thing"},
    {"deferred", "SELECT 1"},
    {"warn", "SELECT public.warn()"},
    {"fail", "SELECT public.fail($1::text)"},
    {"numbers", "SELECT n, repeat('x', 100) FROM generate_series(1, $1::int) AS n"},
    {"roll_back", "ROLLBACK"},
    {"divide", "SELECT 1 / $1::int"},
    {"begin_again", "BEGIN"},
    {"late_warning", "INSERT INTO public.warned (id) VALUES ($1::int)"},
    {NULL, NULL},
};
static const struct db_statement *const tables[] = {statements, NULL};

static const char schema[] =
    "CREATE TABLE public.thing (id int PRIMARY KEY, parent int REFERENCES public.thing DEFERRABLE INITIALLY DEFERRED);"
    "CREATE FUNCTION public.warn() RETURNS int LANGUAGE plpgsql AS $$"
    " BEGIN RAISE WARNING 'careful'; RETURN 1; END $$;"
    "CREATE FUNCTION public.fail(state text) RETURNS int LANGUAGE plpgsql AS $$"
    " BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = state; END $$;"
    "CREATE TABLE public.warned (id int PRIMARY KEY);"
    "CREATE FUNCTION public.warn_late() RETURNS trigger LANGUAGE plpgsql AS $$"
    " BEGIN RAISE WARNING 'late'; RETURN NULL; END $$;"
    "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON public.warned DEFERRABLE INITIALLY DEFERRED"
    " FOR EACH ROW EXECUTE FUNCTION public.warn_late()";

static int
set_up(void **state)
{
	static struct database b;

	database_start(&b);
	assert_int_equal(scratch_sql(b.scratch, schema, NULL, 0), 0);
	database_open(&b, "kopru", "", tables);
	database_wait_up(&b);
	*state = &b;
	return 0;
}

static int
tear_down(void **state)
{
	database_end(*state);
	return 0;
}

static const struct uuid sample_uuid = {{0x01, 0x93, 0x5a, 0x7f, 0xff, 0, 0x70, 1, 2, 3, 4, 5, 6, 7, 8, 9}};
#define SAMPLE_TIME INT64_C(1795424400123456) /* 2026-11-23 09:00:00.123456 */
#define SAMPLE_DATE 20780 /* 2026-11-23 */

static void
look_at_scalars(void *arg, const struct db_results *r)
{
	size_t size;
	const void *bytes = db_bytes(r, 0, 0, 1, &size);
	struct uuid u = db_uuid(r, 0, 0, 2);

	assert_int_equal(db_rows(r, 0), 1);
	assert_string_equal(db_text(r, 0, 0, 0), "Ilgın, İSMİL 🌉");
	assert_int_equal(size, 4);
	assert_memory_equal(bytes, "a\0b\xff", 4);
	assert_int_equal(uuid_compare(&u, &sample_uuid), 0);
	assert_int_equal(db_int4(r, 0, 0, 3), -123);
	assert_int_equal(db_int8(r, 0, 0, 4), INT64_MIN);
	assert_true(db_bool(r, 0, 0, 5));
	assert_int_equal(db_time(r, 0, 0, 6), SAMPLE_TIME);
	assert_int_equal(db_date(r, 0, 0, 7), SAMPLE_DATE);
	assert_string_equal(db_text(r, 0, 0, 8), "2026-11-23 09:00:00.123456+00");
	assert_string_equal(db_text(r, 0, 0, 9), "2026-11-23");
	assert_int_equal(db_int4(r, 0, 0, 10), -123);
	assert_false(db_null(r, 0, 0, 0));
	*(int *)arg += 1;
}

static void
test_scalars_come_back_as_they_went(void **state)
{
	struct database *b = *state;
	struct db_tx *tx = db_begin(b->db);
	int seen = 0;

	db_call(tx, &statements[SCALARS]);
	db_bind_text(tx, "Ilgın, İSMİL 🌉");
	db_bind_bytes(tx, "a\0b\xff", 4);
	db_bind_uuid(tx, &sample_uuid);
	db_bind_int4(tx, -123);
	db_bind_int8(tx, INT64_MIN);
	db_bind_bool(tx, true);
	db_bind_time(tx, SAMPLE_TIME);
	db_bind_date(tx, SAMPLE_DATE);
	assert_int_equal(database_read(b, tx, look_at_scalars, &seen), DB_COMMITTED);
	assert_int_equal(seen, 1);
}

static void
look_at_nulls(void *arg, const struct db_results *r)
{
	size_t size;

	for (int column = 0; column < 7; column++)
		assert_true(db_null(r, 0, 0, column));
	assert_string_equal(db_text(r, 0, 0, 0), "");
	assert_null(db_bytes(r, 0, 0, 1, &size));
	assert_int_equal(size, 0);
	assert_int_equal(db_int4(r, 0, 0, 3), 0);
	assert_false(db_bool(r, 0, 0, 4));
	assert_int_equal(db_time(r, 0, 0, 5), 0);
	assert_int_equal(db_date(r, 0, 0, 6), 0);
	*(int *)arg += 1;
}

static void
test_nulls_stay_null(void **state)
{
	struct database *b = *state;
	struct db_tx *tx = db_begin(b->db);
	int seen = 0;

	db_call(tx, &statements[NULLS]);
	db_bind_text(tx, NULL);
	db_bind_null(tx);
	db_bind_uuid(tx, NULL);
	assert_int_equal(database_commit(b, tx, look_at_nulls, &seen), DB_COMMITTED);
	assert_int_equal(seen, 1);
}

#define ELEMENTS 1000

static void
look_at_arrays(void *arg, const struct db_results *r)
{
	assert_int_equal(db_rows(r, 0), ELEMENTS);
	for (size_t i = 0; i < ELEMENTS; i++) {
		struct uuid u = db_uuid(r, 0, i, 0);
		char text[64];
		size_t size;
		const void *bytes = db_bytes(r, 0, i, 2, &size);

		assert_int_equal(db_null(r, 0, i, 0), i % 7 == 0);
		assert_int_equal(u.bytes[15], i % 7 == 0 ? 0 : i % 200);
		snprintf(text, sizeof(text), "şık %zu", i);
		assert_string_equal(db_text(r, 0, i, 1), i % 5 == 0 ? "" : text);
		assert_int_equal(db_null(r, 0, i, 1), i % 5 == 0);
		assert_int_equal(size, i % 3 == 0 ? 0 : strlen(text));
		assert_memory_equal(bytes, text, size);
		assert_int_equal(db_int4(r, 0, i, 3), -(int)i);
		assert_int_equal(db_null(r, 0, i, 4), i % 2 == 0);
		assert_int_equal(db_int8(r, 0, i, 4), i % 2 == 0 ? 0 : INT64_C(5000000000) + (int64_t)i);
		assert_int_equal(db_bool(r, 0, i, 5), i % 3 == 0);
		assert_int_equal(db_time(r, 0, i, 6), SAMPLE_TIME + (int64_t)i);
		assert_int_equal(db_date(r, 0, i, 7), SAMPLE_DATE - (int)i);
	}
	*(int *)arg += 1;
}

static void
put_numbers(struct db_tx *tx)
{
	db_bind_array(tx, DB_INT4S, ELEMENTS);
	for (int i = 0; i < ELEMENTS; i++)
		db_put_int4(tx, -i);
	db_bind_array(tx, DB_INT8S, ELEMENTS);
	for (int i = 0; i < ELEMENTS; i++) {
		if (i % 2 == 0)
			db_put_null(tx);
		else
			db_put_int8(tx, INT64_C(5000000000) + i);
	}
	db_bind_array(tx, DB_BOOLS, ELEMENTS);
	for (int i = 0; i < ELEMENTS; i++)
		db_put_bool(tx, i % 3 == 0);
	db_bind_array(tx, DB_TIMES, ELEMENTS);
	for (int i = 0; i < ELEMENTS; i++)
		db_put_time(tx, SAMPLE_TIME + i);
	db_bind_array(tx, DB_DATES, ELEMENTS);
	for (int i = 0; i < ELEMENTS; i++)
		db_put_date(tx, SAMPLE_DATE - i);
}

static void
test_arrays_come_back_as_they_went(void **state)
{
	struct database *b = *state;
	struct db_tx *tx = db_begin(b->db);
	char text[64];
	int seen = 0;

	db_call(tx, &statements[ARRAYS]);
	db_bind_array(tx, DB_UUIDS, ELEMENTS);
	for (int i = 0; i < ELEMENTS; i++) {
		struct uuid u = {{0}};

		u.bytes[15] = (uint8_t)(i % 200);
		db_put_uuid(tx, i % 7 == 0 ? NULL : &u);
	}
	db_bind_array(tx, DB_TEXTS, ELEMENTS);
	for (int i = 0; i < ELEMENTS; i++) {
		snprintf(text, sizeof(text), "şık %d", i);
		db_put_text(tx, i % 5 == 0 ? NULL : text);
	}
	db_bind_array(tx, DB_BYTES, ELEMENTS);
	for (int i = 0; i < ELEMENTS; i++) {
		snprintf(text, sizeof(text), "şık %d", i);
		db_put_bytes(tx, text, i % 3 == 0 ? 0 : strlen(text));
	}
	put_numbers(tx);
	assert_int_equal(database_commit(b, tx, look_at_arrays, &seen), DB_COMMITTED);
	assert_int_equal(seen, 1);
}

static void
look_at_no_rows(void *arg, const struct db_results *r)
{
	assert_int_equal(db_rows(r, 0), 0);
	*(int *)arg += 1;
}

static void
test_empty_arrays_are_arrays(void **state)
{
	static const enum db_array types[] = {
	    DB_UUIDS, DB_TEXTS, DB_BYTES, DB_INT4S, DB_INT8S, DB_BOOLS, DB_TIMES, DB_DATES};
	struct database *b = *state;
	struct db_tx *tx = db_begin(b->db);
	int seen = 0;

	db_call(tx, &statements[ARRAYS]);
	for (size_t i = 0; i < 8; i++)
		db_bind_array(tx, types[i], 0);
	assert_int_equal(database_commit(b, tx, look_at_no_rows, &seen), DB_COMMITTED);
	assert_int_equal(seen, 1);
}

static struct db_tx *
insert(struct database *b, int id, int parent)
{
	struct db_tx *tx = db_begin(b->db);

	db_call(tx, &statements[INSERT]);
	db_bind_int4(tx, id);
	db_bind_int4(tx, parent);
	return tx;
}

static void
test_error_in_the_middle_undoes_all_and_the_next_one_is_fine(void **state)
{
	struct database *b = *state;
	struct db_tx *tx = insert(b, 10, 10);

	db_call(tx, &statements[DIVIDE]);
	db_bind_int4(tx, 0);
	db_call(tx, &statements[INSERT]);
	db_bind_int4(tx, 11);
	db_bind_int4(tx, 11);
	assert_int_equal(database_commit(b, tx, NULL, NULL), DB_REFUSED);
	assert_non_null(strstr(b->reason.text, "divide"));
	assert_non_null(strstr(b->reason.text, "22012"));
	assert_int_equal(scratch_number(b->scratch, "SELECT count(*) FROM thing WHERE id IN (10, 11)"), 0);
	assert_int_equal(database_commit(b, insert(b, 10, 10), NULL, NULL), DB_COMMITTED);
	assert_int_equal(scratch_number(b->scratch, "SELECT count(*) FROM thing WHERE id = 10"), 1);
}

struct flight {
	int *next;
	int order;
	enum db_outcome outcome;
};

static void
on_landed(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct flight *f = arg;

	(void)results;
	(void)e;
	f->order = (*f->next)++;
	f->outcome = outcome;
}

static bool
all_landed(void *arg)
{
	return *(int *)arg == 6;
}

static void
test_transactions_behind_a_failed_one_keep_their_order_and_succeed(void **state)
{
	struct database *b = *state;
	struct flight flights[6];
	int landed = 0;

	for (int i = 0; i < 6; i++) {
		struct db_tx *tx = insert(b, 20 + i, 20); /* 21 and later need 20 */

		flights[i] = (struct flight){.next = &landed};
		if (i == 2 || i == 3) {
			db_call(tx, &statements[DIVIDE]);
			db_bind_int4(tx, 0);
		}
		db_commit(tx, on_landed, &flights[i]);
	}
	assert_int_equal(db_in_flight(b->db), 6);
	assert_true(database_wait(b, all_landed, &landed, 5000));
	for (int i = 0; i < 6; i++) {
		assert_int_equal(flights[i].order, i);
		assert_int_equal(flights[i].outcome, i == 2 || i == 3 ? DB_REFUSED : DB_COMMITTED);
	}
	assert_int_equal(db_in_flight(b->db), 0);
	assert_int_equal(scratch_number(b->scratch, "SELECT count(*) FROM thing WHERE id BETWEEN 20 AND 25"), 4);
	assert_int_equal(b->ups, 1);
}

static void
test_deferred_constraint_fails_at_commit(void **state)
{
	struct database *b = *state;

	assert_int_equal(database_commit(b, insert(b, 30, 999), NULL, NULL), DB_REFUSED);
	assert_non_null(strstr(b->reason.text, "commit"));
	assert_non_null(strstr(b->reason.text, "23503, thing_parent_fkey"));
	assert_int_equal(scratch_number(b->scratch, "SELECT count(*) FROM thing WHERE id = 30"), 0);
	assert_int_equal(database_commit(b, insert(b, 30, 30), NULL, NULL), DB_COMMITTED);
}

static void
test_success_with_a_warning_is_unknown(void **state)
{
	struct database *b = *state;
	struct db_tx *tx = insert(b, 40, 40);
	unsigned downs = b->downs;

	db_call(tx, &statements[WARN]);
	assert_int_equal(database_commit(b, tx, NULL, NULL), DB_UNKNOWN);
	assert_non_null(strstr(b->reason.text, "careful"));
	/* The session ends, so that whoever publishes what it wrote stops until a new one has proved itself. */
	assert_false(db_is_up(b->db));
	database_wait_up(b);
	assert_int_equal(b->downs, downs + 1);
	assert_int_equal(database_commit(b, insert(b, 41, 41), NULL, NULL), DB_COMMITTED);
	tx = db_begin(b->db);
	db_call(tx, &statements[WARN]);
	assert_int_equal(database_read(b, tx, NULL, NULL), DB_UNKNOWN);
	assert_true(db_is_up(b->db));
}

static void
test_warning_that_comes_with_commit_is_unknown(void **state)
{
	struct database *b = *state;
	struct db_tx *tx = db_begin(b->db);

	db_call(tx, &statements[LATE_WARNING]);
	db_bind_int4(tx, 1);
	assert_int_equal(database_commit(b, tx, NULL, NULL), DB_UNKNOWN);
	assert_non_null(strstr(b->reason.text, "late"));
	assert_int_equal(scratch_number(b->scratch, "SELECT count(*) FROM warned"), 1);
	database_wait_up(b);
	assert_int_equal(database_commit(b, insert(b, 45, 45), NULL, NULL), DB_COMMITTED);
}

static void
test_commit_of_nothing_is_no_commit(void **state)
{
	struct database *b = *state;
	struct db_tx *tx = insert(b, 50, 50);

	/* The transaction is gone before COMMIT, which then only warns. */
	db_call(tx, &statements[ROLL_BACK]);
	assert_int_not_equal(database_commit(b, tx, NULL, NULL), DB_COMMITTED);
	assert_int_equal(scratch_number(b->scratch, "SELECT count(*) FROM thing WHERE id = 50"), 0);
	database_wait_up(b);
	assert_int_equal(database_commit(b, insert(b, 50, 50), NULL, NULL), DB_COMMITTED);
}

static void
test_session_left_in_a_failed_block_mends_itself(void **state)
{
	struct database *b = *state;
	struct db_tx *tx = db_begin(b->db);

	/* A read opens a block and fails in it: what comes next finds the block failed. */
	db_call(tx, &statements[BEGIN_AGAIN]);
	db_call(tx, &statements[DIVIDE]);
	db_bind_int4(tx, 0);
	assert_int_equal(database_read(b, tx, NULL, NULL), DB_REFUSED);
	assert_int_equal(database_commit(b, insert(b, 60, 60), NULL, NULL), DB_COMMITTED);
	assert_int_equal(scratch_number(b->scratch, "SELECT count(*) FROM thing WHERE id = 60"), 1);
}

static void
test_sqlstate_decides_the_outcome(void **state)
{
	static const struct {
		const char *sqlstate;
		enum db_outcome outcome;
	} cases[] = {
	    {"KF001", DB_FENCED},
	    {"KF002", DB_REFUSED},
	    {"22001", DB_REFUSED},
	    {"23505", DB_REFUSED},
	    {"42501", DB_REFUSED},
	    {"P0001", DB_REFUSED},
	    {"0A000", DB_REFUSED},
	    {"XX000", DB_REFUSED},
	    {"40P01", DB_RETRY},
	    {"40001", DB_RETRY},
	    {"55P03", DB_RETRY},
	    {"57014", DB_RETRY},
	    {"53100", DB_RETRY},
	};
	struct database *b = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct db_tx *tx = db_begin(b->db);

		db_call(tx, &statements[FAIL]);
		db_bind_text(tx, cases[i].sqlstate);
		assert_int_equal(database_commit(b, tx, NULL, NULL), cases[i].outcome);
		assert_non_null(strstr(b->reason.text, cases[i].sqlstate));
	}
	assert_true(db_is_up(b->db));
}

static void
look_at_numbers(void *arg, const struct db_results *r)
{
	assert_int_equal(db_rows(r, 1), 50000);
	assert_int_equal(db_int4(r, 1, 49999, 0), 50000);
	assert_int_equal(strlen(db_text(r, 1, 12345, 1)), 100);
	*(int *)arg += 1;
}

static void
test_large_parameters_and_results_pass(void **state)
{
	struct database *b = *state;
	struct db_tx *tx = db_begin(b->db);
	size_t size = 8 * 1024 * 1024;
	uint8_t *data = arena_alloc(db_tx_arena(tx), size);
	int seen = 0;

	memset(data, 0xa5, size);
	db_call(tx, &statements[NULLS]);
	db_bind_null(tx);
	db_bind_bytes(tx, data, size);
	db_bind_null(tx);
	db_call(tx, &statements[NUMBERS]);
	db_bind_int4(tx, 50000);
	assert_int_equal(database_commit(b, tx, look_at_numbers, &seen), DB_COMMITTED);
	assert_int_equal(seen, 1);
}

static void
test_abandoned_transaction_leaves_nothing(void **state)
{
	struct database *b = *state;
	struct db_tx *tx = insert(b, 70, 70);

	db_bind_array(tx, DB_INT4S, 3);
	db_put_int4(tx, 1);
	db_abandon(tx);
	assert_int_equal(db_in_flight(b->db), 0);
	assert_int_equal(database_commit(b, insert(b, 70, 70), NULL, NULL), DB_COMMITTED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_scalars_come_back_as_they_went),
	    cmocka_unit_test(test_nulls_stay_null),
	    cmocka_unit_test(test_arrays_come_back_as_they_went),
	    cmocka_unit_test(test_empty_arrays_are_arrays),
	    cmocka_unit_test(test_error_in_the_middle_undoes_all_and_the_next_one_is_fine),
	    cmocka_unit_test(test_transactions_behind_a_failed_one_keep_their_order_and_succeed),
	    cmocka_unit_test(test_deferred_constraint_fails_at_commit),
	    cmocka_unit_test(test_success_with_a_warning_is_unknown),
	    cmocka_unit_test(test_warning_that_comes_with_commit_is_unknown),
	    cmocka_unit_test(test_commit_of_nothing_is_no_commit),
	    cmocka_unit_test(test_session_left_in_a_failed_block_mends_itself),
	    cmocka_unit_test(test_sqlstate_decides_the_outcome),
	    cmocka_unit_test(test_large_parameters_and_results_pass),
	    cmocka_unit_test(test_abandoned_transaction_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
