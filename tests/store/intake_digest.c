/* What was read becomes senders, messages and drafts: each message once for ever, whatever comes how often and in which
 * order; a lost lease and a guilty row harm nobody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "common/base/jsontext.h"
#include "common/feed/feed.sql.h"
#include "proto/kopru/v1/application.pb-c.h"
#include "services/intake/digest.h"
#include "services/intake/digest.sql.h"
#include "services/intake/effects.h"
#include "services/intake/inbound.sql.h"
#include "services/intake/mail.h"
#include "tests/harness/bus_world.h"
#include "tests/harness/database.h"

#define WHATSAPP KOPRU__V1__CHANNEL__CHANNEL_WHATSAPP
#define MINUTE INT64_C(60000000)
#define BASE INT64_C(1795424400000000)
#define WAIT_MS 20000

struct fixture {
	struct database database;
	struct metrics *metrics;
	struct arena *arena;
	struct meta_conf whatsapp;
	struct channels_conf conf;
	struct files *files; /* NULL: none */
	char folder[64];
	struct digest *digest;
	unsigned digested;
	int made;
};

static const struct db_statement *const tables[] = {digest_statements, inbound_statements, feed_statements, NULL};

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	f->metrics = metrics_new();
	f->arena = arena_new(0);
	f->whatsapp.idle_ms = 900000;
	f->whatsapp.tell = true;
	f->whatsapp.access_token = "0123456789abcdef";
	f->conf.whatsapp = &f->whatsapp;
	database_start(&f->database);
	database_open(&f->database, "intake", "", tables);
	database_wait_up(&f->database);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	database_close(&f->database);
	digest_free(f->digest);
	files_free(f->files);
	if (*f->folder)
		world_folder_remove(f->folder);
	database_end(&f->database);
	arena_free(f->arena);
	metrics_free(f->metrics);
	free(f);
	return 0;
}

static long long
number(struct fixture *f, const char *sql)
{
	return scratch_number(f->database.scratch, sql);
}

static const char *
text(struct fixture *f, const char *sql)
{
	char out[512];

	assert_int_equal(scratch_sql(f->database.scratch, sql, out, sizeof(out)), 0);
	return arena_string(f->arena, out);
}

/* A row that is there and claimed. */
static struct effects_row *
row(struct fixture *f)
{
	struct effects_row *r = arena_alloc(f->arena, sizeof(*r));
	char sql[256];

	snprintf(sql, sizeof(sql),
	    "INSERT INTO intake.inbound (source, source_id, raw, token, next_at) "
	    "VALUES ('whatsapp', 'r%d', '', 1, now() + interval '1 minute') RETURNING id",
	    ++f->made);
	r->inbound.id = number(f, sql);
	r->inbound.source = "whatsapp";
	r->inbound.received_at = clock_now();
	r->token = 1;
	return r;
}

static struct channel_item *
add(struct fixture *f, struct effects_row *r, enum channel_item_kind kind, const char *id, const char *key)
{
	struct channel_item *item = channel_item_add(f->arena, &r->reading, kind);

	item->channel = WHATSAPP;
	item->external_id = id;
	item->keys[0] = key;
	item->sent_at = BASE;
	return item;
}

static struct channel_item *
say(struct fixture *f, struct effects_row *r, const char *id, const char *key, const char *words)
{
	struct channel_item *item = add(f, r, CHANNEL_MESSAGE, id, key);

	item->type = "text";
	item->text = words;
	item->reply_to = "{\"to\": \"1\"}";
	return item;
}

static enum db_outcome
commit_rows(struct fixture *f, const struct effects_row *const *rows, size_t count)
{
	struct db_tx *tx = db_begin(f->database.db);

	effects_bind(tx, &f->conf, rows, count);
	return database_commit(&f->database, tx, NULL, NULL);
}

static void
commit(struct fixture *f, const struct effects_row *r)
{
	enum db_outcome outcome = commit_rows(f, &r, 1);

	if (outcome != DB_COMMITTED)
		fail_msg("%s: %s", db_outcome_text(outcome), f->database.reason.text);
}

