/* Intake's statements: rows and events in one transaction, keys that collide, guilty rows, two writers, a frozen one, an
 * outcome that nobody knows, numbers in blocks. limit: 180 s */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/log.h"
#include "services/intake/numbers.h"
#include "services/intake/person.h"
#include "services/intake/store.h"
#include "tests/harness/database.h"
#include "tests/harness/session.h"

#define MANY 500
#define WAIT_MS 20000

struct told {
	struct record record;
	char key_text[16];
	char event[64];
	enum store_end end;
	unsigned times;
};

struct fixture {
	struct database writer, reader, writer_two;
	struct metrics *metrics;
	struct store *store, *store_two;
	struct told told[MANY];
	size_t count, ended;
	int32_t serial;
};

static const struct application_form plain = {.kind = 2, .channel = 12, .text = "Çöp\ntoplanmıyor", .language = "tr"};

static struct told *
of_record(struct record *r)
{
	return (struct told *)((char *)r - offsetof(struct told, record));
}

static void
on_end(void *arg, struct record *r, enum store_end end, const struct err *e)
{
	struct fixture *f = arg;
	struct told *t = of_record(r);

	(void)e;
	t->end = end;
	t->times++;
	f->ended++;
}

static bool
all_ended(void *arg)
{
	const struct fixture *f = arg;

	return f->ended >= f->count;
}

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	f->metrics = metrics_new();
	database_start(&f->writer);
	f->reader.scratch = f->writer_two.scratch = f->writer.scratch;
	f->reader.loop = f->writer_two.loop = f->writer.loop;
	database_open(&f->writer, "intake", "", store_tables);
	database_open(&f->reader, "intake", "", store_tables);
	database_open(&f->writer_two, "intake", "", store_tables);
	database_wait_up(&f->writer);
	database_wait_up(&f->reader);
	database_wait_up(&f->writer_two);
	f->store = store_new(f->writer.loop, f->writer.db, f->reader.db, MANY, on_end, f);
	f->store_two = store_new(f->writer.loop, f->writer_two.db, f->reader.db, MANY, on_end, f);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	store_stop(f->store);
	store_stop(f->store_two);
	database_close(&f->writer_two);
	database_close(&f->reader);
	database_close(&f->writer);
	store_free(f->store);
	store_free(f->store_two);
	database_end(&f->writer);
	metrics_free(f->metrics);
	free(f);
	return 0;
}

static void
begin(struct fixture *f)
{
	memset(f->told, 0, sizeof(f->told));
	f->count = f->ended = 0;
}

/* The next record; key NULL for none, body tells two bodies apart. */
static struct told *
make(struct fixture *f, const char *key, uint8_t body)
{
	struct told *t = &f->told[f->count++];
	struct record *r = &t->record;

	r->id = uuid_new();
	r->event_id = uuid_new();
	if (!number_format(2026, ++f->serial, r->number))
		abort();
	if (key) {
		snprintf(t->key_text, sizeof(t->key_text), "%s", key);
		r->key_scope = "public";
		r->key = t->key_text;
	}
	memset(r->body_hash, body, sizeof(r->body_hash));
	r->form = &plain;
	r->received_at = INT64_C(1795424400000000) + f->serial;
	r->at = r->received_at;
	r->legal_basis = 1;
	r->due_on = 20800;
	snprintf(t->event, sizeof(t->event), "event %d", f->serial);
	r->event = t->event;
	r->event_size = strlen(t->event);
	return t;
}

static void
add(struct store *s, struct told *t)
{
	assert_int_equal(store_add(s, &t->record), 0);
}

static void
wait_all(struct fixture *f)
{
	assert_true(database_wait(&f->writer, all_ended, f, WAIT_MS));
	for (size_t i = 0; i < f->count; i++)
		assert_int_equal(f->told[i].times, 1);
}

