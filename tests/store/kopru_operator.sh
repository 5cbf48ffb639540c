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
	'[r["oldest_seconds"] for r in d if r["consumer"] == "notifier"] == [None]' "$kopru" streams --json
check 'a department keeps its cursor itself' json_of \
	'[(r["consumer"], r["cursor"], r["parked"]) for r in d if r["stream"] == "department/TEM"] == [(None, None, None)]' \
	"$kopru" streams --json

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
check 'no consumer may do it for another' refused 1 'permission denied' \
	sql "SET SESSION AUTHORIZATION notifier; SELECT feed.want('router', 'intake', 1, NULL)"
for words in streams 'parked list' 'parked release'; do
	# shellcheck disable=SC2086
	check "help of $words" says "Usage: kopru $words" "$kopru" $words --help
done
check 'no database' refused 1 'cannot connect' env KOPRU_DATABASE="host=$folder user=x dbname=y" "$kopru" parked list

finish_tests
