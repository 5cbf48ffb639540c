#!/usr/bin/python3
"""store: what intake, Open311 and the search for the same matter ask of the database reads a few rows, however much has come in over the years: every
statement of theirs, as its role plans it, planned while the tables were empty and again once they are large and analysed.
limit: 180 s"""
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "harness"))
import system as kopru  # noqa: E402

ROWS = 120000
ROWS_READ = 5000  # by one node of a plan: what waits, a page, a page of each of the catalogue's hundred topics
BLOCKS_READ = 8000  # by a statement
TAP = kopru.Tap()
S = kopru.System()

# Rows of the same number belong together. The first hundred of everything still wait for something.
ID = "lpad(n::text, 32, '{}')::uuid"
AGO = "now() - n * interval '1 minute'"
SPOT = 378700000, 325000000
CELLS = "ARRAY[" + ", ".join(str(((SPOT[0] + 900000000) // 13500 + i) * 262144 + (SPOT[1] + 1800000000) // 18200 + k)
                             for i in (-1, 0, 1) for k in (-1, 0, 1)) + "]::bigint[]"
AROUND = (f"{CELLS}, ARRAY[{SPOT[0] - 13490}, {SPOT[0] + 13490}, {SPOT[1] - 17075}, {SPOT[1] + 17075}], "
          f"ARRAY[{SPOT[0]}, {SPOT[1]}, 790, {13490 ** 2}]::bigint[]")
WINDOW = "now() - interval '14 days', now() + interval '14 days'"
FILL = f"""
INSERT INTO intake.inbound (source, source_id, received_at, raw, raw_size, state, digested_at)
SELECT (ARRAY['whatsapp', 'email/basvuru', 'telegram', 'open311'])[n % 4 + 1], 's' || n, {AGO}, 'x', 1,
       CASE WHEN n <= 50 THEN 'stored' WHEN n <= 100 THEN 'triage' ELSE 'done' END, {AGO} FROM rows;
INSERT INTO intake.contact (id, channel, phone, email)
SELECT {ID.format('c')}, 5, '+90' || 5000000000 + n, 'n' || n || '@example.org' FROM rows;
INSERT INTO intake.contact_key SELECT 5, 'k' || n, {ID.format('c')} FROM rows;
INSERT INTO intake.draft (id, channel, contact_id, state, ended_as, first_at, next_at, application_id, reply_to, told, told_at)
SELECT {ID.format('d')}, 5, {ID.format('c')}, CASE WHEN n <= 50 THEN 'open' ELSE 'done' END,
       CASE WHEN n <= 50 THEN NULL WHEN n <= 100 THEN 'triage' ELSE 'application' END, {AGO}, {AGO},
       CASE WHEN n > 100 THEN {ID.format('a')} END, '{{}}', CASE WHEN n % 1000 = 101 THEN 'unknown' WHEN n <= 150 THEN 'no'
       ELSE 'sent' END, {AGO} FROM rows;
INSERT INTO intake.message (channel, external_id, inbound_id, contact_id, draft_id, sent_at, type, body)
SELECT 5, 'm' || n, n, {ID.format('c')}, {ID.format('d')}, {AGO}, 'text', 'x' FROM rows;
INSERT INTO intake.application (id, number, key_scope, key, body_hash, kind, channel, received_at, legal_basis, due_on, body,
       applicant_phone, applicant_email, national_id_hash, anonymous, hide_identity, language, prefers, call_id, inbound_id,
       registry_number, sender_institution)
SELECT {ID.format('a')}, 'N' || n, 'public', 'k' || n, sha256('x'), 1, n % 13 + 1, {AGO}, 1, current_date, 'x',
       '+90' || 5000000000 + n, 'n' || n || '@example.org', sha256(n::text::bytea), false, false, 'tr', 0, 'c' || n, n,
       'R' || n, 'İLÇE' FROM rows WHERE n > 100;
INSERT INTO intake.attachment (id, sha256, original_sha256, size, media_type, scope, state, created_at, application_id,
       message_channel, message_external_id)
SELECT {ID.format('f')}, sha256(n::text::bytea), sha256(n::text::bytea), 1, 'application/pdf', 'public',
       CASE WHEN n <= 20 THEN 'quarantine' ELSE 'clean' END, {AGO}, CASE WHEN n > 100 THEN {ID.format('a')} END,
       CASE WHEN n % 2 = 0 THEN 5 END, CASE WHEN n % 2 = 0 THEN 'm' || n END FROM rows;
INSERT INTO intake.media (channel, external_id, media_id, state, next_at, attachment_id)
SELECT 5, 'm' || n, 'x', CASE WHEN n <= 100 THEN 'wanted' WHEN n <= 200 THEN 'fetched' ELSE 'settled' END, {AGO}, {ID.format('f')}
  FROM rows;
INSERT INTO intake.open311_media (inbound_id, url, state, next_at, attachment_id)
SELECT n, 'x', CASE WHEN n BETWEEN 51 AND 150 THEN 'wanted' ELSE 'added' END, {AGO}, {ID.format('f')} FROM rows WHERE n > 50;
INSERT INTO intake.call (scope, call_id, inbound_id, caller, started_at, answered_by, missed, called_back_at)
SELECT 'a', 'c' || n, n, '+90' || 5000000000 + n / 2, {AGO}, CASE WHEN n % 2 = 0 THEN '101' END, n % 2 = 1,
       CASE WHEN n > 100 THEN {AGO} END FROM rows;
INSERT INTO intake.mailbox (name) VALUES ('basvuru');
INSERT INTO feed.event SELECT 'intake', n, {ID.format('e')}, {ID.format('a')}, 'application.received', {AGO}, 'x' FROM rows;
INSERT INTO reporting.public_request SELECT {ID.format('a')}, 'N' || n, 1, 3, n % 2 + 1, t.codes[n % cardinality(t.codes) + 1],
       'TEM', {AGO}, {AGO}, current_date, 'M' || n % 40, 368000000 + n, 303000000 + n
  FROM rows, (SELECT array_agg(code) AS codes FROM router.topic) AS t;
INSERT INTO reporting.history (application_id, version, at, event, visible, state, actor_type, actor_role, code)
SELECT {ID.format('a')}, v, {AGO}, 'case.accepted', true, 3, 1, 1, 0 FROM rows, generate_series(1, 3) AS v;
INSERT INTO reporting.application (application_id, number, kind, channel, received_at, received_on, due_on, body, version, state,
       department, changed_at, merged_into)
SELECT {ID.format('a')}, 'N' || n, 1, n % 13 + 1, {AGO}, current_date, current_date, 'x', 2, 3, 'TEM', {AGO},
       CASE WHEN n % 600 = 0 THEN 'N' || n / 60000 END FROM rows;
-- A storm of 5,000 at one spot within two days; the others all over the town and the years, one in ten without a point.
INSERT INTO reporting.likeness (application_id, received_at, topic, neighbourhood, streets, latitude_e7, longitude_e7, cell, hidden)
SELECT {ID.format('a')}, p.at, CASE WHEN p.storm THEN 'DIS-04' ELSE t.codes[n % cardinality(t.codes) + 1] END, 'm' || p.storm_or % 40,
       ARRAY['s' || p.storm_or % 300 || '.s'], p.latitude, p.longitude,
       (p.latitude + 900000000) / 13500 * 262144::bigint + (p.longitude + 1800000000) / 18200, false
  FROM rows, (SELECT array_agg(code) AS codes FROM router.topic) AS t,
       LATERAL (SELECT n BETWEEN 50001 AND 55000 AS storm, CASE WHEN n BETWEEN 50001 AND 55000 THEN 0 ELSE n END AS storm_or,
                       now() - CASE WHEN n BETWEEN 50001 AND 55000 THEN (n - 50000) * interval '30 seconds'
                                    ELSE n * interval '10 minutes' END AS at,
                       CASE WHEN n BETWEEN 50001 AND 55000 THEN {SPOT[0]} + n % 5000 WHEN n % 10 > 0 THEN 378000000 + (n * 7919::bigint % 1500000)::int
                        END AS latitude,
                       CASE WHEN n BETWEEN 50001 AND 55000 THEN {SPOT[1]} WHEN n % 10 > 0 THEN 324000000 + (n * 104729::bigint % 2000000)::int
                        END AS longitude) AS p;
INSERT INTO reporting.person_mark SELECT substr(sha256((n / 3)::text::bytea), 1, 16), {ID.format('a')} FROM rows;
INSERT INTO reporting.person_mark SELECT substr(sha256('x'), 1, 16), {ID.format('a')} FROM rows WHERE n % 10 = 1; -- a call centre
"""


def uuid(letter, number):
    """As FILL makes them, of row 50000 + number."""
    text = str(50000 + number).rjust(32, letter)
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def uuids(letter, *numbers):
    return "ARRAY[" + ", ".join(f"'{uuid(letter, n)}'" for n in numbers) + "]::uuid[]"


C, D, F, M, APP = uuids("c", 1, 2), uuids("d", 1, 2), uuids("f", 1, 2), "ARRAY['m50001', 'm50002']", uuids("a", 1, 2)
CHANNELS, IDS, PAIR = "ARRAY[5, 5]", "ARRAY[50001, 50002]", "ARRAY['x', 'y']"
NOTHING = "'{NULL,NULL}'"
ONE = f"'{uuid('a', 1)}'"
FILE = f"'{uuid('f', 1)}'"
NEW = "gen_random_uuid()"
HASH = "sha256('x')"
INSERTED = ["x"] * 29  # arrays of one, as applications_insert has them
for place, value in {1: NEW, 5: HASH, 6: "1", 7: "1", 8: "now()", 9: "1", 10: "current_date", 14: "NULL", 15: "NULL", 23: "NULL",
                     24: "NULL", 25: "false", 26: "false", 28: "0", 29: "false"}.items():
    INSERTED[place - 1] = value
INSERTED = ", ".join({"x": "ARRAY['x']", "NULL": "'{NULL}'"}.get(v, f"ARRAY[{v}]") for v in INSERTED)
STATEMENTS = {
    ("intake", "intake"): {
        "applications_insert": f"{INSERTED}, {', '.join(['NULL'] * 11)}, {uuids('b', 1)}, {uuids('b', 1)}, ARRAY[now()], "
                               "ARRAY['x']::bytea[]",
        "applications_by_key": "ARRAY['public', 'public'], ARRAY['k50001', 'k50002']",
        "applications_by_number": "ARRAY['N50001', 'N50002']",
        "applications_similar": f"'İLÇE', 'R50001', {ONE}, 5",
        "numbers_take": "2026, 10",
        "api_keys": "",
    },
    ("intake", "inbound"): {
        "inbound_insert": f"ARRAY['a', 'b'], {PAIR}, {NOTHING}, ARRAY['x', 'y']::bytea[], {NOTHING}, ARRAY[1, 1], "
                          "ARRAY['stored', 'stored'], ARRAY[NULL, NULL]",
        "inbound_by_source_id": "ARRAY['email/basvuru', 'whatsapp'], ARRAY['s50001', 's50000']",
        "channel_error_store": "'whatsapp', 'x'",
    },
    ("intake", "backlog"): {"sources_tell": "ARRAY['whatsapp']", "backlog_read": ""},
    ("intake", "digest"): {
        "inbound_claim": "20, 1000000, 60, false",
        "effects_lock": "",
        "inbound_finish": "ARRAY[1, 2], ARRAY[0, 0], ARRAY['done', 'done'], ARRAY['x', 'x'], 2",
        "inbound_extend": "ARRAY[1, 2], ARRAY[0, 0], 60",
        "inbound_fail": "1, 0, 5, 'x'",
        "inbound_postpone": "ARRAY[1, 2], ARRAY[0, 0], 10",
        "senders_store": f"{CHANNELS}, {uuids('b', 1, 2)}, {PAIR}, {PAIR}, {PAIR}, ARRAY[1, 2], "
                         "ARRAY['k50001', 'new'], ARRAY[0, 0], ARRAY[false, true]",
        "messages_store": f"{CHANNELS}, ARRAY['m50001', 'new'], {IDS}, ARRAY['k50001', 'k50002'], ARRAY[now(), now()], "
                          f"ARRAY['text', 'text'], {PAIR}, {PAIR}, {NOTHING}, {NOTHING}, {NOTHING}, {NOTHING}, {NOTHING}, "
                          f"ARRAY[false, false], ARRAY[0, 0], {NOTHING}",
        "messages_edit": f"{CHANNELS}, {M}, {IDS}, ARRAY[now(), now()], {PAIR}, {uuids('b', 1, 2)}, 'x'",
        "messages_delete": f"{CHANNELS}, {M}, {IDS}, ARRAY[now(), now()]",
        "drafts_grow": f"{CHANNELS}, {M}, {IDS}, {uuids('b', 1, 2)}, ARRAY[now(), now()], ARRAY[1000, 1000], ARRAY[false, true], "
                       f"{NOTHING}",
        "media_want": f"{CHANNELS}, {M}, {IDS}, ARRAY['y', 'y'], {PAIR}, {NOTHING}, {PAIR}",
        "attachments_add": f"{CHANNELS}, {M}, {IDS}, {uuids('b', 1, 2)}, ARRAY[{HASH}, {HASH}], ARRAY[{HASH}, {HASH}], "
                           f"ARRAY[1, 1], {PAIR}, {PAIR}, {PAIR}, ARRAY['clean', 'clean']",
        "told_settle": f"{D}, ARRAY['delivered', 'read']",
    },
    ("intake", "drafts"): {
        "drafts_claim": "20, 60, 600",
        "drafts_messages": D, "drafts_people": D, "drafts_files": D, "drafts_targets": f"{D}, 5",
        "drafts_finish": "ARRAY[lpad('1', 32, 'd'), lpad('2', 32, 'd')]::uuid[], ARRAY[0, 0], ARRAY['application', 'triage'], "
                         f"{APP}, ARRAY[NULL, 'x'], {F}",
        "drafts_release": f"{D}, ARRAY[0, 0], ARRAY[1, 1], ARRAY[true, false]",
    },
    ("intake", "told"): {
        "told_claim": "20, 60", "told_recover": "", "told_finish": f"{D}, ARRAY['sent', 'no'], {PAIR}, 60, 600",
    },
    ("intake", "media"): {
        "media_claim": "ARRAY[5], ARRAY[20], 60, 7",
        "media_fetched_store": f"5, 'm1', 'x', 0, {NEW}, {HASH}, {HASH}, 1, 'x', 'x', 'x', 'clean'",
        "media_ended": "5, 'm1', 'x', 0, 'failed', 'x', 0",
        "media_late_claim": "20, 60", "media_late_settle": f"5, 'm150', 'x', 0, {ONE}, 'x'",
        "media_backlog": "",
    },
    ("intake", "mailboxes"): {
        "mailbox_lease": "'basvuru', 60, 0", "mailbox_advance": "'basvuru', 0, 1, 1, 60", "mailbox_extend": "'basvuru', 0, 60",
        "mailbox_finish": "'basvuru', 0, NULL",
    },
    ("intake", "bounces"): {
        "bounces_append": f"ARRAY['N50001', 'N50002'], {uuids('b', 1, 2)}, ARRAY[now(), now()], ARRAY['x', 'y']::bytea[]",
    },
    ("intake", "calls"): {
        "calls_store": f"'a', 'x', 'y', 'x', 'c50001', '+905000000000', now(), NULL, NULL, true, NULL",
        "calls_find": "'c50001', NULL", "calls_missed": "NULL, NULL, NULL, 100", "calls_waiting": "", "calls_settle": "",
        "calls_called_back": "'c1', 'a', 'x'", "applicants_earlier": "'+905000050001', NULL, NULL, 10",
    },
    ("intake", "triage"): {
        "triage_list": "NULL, 0, 100", "triage_of_case": "'N50001', 0, 100", "triage_row": "50001, 100", "triage_files": "50001", "triage_messages": "50001",
        "triage_others": "'refused', NULL, 0, 100, 5000",
        "triage_look": "60, 'N50001', 'dismiss', NULL, NULL",
        "triage_decide": f"60, 'application', NULL, NULL, 'x', NULL, {NEW}, 5",
    },
    ("intake", "attachments"): {
        "attachments_room": "", "attachment_insert": f"{NEW}, {HASH}, {HASH}, 1, 'x', 'x', 'public', 'clean'",
        "attachments_by_id": f"{F}, 'public'",
        "attachments_bind": f"ARRAY[lpad('1', 32, 'f')]::uuid[], {uuids('a', 1)}",
        "attachments_claim": f"{F}, 'public', {ONE}, {NEW}",
        "attachments_release": f"{NEW}, {ONE}", "attachment_fetch": f"{FILE}, true, ''",
        "attachments_quarantined": "'2000-01-01', gen_random_uuid()", "attachments_judge": f"{HASH}, 'clean'",
        "attachments_waiting": "", "attachments_forget": "", "refused_forget": "",
        "files_unnamed": f"ARRAY[{HASH}, sha256('50001')]",
    },
    ("intake", "open311"): {
        "open311_topics": "", "open311_token": "'N50001'", "open311_recent": "'public', 'k50001', 1000000",
        "open311_media_want": "1, 'x'", "open311_media_claim": "60, ARRAY['x']",
        "open311_media_keep": f"60, 0, {NEW}, {HASH}, {HASH}, 1, 'x', 'clean', {ONE}",
        "open311_media_end": "60, 0, 'failed', 'x', 0", "open311_media_backlog": "",
    },
    ("reporting", "requests"): {
        "requests_insert": f"{uuids('b', 1, 2)}, {PAIR}, ARRAY[1, 1], ARRAY[3, 3], ARRAY[1, 1], {NOTHING}, {NOTHING}, "
                           f"ARRAY[now(), now()], ARRAY[now(), now()], ARRAY[now(), now()]::date[], {NOTHING}, {NOTHING}, "
                           f"{NOTHING}",
        "requests_move": f"{APP}, ARRAY[2, 2], ARRAY[3, 3], ARRAY[1, 1], {NOTHING}, {NOTHING}, ARRAY[now(), now()], "
                         "ARRAY[now(), now()]::date[]",
        "requests_erase": APP,
        "requests_received": "NULL, ARRAY[1, 2], '2000-01-01', now(), NULL, NULL, 0, 50, true",
        "requests_updated": "NULL, ARRAY[1, 2], '2000-01-01', now(), NULL, NULL, 0, 50, true, '2000-01-01', now()",
        "requests_named": "ARRAY['N50001', 'N50002'], true",
        "updates_between": "now() - interval '1 day', now(), NULL, 0, 50",
        "updates_named": "ARRAY['N50001', 'N50002']",
    },
    ("reporting", "likeness"): {
        "likeness_insert": f"{uuids('b', 1, 2)}, ARRAY[now(), now()], {PAIR}, {NOTHING}, {PAIR}, {NOTHING}, {NOTHING}, {NOTHING}, "
                           "ARRAY[false, false]",
        "likeness_move": f"{APP}, {PAIR}",
        "marks_insert": f"ARRAY[substr({HASH}, 1, 16), substr({HASH}, 1, 16)], {uuids('b', 1, 2)}",
        "likeness_erase": APP, "marks_erase": APP,
        "similar_base": "'N50001', 'FEN'",
        "similar_spot": f"{ONE}, 'DIS-04', {WINDOW}, {AROUND}, '', 1001",
        "similar_spot_others": f"{ONE}, 'DIS-04', {WINDOW}, {AROUND}, ''",
        "similar_since": f"{ONE}, 'DIS-04', {WINDOW}, {AROUND}",
        "similar_quarter": f"{ONE}, 'm0', 'DIS-04', {WINDOW}, 's0.s', false, '', 1001",
        "similar_quarter_others": f"{ONE}, 'm0', ARRAY['DIS-04', 'DIS-04', ''], {WINDOW}, false, ''",
        "similar_person": f"{ONE}, {WINDOW}, ''",
        "similar_named": "ARRAY['N50001', 'N50002'], ''",
        "incident_members": "'N1'",
    },
}


def statements(service, file):
    """name -> text of all in services/SERVICE/FILE.sql."""
    with open(os.path.join(kopru.TOP, "services", service, file + ".sql"), encoding="utf-8") as source:
        parts = re.split(r"^-- name: (\w+)$", source.read(), flags=re.M)
    return {name: text.strip().rstrip(";") for name, text in zip(parts[1::2], parts[2::2])}


def each(command):
    """The command for each statement, under its role."""
    for (service, file), named in STATEMENTS.items():
        yield from become(service)
        for name, arguments in named.items():
            yield from command(service, file, name, f"{name}({arguments})" if arguments else name)


def become(role):
    yield f"SET SESSION AUTHORIZATION {role};"
    for setting in S.rows(f"SELECT unnest(setconfig) FROM pg_db_role_setting WHERE setrole = '{role}'::regrole"):
        yield "SET {} = {};".format(*setting.split("=", 1))


def prepare(service, file, name, call):
    yield f"PREPARE {name} AS {statements(service, file)[name]};"
    yield f"EXPLAIN EXECUTE {call};"


def explain(_service, _file, name, call):
    yield "BEGIN;"
    yield f"\\echo @@{name}"
    yield f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE {call};"
    yield "\\echo @@"
    yield "ROLLBACK;"


def script():
    own = ("RESET SESSION AUTHORIZATION;", "RESET enable_seqscan;")
    tables = "intake|feed|reporting"
    yield (f"SELECT format('ALTER TABLE %s SET (autovacuum_enabled = off)', oid::regclass) FROM pg_class WHERE relkind = 'r' AND "
           f"relnamespace::regnamespace::text ~ '^({tables})$' \\gexec")
    yield "UPDATE router.topic SET open311 = true;"
    yield from each(prepare)
    yield from own
    yield f"SET session_replication_role = replica; CREATE TEMP TABLE rows AS SELECT n FROM generate_series(1, {ROWS}) AS n;"
    yield FILL + "RESET session_replication_role;"
    yield "\\echo ==empty"
    yield from each(explain)
    yield from own
    yield "ANALYZE;"  # without VACUUM, which makes reading by index cheaper
    yield "\\echo ==analysed"
    yield from each(explain)


def nodes(plan):
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


def rows_read(node):
    return node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0) +
                                   node.get("Rows Removed by Index Recheck", 0))