static size_t
count_ends(const struct fixture *f, enum store_end end)
{
	size_t count = 0;

	for (size_t i = 0; i < f->count; i++)
		count += f->told[i].end == end;
	return count;
}

/* Streams are dense (I-07), and there is one event for each application (I-05). */
static void
assert_dense(struct fixture *f)
{
	assert_int_equal(scratch_number(f->writer.scratch,
			     "SELECT count(*) - coalesce(max(seq), 0) FROM feed.event WHERE stream = 'intake'"),
	    0);
	assert_int_equal(
	    scratch_number(f->writer.scratch, "SELECT count(*) FROM intake.application a FULL JOIN feed.event e "
					      "ON e.application_id = a.id AND e.stream = 'intake' "
					      "WHERE a.id IS NULL OR e.event_id IS NULL"),
	    0);
}

static void
test_stored_rows_are_what_was_given(void **state)
{
	struct fixture *f = *state;
	struct application_form form = {.kind = 5,
	    .channel = 7,
	    .text = "Metin",
	    .subject = "Konu",
	    .topic = "TEM-01",
	    .external_id = "1600004717",
	    .has_point = true,
	    .latitude_e7 = 378745123,
	    .longitude_e7 = -1,
	    .address = "Işık Sokak 5",
	    .neighbourhood = "Fetih",
	    .applicant_name = "Deneme Şahıs",
	    .applicant_email = "kisi@example.org",
	    .applicant_address = "Adres",
	    .applicant_phone = "+905000000000",
	    .anonymous = true,
	    .hide_identity = true,
	    .language = "en",
	    .prefers = 2,
	    .email_verified = true};
	struct told *t;
	char text[512];

	begin(f);
	t = make(f, "row", 1);
	t->record.form = &form;
	t->record.national_id_sealed = "sealed";
	t->record.sealed_size = 6;
	t->record.national_id_hash = "hash";
	t->record.hash_size = 4;
	add(f->store, t);
	wait_all(f);
	assert_int_equal(t->end, STORE_STORED);
	scratch_sql(f->writer.scratch,
	    "SELECT concat_ws('|', number, key_scope, key, encode(body_hash, 'hex') = repeat('01', 32), kind, channel, "
	    "received_at AT "
	    "TIME ZONE 'UTC', legal_basis, due_on, body, subject, topic, latitude_e7, longitude_e7, address, "
	    "neighbourhood, "
	    "external_id, applicant_name, applicant_phone, applicant_email, applicant_address, "
	    "convert_from(national_id_sealed, 'UTF8'), convert_from(national_id_hash, 'UTF8'), anonymous, "
	    "hide_identity, language, "
	    "prefers, access_code_generation, email_verified) FROM intake.application WHERE key = 'row'",
	    text, sizeof(text));
	assert_string_equal(text,
	    "HM-2026-0000001-5|public|row|t|5|7|2026-11-23 "
	    "09:00:00.000001|1|2026-12-13|Metin|Konu|TEM-01|378745123|-1|Işık "
	    "Sokak 5|Fetih|1600004717|Deneme Şahıs|+905000000000|kisi@example.org|Adres|sealed|hash|t|t|en|2|1|t");
	scratch_sql(f->writer.scratch,
	    "SELECT concat_ws('|', e.seq, e.kind, convert_from(e.payload, 'UTF8'), e.at AT TIME ZONE 'UTC') FROM "
	    "feed.event e "
	    "JOIN intake.application a ON a.id = e.application_id WHERE a.key = 'row'",
	    text, sizeof(text));
	assert_string_equal(text, "1|application.received|event 1|2026-11-23 09:00:00.000001");
}

