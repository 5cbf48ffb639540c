#!/usr/bin/env bash
# store: what the operator's command says of a database: streams, parked events. Their release by real services is played
# in tests/flow/operating.py. limit: 180 s
. "$(dirname "$0")/../harness/shell.sh"
cd "$top" || exit 1

database_new
"$kopru" migrate >/dev/null && "$kopru" demo deploy/data/topics.csv deploy/data/holidays_tr_2020_2030.csv >/dev/null || exit 1

# -- streams
check 'streams of an empty system' says 'department/TEM' "$kopru" streams
sql "INSERT INTO feed.event SELECT 'intake', i, gen_random_uuid(), gen_random_uuid(), 'application.received',
     now() - make_interval(secs => 100 - i), '\\x00' FROM generate_series(1, 5) i;
     UPDATE feed.cursor SET seq = 3, event_id = (SELECT event_id FROM feed.event WHERE stream = 'intake' AND seq = 3)
      WHERE consumer = 'router'"
check 'lag and the age of the oldest event behind a cursor' json_of \
	'[(r["lag"], 95 <= r["oldest_seconds"] < 200, r["last_seconds"] >= 95) for r in d if r["consumer"] == "router"] == [(2, True, True)]' \
	"$kopru" streams --json
check 'who is at the head has no oldest' json_of \
	'[r["oldest_seconds"] for r in d if r["consumer"] == "notifier"] == [None, None]' "$kopru" streams --json
check 'a department keeps its cursor itself' json_of \
	'[(r["consumer"], r["cursor"], r["parked"]) for r in d if r["stream"] == "department/TEM"] == [(None, None, None)]' \
	"$kopru" streams --json

# -- whom officials' letters go to
contact() {
	"$kopru" department contact "$@"
}
check 'an official is written to' says 'memur@example.org is written to as officer of TEM' contact add TEM officer memur@example.org
check 'twice is once' says 'memur@example.org' contact add TEM officer memur@example.org
check 'of the whole municipality' says 'is written to as mayor' contact add - mayor baskan@example.org
check 'contacts are shown' json_of \
	'[(r["department"], r["role"]) for r in d] == [("", "mayor"), ("TEM", "officer")]' contact list --json
check 'no such department' refused 1 'there is no department "YOK"' contact add YOK officer memur@example.org
check 'no such role' refused 1 'officer, manager, arbiter, mayor and duty are' contact add TEM clerk memur@example.org
check 'no address' refused 1 'is no e-mail address' contact add TEM officer 'memur@example.org
Bcc: x@example.org'
check 'written to no more' says 'is written to no more as officer of TEM' contact remove TEM officer MEMUR@example.org
check 'which is said once' refused 1 'is not written to as officer' contact remove TEM officer memur@example.org

# -- parked
check 'nothing is parked' says 'nothing is parked' "$kopru" parked list
check 'as JSON too' json_of 'd == []' "$kopru" parked list --json
check 'nothing to release' refused 1 'nothing such is parked' "$kopru" parked release router intake 1
park() { # SEQ APPLICATION REASON
	sql "SET SESSION AUTHORIZATION router; SELECT feed.park('router', 'intake', $1, gen_random_uuid(), '$2', '$3', '\\x00')"
}
one=0196f000-0000-7000-8000-000000000001
two=0196f000-0000-7000-8000-000000000002
waits='waits for a parked event of its application'
{
	park 1 $one 'değer "çok" uzun (22001)'
	park 2 $two 'the type of the event is unknown to this version'
	park 4 $one "$waits"
	park 5 $one "$waits"
} >/dev/null
check 'what is parked, what waits for it is counted' json_of \
	'[(r["seq"], r["later"], r["release"]) for r in d] == [(1, 2, None), (2, 0, None)]' "$kopru" parked list --json
check 'with its reason' says 'değer "çok" uzun (22001)' "$kopru" parked list
check 'of one consumer' json_of 'len(d) == 2' "$kopru" parked list --consumer router --json
check 'of another' json_of 'd == []' "$kopru" parked list --consumer notifier --json
check 'at most so many' json_of 'len(d) == 1' "$kopru" parked list --limit 1 --json
check 'a bad limit' refused 2 '--limit is "0"; allowed is a number from 1' "$kopru" parked list --limit 0
check 'a release without a consumer that runs' says 'not digested yet' "$kopru" parked release router intake 4 --wait 0
check 'asks for all of the application, in one go' is '1,4,5' \
	"SELECT string_agg(seq::text, ',' ORDER BY seq) FROM feed.parked WHERE wanted_at IS NOT NULL"