def too_much(plan):
    """What is wrong with the plan, in words."""
    for node in nodes(plan):
        if "Scan" in node["Node Type"] and rows_read(node) > ROWS_READ:
            yield f"{node['Node Type']} of {node.get('Relation Name', node.get('Index Name'))} reads {rows_read(node)} rows"
    blocks = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    if blocks > BLOCKS_READ:
        yield f"{blocks} blocks"
    if os.environ.get("SHOW"):
        print("#", max(rows_read(n) for n in nodes(plan)), blocks)


OUTPUT = {}


def all_are_planned():
    for service, file in STATEMENTS:
        assert set(statements(service, file)) == set(STATEMENTS[service, file]), f"{file}.sql has other statements than this test"
    done = subprocess.run([S.psql, "-X", "-q", "-A", "-t", "-d", S.conninfo("kopru")], input="\n".join(script()), text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=150, check=False)
    assert "ERROR" not in done.stdout, "\n".join(line for line in done.stdout.splitlines() if "ERROR" in line)
    for part in done.stdout.split("==")[1:]:
        when = part.split("\n", 1)[0]
        OUTPUT[when] = {name: json.loads(plan)[0]["Plan"] for name, plan in re.findall(r"^@@(\w+)\n(.*?)^@@$", part, re.M | re.S)}
    assert all(len(plans) == sum(map(len, STATEMENTS.values())) for plans in OUTPUT.values()), OUTPUT.keys()


def none_reads_a_table(when):
    wrong = [f"{name}: {word}" for name, plan in OUTPUT[when].items() for word in too_much(plan)]
    assert not wrong, "\n".join(wrong)


TAP.run("all_are_planned", all_are_planned)
for moment in ("empty", "analysed"):
    TAP.run("planned while " + moment, lambda: none_reads_a_table(moment))
S.close()
TAP.end()