/* One that says how it came in beside one that does not. */
static void
test_how_it_came_in_is_stored(void **state)
{
	struct fixture *f = *state;
	struct application_form form = plain;
	char text[512];

	begin(f);
	scratch_sql(f->writer.scratch,
	    "INSERT INTO intake.inbound (source, source_id) VALUES ('email/test', 'x') RETURNING id", text,
	    sizeof(text));
	form.inbound_id = atoll(text);
	form.entered_by = "m.ornek";
	form.brought_by = "Ali Örnek";
	form.registry_number = "E-1";
	form.registry_on = 20780;
	form.sender_institution = "Valilik";
	form.reply_by = 20790;
	form.call_id = "c1";
	form.recording = "r1";
	form.source_url = "https://x.com/a/status/1";
	make(f, "origin", 1)->record.form = &form;
	make(f, "none", 1);
	for (size_t i = 0; i < f->count; i++)
		add(f->store, &f->told[i]);
	wait_all(f);
	assert_int_equal(count_ends(f, STORE_STORED), 2);
	scratch_sql(f->writer.scratch,
	    "SELECT concat_ws('|', entered_by, brought_by, registry_number, registry_on, sender_institution, reply_by, "
	    "call_id, recording, source_url, source_id) FROM intake.application JOIN intake.inbound AS i "
	    "ON i.id = inbound_id WHERE application.key = 'origin'",
	    text, sizeof(text));
	assert_string_equal(
	    text, "m.ornek|Ali Örnek|E-1|2026-11-23|Valilik|2026-12-03|c1|r1|https://x.com/a/status/1|x");
	scratch_sql(f->writer.scratch,
	    "SELECT concat_ws('|', entered_by, brought_by, registry_number, registry_on, sender_institution, reply_by, "
	    "call_id, recording, source_url, inbound_id) = '' FROM intake.application WHERE key = 'none'",
	    text, sizeof(text));
	assert_string_equal(text, "t");
	assert_dense(f);
}

static void
test_what_was_not_given_is_null(void **state)
{
	struct fixture *f = *state;

	begin(f);
	add(f->store, make(f, NULL, 1));
	wait_all(f);
	assert_int_equal(
	    scratch_number(f->writer.scratch,
		"SELECT num_nulls(key_scope, key, subject, topic, latitude_e7, longitude_e7, address, neighbourhood, "
		"external_id, applicant_name, applicant_phone, applicant_email, applicant_address, "
		"national_id_sealed, national_id_hash) FROM intake.application ORDER BY number DESC LIMIT 1"),
	    15);
}

static void
test_many_are_stored_in_order(void **state)
{
	struct fixture *f = *state;
	uint64_t last = 0;

	begin(f);
	for (int i = 0; i < MANY; i++) {
		char key[16];

		snprintf(key, sizeof(key), "m%d", (i * 7919) % MANY);
		add(f->store, make(f, i % 3 ? key : NULL, 1));
	}
	wait_all(f);
	assert_int_equal(count_ends(f, STORE_STORED), MANY);
	for (size_t i = 0; i < MANY; i++) {
		assert_true(f->told[i].record.seq > last);
		last = f->told[i].record.seq;
	}
	assert_dense(f);
}

static void
test_keys_colliding_in_one_batch_make_one_application(void **state)
{
	struct fixture *f = *state;
	const char *number;

	begin(f);
	for (int i = 0; i < 40; i++)
		add(f->store, make(f, "same", i % 4 == 3 ? 2 : 1));
	wait_all(f);
	assert_int_equal(count_ends(f, STORE_STORED), 1);
	assert_int_equal(count_ends(f, STORE_REPEATED), 29);
	assert_int_equal(count_ends(f, STORE_KEY_REUSED), 10);
	number = f->told[0].record.number;
	for (size_t i = 0; i < 40; i++) {
		if (f->told[i].end == STORE_REPEATED) {
			assert_string_equal(f->told[i].record.number, number);
			assert_int_equal(uuid_compare(&f->told[i].record.id, &f->told[0].record.id), 0);
			assert_int_equal(f->told[i].record.received_at, f->told[0].record.received_at);
			assert_true(f->told[i].record.seq >= f->told[0].record.seq);
		}
	}
	assert_int_equal(
	    scratch_number(f->writer.scratch, "SELECT count(*) FROM intake.application WHERE key = 'same'"), 1);
	assert_dense(f);
}

