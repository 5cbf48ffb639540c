/* notices: see notices.h. */
#include "tests/harness/notices.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/notifier/notifier.sql.h"
#include "services/notifier/sending.sql.h"

static const struct db_statement *const tables[] = {notifier_statements, sending_statements, NULL};

int
notices_start(void **state)
{
	static struct notices_fixture f;

	f = (struct notices_fixture){.arena = arena_new(0)};
	database_start(&f.one);
	f.two.scratch = f.one.scratch;
	f.two.loop = f.one.loop;
	database_open(&f.one, "notifier", "", tables);
	database_open(&f.two, "notifier", "", tables);
	database_wait_up(&f.one);
	database_wait_up(&f.two);
	*state = &f;
	return 0;
}

int
notices_end(void **state)
{
	struct notices_fixture *f = *state;

	database_close(&f->two);
	database_end(&f->one);
	arena_free(f->arena);
	return 0;
}

struct notice
notice_sample(uint8_t number, bool pending)
{
	struct notice n = {
	    .id = uuid_new(),
	    .event_id = {{number, 1}},
	    .application_id = {{number, 2}},
	    .version = 2,
	    .number = "HM-2026-0000123-4",
	    .channel = pending ? "email" : "none",
	    .template = "received",
	    .policy = POLICY_AT_MOST_ONCE,
	    .language = "tr",
	    .verified = true,
	    .address = pending ? "ayse@example.org" : NULL,
	    .state = pending ? "pending" : "none",
	    .reason = pending ? NULL : "anonymous",
	    .fields =
		{
		    .received_on = 20780,
		    .due_on = 20810,
		    .legal_basis = 1,
		    .department_name = "Temizlik İşleri Müdürlüğü",
		    .triage = true,
		    .access_code_generation = 7,
		    .text = "İki satır:\n\"ikinci\"",
		    .reason = "",
		    .reject_reason = 3,
		    .answer_by = 20800,
		    .final_by = 20801,
		    .old_due_on = 20802,
		    .institution = "KOSKİ",
		    .letter_on = 20803,
		    .letter_number = "E-1",
		    .joint = true,
		},
	};

	return n;
}

void
notices_look_at_rows(void *arg, const struct db_results *r)
{
	*(size_t *)arg = db_rows(r, 0);
}

/* arg: two numbers: out, and the call that is looked at. */
void
notices_look_at_call(void *arg, const struct db_results *r)
{
	size_t *numbers = arg;

	numbers[0] = db_rows(r, numbers[1]);
}

static void
look_at_claimed(void *arg, const struct db_results *r)
{
	struct notices_taken *t = arg;

	t->count = db_rows(r, 0);
	assert_true(t->count <= NOTICES_CLAIMED_MAX);
	for (size_t row = 0; row < t->count; row++)
		store_get_claimed_notice(r, 0, row, t->arena, &t->list[row]);
}

/* Stores them as a turn does. How many were new. */
size_t
notices_store(struct database *b, struct notice *list, size_t count)
{
	struct db_tx *tx = db_begin(b->db);
	size_t new_ones[2] = {0, 0};

	store_addresses_learn(tx, list, count);
	new_ones[1] = store_notices_insert(tx, list, count);
	assert_int_equal(database_commit(b, tx, notices_look_at_call, new_ones), DB_COMMITTED);
	return new_ones[0];
}

/* One notice each, with the first bytes of its ids from first on. How many were new. */
size_t
notices_insert(struct database *b, uint8_t first, size_t count, bool pending)
{
	struct notice list[NOTICES_CLAIMED_MAX];

	for (size_t i = 0; i < count; i++)
		list[i] = notice_sample((uint8_t)(first + count - 1 - i), pending);
	return notices_store(b, list, count);
}

/* A notice of a later event of application number. */
struct notice
notice_later(uint8_t number, uint32_t version, const char *template, bool verified)
{
	struct notice n = notice_sample(number, true);

	n.event_id.bytes[2] = (uint8_t)version;
	n.version = version;
	n.template = template;
	n.policy = template_rule_find(template)->policy;
	n.verified = verified;
	return n;
}

struct claim
notices_claim_sample(int limit)
{
	return (struct claim){
	    .limit = limit,
	    .lease_seconds = 30,
	    .limit_a_domain = NOTICES_CLAIMED_MAX,
	    .provider = "smtp",
	    .begin_after = "",
	    .count_today_to = 1000,
	};
}

struct notices_taken
notices_claim_as(struct notices_fixture *f, struct database *b, const struct claim *c)
{
	struct db_tx *tx = db_begin(b->db);
	struct notices_taken t = {.arena = f->arena};

	store_notices_claim(tx, c);
	assert_int_equal(database_commit(b, tx, look_at_claimed, &t), DB_COMMITTED);
	return t;
}

struct notices_taken
notices_claim(struct notices_fixture *f, struct database *b, int limit)
{
	struct claim c = notices_claim_sample(limit);

	return notices_claim_as(f, b, &c);
}

size_t
notices_finish(struct database *b, const struct claimed *c, const char *to, int wait_seconds)
{
	struct finish finish = {.id = c->notice.id,
	    .token = c->token,
	    .state = to,
	    .reason = strcmp(to, "sent") == 0 ? NULL : "disk full",
	    .outcome = strcmp(to, "pending") == 0 ? "retried"
		       : strcmp(to, "held") == 0  ? "delayed"
						  : to,
	    .wait_seconds = wait_seconds};
	struct db_tx *tx = db_begin(b->db);
	size_t rows = 0;

	store_notices_finish(tx, &finish, 1, 600);
	assert_int_equal(database_commit(b, tx, notices_look_at_rows, &rows), DB_COMMITTED);
	return rows;
}

size_t
notices_erase(struct database *b, uint8_t first)
{
	struct uuid application = {{first, 2}};
	struct db_tx *tx = db_begin(b->db);
	size_t rows[2] = {0, 0};

	rows[1] = store_notices_erase(tx, &application, 1);
	assert_int_equal(database_commit(b, tx, notices_look_at_call, rows), DB_COMMITTED);
	return rows[0];
}

long long
notices_count(struct notices_fixture *f, const char *where)
{
	return scratch_number(
	    f->one.scratch, arena_printf(f->arena, "SELECT count(*) FROM notifier.notice WHERE %s", where));
}
