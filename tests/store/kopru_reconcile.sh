#!/usr/bin/env bash
# store: `kopru reconcile` (I-01, I-05, I-06, I-07): twenty applications that add up, and each way in which they may not.
# limit: 180 s
. "$(dirname "$0")/../harness/shell.sh"
cd "$top" || exit 1

database_new
{ "$kopru" migrate && "$kopru" demo deploy/data/topics.csv deploy/data/holidays_tr_2020_2030.csv; } >/dev/null || exit 1
check 'nothing adds up to nothing' json_of 'd["accepted"] == 0 and d["exceptions"] == []' "$kopru" reconcile --json

# Packed as the services pack: id, application, number, version.
sql "
CREATE FUNCTION public.packed(id uuid, application uuid, number text, version int) RETURNS bytea LANGUAGE sql AS \$\$
	SELECT '\\x0a10'::bytea || uuid_send(id) || '\\x1210'::bytea || uuid_send(application) || '\\x1a'::bytea
	       || set_byte('\\x00'::bytea, 0, length(number)) || convert_to(number, 'UTF8') || '\\x20'::bytea
	       || CASE WHEN version < 128 THEN set_byte('\\x00'::bytea, 0, version)
	               ELSE set_byte(set_byte('\\x0000'::bytea, 0, version & 127 | 128), 1, version >> 7) END || '\\x2801'::bytea \$\$;
CREATE TABLE public.a AS
SELECT i, gen_random_uuid() AS id, gen_random_uuid() AS e1, gen_random_uuid() AS e2, gen_random_uuid() AS e3,
       'HM-2026-' || lpad(i::text, 7, '0') || '-1' AS number, (ARRAY['TEM', 'HM'])[i % 2 + 1] AS department
  FROM generate_series(1, 20) AS i;" || exit 1
fill() {
	sql "
TRUNCATE feed.event, feed.parked, feed.erasure, intake.application, router.case, router.decision, notifier.notice CASCADE;
INSERT INTO intake.application (id, number, body_hash, kind, channel, received_at, legal_basis, due_on, body, anonymous,
	hide_identity, language, prefers)
SELECT id, number, sha256(number::bytea), 1, 1, now(), 1, current_date, 'x', true, false, 'tr', 1 FROM a;
INSERT INTO feed.event SELECT 'intake', i, e1, id, 'application.received', now(), packed(e1, id, number, 1) FROM a;
INSERT INTO feed.event SELECT 'case', i, e2, id, 'application.routed', now(), packed(e2, id, number, 2) FROM a;
INSERT INTO feed.event SELECT 'case', 20 + i, e3, id, 'case.accepted', now(), packed(e3, id, number, 3) FROM a;
INSERT INTO feed.event
SELECT 'department/' || department, row_number() OVER (PARTITION BY department ORDER BY v, i), e, id, k, now(), packed(e, id, number, v)
  FROM (SELECT i, id, number, department, e2 AS e, 2 AS v, 'application.routed' AS k FROM a UNION ALL
        SELECT i, id, number, department, e3, 3, 'case.accepted' FROM a) AS x;
INSERT INTO router.case (application_id, number, version, state, department, triage, received_at, due_on, intake_seq)
SELECT id, number, 3, 2, department, false, now(), current_date, i FROM a;
INSERT INTO router.decision SELECT e1, id, department, NULL, '[]' FROM a;
INSERT INTO notifier.notice (id, event_id, application_id, number, person, channel, template, language, fields, state, reason)
SELECT gen_random_uuid(), e2, id, number, 'applicant', 'none', 'received', 'tr', '{}', 'none', 'nobody to tell' FROM a;
UPDATE feed.cursor SET seq = 20, event_id = (SELECT e1 FROM a WHERE i = 20) WHERE stream = 'intake';
UPDATE feed.cursor SET seq = 40, event_id = (SELECT e3 FROM a WHERE i = 20) WHERE stream = 'case'" || exit 1
}
fill

fine='all(d[k] == 20 for k in ("accepted", "stored", "routed", "delivered_events", "noticed")) and all(d[k] == 0 for k in ("waiting", "parked", "lost", "duplicated", "misordered", "strangers", "gaps")) and d["exceptions"] == []'
check 'twenty that add up' json_of "$fine" "$kopru" reconcile --json
check 'as a table' says 'applications that intake answered for' "$kopru" reconcile
sql 'DELETE FROM router.case WHERE intake_seq = 3'
check 'exceptions as a table' refused 1 'HM-2026-0000003-1  0 cases' "$kopru" reconcile
fill
check 'it changes nothing' is 0 "SELECT count(*) FROM pg_class WHERE relname LIKE 'reconcile%'"

