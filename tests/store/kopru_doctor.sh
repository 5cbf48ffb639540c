#!/usr/bin/env bash
# store: `kopru doctor`: a system that is well, and each thing that can be wrong with a database, made wrong on purpose and
# put right again. limit: 180 s
. "$(dirname "$0")/../harness/shell.sh"
cd "$top" || exit 1

database_new
{ "$kopru" migrate && "$kopru" demo deploy/data/topics.csv deploy/data/holidays_tr_2020_2030.csv; } >/dev/null || exit 1
name=$(sed -E 's/.*dbname=([^ ]+).*/\1/' <<<"$KOPRU_DATABASE")

well() { "$kopru" doctor "$@"; }
# ill NAME TEXT SQL CURE: after SQL the doctor says TEXT and ends with 1, after CURE all is well.
ill() {
	sql "$3" >/dev/null || echo "# $1: cannot be made"
	check "$1" refused 1 "$2" "$kopru" doctor --age 30
	sql "$4" >/dev/null || echo "# $1: cannot be put right"
	check "$1, put right" well
}

check 'a new system is well' says ' 0 wrong' well
check 'as JSON' json_of 'd["well"] is True and "holidays" in d["checks"] and len(d["checks"]) >= 15' "$kopru" doctor --json
check 'services that it is not told of are a note' says 'KOPRU_SERVICES is not set' well
check 'a service that is not there' refused 1 "intake does not answer at unix:$folder/none.sock" \
	env "KOPRU_SERVICES=intake=unix:$folder/none.sock" "$kopru" doctor
check 'a service named wrongly' refused 1 'is no NAME=PLACE' env KOPRU_SERVICES=intake "$kopru" doctor
check 'a state folder that is not there' says "cannot look at $folder/none" env "KOPRU_STATE=$folder/none" "$kopru" doctor
check 'no database' refused 1 'WRONG  database: cannot connect' env KOPRU_DATABASE="host=$folder user=x dbname=y" "$kopru" doctor
check 'no database, as JSON' json_of 'd["well"] is False and d["findings"][0]["check"] == "database" and d["findings"][0]["run"]' \
	env KOPRU_DATABASE="host=$folder user=x dbname=y" "$kopru" doctor --json
sql 'CREATE FUNCTION public.pg_is_in_recovery() RETURNS bool LANGUAGE sql AS $$ SELECT pg_sleep(60) IS NULL $$' >/dev/null
sql "ALTER DATABASE \"$name\" SET search_path = public, pg_catalog" >/dev/null
place=$(sed -E 's/.*host=([^ ]+).*/\1/' <<<"$KOPRU_DATABASE")
check 'servers that are connected to and say nothing' refused 1 'is a standby, or does not answer' \
	timeout 20 env "KOPRU_DATABASE=$KOPRU_DATABASE host=$place,$place" "$kopru" doctor
sql "ALTER DATABASE \"$name\" RESET search_path; DROP FUNCTION public.pg_is_in_recovery()" >/dev/null
check 'a database that holds nothing' refused 1 'holds nothing of Köprü' env KOPRU_DATABASE="$KOPRU_TEST_PG" "$kopru" doctor
check 'no setting' refused 1 'KOPRU_DATABASE is not set' env -u KOPRU_DATABASE "$kopru" doctor
check 'a folder that is not there' says 'cannot read the folder' "$kopru" doctor --folder "$folder/none"
check 'a bad age' refused 2 '--age is "soon"' "$kopru" doctor --age soon
check 'an argument too many' refused 2 'Usage:' "$kopru" doctor now
check 'help' says 'Usage: kopru doctor' "$kopru" doctor --help

last=$(basename "$(ls deploy/migrations/*.sql | tail -n 1)")
ill 'a migration is missing' "1 migrations are missing, from $last on" \
	'CREATE TABLE public.kept AS SELECT * FROM kopru.migration; DELETE FROM kopru.migration WHERE number = (SELECT max(number) FROM public.kept)' \
	'INSERT INTO kopru.migration SELECT * FROM public.kept ON CONFLICT DO NOTHING; DROP TABLE public.kept'