static void
test_messages_of_one_sender_are_one_draft(void **state)
{
	struct fixture *f = *state;
	struct effects_row *r = row(f);

	say(f, r, "m1", "900", "Çöp");
	say(f, r, "m2", "900", "toplanmadı");
	say(f, r, "m3", "901", "Su");
	commit(f, r);
	r = row(f);
	say(f, r, "m4", "900", "hâlâ");
	commit(f, r);
	assert_int_equal(number(f, "SELECT count(*) FROM intake.message"), 4);
	assert_int_equal(number(f, "SELECT count(*) FROM intake.contact"), 2);
	assert_int_equal(number(f, "SELECT count(*) FROM intake.draft WHERE state = 'open'"), 2);
	assert_int_equal(
	    number(f, "SELECT count(DISTINCT draft_id) FROM intake.message WHERE external_id IN ('m1', 'm2', 'm4')"),
	    1);
	assert_int_equal(
	    number(f, "SELECT count(*) FROM intake.draft WHERE next_at BETWEEN now() + interval '14 minutes' AND "
		      "now() + interval '16 minutes' AND reply_to->>'to' = '1'"),
	    2);
	assert_int_equal(
	    number(f, "SELECT count(*) FROM intake.inbound WHERE state = 'done' AND verdict = 'message'"), 2);
}

static void
test_a_message_counts_once_for_ever(void **state)
{
	struct fixture *f = *state;
	struct effects_row *r = row(f);

	say(f, r, "m1", "900", "first");
	say(f, r, "m1", "900", "first");
	commit(f, r);
	number(f, "UPDATE intake.draft SET next_at = '2020-01-01' RETURNING 1");
	r = row(f);
	say(f, r, "m1", "900", "days late, and other words");
	commit(f, r);
	assert_int_equal(number(f, "SELECT count(*) FROM intake.message WHERE body = 'first'"), 1);
	assert_int_equal(number(f, "SELECT count(*) FROM intake.draft WHERE next_at = '2020-01-01'"), 1);
}

/* Of one sender who is known by both, as whatsapp reads it. */
static void
say_with_number(struct fixture *f, struct effects_row *r, const char *id, const char *user_id, const char *number)
{
	say(f, r, id, user_id, "words")->keys[1] = number;
}

static void
test_two_keys_are_one_sender(void **state)
{
	struct fixture *f = *state;
	struct effects_row *r = row(f);

	say(f, r, "m1", "900", "a");
	commit(f, r);
	r = row(f);
	say_with_number(f, r, "m2", "user.1", "900");
	say(f, r, "m3", "user.1", "c")->name = "Deneme";
	commit(f, r);
	r = row(f);
	say(f, r, "m4", "user.1", "d");
	commit(f, r);
	assert_int_equal(number(f, "SELECT count(*) FROM intake.contact WHERE name = 'Deneme'"), 1);
	assert_int_equal(number(f, "SELECT count(*) FROM intake.contact"), 1);
	assert_int_equal(number(f, "SELECT count(DISTINCT draft_id) FROM intake.message"), 1);
	assert_int_equal(number(f, "SELECT count(*) FROM intake.contact_key"), 2);
}

static const char *
contact_of_key(struct fixture *f, const char *key)
{
	return text(
	    f, arena_printf(f->arena, "SELECT contact_id FROM intake.contact_key WHERE external_id = '%s'", key));
}

static const char *
contact_of_message(struct fixture *f, const char *id)
{
	return text(f, arena_printf(f->arena, "SELECT contact_id FROM intake.message WHERE external_id = '%s'", id));
}

static void
test_who_gets_an_old_number_is_somebody_else(void **state)
{
	struct fixture *f = *state;
	struct effects_row *r = row(f);
	const char *old, *other;

	say_with_number(f, r, "m1", "TR.OLD", "900");
	say(f, r, "m2", "TR.B", "a username only");
	commit(f, r);
	old = contact_of_key(f, "TR.OLD");
	other = contact_of_key(f, "TR.B");
	r = row(f);
	say_with_number(f, r, "m3", "TR.NEW", "900");
	commit(f, r);
	assert_string_equal(contact_of_key(f, "TR.OLD"), old);
	assert_string_not_equal(contact_of_key(f, "TR.NEW"), old);
	assert_string_equal(contact_of_key(f, "900"), contact_of_key(f, "TR.NEW"));
	assert_string_equal(contact_of_message(f, "m3"), contact_of_key(f, "TR.NEW"));
	r = row(f);
	say_with_number(f, r, "m4", "TR.B", "900"); /* who is known already stays who he is */
	say(f, r, "m5", "900", "from the number alone");
	commit(f, r);
	assert_string_equal(contact_of_key(f, "TR.B"), other);
	assert_string_equal(contact_of_key(f, "TR.OLD"), old);
	assert_string_equal(contact_of_message(f, "m4"), other);
	assert_string_equal(contact_of_message(f, "m5"), other);
}