check 'and shows it' json_of '[r["release"] for r in d] == ["asked", None]' "$kopru" parked list --json
park 6 $one "$waits" >/dev/null
check 'what comes later goes with it' is t 'SELECT wanted_at IS NOT NULL FROM feed.parked WHERE seq = 6'
park 7 $two "$waits" >/dev/null
check 'but not when nobody asked' is f 'SELECT wanted_at IS NOT NULL FROM feed.parked WHERE seq = 7'
check 'a release by application' says 'asked' "$kopru" parked release --application $two --wait 0
check 'of all that one parked' says 'asked' "$kopru" parked release --consumer router --wait 0
check 'no such event' refused 1 'nothing such is parked' "$kopru" parked release router intake 99
check 'no such application' refused 1 'there is no application "HM-2026"' "$kopru" parked release --application HM-2026
check 'no such consumer' refused 1 'nothing such is parked' "$kopru" parked release --consumer nobody
check 'a seq that is none' refused 2 'SEQ is "x"' "$kopru" parked release router intake x
check 'nothing named' refused 2 'says which' "$kopru" parked release
check 'two ways at once' refused 2 'says which' "$kopru" parked release --application $one --consumer router
check 'too few words' refused 2 'Usage:' "$kopru" parked release router intake
check 'too many' refused 2 '' "$kopru" parked list router
check 'a word of a command alone' refused 2 'Commands:' "$kopru" parked
check 'of a group its commands only' says 'parked release' "$kopru" parked --help
check 'and no others' sh -c '! "$1" parked --help | grep -q "topics list"' - "$kopru"
check 'no consumer may do it for another' refused 1 'permission denied' \
	sql "SET SESSION AUTHORIZATION notifier; SELECT feed.want('router', 'intake', 1, NULL)"

# -- notices
check 'no notices' says 'there are no such notices' "$kopru" notices list
notice() { # ID NUMBER STATE ADDRESS REASON
	sql "INSERT INTO notifier.notice (id, event_id, application_id, number, person, channel, template, language, address, fields, state,
	       attempts, reason, created_at, next_at, finished_at)
	     SELECT '$1', gen_random_uuid(), gen_random_uuid(), '$2', 'applicant', 'email', 'received', 'tr', nullif('$4', ''), '{}', '$3', 5,
	       nullif('$5', ''), now(), CASE WHEN '$3' = 'unknown' THEN 'infinity' ELSE now() + interval '1 hour' END,
	       CASE WHEN '$3' IN ('failed', 'unknown', 'sent') THEN now() END"
}
failed=0196f000-0000-7000-8000-00000000000a
notice $failed HM-2026-0000001-9 failed deneme@example.org '550 5.1.1 <deneme@example.org>: user unknown'
notice 0196f000-0000-7000-8000-00000000000b HM-2026-0000002-7 unknown deneme@example.org 'lost after the final dot'
notice 0196f000-0000-7000-8000-00000000000c HM-2026-0000003-5 sent deneme@example.org ''
notice 0196f000-0000-7000-8000-00000000000d HM-2026-0000004-3 failed '' erased
check 'all notices' json_of 'len(d) == 4' "$kopru" notices list --json
check 'of one state' json_of \
	'sorted((r["number"], r["to"], r["attempts"]) for r in d) == [("HM-2026-0000001-9", "d***@example.org", 5), ("HM-2026-0000004-3", None, 5)]' \
	"$kopru" notices list --state failed --json
check 'no address is shown, not in a reason either' json_of '"deneme" not in json.dumps(d) and "***@***" in json.dumps(d)' \
	"$kopru" notices list --json
check 'an unknown one is not due' json_of '[r["next_at"] for r in d] == [None]' "$kopru" notices list --state unknown --json
check 'at most so many notices' json_of 'len(d) == 2' "$kopru" notices list --limit 2 --json
check 'of a number that is none' says 'there are no such notices' "$kopru" notices list --number HM-1
check 'a state that is none' refused 2 '--state is "lost"; allowed are pending' "$kopru" notices list --state lost
check 'a limit that is none' refused 2 '--limit is "many"' "$kopru" notices list --limit many
check 'one is tried again' says 'HM-2026-0000001-9' "$kopru" notices retry $failed
check 'from the beginning' is 'pending|0|' "SELECT state, attempts, reason FROM notifier.notice WHERE id = '$failed'"
check 'once' refused 1 'there is no such notice that can be tried again' "$kopru" notices retry $failed
check 'one that was sent is not' refused 1 'there is no such notice' "$kopru" notices retry 0196f000-0000-7000-8000-00000000000c
check 'nor one without an address' refused 1 'there is no such notice' "$kopru" notices retry --state failed
check 'by state' json_of '[r["number"] for r in d] == ["HM-2026-0000002-7"]' "$kopru" notices retry --state unknown --json
check 'sent ones are never tried again' refused 2 'allowed are failed, unknown and held' "$kopru" notices retry --state sent
check 'neither id nor state' refused 2 'says which' "$kopru" notices retry
check 'both' refused 2 'says which' "$kopru" notices retry $failed --state failed
check 'an id that is none' refused 2 '"x" is no id' "$kopru" notices retry x