static void
test_a_key_holds_later_and_in_its_scope_only(void **state)
{
	struct fixture *f = *state;
	struct told *same, *other, *scope;

	begin(f);
	add(f->store, make(f, "later", 1));
	wait_all(f);
	same = make(f, "later", 1);
	other = make(f, "later", 2);
	scope = make(f, "later", 1);
	scope->record.key_scope = "registry0001";
	add(f->store, same);
	add(f->store, other);
	add(f->store, scope);
	wait_all(f);
	assert_int_equal(same->end, STORE_REPEATED);
	assert_string_equal(same->record.number, f->told[0].record.number);
	assert_int_equal(other->end, STORE_KEY_REUSED);
	assert_int_equal(scope->end, STORE_STORED);
	assert_dense(f);
}

static void
test_a_guilty_row_harms_only_itself(void **state)
{
	static const struct application_form guilty = {.kind = 2, .channel = 12, .text = "\xff", .language = "tr"};
	struct fixture *f = *state;

	begin(f);
	for (int i = 0; i < 100; i++) {
		struct told *t = make(f, NULL, 1);

		if (i == 37)
			t->record.form = &guilty;
		if (i == 61)
			memcpy(t->record.number, "HM-2026-0000001-5", sizeof(t->record.number));
		add(f->store, t);
	}
	wait_all(f);
	assert_int_equal(count_ends(f, STORE_STORED), 98);
	assert_int_equal(f->told[37].end, STORE_REFUSED);
	assert_int_equal(f->told[61].end, STORE_REFUSED);
	assert_dense(f);
}

static void
test_two_writers_with_the_same_keys_agree(void **state)
{
	struct fixture *f = *state;

	begin(f);
	for (int i = 0; i < MANY; i++) {
		char key[16];

		snprintf(key, sizeof(key), "w%d", i % 2 ? (MANY - i) / 4 : i / 4);
		add(i % 2 ? f->store_two : f->store, make(f, key, 1));
	}
	wait_all(f);
	assert_int_equal(count_ends(f, STORE_STORED) + count_ends(f, STORE_REPEATED), MANY);
	assert_int_equal(count_ends(f, STORE_STORED),
	    (size_t)scratch_number(f->writer.scratch, "SELECT count(*) FROM intake.application WHERE key LIKE 'w%'"));
	assert_dense(f);
}

static void
test_a_frozen_writer_is_ended(void **state)
{
	struct fixture *f = *state;
	struct session *frozen = session_open(scratch_conninfo(f->writer.scratch, "intake"));

	begin(f);
	assert_string_equal(
	    session_run(frozen,
		"BEGIN; SELECT feed.append(ARRAY['intake'], ARRAY[gen_random_uuid()], ARRAY[gen_random_uuid()], "
		"ARRAY['x'], ARRAY[now()], ARRAY['\\x00'::bytea])",
		NULL, 0),
	    "");
	add(f->store, make(f, "frozen", 1));
	wait_all(f);
	assert_int_equal(f->told[0].end, STORE_STORED);
	session_close(frozen);
	assert_dense(f);
}

static void
test_a_lost_session_is_unknown_and_the_key_resolves_it(void **state)
{
	struct fixture *f = *state;
	struct session *holder = session_open(scratch_conninfo(f->writer.scratch, "kopru"));
	struct told *again;

	begin(f);
	assert_string_equal(
	    session_run(holder, "BEGIN; SELECT FROM feed.stream WHERE name = 'intake' FOR UPDATE", NULL, 0), "");
	add(f->store, make(f, "lost", 1));
	database_wait(&f->writer, all_ended, f, 300);
	assert_int_equal(f->ended, 0);
	scratch_sql(f->writer.scratch,
	    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'intake' AND wait_event_type = "
	    "'Lock'",
	    NULL, 0);
	wait_all(f);
	assert_int_equal(f->told[0].end, STORE_UNKNOWN);
	session_close(holder);
	database_wait_up(&f->writer);
	again = make(f, "lost", 1);
	add(f->store, again);
	wait_all(f);
	assert_int_equal(again->end, STORE_STORED);
	assert_int_equal(
	    scratch_number(f->writer.scratch, "SELECT count(*) FROM intake.application WHERE key = 'lost'"), 1);
	assert_dense(f);
}