static void
test_two_owners_of_a_number_in_one_write_are_two(void **state)
{
	struct fixture *f = *state;
	struct effects_row *first = row(f), *second = row(f);
	const struct effects_row *rows[] = {first, second};

	say(f, first, "m1", "900", "before anybody knew his id");
	say_with_number(f, first, "m2", "TR.OLD", "900");
	say_with_number(f, second, "m3", "TR.NEW", "900");
	say_with_number(f, second, "m4", "TR.OLD", "900");
	say_with_number(f, second, "m5", "TR.NEW", "900");
	assert_int_equal(commit_rows(f, rows, 2), DB_COMMITTED);
	assert_int_equal(number(f, "SELECT count(*) FROM intake.contact"), 2);
	assert_string_equal(contact_of_message(f, "m4"), contact_of_message(f, "m2"));
	assert_string_equal(contact_of_message(f, "m5"), contact_of_message(f, "m3"));
	assert_string_not_equal(contact_of_message(f, "m3"), contact_of_message(f, "m2"));
}

/* A user id that changes is the same person's: what the provider says, no message. */
static void
test_a_changed_user_id_is_the_same_person(void **state)
{
	struct fixture *f = *state;
	struct effects_row *r = row(f);
	struct channel_item *item;
	const char *old;

	say_with_number(f, r, "m1", "TR.OLD", "900");
	commit(f, r);
	old = contact_of_key(f, "TR.OLD");
	r = row(f);
	say_with_number(f, r, "m2", "TR.NEW", "900");
	commit(f, r);
	r = row(f);
	item = add(f, r, CHANNEL_CONTACT, NULL, "TR.OLD");
	item->keys[1] = "TR.NEW";
	item->keys[2] = "900";
	commit(f, r);
	assert_string_equal(contact_of_key(f, "TR.NEW"), old);
	assert_string_equal(contact_of_key(f, "900"), old);
}

static void
test_a_changed_number_joins_two_keys(void **state)
{
	struct fixture *f = *state;
	struct effects_row *r = row(f);

	say(f, r, "m1", "900", "a");
	say(f, r, "m2", "901", "b");
	commit(f, r);
	assert_int_equal(number(f, "SELECT count(*) FROM intake.contact"), 2);
	r = row(f);
	add(f, r, CHANNEL_CONTACT, NULL, "901")->keys[1] = "900";
	commit(f, r);
	assert_int_equal(number(f, "SELECT count(DISTINCT contact_id) FROM intake.contact_key"), 1);
	assert_string_equal(text(f, "SELECT verdict FROM intake.inbound ORDER BY id DESC LIMIT 1"), "contact");
}

static void
test_the_newest_edit_counts_in_any_order(void **state)
{
	struct fixture *f = *state;
	struct effects_row *r = row(f);
	struct channel_item *item = add(f, r, CHANNEL_EDIT, "m1", "900");

	item->text = "second";
	item->sent_at = BASE + 2 * MINUTE;
	commit(f, r);
	r = row(f);
	say(f, r, "m1", "900", "first");
	commit(f, r);
	assert_string_equal(text(f, "SELECT body FROM intake.message"), "second");
	assert_int_equal(
	    number(f, "SELECT count(*) FROM intake.message WHERE draft_id IS NOT NULL AND type = 'text'"), 1);
	r = row(f);
	item = add(f, r, CHANNEL_EDIT, "m1", "900");
	item->text = "older";
	item->sent_at = BASE + MINUTE;
	commit(f, r);
	assert_string_equal(text(f, "SELECT body FROM intake.message"), "second");
	r = row(f);
	item = add(f, r, CHANNEL_EDIT, "m1", "900");
	item->text = "third";
	item->sent_at = BASE + 3 * MINUTE;
	commit(f, r);
	assert_string_equal(text(f, "SELECT body FROM intake.message"), "third");
}