# -- a case
check 'a number with a wrong check digit' refused 2 "is no application's number" "$kopru" case HM-2026-0000001-8
check 'what is no number' refused 2 "is no application's number" "$kopru" case x
check 'a number that nobody has' refused 1 'there is no application "HM-2026-0000001-5"' "$kopru" case 'hm 2026 0000001 5'
check 'no number' refused 2 'Usage:' "$kopru" case

# -- reports, asked of nobody; with a real reporting service in tests/flow/operating.py
export KOPRU_KEY=kopru_abcdefghijkl_0
check 'a report needs its days' refused 2 '--from and --to are days' "$kopru" report summary --from 2026-01-01
check 'real ones' refused 2 '--from and --to are days' "$kopru" report summary --from 2026-02-30 --to 2026-03-01
check 'in order' refused 2 '--from and --to are days' "$kopru" report summary --from 2026-03-02 --to 2026-03-01
check 'a year that is none' refused 2 'YEAR is "1999"' "$kopru" report year 1999
check 'no year' refused 2 'Usage:' "$kopru" report year
check 'two outputs' refused 2 'only one of' "$kopru" report year 2020 --json --csv "$folder/x.csv"
check 'no key' refused 1 'an API key with the right "reports" is needed' env -u KOPRU_KEY "$kopru" report year 2020
check 'a key file that is not there' refused 1 '--key-file' "$kopru" report year 2020 --key-file "$folder/none"
check 'a key that cannot be one' refused 1 'holds a character that no key has' env KOPRU_KEY='a b' "$kopru" report year 2020
check 'nobody answers' refused 1 "unix:$folder/none.sock" env KOPRU_URL="unix:$folder/none.sock" "$kopru" report year 2020
check 'then no file is left' refused 1 'unix:' env KOPRU_URL="unix:$folder/none.sock" "$kopru" report year 2020 --csv "$folder/y.csv"
check 'none at all' test ! -e "$folder/y.csv" -a ! -e "$folder/y.csv.tmp"
check 'nor where there is no folder' refused 1 'cannot write' "$kopru" report year 2020 --csv "$folder/none/y.csv"
python3 - "$folder" <<'PYTHON' &
import http.server, os, socketserver, sys
class Strange(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status, body = {"2001": (200, b"\xff"), "2002": (500, b"no JSON"), "2003": (200, b"a,b\n1,2\n"), "2004": (200, b"name,count\n\xc3\x87\xc3\xb6p,2\n"),
                        "2005": (403, b'{"title": "Forbidden", "detail": "not yours"}')}[self.path[21:25]]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
    def address_string(self):
        return ""
server = socketserver.UnixStreamServer(sys.argv[1] + "/strange.sock", Strange)
for _ in range(7):
    server.handle_request()
PYTHON
for _ in $(seq 200); do
	[ ! -S "$folder/strange.sock" ] || break
	sleep 0.05
done
export KOPRU_URL="unix:$folder/strange.sock"
check 'an answer that is no text' refused 1 '' "$kopru" report year 2001
check 'an answer that is no JSON' refused 1 'gave what is no JSON' "$kopru" report year 2001 --json
check 'an error without a reason' refused 1 'answered 500: no problem document' "$kopru" report year 2002
check 'a table without figures' refused 1 'without figures' "$kopru" report year 2003
check 'a table' says 'Çöp   2' bash -c "'$kopru' report year 2004 | sed 's/  */   /'"
check 'a refusal with its reason' refused 1 'answered 403: Forbidden: not yours' "$kopru" report year 2005
check 'and no file then' refused 1 'answered 403' "$kopru" report year 2005 --csv "$folder/z.csv"
check 'not even a half one' test ! -e "$folder/z.csv" -a ! -e "$folder/z.csv.tmp"
wait

# -- replay
check 'a replay must be meant' refused 2 'say --yes if it is meant' "$kopru" replay reporting
check 'for how long' refused 2 '--wait is "x"' "$kopru" replay reporting --yes --wait x
check 'of something else' refused 2 'Commands:' "$kopru" replay router

for words in streams 'parked list' 'parked release' 'notices list' 'notices retry' 'report summary' 'report year' 'replay reporting' case; do
	# shellcheck disable=SC2086
	check "help of $words" says "Usage: kopru $words" "$kopru" $words --help
done
check 'no database' refused 1 'cannot connect' env KOPRU_DATABASE="host=$folder user=x dbname=y" "$kopru" parked list

finish_tests
