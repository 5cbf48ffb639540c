#!/usr/bin/env bash
# store: `kopru migrate` from nothing, twice, twice at once, and what it refuses; `kopru demo` and the operator's other
# commands on a scratch database. limit: 180 s
. "$(dirname "$0")/../harness/shell.sh"
cd "$top" || exit 1
all=$(ls deploy/migrations/*.sql | wc -l)
last=$(printf '%04d' "$all")

# -- migrate
database_new
check 'migrate fills an empty database' says "$all applied, the database is at $last" "$kopru" migrate
check 'every file is recorded' is "$all" 'SELECT count(*) FROM kopru.migration'
check 'with its SHA-256' is "$(sha256sum deploy/migrations/0001_*.sql | cut -d' ' -f1)" \
	'SELECT checksum FROM kopru.migration WHERE number = 1'
check 'a second run does nothing' says "nothing to do, the database is at $last" "$kopru" migrate

# -- passwords: the roles' own, and only their SCRAM verifiers reach the server
printf '*:*:*:notifier:first-of-notifier\n*:*:*:reporting:its-own-one\n' >"$folder/roles" && chmod 600 "$folder/roles"
check 'passwords sets those of a password file' says '2 roles log in' "$kopru" passwords "$folder/roles"
check 'as SCRAM verifiers' is 2 "SELECT count(*) FROM pg_authid WHERE rolname IN ('notifier', 'reporting')
	AND rolpassword LIKE 'SCRAM-SHA-256\$4096:%'"
chmod 644 "$folder/roles"
check 'a file that others may read is refused' refused 1 'closed to others' "$kopru" passwords "$folder/roles"
printf '*:*:*:nobody-knows:some-password\n' >"$folder/roles" && chmod 600 "$folder/roles"
check 'a role that is not there is named' refused 1 'role "nobody-knows"' "$kopru" passwords "$folder/roles"
printf 'host:port:password-without-role\n' >"$folder/roles"
check 'a line that is none is named' refused 1 'line 1 is not host:port:database:role:password' "$kopru" passwords "$folder/roles"
sql "ALTER ROLE notifier PASSWORD NULL; ALTER ROLE reporting PASSWORD NULL"

database_new
at_once() {
	local pids=() rc=0
	for i in 1 2 3 4; do
		"$kopru" migrate >"$folder/at_once.$i" 2>&1 &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || rc=1
	done
	cat "$folder"/at_once.*
	[ $rc -eq 0 ] && [ "$(cat "$folder"/at_once.* | grep -c ' applied$')" -eq "$all" ]
}
check 'four at once apply each file once' at_once
check 'and record each once' is "$all" 'SELECT count(*) FROM kopru.migration'

two_databases() {
	local rc=0 first
	database_new
	"$kopru" migrate >"$folder/two.1" 2>&1 &
	first=$!
	database_new
	"$kopru" migrate >"$folder/two.2" 2>&1 || rc=1
	wait $first || rc=1
	cat "$folder"/two.*
	return $rc
}
check 'two databases of one cluster at once share the roles' two_databases

# What a database of the first version holds must survive the rest.
database_new
mkdir "$folder/old"
cp deploy/migrations/000[1-8]_*.sql "$folder/old"
check 'the first version' says '8 applied' "$kopru" migrate --folder "$folder/old"
sql "INSERT INTO auth.api_key (id, name, secret_hash, rights)
	VALUES ('old000000001', 'old', decode(repeat('00', 32), 'hex'), '{applications,reports}');
	INSERT INTO intake.application (id, number, body_hash, kind, channel, received_at, legal_basis, due_on, body, anonymous,
		hide_identity, language, prefers)
	VALUES ('00000000-0000-7000-8000-000000000001', 'HM-2026-0000001-9', decode(repeat('00', 32), 'hex'), 1, 12, now(), 1, '2026-12-01', 'x',
		false, false, 'tr', 0);
	INSERT INTO router.department (code, name_tr, name_en) VALUES ('HM', 'Hizmet', 'Desk');
	INSERT INTO router.case (application_id, number, version, state, department, triage, received_at, due_on, intake_seq)
	VALUES ('00000000-0000-7000-8000-000000000001', 'HM-2026-0000001-9', 2, 1, 'HM', true, now(), '2026-12-01', 1),
		('00000000-0000-7000-8000-000000000002', 'HM-2026-0000002-9', 2, 1, 'HM', true, now(), '2026-12-01', 2);
	INSERT INTO feed.event (stream, seq, event_id, application_id, kind, at, payload)
	VALUES ('case', 1, gen_random_uuid(), '00000000-0000-7000-8000-000000000002', 'application.routed', now(), '\\x00'),
		('case', 2, gen_random_uuid(), '00000000-0000-7000-8000-000000000001', 'erased', now(), '\\x00')"
check 'with data is brought up to date' says "the database is at $last" "$kopru" migrate
check 'cases know where their routing stands' is '2,1' \
	"SELECT string_agg(routed_seq::text, ',' ORDER BY intake_seq) FROM router.case"
check 'and keeps it' is 'old|f' "SELECT k.name, a.email_verified FROM auth.api_key k, intake.application a"

cp -r deploy/migrations "$folder/m"
migrate() { "$kopru" migrate --folder "$folder/m"; }
next=$(printf '%04d' $((all + 1)))
after=$(printf '%04d' $((all + 2)))
database_new
check 'another folder' migrate
echo 'CREATE TABLE kopru.one (n int); CREATE TABLE kopru.two (n int);' >"$folder/m/${next}_one.sql"
check 'a new file is applied alone' says "1 applied, the database is at $next" migrate
printf 'CREATE TABLE kopru.three (n int);\n-- ğüşiöç\nSELEC 1;\n' >"$folder/m/${after}_broken.sql"
check 'a broken file is refused with its line' refused 1 "${after}_broken.sql: line 3: syntax error" migrate
check 'and leaves nothing' is '' "SELECT to_regclass('kopru.three')"
check 'nor a record' is "$((all + 1))" 'SELECT count(*) FROM kopru.migration'
echo 'CREATE TABLE kopru.four (n int); COMMIT; CREATE TABLE kopru.five (n int);' >"$folder/m/${after}_broken.sql"
check 'a file that commits by itself is refused' refused 1 'must not hold BEGIN, COMMIT or ROLLBACK' migrate
sql 'DROP TABLE IF EXISTS kopru.four, kopru.five'
rm "$folder/m/${after}_broken.sql"
echo '-- another thought' >>"$folder/m/0002_kopru.sql"
check 'a changed file is refused' refused 1 '"0002_kopru.sql" was changed after it was applied' migrate
cp deploy/migrations/0002_kopru.sql "$folder/m/"
mv "$folder/m/0003_auth.sql" "$folder/m/0003_other.sql"
check 'a renamed file is refused' refused 1 '"0003_other.sql" was applied as "0003_auth.sql"' migrate
rm "$folder/m/0003_other.sql"
check 'a missing number is refused' refused 1 'migration 0003 is missing' migrate
cp deploy/migrations/0003_auth.sql "$folder/m/"
cp deploy/migrations/0003_auth.sql "$folder/m/0003_again.sql"
check 'a double number is refused' refused 1 'have one number' migrate
rm "$folder/m/0003_again.sql"
touch "$folder/m/8_x.sql"
check 'a strange name is refused' refused 1 '"8_x.sql" is no migration' migrate
rm "$folder/m/8_x.sql" "$folder/m/${next}_one.sql"
check 'an older folder is refused' refused 1 'is this program older than the database?' migrate
check 'no folder' refused 1 'cannot read the folder' "$kopru" migrate --folder "$folder/none"
check 'no database' refused 1 'cannot connect' env KOPRU_DATABASE="host=$folder user=x dbname=y" "$kopru" migrate
check 'no setting' refused 1 'KOPRU_DATABASE' env -u KOPRU_DATABASE "$kopru" migrate

# -- demo
demo() { "$kopru" demo deploy/data/topics.csv deploy/data/holidays_tr_2020_2030.csv; }
check 'demo loads the catalogue' says 'departments 36 of 36, topics 100 of 100' demo
check 'demo again changes nothing' says 'departments 0 of 36, topics 0 of 100, holidays 0 of' demo
check 'each department has its stream' is 36 \
	"SELECT count(*) FROM router.department d JOIN feed.stream s ON s.name = 'department/' || d.code AND s.writer = 'router'"
check 'the outside institutions' is 'DGR,EMN,ENERYA,ILC,KBB,KGM,KOSKI,MEDAS,TOB,YRG' \
	"SELECT string_agg(code, ',' ORDER BY code) FROM router.department WHERE outside"
check 'the desk' is 'Hizmet Masası|Service Desk' "SELECT name_tr, name_en FROM router.department WHERE code = 'HM'"
check 'every department has an English name' is 0 \
	"SELECT count(*) FROM router.department WHERE name_en = name_tr OR name_en ~ 'Müdürlüğü'"
check 'keywords are a list' is 'cukur' "SELECT keywords[1] FROM router.topic WHERE code = 'YOL-01'"
check 'folded as SQL folds' is 0 \
	'SELECT count(*) FROM router.topic, unnest(keywords) k WHERE k <> kopru.fold_tr(k) OR k <> btrim(k)'
check 'half days' is t "SELECT half FROM router.holiday WHERE day = '2030-10-28'"
sed '2s/,own,5,/,own,6,/' deploy/data/topics.csv >"$folder/topics.csv"
check 'a changed topic is taken over' says 'topics 1 of 100' \
	"$kopru" demo "$folder/topics.csv" deploy/data/holidays_tr_2020_2030.csv
sed '3s/,own,/,mine,/' deploy/data/topics.csv >"$folder/topics.csv"
check 'a bad row is named' refused 1 'topics: row 2: "competence" cannot be "mine"' \
	"$kopru" demo "$folder/topics.csv" deploy/data/holidays_tr_2020_2030.csv
iconv -t UTF-16 deploy/data/topics.csv >"$folder/topics.csv"
check 'a table with NULs is not read in part' refused 1 'no UTF-8 text' \
	"$kopru" demo "$folder/topics.csv" deploy/data/holidays_tr_2020_2030.csv

# -- departments, keys
check 'a department is added' says 'department QQ added' "$kopru" department add QQ 'Deneme Müdürlüğü' 'Test Directorate'
check 'once' refused 1 'already' "$kopru" department add QQ 'Deneme Müdürlüğü' 'Test Directorate'
check 'with its stream' is router "SELECT writer FROM feed.stream WHERE name = 'department/QQ'"
check 'and listed' says '"code": "QQ"' "$kopru" department list --json
check 'a bad code' refused 1 'is no department' "$kopru" department add q a b
check 'a key is made' says 'Its public half is registered' "$kopru" department key TEM --out "$folder/TEM.key"
check 'secret' test "$(stat -c %a "$folder/TEM.key")" = 600
check 'never overwritten' refused 1 'never overwritten' "$kopru" department key TEM --out "$folder/TEM.key"
check 'none for nobody' refused 1 'there is no department "NOPE"' "$kopru" department key NOPE --out "$folder/NOPE.key"
check 'and no file is left' test ! -e "$folder/NOPE.key"
public=$(sql "SELECT public_key FROM feed.peer WHERE name = 'department/TEM'")
check 'the database has the other half' test "$public" != "$(cat "$folder/TEM.key")"
check 'a key is revoked' says 'let in no more' "$kopru" department revoke TEM -- "$public"
check 'once' refused 1 'has no such valid key' "$kopru" department revoke TEM -- "$public"
check 'a service has a key' says 'Its public half is registered' "$kopru" service key notifier --out "$folder/n.key"
check 'peers are shown' says 'service/notifier' "$kopru" peers
check 'a server key is made' says 'is new' "$kopru" curve "$folder/router.key"
before=$(cat "$folder/router.key" "$folder/router.key.pub")
check 'and kept' says 'is kept' "$kopru" curve "$folder/router.key"
check 'as it was' test "$before" = "$(cat "$folder/router.key" "$folder/router.key.pub")"
check 'and secret' test "$(stat -c %a "$folder/router.key")" = 600
key=$("$kopru" key create 'Çağrı merkezi' --rights applications,reports 2>/dev/null)
check 'an API key has its form' grep -qE '^kopru_[a-z0-9]{12}_[A-Za-z0-9_-]{43}$' <<<"$key"
id=$(cut -d_ -f2 <<<"$key")
secret=${key#kopru_"$id"_}
check 'the database has the SHA-256 of the secret' is "$(printf %s "$secret" | sha256sum | cut -d' ' -f1)" \
	"SELECT encode(secret_hash, 'hex') FROM auth.api_key WHERE id = '$id'"
check 'no unknown right' refused 1 '"x" is no right' "$kopru" key create a --rights applications,x
check 'no key without a right' refused 1 '--rights is missing' "$kopru" key create a
key_cases() { "$kopru" key create 'Temizlik' --rights cases "$@"; }
check 'cases needs a role' refused 1 'needs --role: clerk, officer, manager or arbiter' key_cases
check 'a known one' refused 1 '"mayor" is no role; clerk, officer, manager and arbiter are' key_cases --role mayor
check 'a manager needs a department' refused 1 'needs --department' key_cases --role manager
check 'a known one' refused 1 'there is no department "NOPE"' key_cases --role officer --department NOPE
check 'by its code' refused 1 '"tem" is no department' key_cases --role officer --department tem
check 'a clerk has none' refused 1 'belongs to no department' key_cases --role clerk --department TEM
check 'a role without cases' refused 1 'belong to the right "cases"' "$kopru" key create a --rights reports --role clerk
check 'a department without cases' refused 1 'belong to the right "cases"' \
	"$kopru" key create a --rights reports --department TEM
check 'a manager' says kopru_ key_cases --role manager --department TEM
check 'is stored' is 'cases|manager|TEM' \
	"SELECT array_to_string(rights, ','), role, department FROM auth.api_key WHERE name = 'Temizlik'"
check 'and listed' says '"role": "manager"' "$kopru" key list --json
check 'with its department' says '"department": "TEM"' "$kopru" key list --json
check 'an arbiter' says kopru_ key_cases --role arbiter
check 'the table knows the rules too' refused 1 'api_key_cases' \
	sql "UPDATE auth.api_key SET role = NULL, department = NULL WHERE name = 'Temizlik'"
check 'all of them' refused 1 'api_key_department_of_role' \
	sql "UPDATE auth.api_key SET department = NULL WHERE role = 'manager'"
check 'it is listed' says 'applications,reports' "$kopru" key list
check 'and revoked' says 'let in no more' "$kopru" key revoke "$id"
check 'once' refused 1 'there is no valid key' "$kopru" key revoke "$id"
check 'streams are shown' says 'department/TEM' "$kopru" streams
check 'as JSON' says '"consumer": "router"' "$kopru" streams --json

# -- JSON of what changes something
json_database() {
	database_new
	json_of "len(d['applied']) == $all and d['at'] == $all" "$kopru" migrate --json &&
		json_of "d == {'applied': [], 'at': $all}" "$kopru" migrate --json &&
		json_of 'd["departments"] == 36 and d["topics"] == 100' \
			"$kopru" demo deploy/data/topics.csv deploy/data/holidays_tr_2020_2030.csv --json
}
check 'migrate and demo as JSON' json_database
check 'department add as JSON' json_of 'd == {"code": "QW"}' "$kopru" department add QW 'Işık Müdürlüğü' Light --json
check 'department key as JSON' json_of "d['name'] == 'department/QW' and d['file'] == '$folder/QW.key' and len(d['public_key']) == 40 and d['older_valid_keys'] == 0" \
	"$kopru" department key QW --out "$folder/QW.key" --json
public=$(sql "SELECT public_key FROM feed.peer WHERE name = 'department/QW'")
check 'department revoke as JSON' json_of 'd["name"] == "department/QW"' "$kopru" department revoke QW --json -- "$public"
check 'service key as JSON' json_of "d['file'] == '$folder/s.key'" "$kopru" service key reporting --out "$folder/s.key" --json
check 'the file is where it was wanted' test -s "$folder/s.key" -a ! -e reporting.key
check 'curve as JSON' json_of 'd["kept"] is False' "$kopru" curve "$folder/c.key" --json
check 'curve again as JSON' json_of 'd["kept"] is True' "$kopru" curve "$folder/c.key" --json
check 'key create as JSON' json_of 'd["key"].startswith("kopru_" + d["id"] + "_")' "$kopru" key create json --rights reports --json
check 'key revoke as JSON' json_of 'd["name"] == "json"' \
	"$kopru" key revoke "$(sql "SELECT id FROM auth.api_key WHERE name = 'json'")" --json
aligned() {
	"$kopru" department list >"$folder/list"
	cat "$folder/list"
	python3 - "$folder/list" <<'PYTHON'
import sys
lines = open(sys.argv[1], encoding="utf-8").read().splitlines()
assert len(lines) > 30 and any("Işık" in line for line in lines)
for head in ("NAME TR", "NAME EN"):
    place = lines[0].index(head)
    for line in lines:
        assert line[place - 1] == " " and line[place] != " ", (head, line)
PYTHON
}
check 'columns stand below each other, whatever the letters' aligned

# -- usage
check 'help' says 'Commands:' "$kopru" --help
check 'help of a command' says 'Usage: kopru department key' "$kopru" department key --help
check 'no command' refused 2 'Commands:' "$kopru"
check 'an unknown command' refused 2 'Commands:' "$kopru" dance
check 'an unknown option' refused 2 'unrecognized option' "$kopru" migrate --quickly
check 'too few arguments' refused 2 'Usage:' "$kopru" department add QQ
check 'too many' refused 2 'Usage:' "$kopru" department key QQ WW

finish_tests