static struct effects_row *
edit(struct fixture *f, const char *words, int minutes)
{
	struct effects_row *r = row(f);
	struct channel_item *item = add(f, r, CHANNEL_EDIT, "m1", "900");

	item->text = words;
	item->sent_at = BASE + minutes * MINUTE;
	commit(f, r);
	return r;
}

static const char *
verdict_of(struct fixture *f, const struct effects_row *r)
{
	return text(f, arena_printf(f->arena, "SELECT state || ': ' || verdict FROM intake.inbound WHERE id = %lld",
			   (long long)r->inbound.id));
}

static long long
late_edits(struct fixture *f)
{
	return number(f,
	    "SELECT count(*) FROM intake.message AS m JOIN intake.draft AS d ON d.id = m.draft_id WHERE answers = "
	    "'{m1}' AND d.state = 'closing' AND d.contact_id = m.contact_id AND d.reply_to IS NOT NULL");
}

/* What a citizen corrects when it is an application already is added to it; nothing of it is lost, and nothing is changed. */
static void
test_a_late_edit_is_a_message_of_its_own(void **state)
{
	struct fixture *f = *state;
	struct effects_row *r = row(f);

	say(f, r, "m1", "900", "at 12");
	commit(f, r);
	number(f, "UPDATE intake.draft SET state = 'closing' RETURNING 1");
	edit(f, "at 12", 2); /* as it was */
	assert_int_equal(late_edits(f), 0);
	assert_string_equal(verdict_of(f, edit(f, "at 14", 4)), "done: an edit of what was taken already: added to it");
	assert_string_equal(text(f, "SELECT body FROM intake.message WHERE external_id = 'm1'"), "at 12");
	assert_int_equal(late_edits(f), 1);
	assert_string_equal(
	    text(f, "SELECT split_part(body, E'\n', 2) FROM intake.message WHERE answers = '{m1}'"), "at 14");
	assert_int_equal(number(f, "SELECT count(*) FROM intake.message WHERE external_id LIKE 'm1/edit/%'"), 1);
	edit(f, "at 14", 4); /* again */
	assert_string_equal(
	    verdict_of(f, edit(f, "at 13", 3)), "done: an edit of what was taken already: it says nothing new");
	edit(f, NULL, 5);
	assert_int_equal(late_edits(f), 1);
	edit(f, "at 12", 6); /* back again */
	assert_int_equal(late_edits(f), 2);
	/* While a person has to look at it, it is the text that he looks at. */
	number(f, "UPDATE intake.draft SET state = 'done', ended_as = 'triage' RETURNING 1");
	assert_string_equal(verdict_of(f, edit(f, "at 18", 8)), "done: edit");
	assert_string_equal(text(f, "SELECT body FROM intake.message WHERE external_id = 'm1'"), "at 18");
}

static void
test_a_late_deletion_says_so(void **state)
{
	struct fixture *f = *state;
	struct effects_row *r = row(f);

	say(f, r, "m1", "900", "a");
	commit(f, r);
	number(f, "UPDATE intake.draft SET state = 'closing' RETURNING 1");
	r = row(f);
	add(f, r, CHANNEL_DELETION, "m1", "900");
	commit(f, r);
	assert_int_equal(number(f, "SELECT count(*) FROM intake.message WHERE deleted_at IS NOT NULL"), 0);
	assert_string_equal(verdict_of(f, r), "ignored: a deletion of what was taken already");
	r = row(f);
	add(f, r, CHANNEL_DELETION, "m1", "900");
	add(f, r, CHANNEL_DELETION, "m2", "900"); /* which is not there yet */
	commit(f, r);
	assert_string_equal(verdict_of(f, r), "done: a deletion of what was taken already");
	assert_int_equal(number(f, "SELECT count(*) FROM intake.message WHERE deleted_at IS NOT NULL"), 1);
}

static void
test_a_deletion_counts_in_any_order(void **state)
{
	struct fixture *f = *state;
	struct effects_row *r = row(f);

	add(f, r, CHANNEL_DELETION, "m1", "900");
	commit(f, r);
	r = row(f);
	say(f, r, "m1", "900", "taken back before it came");
	say(f, r, "m2", "900", "taken back later");
	commit(f, r);
	assert_int_equal(number(f, "SELECT count(*) FROM intake.message WHERE deleted_at IS NULL"), 1);
	assert_int_equal(number(f, "SELECT count(*) FROM intake.message WHERE draft_id IS NULL"), 1);
	r = row(f);
	add(f, r, CHANNEL_DELETION, "m2", "900");
	commit(f, r);
	assert_int_equal(number(f, "SELECT count(*) FROM intake.message WHERE deleted_at IS NULL"), 0);
}

