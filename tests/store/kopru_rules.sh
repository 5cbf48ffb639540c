#!/usr/bin/env bash
# store: `kopru rules': versions of routing rules are checked, kept, replayed, activated, rolled back. That a router goes by
# them is played in tests/flow/rules.py. limit: 180 s
. "$(dirname "$0")/../harness/shell.sh"
cd "$top" || exit 1

database_new
"$kopru" migrate >/dev/null && "$kopru" demo deploy/data/topics.csv deploy/data/holidays_tr_2020_2030.csv >/dev/null || exit 1
sql "INSERT INTO router.area (code, kind, name_tr, names, shape) VALUES
     ('fetih', 'neighbourhood', 'Fetih', '{}', '{\"type\":\"Polygon\",\"coordinates\":[[[32.5,37.8],[32.6,37.8],[32.6,37.9],[32.5,37.9],[32.5,37.8]]]}'),
     ('uzak', 'area', 'Uzak', '{}', '{\"type\":\"Polygon\",\"coordinates\":[[[33.5,37.8],[33.6,37.8],[33.6,37.9],[33.5,37.9],[33.5,37.8]]]}')"

# file NAME WHEN THEN [MORE RULES]: one rule "NAME" in a file of that name.
file() {
	printf '{"rules": [{"code": "%s", "owner": "Fen", "reason": "test", "valid_from": "2020-01-01", "when": %s, "then": %s}%s]}' \
		"$1" "$2" "$3" "${4:-}" >"$folder/$1.json"
}
by=(--by Deneme --reason deneme)

# -- nothing yet
check 'no versions' says 'there are no rules yet' "$kopru" rules list
check 'none are active' refused 1 'no rules are active' "$kopru" rules show
check 'none to go back from' refused 1 'no rules are active' "$kopru" rules rollback --by Deneme
check 'no history' says 'no rules were ever active' "$kopru" rules history
check 'a replay needs rules' refused 1 'name a version or a file' "$kopru" rules replay

# -- refusals keep nothing
check 'the shipped rules are right' json_of 'd["rules"] > 0' "$kopru" rules check deploy/data/rules.json --json
file unknown '{"topics": ["YOL-99"]}' '{"triage": true}'
check 'a topic that is not there' refused 1 'rule "unknown": "when.topics": there is no topic "YOL-99"' "$kopru" rules save "$folder/unknown.json" "${by[@]}"
file apart '{"neighbourhoods": ["FETİH"], "areas": ["uzak"]}' '{"triage": true}'
check 'a neighbourhood outside of the area' refused 1 'lies outside of "when.areas"' "$kopru" rules save "$folder/apart.json" "${by[@]}"
sql "UPDATE router.department SET valid_to = '2021-01-01' WHERE code = 'MAL'"
file closed '{"kinds": ["thanks"]}' '{"department": "MAL"}'
check 'a department that is closed' refused 1 'department "MAL" is valid from 2000-01-01 to 2021-01-01' "$kopru" rules check "$folder/closed.json"
check 'no file' refused 1 'none.json' "$kopru" rules save "$folder/none.json" "${by[@]}"
file fine '{"topics": ["YOL-01"]}' '{"department": "TEM"}'
check 'no reason' refused 2 '--reason wants a text' "$kopru" rules save "$folder/fine.json" --by Deneme
check 'nobody' refused 2 '--by wants a text' "$kopru" rules save "$folder/fine.json" --reason r
check 'nothing was kept' is 0 'SELECT count(*) FROM router.rules'

# -- versions
check 'a set becomes a draft' json_of '(d["version"], d["state"], d["rules"]) == (1, "draft", 1)' "$kopru" rules save "$folder/fine.json" "${by[@]}" --json
file other '{"neighbourhoods": ["Fetih"]}' '{"department": "TEM", "topic": "TEM-01"}'
check 'and another' says 'version 2: 1 rules, a draft' "$kopru" rules save "$folder/other.json" "${by[@]}"
check 'names are kept as codes' is '{"neighbourhoods": ["fetih"]}' 'SELECT conditions FROM router.rule WHERE version = 2'
check 'drafts are not active' is 0 "SELECT count(*) FROM router.rules WHERE state <> 'draft'"
check 'a version as its file' json_of '[(r["code"], r["when"], r["then"]) for r in d["rules"]] == [("fine", {"topics": ["YOL-01"]}, {"department": "TEM"})]' \
	"$kopru" rules show 1 --json
