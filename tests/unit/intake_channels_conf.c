/* Channels' file: what it may hold, and all that is wrong with it at once, without a secret. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "proto/kopru/v1/application.pb-c.h"
#include "services/intake/channels/channel.h"
#include "services/intake/channels/channels_conf.h"

struct fixture {
	char folder[64];
	char file[96];
	struct arena *arena;
	struct channels_conf conf;
	struct err e;
};

static void
put(const struct fixture *f, const char *name, const char *text, mode_t mode)
{
	char path[160];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", f->folder, name);
	if (!(out = fopen(path, "w")))
		abort();
	fputs(text, out);
	fclose(out);
	chmod(path, mode);
}

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	snprintf(f->folder, sizeof(f->folder), "/tmp/kopru-channels.XXXXXX");
	if (!mkdtemp(f->folder))
		abort();
	snprintf(f->file, sizeof(f->file), "%s/channels.json", f->folder);
	f->arena = arena_new(0);
	put(f, "secret", "0123456789abcdef\n", 0600);
	put(f, "second", "fedcba9876543210", 0600);
	put(f, "open", "hush-hush", 0644);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	static const char *const names[] = {"secret", "second", "open", "channels.json"};
	struct fixture *f = *state;
	char path[160];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", f->folder, names[i]);
		unlink(path);
	}
	rmdir(f->folder);
	arena_free(f->arena);
	free(f);
	return 0;
}

static int
read_json(struct fixture *f, const char *json)
{
	put(f, "channels.json", json, 0600);
	return channels_conf_read(f->arena, f->file, &f->conf, &f->e);
}

static void
test_without_a_file_nothing_is_configured(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(channels_conf_read(f->arena, "", &f->conf, &f->e), 0);
	assert_null(f->conf.whatsapp);
	assert_int_equal(f->conf.mailbox_count, 0);
	assert_int_equal(channels_conf_read(f->arena, NULL, &f->conf, &f->e), 0);
}

static void
test_everything_is_read(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    read_json(f,
		"{\"whatsapp\": {\"secret_files\": [\"secret\", \"second\"], \"verify_token_file\": \"secret\","
		"\"access_token_file\": \"second\", \"ids\": [\"106540352242922\"], \"idle_seconds\": 60},"
		"\"telegram\": {\"secret_files\": [\"secret\"], \"tell\": false},"
		"\"mailboxes\": [{\"name\": \"basvuru\", \"url\": \"imaps://mail.example.org/INBOX\","
		"\"user\": \"basvuru\", \"password_file\": \"secret\", \"poll_seconds\": 5,"
		"\"own_addresses\": [\"basvuru@example.org\"]},"
		"{\"name\": \"kep\", \"url\": \"imap://mail.example.org/INBOX\", \"tls\": \"starttls\","
		"\"user\": \"kep\", \"password_file\": \"secret\", \"registered\": true}],"
		"\"open311\": {\"jurisdiction\": \"example.org\", \"contact\": \"desk@example.org\"}}"),
	    0);
	assert_int_equal(f->conf.whatsapp->secret_count, 2);
	assert_string_equal(f->conf.whatsapp->secrets[0], "0123456789abcdef");
	assert_string_equal(f->conf.whatsapp->secrets[1], "fedcba9876543210");
	assert_string_equal(f->conf.whatsapp->graph_url, "https://graph.facebook.com/v21.0");
	assert_int_equal(f->conf.whatsapp->idle_ms, 60000);
	assert_true(f->conf.whatsapp->tell);
	assert_int_equal(f->conf.telegram->idle_ms, 900000);
	assert_false(f->conf.telegram->tell);
	assert_int_equal(f->conf.mailbox_count, 2);
	assert_int_equal(f->conf.mailboxes[0].poll_ms, 5000);
	assert_true(f->conf.mailboxes[1].starttls);
	assert_true(f->conf.mailboxes[1].registered);
	assert_string_equal(f->conf.open311->jurisdiction, "example.org");
	assert_true(channels_conf_has(&f->conf, "whatsapp"));
	assert_true(channels_conf_has(&f->conf, "email/kep"));
	assert_false(channels_conf_has(&f->conf, "email/other"));
	assert_false(channels_conf_has(&f->conf, "instagram"));
	assert_int_equal(channels_conf_idle_ms(&f->conf, KOPRU__V1__CHANNEL__CHANNEL_WHATSAPP), 60000);
	assert_int_equal(channels_conf_idle_ms(&f->conf, KOPRU__V1__CHANNEL__CHANNEL_EMAIL), 0);
	assert_true(channels_conf_tells(&f->conf, KOPRU__V1__CHANNEL__CHANNEL_WHATSAPP));
	assert_false(channels_conf_tells(&f->conf, KOPRU__V1__CHANNEL__CHANNEL_TELEGRAM));
}

static void
test_all_faults_are_told_at_once(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    read_json(f, "{\"whatsap\": {}, \"telegram\": {\"secret_files\": [\"open\"], \"idle_seconds\": 0,"
			 "\"api_url\": \"http://api.example.org\", \"x\": 1}}"),
	    -1);
	assert_non_null(strstr(f->e.text, "whatsap: is not known"));
	assert_non_null(strstr(f->e.text, "telegram.secret_files: "));
	assert_non_null(strstr(f->e.text, "chmod 600"));
	assert_non_null(strstr(f->e.text, "telegram.idle_seconds: must be a number of seconds from 1 to 3600"));
	assert_non_null(strstr(f->e.text, "telegram.api_url: is \"http://api.example.org\""));
	assert_null(strstr(f->e.text, "hush"));
	assert_null(strchr(f->e.text, '\n'));
	assert_int_equal(f->conf.fault_count, 5);
}

static void
test_none_of_many_faults_is_cut(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    read_json(f,
		"{\"a\": 1, \"b\": 1, \"c\": 1, \"d\": 1, \"e\": 1, \"f\": 1, \"g\": 1, \"h\": 1,"
		"\"mailboxes\": [{\"name\": \"a\", \"url\": \"imaps://h/I\", \"user\": \"u\", \"password_file\":"
		"\"secret\", \"ca_file\": \"absent\"}],"
		"\"open311\": {\"jurisdiction\": \"example.org\", \"contact\": \"desk@example.org\","
		"\"attributes_file\": \"absent\"}}"),
	    -1);
	assert_int_equal(f->conf.fault_count, 10);
	assert_memory_equal(f->e.text, "10 faults: a: is not known", 26);
	assert_string_equal(f->conf.faults[7],
	    "h: is not known; known are whatsapp, messenger, instagram, telegram, mailboxes, open311");
	assert_non_null(strstr(f->conf.faults[8], "mailboxes.0: ca_file "));
	assert_memory_equal(f->conf.faults[9], "open311.attributes_file: ", 25);
}

static void
test_each_fault(void **state)
{
	static const struct {
		const char *json, *reason;
	} cases[] = {
	    {"{", "line 1"},
	    {"[]", "must be an object"},
	    {"{\"telegram\": {}, \"telegram\": {}}", "duplicate"},
	    {"{\"telegram\": {}}", "telegram.secret_files: is required"},
	    {"{\"telegram\": {\"secret_files\": [\"absent\"]}}", "No such file"},
	    {"{\"telegram\": {\"secret_files\": [\"secret\", \"secret\", \"secret\"]}}", "1 to 2 names"},
	    {"{\"telegram\": {\"secret_files\": [\"secret\"], \"tell\": \"yes\"}}", "telegram.tell: must be true or"},
	    {"{\"telegram\": {\"secret_files\": [\"secret\"], \"more\": 1}}",
		"known are secret_files, access_token_file"},
	    {"{\"whatsapp\": {\"secret_files\": [\"secret\"], \"verify_token_file\": \"secret\", \"ids\": [\"a\"]}}",
		"whatsapp.ids: is \"a\"; allowed is 1 to 32 digits"},
	    {"{\"mailboxes\": [{\"name\": \"A\", \"url\": \"imaps://h/I\", \"user\": \"u\", \"password_file\": "
	     "\"secret\"}]}",
		"mailboxes.0.name: is \"A\""},
	    {"{\"mailboxes\": [{\"name\": \"a\", \"url\": \"imap://h/I\", \"user\": \"u\", \"password_file\": "
	     "\"secret\"}]}",
		"allowed is imaps://HOST/FOLDER"},
	    {"{\"mailboxes\": [{\"name\": \"a\", \"url\": \"imaps://u:p@h/I\", \"user\": \"u\", \"password_file\": "
	     "\"secret\"}]}",
		"allowed is imaps://HOST/FOLDER"},
	    {"{\"mailboxes\": [{\"name\": \"a\", \"url\": \"imaps://h/I\", \"user\": \"u\", \"password_file\": "
	     "\"secret\"},"
	     "{\"name\": \"a\", \"url\": \"imaps://h/J\", \"user\": \"u\", \"password_file\": \"secret\"}]}",
		"mailboxes: \"a\" stands twice"},
	    {"{\"open311\": {\"jurisdiction\": \"example.org\"}}", "open311.contact: is required"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(read_json(f, cases[i].json), -1);
		if (!strstr(f->e.text, cases[i].reason))
			fail_msg("\"%s\" is not in \"%s\"", cases[i].reason, f->e.text);
	}
}

static void
test_items_grow_to_their_bound(void **state)
{
	struct fixture *f = *state;
	struct channel_reading reading = {0};

	for (size_t i = 0; i < CHANNEL_ITEMS_MAX; i++) {
		struct channel_item *item = channel_item_add(f->arena, &reading, CHANNEL_MESSAGE);

		assert_non_null(item);
		item->sent_at = (int64_t)i;
	}
	assert_null(channel_item_add(f->arena, &reading, CHANNEL_MESSAGE));
	assert_int_equal(reading.count, CHANNEL_ITEMS_MAX);
	for (size_t i = 0; i < CHANNEL_ITEMS_MAX; i++) {
		assert_int_equal(reading.items[i].sent_at, i);
		assert_null(reading.items[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_without_a_file_nothing_is_configured, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_everything_is_read, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_all_faults_are_told_at_once, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_none_of_many_faults_is_cut, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_each_fault, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_items_grow_to_their_bound, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