static void
test_who_is_not_known_and_what_is_alone_have_drafts_of_their_own(void **state)
{
	struct fixture *f = *state;
	struct effects_row *r = row(f);

	say(f, r, "m1", NULL, "a");
	say(f, r, "m2", "900", "b")->alone = true;
	say(f, r, "m3", "900", "c")->alone = true;
	say(f, r, "m4", "900", "d");
	commit(f, r);
	assert_int_equal(number(f, "SELECT count(DISTINCT draft_id) FROM intake.message"), 4);
	assert_int_equal(
	    number(f, "SELECT count(*) FROM intake.draft WHERE state = 'closing' AND next_at <= now()"), 3);
	assert_int_equal(number(f, "SELECT count(*) FROM intake.draft WHERE state = 'open'"), 1);
}

static void
test_files_are_wanted_or_there(void **state)
{
	struct fixture *f = *state;
	struct effects_row *r = row(f);
	struct channel_item *item = say(f, r, "m1", "900", NULL);

	item->files[0] = (struct channel_file){.media_id = "media-1", .media_type = "image/jpeg", .sha256 = "abc"};
	item->files[1] = (struct channel_file){
	    .stored = true, .size = 7, .stored_type = "image/png", .name = "a.png", .state = "clean"};
	item->file_count = 2;
	commit(f, r);
	r = row(f);
	r->reading.items = NULL;
	item = say(f, r, "m1", "900", NULL);
	item->files[0] = (struct channel_file){
	    .stored = true, .size = 7, .stored_type = "image/png", .name = "a.png", .state = "clean"};
	item->file_count = 1;
	commit(f, r);
	assert_int_equal(
	    number(f, "SELECT count(*) FROM intake.media WHERE state = 'wanted' AND media_id = 'media-1'"), 1);
	assert_int_equal(
	    number(f, "SELECT count(*) FROM intake.attachment WHERE message_external_id = 'm1' AND scope = 'whatsapp' "
		      "AND name = 'a.png' AND size = 7"),
	    1);
}

static void
test_statuses_never_go_back(void **state)
{
	static const struct {
		const char *before, *status, *after;
	} cases[] = {
	    {"sending", "sent", "sent"},
	    {"unknown", "delivered", "delivered"},
	    {"unknown", "failed", "failed"},
	    {"sent", "read", "read"},
	    {"read", "delivered", "read"},
	    {"read", "sent", "read"},
	    {"delivered", "failed", "delivered"},
	    {"sent", "failed", "failed"},
	    {"failed", "delivered", "failed"},
	    {"no", "delivered", "no"},
	    {"sent", "odd", "sent"},
	};
	struct fixture *f = *state;
	struct effects_row *r = row(f);
	char sql[256];

	say(f, r, "m1", "900", "a");
	commit(f, r);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct channel_item *item;

		snprintf(sql, sizeof(sql), "UPDATE intake.draft SET told = '%s' RETURNING 1", cases[i].before);
		number(f, sql);
		r = row(f);
		item = add(f, r, CHANNEL_STATUS, NULL, NULL);
		item->told_id = text(f, "SELECT id FROM intake.draft");
		item->status = cases[i].status;
		item = add(f, r, CHANNEL_STATUS, NULL, NULL);
		item->told_id = "somebody else's";
		item->status = "read";
		commit(f, r);
		if (strcmp(text(f, "SELECT told FROM intake.draft"), cases[i].after) != 0)
			fail_msg("%s, then %s: not %s", cases[i].before, cases[i].status, cases[i].after);
	}
}

static void
test_a_lost_lease_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct effects_row *r = row(f);
	const struct effects_row *rows[] = {r};

	say(f, r, "m1", "900", "a");
	r->token = 2;
	assert_int_equal(commit_rows(f, rows, 1), DB_RETRY);
	assert_int_equal(number(f, "SELECT count(*) FROM intake.message"), 0);
	assert_int_equal(number(f, "SELECT count(*) FROM intake.inbound WHERE state = 'stored'"), 1);
	r->token = 1;
	commit(f, r);
	assert_int_equal(commit_rows(f, rows, 1), DB_RETRY); /* and it is digested once only */
}