check 'no such version' refused 1 'there is no version 9' "$kopru" rules show 9
check 'no version' refused 2 '"x" is no version' "$kopru" rules show x
check 'only when it is the first' says 'there are rules already' "$kopru" rules save "$folder/fine.json" "${by[@]}" --first --activate
check 'it was not' is 2 'SELECT count(*) FROM router.rules'

# -- decisions to replay: 450 received a day ago, one of 40 days ago
payload=$(tr -d ' \n' <tests/data/golden/event_received.hex)
sql "INSERT INTO feed.event SELECT 'intake', i, ('00000000-0000-7000-8000-' || lpad(i::text, 12, '0'))::uuid,
            ('00000000-0000-7000-9000-' || lpad(i::text, 12, '0'))::uuid, 'application.received', now(), decode('$payload', 'hex')
       FROM generate_series(1, 452) i;
     INSERT INTO router.decision (received_event_id, application_id, department, topic, candidates, decided_at)
     SELECT event_id, application_id, 'FEN', 'YOL-01', '[{\"topic\": \"YOL-01\", \"department\": \"FEN\", \"score\": 900}]',
            now() - CASE WHEN seq = 1 THEN interval '40 days' ELSE interval '1 day' END
       FROM feed.event WHERE stream = 'intake' AND seq < 452;
     INSERT INTO router.case (application_id, number, version, state, department, topic, triage, received_at, due_on, intake_seq)
     SELECT application_id, 'HM-' || seq, 2, 3, 'FEN', 'YOL-01', false, now(), current_date, seq
       FROM feed.event WHERE stream = 'intake'" || exit 1
check 'which cases would go elsewhere' json_of \
	'(d["decisions"], d["moved"], d["held"], d["pairs"]) == (450, 450, 450, [{"from": "FEN", "to": "TEM", "count": 450}])' \
	"$kopru" rules replay 1 --json
check 'each with where from, where to and why' json_of \
	'len(d["cases"]) == 2 and d["cases"][0] == {"number": "HM-451", "from": "FEN", "from_topic": "YOL-01", "to": "TEM", "to_topic": "YOL-01", "rule": "fine"}' \
	"$kopru" rules replay 1 --limit 2 --json
check 'of so many days' json_of 'd["decisions"] == 451' "$kopru" rules replay 1 --days 60 --json
check 'as a text' says '450 of 450 decisions of the last 30 days would have gone elsewhere' "$kopru" rules replay 1
check 'of a file' json_of 'd["moved"] == 450' "$kopru" rules replay "$folder/fine.json" --json
file triage '{"topics": ["YOL"]}' '{"triage": true}'
check 'to the desk' json_of 'd["pairs"] == [{"from": "FEN", "to": "HM", "count": 450}]' "$kopru" rules replay "$folder/triage.json" --json
file same '{"topics": ["YOL"]}' '{"department": "FEN"}'
check 'a rule that changes nothing' json_of '(d["held"], d["moved"], d["cases"]) == (450, 0, [])' "$kopru" rules replay "$folder/same.json" --json
file later '{"topics": ["YOL"]}' '{"department": "TEM"}' ', {"code": "z", "owner": "o", "reason": "r", "valid_from": "2090-01-01", "when": {"kinds": ["thanks"]}, "then": {"triage": true}}'
check 'rules of another time are told' json_of 'd["rules_not_valid"] == 1' "$kopru" rules replay "$folder/later.json" --json
check 'days that are none' refused 2 '--days is "0"; allowed is a number from 1' "$kopru" rules replay 1 --days 0
check 'a replay keeps no text' is 0 "SELECT count(*) FROM router.rules WHERE replay IS NOT NULL"
sql "UPDATE feed.event SET payload = '\\x00' WHERE stream = 'intake' AND seq = 400"
check 'what is erased is only counted' json_of '(d["skipped"], d["moved"]) == (1, 449)' "$kopru" rules replay 1 --json