ill 'a migration was changed' '"0002_kopru.sql" was changed after it was applied' \
	"CREATE TABLE public.kept AS SELECT * FROM kopru.migration; UPDATE kopru.migration SET checksum = repeat('0', 64) WHERE number = 2" \
	'UPDATE kopru.migration m SET checksum = k.checksum FROM public.kept k WHERE k.number = m.number; DROP TABLE public.kept'
clock="CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS \$\$ SELECT pg_catalog.clock_timestamp()"
ill 'their clock is ahead' 'the clock of the database is 3600.0 s ahead of ours' \
	"$clock + interval '1 hour' \$\$; ALTER DATABASE \"$name\" SET search_path = public, pg_catalog" \
	"ALTER DATABASE \"$name\" RESET search_path; DROP FUNCTION public.clock_timestamp()"
ill 'their clock is behind' 's behind ours' \
	"$clock - interval '1 hour' \$\$; ALTER DATABASE \"$name\" SET search_path = public, pg_catalog" \
	"ALTER DATABASE \"$name\" RESET search_path; DROP FUNCTION public.clock_timestamp()"
check 'a disk without room' refused 1 'the disk of /proc has 0.0 GiB free' env KOPRU_STATE=/proc "$kopru" doctor
ill 'commits do not wait for the disk' 'synchronous_commit is off' \
	"ALTER DATABASE \"$name\" SET synchronous_commit = off" "ALTER DATABASE \"$name\" RESET synchronous_commit"
ill 'nor those of one role' 'synchronous_commit is off for router' \
	"ALTER ROLE router IN DATABASE \"$name\" SET synchronous_commit = off" \
	"ALTER ROLE router IN DATABASE \"$name\" RESET synchronous_commit"
ill 'a right is missing' 'notifier may not INSERT notifier.notice' \
	'REVOKE INSERT ON notifier.notice FROM notifier' 'GRANT INSERT ON notifier.notice TO notifier'
ill 'a function may not be called' 'router may not EXECUTE feed.append' \
	'REVOKE EXECUTE ON FUNCTION feed.append(text[], uuid[], uuid[], text[], timestamptz[], bytea[]) FROM router' \
	'GRANT EXECUTE ON FUNCTION feed.append(text[], uuid[], uuid[], text[], timestamptz[], bytea[]) TO router'
ill 'a right that nobody gave' 'router may INSERT, UPDATE feed.event' \
	'GRANT INSERT, UPDATE ON feed.event TO router' 'REVOKE INSERT, UPDATE ON feed.event FROM router'
ill 'a cursor is missing' 'reporting has no cursor on "case"' \
	"DELETE FROM feed.cursor WHERE consumer = 'reporting' AND stream = 'case'" \
	"INSERT INTO feed.cursor (consumer, stream) VALUES ('reporting', 'case')"
event="INSERT INTO feed.event SELECT 'case', i, gen_random_uuid(), gen_random_uuid(), 'application.routed', now() - interval '10 minutes', '\\x00'
       FROM generate_series(1, 3) i; UPDATE feed.cursor SET seq = 3, event_id = (SELECT event_id FROM feed.event WHERE seq = 3)
       WHERE stream = 'case'"
sql "$event"
ill 'a consumer is behind' 'notifier is 2 events behind on "case", and the oldest waits for 6' \
	"UPDATE feed.cursor SET seq = 1, event_id = (SELECT event_id FROM feed.event WHERE seq = 1) WHERE consumer = 'notifier' AND stream = 'case'" \
	"UPDATE feed.cursor SET seq = 3, event_id = (SELECT event_id FROM feed.event WHERE seq = 3) WHERE consumer = 'notifier' AND stream = 'case'"
check 'what is not old yet does not count' well --age 86400
ill 'a cursor is beyond the stream' 'the cursor of reporting on "case" stands at 9, where the stream has no event' \
	"UPDATE feed.cursor SET seq = 9 WHERE consumer = 'reporting' AND stream = 'case'" \
	"UPDATE feed.cursor SET seq = 3 WHERE consumer = 'reporting' AND stream = 'case'"