/* I-15 */
static void
test_more_than_may_wait_are_not_taken(void **state)
{
	struct fixture *f = *state;
	struct store *small = store_new(f->writer.loop, f->writer.db, f->reader.db, 3, on_end, f);
	struct told *over;

	begin(f);
	for (int i = 0; i < 3; i++)
		add(small, make(f, NULL, 1));
	over = make(f, NULL, 1);
	assert_int_equal(store_add(small, &over->record), -1);
	f->count--;
	wait_all(f);
	assert_int_equal(count_ends(f, STORE_STORED), 3);
	store_free(small);
}

static void
test_a_stop_tells_everybody(void **state)
{
	struct fixture *f = *state;
	struct store *stopped = store_new(f->writer.loop, f->writer.db, f->reader.db, MANY, on_end, f);

	begin(f);
	for (int i = 0; i < 10; i++)
		add(stopped, make(f, NULL, 1));
	store_stop(stopped);
	assert_int_equal(f->ended, 10);
	assert_int_equal(count_ends(f, STORE_UNAVAILABLE), 10);
	store_free(stopped);
}

/* Numbers */

struct taker {
	struct number_waiter waiter;
	int32_t serial;
	bool told;
	size_t *count;
};

static void
on_number(struct number_waiter *w, int32_t serial)
{
	struct taker *t = (struct taker *)((char *)w - offsetof(struct taker, waiter));

	t->serial = serial;
	t->told = true;
	(*t->count)++;
}

static bool
all_numbered(void *arg)
{
	return *(const size_t *)arg == 2000;
}

static int
compare_serials(const void *left, const void *right)
{
	return *(const int32_t *)left - *(const int32_t *)right;
}

static void
test_numbers_of_two_processes_never_meet(void **state)
{
	struct fixture *f = *state;
	struct numbers *one = numbers_new(f->reader.db, f->metrics), *two = numbers_new(f->writer.db, f->metrics);
	static struct taker takers[2000];
	static int32_t serials[2000];
	size_t count = 0;

	for (int i = 0; i < 2000; i++) {
		takers[i] = (struct taker){.waiter = {.on_number = on_number}, .count = &count};
		numbers_take(i % 2 ? one : two, 2031, &takers[i].waiter);
	}
	while (count < 2000)
		if (!database_wait(&f->writer, all_numbered, &count, WAIT_MS))
			fail_msg("only %zu were numbered", count);
	for (int i = 0; i < 2000; i++)
		serials[i] = takers[i].serial;
	qsort(serials, 2000, sizeof(serials[0]), compare_serials);
	assert_true(serials[0] >= 1);
	for (int i = 1; i < 2000; i++)
		assert_true(serials[i] > serials[i - 1]);
	assert_true(numbers_ready(one, 2031));
	numbers_down(one);
	assert_false(numbers_ready(one, 2031));
	numbers_free(one);
	numbers_free(two);
}

static bool
is_told(void *arg)
{
	return ((const struct taker *)arg)->told;
}