# -- one is active
check 'a version becomes active' json_of '(d["version"], d["state"], d["before"], d["replay"]["moved"]) == (1, "active", 0, 449)' "$kopru" rules activate 1 --by Deneme --json
check 'its replay is kept with it' is '450|449' "SELECT replay ->> 'decisions', replay ->> 'moved' FROM router.rules WHERE version = 1"
check 'once' refused 1 'version 1 is active already' "$kopru" rules activate 1 --by Deneme
check 'by somebody' refused 2 '--by wants a text' "$kopru" rules activate 2
check 'no such version becomes active' refused 1 'there is no version 9' "$kopru" rules activate 9 --by Deneme
check 'it still is' is 1 "SELECT version FROM router.rules WHERE state = 'active'"
check 'nothing was before it' refused 1 'nothing was active before version 1' "$kopru" rules rollback --by Deneme
check 'another one takes its place' says 'version 2 is active' "$kopru" rules activate 2 --by Deneme
check 'saved and active at once' says 'version 3 is active' "$kopru" rules save "$folder/triage.json" "${by[@]}" --activate
check 'one at a time' is '1:retired,2:retired,3:active' "SELECT string_agg(version || ':' || state, ',' ORDER BY version) FROM router.rules"
check 'one step back' says 'version 2 is active again instead of 3' "$kopru" rules rollback --by Deneme
check 'and another' json_of '(d["version"], d["before"]) == (1, 2)' "$kopru" rules rollback --by Deneme --json
check 'no further' refused 1 'nothing was active before version 1' "$kopru" rules rollback --by Deneme
check 'all of that is told' json_of '[(r["how"], r["version"], r["before"]) for r in d] == [("rollback", 1, 2), ("rollback", 2, 3), ("activate", 3, 2), ("activate", 2, 1), ("activate", 1, None)]' \
	"$kopru" rules history --json
check 'what counts is shown' json_of '[r["code"] for r in d["rules"]] == ["fine"]' "$kopru" rules show --json

# -- what is not right any more
sql "UPDATE router.department SET valid_to = current_date WHERE code = 'TEM'"
check 'a version of a closed department stays a draft' refused 1 'version 2 cannot become active: rule "other"' "$kopru" rules activate 2 --by Deneme
check 'the old one stays in force' is 1 "SELECT version FROM router.rules WHERE state = 'active'"
sql "INSERT INTO router.topic_change SELECT (jsonb_populate_record(t, '{\"department\": \"ZAB\", \"valid_from\": \"2026-01-01\"}')).* FROM router.topic AS t WHERE code = 'TEM-02'"
file moved '{"topics": ["YOL-01"]}' '{"topic": "TEM-02"}'
check 'a topic goes to whose it is today' json_of 'd["cases"][0]["to"] == "ZAB"' "$kopru" rules replay "$folder/moved.json" --json
check 'the doctor says so' json_of '[(f["what"][:60], f["state"]) for f in d["findings"] if f["check"] == "rules"] == [("rule \"fine\" of the active version 1 names what is no more: TEM"[:60], "wrong")]' \
	"$kopru" doctor --json
check 'who was overtaken is told so' refused 3 'meanwhile version 1 became active' \
	"$psql" -X -q -v ON_ERROR_STOP=1 -v VERBOSITY=terse -d "$KOPRU_DATABASE" -f - <<<"SELECT router.rules_activate(3, 2, 'activate', 'x', NULL)"
check 'services only read them' is f "SELECT has_table_privilege('router', 'router.rules', 'UPDATE') OR has_function_privilege('router', 'router.rules_activate(int, int, text, text, jsonb)', 'EXECUTE')"

finish_tests