static void
test_ends_of_rows(void **state)
{
	struct fixture *f = *state;
	struct effects_row *r = row(f);
	const char *verdict;

	assert_string_equal(effects_end(&r->reading, &verdict), "ignored");
	add(f, r, CHANNEL_IGNORED, NULL, NULL)->why = "a reaction";
	assert_string_equal(effects_end(&r->reading, &verdict), "ignored");
	assert_string_equal(verdict, "a reaction");
	add(f, r, CHANNEL_STATUS, NULL, NULL);
	assert_string_equal(effects_end(&r->reading, &verdict), "done");
	assert_string_equal(verdict, "status");
	say(f, r, "m1", "900", "a");
	assert_string_equal(effects_end(&r->reading, &verdict), "done");
	assert_string_equal(verdict, "message");
	add(f, r, CHANNEL_TRIAGE, NULL, NULL)->why = "odd";
	assert_string_equal(effects_end(&r->reading, &verdict), "triage");
	assert_string_equal(verdict, "odd");
	r->reading.ignored = "not for us";
	commit(f, r);
	assert_int_equal(number(f, "SELECT count(*) FROM intake.message"), 0);
}

static void
on_digested(void *arg)
{
	struct fixture *f = arg;

	f->digested++;
}

static bool
none_waits(void *arg)
{
	return number(arg, "SELECT count(*) FROM intake.inbound WHERE state = 'stored' AND next_at < now() + interval "
			   "'1 day'") == 0;
}

static void
start(struct fixture *f, bool mails)
{
	const struct digest_conf conf = {.loop = f->database.loop,
	    .db = f->database.db,
	    .channels = &f->conf,
	    .files = f->files,
	    .mails = mails,
	    .on_digested = on_digested,
	    .arg = f};

	f->digest = digest_new(&conf, f->metrics);
	digest_wake(f->digest);
}

static void
test_what_nobody_reads_is_given_to_a_person(void **state)
{
	struct fixture *f = *state;

	number(f,
	    "INSERT INTO intake.inbound (source, source_id, raw) VALUES ('nobody', '1', 'x'), ('whatsapp', '2', '{'), "
	    "('whatsapp', '3', '[]') RETURNING 1");
	number(f, "INSERT INTO intake.inbound (source, source_id, raw) VALUES ('email/a', '4', 'x') RETURNING 1");
	number(f, "INSERT INTO intake.inbound (source, source_id, raw, attempts) VALUES ('whatsapp', '5', 'x', 5) "
		  "RETURNING 1");
	number(f, "UPDATE intake.inbound SET next_at = 'infinity' WHERE source LIKE 'email/%' RETURNING 1");
	start(f, false);
	assert_true(database_wait(&f->database, none_waits, f, WAIT_MS));
	assert_int_equal(
	    number(f, "SELECT count(*) FROM intake.inbound WHERE state = 'triage' AND verdict IS NOT NULL AND source = "
		      "'whatsapp'"),
	    3);
	assert_string_equal(
	    text(f, "SELECT verdict FROM intake.inbound WHERE source_id = '5'"), "nobody could read it");
	assert_string_equal(
	    text(f, "SELECT verdict FROM intake.inbound WHERE source = 'nobody'"), "there is no reader for its source");
	assert_int_equal(
	    number(f, "SELECT count(*) FROM intake.inbound WHERE source = 'email/a' AND state = 'stored'"), 1);
	assert_true(f->digested > 0);
}