static void
test_a_number_given_back_is_used_again(void **state)
{
	struct fixture *f = *state;
	struct numbers *n = numbers_new(f->reader.db, f->metrics);
	size_t count = 0;
	struct taker one = {.waiter = {.on_number = on_number}, .count = &count}, two = one, three = one;

	numbers_take(n, 2033, &one.waiter);
	assert_true(database_wait(&f->writer, is_told, &one, WAIT_MS));
	numbers_give_back(n, 2033, &one.waiter, one.serial);
	numbers_take(n, 2033, &two.waiter);
	assert_int_equal(two.serial, one.serial);
	numbers_down(n); /* a block of another session is none of ours any more */
	numbers_give_back(n, 2033, &two.waiter, two.serial);
	numbers_take(n, 2033, &three.waiter);
	assert_true(database_wait(&f->writer, is_told, &three, WAIT_MS));
	assert_true(three.serial > one.serial);
	numbers_free(n);
}

static void
test_a_full_year_gives_no_number(void **state)
{
	struct fixture *f = *state;
	struct numbers *n = numbers_new(f->reader.db, f->metrics);
	size_t count = 0;
	struct taker t = {.waiter = {.on_number = on_number}, .count = &count};

	scratch_sql(f->writer.scratch, "INSERT INTO intake.number_year VALUES (2032, 9999950)", NULL, 0);
	numbers_take(n, 2032, &t.waiter);
	assert_true(database_wait(&f->writer, is_told, &t, WAIT_MS));
	assert_int_equal(t.serial, 0);
	numbers_free(n);
}

static void
test_person_is_sealed_and_found(void **state)
{
	const uint8_t key[PERSON_KEY_SIZE] = {1}, other_key[PERSON_KEY_SIZE] = {2};
	struct person_keys keys, other;
	struct arena *a = arena_new(0);
	uint8_t hash[PERSON_HASH_SIZE], same[PERSON_HASH_SIZE];
	uint8_t *sealed, *again;
	size_t size;

	(void)state;
	person_keys_make(key, &keys);
	person_keys_make(other_key, &other);
	sealed = person_seal(&keys, a, "11111111110", &size);
	again = person_seal(&keys, a, "11111111110", &size);
	assert_int_equal(size, 11 + PERSON_SEALED_MORE);
	assert_memory_not_equal(sealed, again, size);
	assert_string_equal(person_open(&keys, a, sealed, size), "11111111110");
	assert_null(person_open(&other, a, sealed, size));
	sealed[size - 1] ^= 1;
	assert_null(person_open(&keys, a, sealed, size));
	assert_null(person_open(&keys, a, sealed, 5));
	person_hash(&keys, "11111111110", hash);
	person_hash(&keys, "11111111110", same);
	assert_memory_equal(hash, same, sizeof(hash));
	person_hash(&other, "11111111110", same);
	assert_memory_not_equal(hash, same, sizeof(hash));
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_stored_rows_are_what_was_given),
	    cmocka_unit_test(test_how_it_came_in_is_stored),
	    cmocka_unit_test(test_what_was_not_given_is_null),
	    cmocka_unit_test(test_many_are_stored_in_order),
	    cmocka_unit_test(test_keys_colliding_in_one_batch_make_one_application),
	    cmocka_unit_test(test_a_key_holds_later_and_in_its_scope_only),
	    cmocka_unit_test(test_a_guilty_row_harms_only_itself),
	    cmocka_unit_test(test_two_writers_with_the_same_keys_agree),
	    cmocka_unit_test(test_a_frozen_writer_is_ended),
	    cmocka_unit_test(test_a_lost_session_is_unknown_and_the_key_resolves_it),
	    cmocka_unit_test(test_more_than_may_wait_are_not_taken),
	    cmocka_unit_test(test_a_stop_tells_everybody),
	    cmocka_unit_test(test_numbers_of_two_processes_never_meet),
	    cmocka_unit_test(test_a_number_given_back_is_used_again),
	    cmocka_unit_test(test_a_full_year_gives_no_number),
	    cmocka_unit_test(test_person_is_sealed_and_found),
	};

	log_open("test", LOG_ERROR_LEVEL);
	ids_start();
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