# ends CODE TEST COMMAND...: with that code, and what it prints is JSON (d) for which that Python expression holds.
ends() {
	local code=$1 test=$2 got
	shift 2
	"$@" >"$folder/json" 2>"$folder/err"
	got=$?
	echo "exit code $got"
	cat "$folder/json" "$folder/err"
	[ $got -eq "$code" ] && json "$test" <"$folder/json"
}

# defect NAME CODE PYTHON SQL: what is wrong after that, and all is put right again.
defect() {
	sql "$4" >/dev/null || echo "# $1: cannot be made"
	check "$1" ends "$2" "$3" "$kopru" reconcile --json
	fill
}
seven='HM-2026-0000007-1'
of() { echo "(SELECT $1 FROM a WHERE i = 7)"; }

defect 'a received event is gone' 1 \
	"d['lost'] == 1 and d['gaps'] == 1 and d['stored'] == 19 and {'number': '$seven', 'what': '0 received events'} in d['exceptions']" \
	"DELETE FROM feed.event WHERE event_id = $(of e1)"
defect 'a decision is gone' 1 "d['lost'] == 1 and d['exceptions'] == [{'number': '$seven', 'what': '0 routing decisions'}]" \
	"DELETE FROM router.decision WHERE application_id = $(of id)"
defect 'a case is gone' 1 "d['lost'] == 1 and d['exceptions'] == [{'number': '$seven', 'what': '0 cases'}]" \
	"DELETE FROM router.case WHERE application_id = $(of id)"
defect 'it was never routed, and its event is behind the cursor' 1 "d['lost'] == 1 and d['routed'] == 19 and d['waiting'] == 0" \
	"DELETE FROM router.case WHERE application_id = $(of id); DELETE FROM router.decision WHERE application_id = $(of id);
	 DELETE FROM feed.event WHERE application_id = $(of id) AND stream <> 'intake'"
defect 'it is not routed yet' 0 "d['waiting'] == 20 and d['lost'] == 0 and d['stored'] == 20 and d['routed'] == 0" \
	"DELETE FROM feed.event WHERE stream <> 'intake'; DELETE FROM router.case; DELETE FROM router.decision;
	 DELETE FROM notifier.notice; UPDATE feed.cursor SET seq = 0, event_id = NULL"
defect 'an event is parked' 0 "d['parked'] == 1 and d['lost'] == 0 and d['routed'] == 19" \
	"DELETE FROM router.decision WHERE application_id = $(of id);
	 INSERT INTO feed.parked SELECT 'router', 'intake', 7, e1, id, 'x', '\\x00' FROM a WHERE i = 7"
defect 'a department never got it' 1 \
	"d['lost'] == 1 and d['delivered_events'] == 19 and d['gaps'] > 0 and any('0 first events' in x['what'] for x in d['exceptions'])" \
	"DELETE FROM feed.event WHERE application_id = $(of id) AND stream LIKE 'department/%' AND event_id = $(of e2)"
defect 'nobody was told, and nothing says why' 1 "d['lost'] == 1 and d['noticed'] == 19 and 'no notice' in d['exceptions'][0]['what']" \
	"DELETE FROM notifier.notice WHERE application_id = $(of id)"
defect 'nobody was told yet' 0 "d['waiting'] == 20 and d['lost'] == 0 and d['noticed'] == 0" \
	"DELETE FROM notifier.notice; UPDATE feed.cursor SET seq = 0, event_id = NULL WHERE consumer = 'notifier'"
defect 'routed twice' 1 "d['duplicated'] == 1 and '2 routed events' in str(d['exceptions']) and d['misordered'] == 1" \
	"INSERT INTO feed.event SELECT 'case', 41, gen_random_uuid(), id, 'application.routed', now(), packed(e2, id, number, 2) FROM a WHERE i = 7"
defect 'decided twice' 1 "d['duplicated'] == 1 and d['exceptions'] == [{'number': '$seven', 'what': '2 routing decisions'}]" \
	"INSERT INTO router.decision SELECT gen_random_uuid(), id, department, NULL, '[]' FROM a WHERE i = 7"
defect 'received twice' 1 "d['duplicated'] == 1 and d['stored'] == 19" \
	"INSERT INTO feed.event SELECT 'intake', 21, gen_random_uuid(), id, 'application.received', now(), packed(e1, id, number, 1) FROM a WHERE i = 7"