ill 'a cursor stands at another event' 'where the stream has another event' \
	"UPDATE feed.cursor SET event_id = gen_random_uuid() WHERE consumer = 'reporting' AND stream = 'case'" \
	"UPDATE feed.cursor SET event_id = (SELECT event_id FROM feed.event WHERE seq = 3) WHERE consumer = 'reporting' AND stream = 'case'"
ill 'events are parked' 'router parked 1 events of 1 applications' \
	"INSERT INTO feed.parked VALUES ('router', 'intake', 1, gen_random_uuid(), gen_random_uuid(), 'x', '\\x00')" 'DELETE FROM feed.parked'
ill 'a department without a stream' 'department TEM has no stream' "DELETE FROM feed.stream WHERE name = 'department/TEM'" \
	"INSERT INTO feed.stream VALUES ('department/TEM', 'router')"
ill 'a department that ended, but has topics' 'points to department TEM, which has ended' \
	"UPDATE router.department SET valid_to = current_date WHERE code = 'TEM'" \
	"UPDATE router.department SET valid_to = NULL WHERE code = 'TEM'"
ill 'no desk' 'there is no desk' "UPDATE router.department SET valid_to = current_date WHERE code = 'HM'" \
	"UPDATE router.department SET valid_to = NULL WHERE code = 'HM'"
ill 'no topics' 'there are no topics' "UPDATE router.topic SET valid_to = current_date" "UPDATE router.topic SET valid_to = NULL"
ill 'holidays end too soon' 'holidays are known until' \
	"CREATE TABLE public.kept AS SELECT * FROM router.holiday; DELETE FROM router.holiday WHERE day > make_date(extract(year FROM current_date - 300)::int, 12, 31)" \
	'INSERT INTO router.holiday SELECT * FROM public.kept ON CONFLICT DO NOTHING; DROP TABLE public.kept'
ill 'deadlines do not move' 'and not all deadlines have moved' \
	"UPDATE router.calendar SET recomputed_at = NULL, made_at = now() - interval '1 hour' WHERE version = 1" \
	'UPDATE router.calendar SET recomputed_at = now() WHERE version = 1'
notice="INSERT INTO notifier.notice (id, event_id, application_id, number, person, channel, template, language, address, fields,
	state, next_at) VALUES (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'HM-2026-0000001-9', 'applicant', 'email', 'received', 'tr',
	'deneme@example.org', '{}',"
ill 'notices were given up' '1 notices were given up' "$notice 'failed', now())" 'DELETE FROM notifier.notice'
ill 'notices are unknown' 'of 1 notices nobody knows' "$notice 'unknown', now())" 'DELETE FROM notifier.notice'
ill 'notices are late' '1 notices are late, the oldest for 01:00' "$notice 'pending', now() - interval '1 hour')" \
	'DELETE FROM notifier.notice'
ill 'numbers run out' '9900001 of 10000000 application numbers of 2026 are taken' \
	"INSERT INTO intake.number_year VALUES (2026, 9900002)" 'DELETE FROM intake.number_year'
one="INSERT INTO router.case (application_id, number, version, state, department, triage, received_at, due_on, intake_seq, with_arbiter, arbiter_due_on)
     VALUES ('0196f000-0000-7000-8000-000000000001', 'HM-2026-0000001-9', 2, 4, 'TEM', false, now(), current_date, 1, true, current_date - 3)"
question="$one; INSERT INTO router.question VALUES ('0196f000-0000-7000-8000-000000000001', 'x',"
ill 'questions do not expire' '1 questions to citizens should have expired' "$question current_date - 3, NULL)" \
	'DELETE FROM router.question; DELETE FROM router.case'
ill 'nobody is reminded' '1 citizens should have been reminded' "$question current_date + 3, current_date - 3)" \
	'DELETE FROM router.question; DELETE FROM router.case'
sql "$one" >/dev/null
check 'an arbiter who is late is a note' says '1 cases wait for the arbiter beyond his day' well
sql 'DELETE FROM router.case' >/dev/null
sql "INSERT INTO intake.call (scope, call_id, caller, started_at, missed) VALUES ('a', '1', '+905000000000', now() - interval '4 days', true)"
check 'a caller whom nobody calls back is a note' says '1 callers wait to be called back, the first since' well
sql 'DELETE FROM intake.call' >/dev/null
# What comes in. A secret that is wrong is no arrival, and what is taken after it is the end of the trouble.
channel() { json_of "$1" "$kopru" channels --json; } # EXPRESSION of the only source; of the answer when all is well
ill_channel() {
	"$kopru" channels --json 2>/dev/null | python3 -c "import json, sys; d, = json.load(sys.stdin); assert $1, d"
}
refusal="INSERT INTO intake.inbound (source, source_id, raw, state, received_at, verdict) VALUES ('whatsapp', gen_random_uuid(), '', "
sql "INSERT INTO intake.source VALUES ('whatsapp'); $refusal 'done', now() - interval '3 hours', 'read')" >/dev/null
check 'a channel that is well' channel 'd[0]["state"] == "well" and d[0]["refused_last_hour"] == 0'
ill 'a secret is wrong' 'over whatsapp 1 arrivals were refused and none was taken since: the signature is wrong' \
	"$refusal 'refused', now() - interval '2 hours', 'the signature is wrong')" "$refusal 'done', now() - interval '30 minutes', 'read')"
check 'what was refused before is over' channel 'd[0]["state"] == "well"'
sql "$refusal 'refused', now(), 'the signature is missing')" >/dev/null
check 'who shows no secret at all is a note' says 'none was taken since: the signature is missing' well
check 'a refusal is no arrival' ill_channel \
	'd["state"] == "refused" and d["refused_last_hour"] == 1 and d["last_at"] < __import__("datetime").datetime.now(
		__import__("zoneinfo").ZoneInfo("Europe/Istanbul")).isoformat()[:17]'