/* A message whose effects the database refuses: its neighbours are digested, and it comes to a person after its attempts. */
static void
test_a_guilty_row_harms_no_neighbour(void **state)
{
	struct fixture *f = *state;

	number(f, "ALTER TABLE intake.message ADD CONSTRAINT guilty CHECK (body <> 'guilty'); "
		  "INSERT INTO intake.inbound (source, source_id, raw) SELECT 'whatsapp', n::text, "
		  "convert_to(format('{\"object\": "
		  "\"whatsapp_business_account\", \"entry\": [{\"id\": \"1\", \"changes\": [{\"field\": \"messages\", "
		  "\"value\": "
		  "{\"messaging_product\": \"whatsapp\", \"metadata\": {\"phone_number_id\": \"10\"}, \"contacts\": "
		  "[{\"wa_id\": "
		  "\"90500\"}], \"messages\": [{\"from\": \"90500\", \"id\": \"wamid.%s\", \"timestamp\": "
		  "\"1795424400\", \"type\": "
		  "\"text\", \"text\": {\"body\": \"%s\"}}]}}]}]}', n, CASE n WHEN 37 THEN 'guilty' ELSE 'words' END), "
		  "'UTF8') "
		  "FROM generate_series(1, 100) AS n RETURNING 1");
	f->whatsapp.ids = arena_array(f->arena, 1, sizeof(char *));
	f->whatsapp.ids[0] = "10";
	f->whatsapp.id_count = 1;
	number(f, "UPDATE intake.inbound SET attempts = 3 WHERE source_id = '37' RETURNING 1");
	start(f, false);
	assert_true(database_wait(&f->database, none_waits, f, WAIT_MS));
	assert_int_equal(number(f, "SELECT count(*) FROM intake.message"), 99);
	assert_int_equal(number(f, "SELECT count(*) FROM intake.inbound WHERE state = 'done'"), 99);
	assert_int_equal(number(f, "SELECT count(*) FROM intake.draft"), 1);
	assert_string_equal(text(f, "SELECT state || ': ' || verdict FROM intake.inbound WHERE source_id = '37'"),
	    "triage: what was read in it cannot be stored");
}

static bool
lease_extended(void *arg)
{
	return number(arg, "SELECT count(*) FROM intake.inbound WHERE source_id = 'slow' AND state = 'stored' AND "
			   "token = 1 AND next_at > received_at + interval '38 seconds'") == 1;
}

static bool
one_digested(void *arg)
{
	return ((const struct fixture *)arg)->digested > 0;
}

/* A program that takes 15 s for a file: the lease of 30 s is made longer meanwhile, so that no other instance begins. */
static void
test_a_mail_that_is_read_long_keeps_its_lease(void **state)
{
	static const char script[] = "#!/bin/sh\nsleep 15\n";
	struct fixture *f = *state;
	char path[128];
	struct err e;
	FILE *file;

	world_folder(f->folder);
	snprintf(path, sizeof(path), "%s/program", f->folder);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(script, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0700), 0);
	f->files = files_new(f->folder, path, false, &e);
	assert_non_null(f->files);
	f->conf.files = f->files;
	number(f, "INSERT INTO intake.inbound (source, source_id, raw) VALUES ('email/a', 'slow', convert_to("
		  "E'From: a@example.org\\r\\nMessage-ID: <1@example.org>\\r\\nMIME-Version: 1.0\\r\\nContent-Type: "
		  "multipart/mixed; boundary=x\\r\\n\\r\\n--x\\r\\n\\r\\nwords\\r\\n--x\\r\\nContent-Type: "
		  "image/png\\r\\nContent-Disposition: attachment; filename=a.png\\r\\n\\r\\nbytes\\r\\n--x--\\r\\n', "
		  "'UTF8')) RETURNING 1");
	start(f, true);
	assert_true(database_wait(&f->database, lease_extended, f, 14000));
	assert_int_equal(f->digested, 0);
	assert_true(database_wait(&f->database, one_digested, f, WAIT_MS));
	assert_int_equal(
	    number(f, "SELECT attempts FROM intake.inbound WHERE source_id = 'slow' AND state = 'stored'"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_messages_of_one_sender_are_one_draft, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_message_counts_once_for_ever, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_two_keys_are_one_sender, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_who_gets_an_old_number_is_somebody_else, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_two_owners_of_a_number_in_one_write_are_two, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_changed_user_id_is_the_same_person, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_changed_number_joins_two_keys, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_the_newest_edit_counts_in_any_order, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_deletion_counts_in_any_order, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_late_edit_is_a_message_of_its_own, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_late_deletion_says_so, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_who_is_not_known_and_what_is_alone_have_drafts_of_their_own, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_files_are_wanted_or_there, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_statuses_never_go_back, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_lost_lease_changes_nothing, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_ends_of_rows, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_what_nobody_reads_is_given_to_a_person, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_guilty_row_harms_no_neighbour, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_mail_that_is_read_long_keeps_its_lease, set_up, tear_down),
	};

	jsontext_start();
	mail_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
