/* unique: what may be there once is refused a second time by the tables themselves, whoever races or forgets to look.
 * I-01, I-02, I-06, I-07, I-10, I-14. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/harness/scratch.h"
#include "tests/harness/session.h"

#define UNIQUE_VIOLATION "23505"
#define APPLICATION(number, scope, key)                                                                                \
	"INSERT INTO intake.application (id, number, key_scope, key, body_hash, kind, channel, received_at, "          \
	"legal_basis,"                                                                                                 \
	" due_on, body, anonymous, hide_identity, language, prefers) VALUES (gen_random_uuid(), " number ", " scope    \
	", " key ", decode(repeat('00', 32), 'hex'), 1, 1, now(), 1, '2026-12-01', 'x', false, false, 'tr', 1)"
#define CASE(id, intake_seq)                                                                                           \
	"INSERT INTO router.case (application_id, number, version, state, department, triage, received_at, due_on,"    \
	" intake_seq) VALUES (" id ", 'HM-1', 2, 1, 'HM', true, now(), '2026-12-01', " intake_seq ")"
#define DECISION(event)                                                                                                \
	"INSERT INTO router.decision (received_event_id, application_id, department, candidates)"                      \
	" VALUES (" event ", gen_random_uuid(), 'HM', '[]')"
#define COMMAND(id)                                                                                                    \
	"INSERT INTO router.command (id, application_id, action, meaning, code, text, version, seq)"                   \
	" VALUES (" id ", gen_random_uuid(), 10, decode(repeat('00', 32), 'hex'), 1, '', 3, 1)"
#define NOTICE(event, application, template)                                                                           \
	"INSERT INTO notifier.notice (id, event_id, application_id, number, person, channel, template, language,"      \
	" address, fields, state) VALUES (gen_random_uuid(), " event ", " application                                  \
	", 'HM-1', 'applicant', 'email', '" template "', 'tr', 'a@example.org', '{}', 'pending')"
#define ATTEMPT(token)                                                                                                 \
	"INSERT INTO notifier.attempt (notice_id, token, provider, resend, started_at) VALUES (" ONE ", " token        \
	", 'smtp', false, now())"
#define EVENT(seq)                                                                                                     \
	"INSERT INTO feed.event (stream, seq, event_id, application_id, kind, at, payload)"                            \
	" VALUES ('intake', " seq ", gen_random_uuid(), gen_random_uuid(), 'x', now(), 'x')"
#define ONE "'00000000-0000-7000-8000-000000000001'"
#define TWO "'00000000-0000-7000-8000-000000000002'"

static const struct once {
	const char *what, *first, *again, *other; /* again is refused, other is not */
} onces[] = {
    {"a number", APPLICATION("'HM-1'", "NULL", "NULL"), APPLICATION("'HM-1'", "NULL", "NULL"),
	APPLICATION("'HM-2'", "NULL", "NULL")},
    {"a key in its scope", APPLICATION("'HM-3'", "'public'", "'k'"), APPLICATION("'HM-4'", "'public'", "'k'"),
	APPLICATION("'HM-4'", "'other'", "'k'")},
    {"a seq of a stream", EVENT("1"), EVENT("1"), EVENT("2")},
    {"a case of an application", CASE(ONE, "1"), CASE(ONE, "2"), CASE(TWO, "3")},
    {"a case of a received event", CASE("gen_random_uuid()", "11"), CASE("gen_random_uuid()", "11"),
	CASE("gen_random_uuid()", "12")},
    {"a decision on a received event", DECISION(ONE), DECISION(ONE), DECISION(TWO)},
    {"a command", COMMAND(ONE), COMMAND(ONE), COMMAND(TWO)},
    {"a notice of an event", NOTICE(ONE, ONE, "received"), NOTICE(ONE, TWO, "received"), NOTICE(TWO, ONE, "received")},
    {"a neutral message to an address", NOTICE(ONE, ONE, "confirm"), NOTICE(TWO, ONE, "confirm"),
	NOTICE(TWO, TWO, "confirm")},
    {"an attempt under a lease", ATTEMPT("1"), ATTEMPT("1"), ATTEMPT("2")},
};

static void
test_what_may_be_there_once_is_refused_a_second_time(void **state)
{
	struct err e;
	struct scratch *s = scratch_new(&e);
	struct session *session;

	(void)state;
	if (!s)
		fail_msg("%s", e.text);
	session = session_open(scratch_conninfo(s, "kopru"));
	for (size_t i = 0; i < sizeof(onces) / sizeof(onces[0]); i++) {
		const struct once *once = &onces[i];
		const char *again;

		assert_string_equal(session_run(session, once->first, NULL, 0), "");
		again = session_run(session, once->again, NULL, 0);
		if (strcmp(again, UNIQUE_VIOLATION) != 0)
			fail_msg("%s is there twice (\"%s\")", once->what, again);
		assert_string_equal(session_run(session, once->other, NULL, 0), "");
	}
	session_close(session);
	scratch_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_may_be_there_once_is_refused_a_second_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