sql "DELETE FROM intake.inbound; DELETE FROM intake.source; INSERT INTO intake.source VALUES ('email/a', now() - interval '1 hour')" >/dev/null
check 'a mailbox that nobody ever looked into' ill_channel 'd["state"] == "error" and d["error"] == "nobody looks into it"'
sql "INSERT INTO intake.mailbox (name, looked_at, error_at) VALUES ('a', now(), now() - interval '1 day')" >/dev/null
check 'an error that is over has no time' channel 'd[0]["state"] == "well" and d[0]["error"] is None and d[0]["error_at"] is None'
ill 'nobody looks into a mailbox' 'nobody has looked into mailbox "a" since' \
	"UPDATE intake.mailbox SET looked_at = now() - interval '11 minutes'" "UPDATE intake.mailbox SET leased_until = now() + interval '1 minute'"
sql 'DELETE FROM intake.mailbox; DELETE FROM intake.source' >/dev/null
sql "INSERT INTO feed.peer VALUES (repeat('a', 40), 'department/TEM', now(), NULL), (repeat('b', 40), 'department/TEM', now(), NULL)"
check 'two keys are a note' says 'department/TEM has 2 valid keys' well
sql "UPDATE feed.peer SET revoked_at = now()"
check 'no valid key as well' says 'all keys of department/TEM are revoked' well

# A session that holds a transaction open, and one that waits for it.
mkfifo "$folder/first" "$folder/second"
"$psql" -X -q -d "$KOPRU_DATABASE" <"$folder/first" >/dev/null 2>&1 &
exec 3>"$folder/first"
"$psql" -X -q -d "$KOPRU_DATABASE" <"$folder/second" 3>&- >/dev/null 2>&1 &
exec 4>"$folder/second"
echo "BEGIN; LOCK TABLE router.holiday IN SHARE MODE;" >&3
until_it_says() {
	for _ in $(seq 100); do
		"$kopru" doctor --age 1 >"$folder/out" 2>&1
		grep -qF -- "$1" "$folder/out" && return 0
		sleep 0.1
	done
	cat "$folder/out"
	return 1
}
check 'a frozen session' until_it_says 'holds a transaction open and does nothing'
echo "BEGIN; LOCK TABLE router.holiday IN EXCLUSIVE MODE;" >&4
check 'a session that waits for it' until_it_says 'waits for a lock since'
exec 3>&- 4>&-
wait
check 'and all is well again' well
check 'as another role it says what it cannot see' refused 1 'permission denied' \
	env KOPRU_DATABASE="${KOPRU_DATABASE/user=kopru/user=reporting}" "$kopru" doctor

finish_tests