defect 'versions that changed places' 1 "d['misordered'] == 1 and d['lost'] == 0 and '$seven' in str(d['exceptions'])" \
	"UPDATE feed.event SET seq = 100 WHERE stream = 'case' AND seq = 7; UPDATE feed.event SET seq = 7 WHERE stream = 'case' AND seq = 27;
	 UPDATE feed.event SET seq = 27 WHERE stream = 'case' AND seq = 100"
defect 'a version that is left out' 1 "d['misordered'] == 1" \
	"UPDATE feed.event SET payload = (SELECT packed(e3, id, number, 4) FROM a WHERE i = 7) WHERE stream = 'case' AND event_id = $(of e3)"
defect 'a department may miss some, in order' 0 "$fine" \
	"UPDATE feed.event SET payload = (SELECT packed(e3, id, number, 300) FROM a WHERE i = 7)
	  WHERE stream LIKE 'department/%' AND event_id = $(of e3)"
defect 'a department gets them out of order' 1 "d['misordered'] == 1" \
	"UPDATE feed.event SET payload = (SELECT packed(e3, id, number, 1) FROM a WHERE i = 7)
	  WHERE stream LIKE 'department/%' AND event_id = $(of e3)"
defect 'bytes that are no event' 1 "d['misordered'] == 1" "UPDATE feed.event SET payload = '\\xdeadbeef' WHERE stream = 'case' AND seq = 27"
bounced="'\\x0a10'::bytea || uuid_send(e3) || '\\x1210'::bytea || uuid_send(id) || '\\x1a'::bytea || set_byte('\\x00'::bytea, 0, length(number))
	 || convert_to(number, 'UTF8') || '\\x2801ba0200'::bytea"
bounce() {
	echo "INSERT INTO feed.event SELECT 'bounce', i - $1, gen_random_uuid(), id, 'notice.returned', now(), $bounced FROM a WHERE i BETWEEN 7 AND 9"
}
defect 'letters that came back are no versions' 0 "$fine" "$(bounce 6)"
defect 'but none of them may be missing' 1 "d['gaps'] == 1 and d['misordered'] == 0 and any('bounce' in x['number'] for x in d['exceptions'])" \
	"$(bounce 5)"
defect 'a gap' 1 "d['gaps'] == 1 and any(x['number'] == 'stream \"case\"' for x in d['exceptions'])" \
	"UPDATE feed.event SET seq = 41 WHERE stream = 'case' AND seq = 40"
defect 'a trace of what was never accepted' 1 "d['strangers'] == 1 and d['accepted'] == 19" \
	"DELETE FROM intake.application WHERE id = $(of id)"
defect 'erased before it was decided on' 0 "d['lost'] == 0 and d['waiting'] == 0 and d['routed'] == 19" \
	"SELECT feed.erase('intake', 20, (SELECT packed(e1, id, number, 1) FROM a WHERE i = 20), 'x');
	 DELETE FROM router.decision WHERE application_id = (SELECT id FROM a WHERE i = 20);
	 DELETE FROM router.case WHERE application_id = (SELECT id FROM a WHERE i = 20)"

erased="'\\x0a10'::bytea || uuid_send(e2) || '\\x1210'::bytea || uuid_send(id) || '\\x62030a0178'::bytea"
defect 'erased with nothing left but its ids' 0 "$fine" \
	"SELECT feed.erase('case', 7, (SELECT $erased FROM a WHERE i = 7), 'x');
	 SELECT feed.erase(e.stream, e.seq, (SELECT $erased FROM a WHERE i = 7), 'x') FROM feed.event AS e
	  WHERE e.stream LIKE 'department/%' AND e.event_id = $(of e2)"
defect 'and doubled' 1 "d['misordered'] == 1" \
	"SELECT feed.erase('case', 7, (SELECT $erased FROM a WHERE i = 7), 'x');
	 INSERT INTO feed.event SELECT 'case', 41, gen_random_uuid(), id, 'case.accepted', now(), packed(e2, id, number, 2) FROM a WHERE i = 7"

check 'a bad limit' refused 2 '--limit is "-1"' "$kopru" reconcile --limit -1
check 'an argument too many' refused 2 'Usage:' "$kopru" reconcile all
check 'help' says 'Usage: kopru reconcile' "$kopru" reconcile --help
check 'no database' refused 1 'cannot connect' env KOPRU_DATABASE="host=$folder user=x dbname=y" "$kopru" reconcile

finish_tests
