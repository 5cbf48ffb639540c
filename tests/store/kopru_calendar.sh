#!/usr/bin/env bash
# store: `kopru calendar`: versions of the calendar, what is refused, and whose deadlines would move; the moving itself is
# played in tests/flow/calendar_changes.py. limit: 180 s
. "$(dirname "$0")/../harness/shell.sh"
cd "$top" || exit 1

database_new
{ "$kopru" migrate && "$kopru" demo deploy/data/topics.csv deploy/data/holidays_tr_2020_2030.csv; } >/dev/null || exit 1
why="--reason Deneme --by Yazı"

# -- versions
check 'demo makes the first version' is '1|187|187' "SELECT max(version), (SELECT count(*) FROM router.calendar_day),
	(SELECT count(*) FROM router.holiday) FROM router.calendar"
check 'once' says 'holidays 0 of 187' "$kopru" demo deploy/data/topics.csv deploy/data/holidays_tr_2020_2030.csv
check 'what there is' json_of '[(r["date"], r["weekday"], r["kind"]) for r in d] == [("2026-10-28", "Çar", "half_holiday"), ("2026-10-29", "Per", "holiday")]' \
	"$kopru" calendar show --from 2026-10-01 --to 2026-10-31 --json
check 'a file that says the same' refused 1 'nothing would change' "$kopru" calendar import deploy/data/holidays_tr_2020_2030.csv $why

# -- three open cases: a petition of 2 November, a request for information of that day, a target of three days
sql "INSERT INTO router.case (application_id, number, version, state, department, triage, received_at, due_on, intake_seq)
SELECT ('00000000-0000-0000-0000-00000000000' || i)::uuid, 'HM-2026-000000' || i || '-1', 2, 2, 'TEM', false, now(), '2026-12-02', i
  FROM generate_series(1, 3) AS i;
INSERT INTO router.clock (application_id, kind, legal_basis, started_at, started_on, due_at, calendar_version) VALUES
 ('00000000-0000-0000-0000-000000000001', 1, 1, '2026-11-02 10:00+03', '2026-11-02', '2026-12-03 00:00+03', 1),
 ('00000000-0000-0000-0000-000000000002', 1, 2, '2026-11-02 10:00+03', '2026-11-02', '2026-11-24 00:00+03', 1),
 ('00000000-0000-0000-0000-000000000003', 2, 0, '2026-11-30 10:00+03', '2026-11-30', '2026-12-03 17:30+03', 1),
 ('00000000-0000-0000-0000-000000000001', 3, 0, '2026-11-30 10:00+03', '2026-11-30', '2026-12-03 00:00+03', 1)" || exit 1
moves='[(r["number"][-3], r["clock"], r["from"], r["to"]) for r in d["moves"]]'
check 'leave moves targets, not laws' json_of \
	"$moves"' == [("3", "target", "2026-12-03T17:29:59+03:00", "2026-12-04T17:29:59+03:00")] and d["deadlines"] == 1 and not d["saved"]' \
	"$kopru" calendar add 2026-12-02 leave 'İdari izin' $why --dry-run --json
check 'a holiday moves both' json_of \
	"sorted($moves)"' == [("1", "law", "2026-12-02", "2026-12-03"), ("3", "target", "2026-12-03T17:29:59+03:00", "2026-12-04T17:29:59+03:00")]' \
	"$kopru" calendar add 2026-12-02 holiday 'Bayram' $why --dry-run --json
check 'a suspension moves laws' json_of \
	"sorted($moves)"' == [("1", "law", "2026-12-02", "2026-12-07"), ("2", "law", "2026-11-23", "2026-11-30")]' \
	"$kopru" calendar add 2026-11-16..2026-11-20 suspension 'Durma' $why --dry-run --json
check 'people read it' says 'if it is saved: days more 1, days less 0; open deadlines that move: 2' \
	"$kopru" calendar add 2026-12-02 holiday 'Bayram' $why --dry-run
check 'a dry run saves nothing' is 1 'SELECT max(version) FROM router.calendar'
check 'not all are shown' says '... and 1 more (--limit)' "$kopru" calendar add 2026-12-02 holiday 'Bayram' $why --dry-run --limit 1
check 'saved' says 'version 2 is saved: days more 1, days less 0; open deadlines that move: 1' \
	"$kopru" calendar add 2026-12-02 leave 'İdari izin' $why
check 'a leave is no holiday' is '0' "SELECT count(*) FROM router.holiday WHERE day = '2026-12-02'"
check 'a suspension of days' says 'version 3 is saved: days more 3' "$kopru" calendar add 2026-12-28..2026-12-30 durma 'Durma' $why
check 'holidays stand in both tables' says 'version 4 is saved' "$kopru" calendar add 2027-06-01 tam 'Özel gün' $why
check 'so that old programs know them' is 'Özel gün|f' "SELECT name_tr, half FROM router.holiday WHERE day = '2027-06-01'"
check 'taken away' says 'version 5 is saved: days more 0, days less 1' "$kopru" calendar remove 2027-06-01 holiday $why
check 'from both' is 0 "SELECT count(*) FROM router.holiday WHERE day = '2027-06-01'"
check 'an older version stays what it was' json_of 'len(d) == 1 and d[0]["name"] == "Özel gün"' \
	"$kopru" calendar show --version 4 --from 2027-06-01 --to 2027-06-01 --json
check 'of a version that is not nothing is shown' refused 1 'there is no version 99' "$kopru" calendar show --version 99
check 'nor computed by' refused 1 'there is no version 99' "$kopru" calendar due 3071 2026-11-26 --version 99
check 'nor what it moved' refused 1 'there is no version 99' "$kopru" calendar moved 99
check 'the history' json_of '[(r["version"], r["by"], r["days_more"], r["days_less"]) for r in d][1:] == [(2, "Yazı", 1, 0), (3, "Yazı", 3, 0), (4, "Yazı", 1, 0), (5, "Yazı", 0, 1)]' \
	"$kopru" calendar history --json
check 'nothing was moved yet' json_of 'd == []' "$kopru" calendar moved 2 --json

# -- what cannot be
check 'a day twice' refused 1 'nothing was saved: 2026-10-29 stands there twice: holiday "Başka" and holiday "Cumhuriyet Bayramı"' \
	"$kopru" calendar add 2026-10-29 holiday 'Başka' $why
check 'whole and half' refused 1 '2026-10-29 stands there twice: holiday "Cumhuriyet Bayramı" and half_holiday "Yarım"' \
	"$kopru" calendar add 2026-10-29 half_holiday 'Yarım' $why
check 'leave on a holiday' refused 1 '2026-10-29 stands there twice' "$kopru" calendar add 2026-10-29 leave 'İzin' $why
check 'the morning before a feast may be leave' says 'days more 1' "$kopru" calendar add 2026-10-28 leave 'İzin' $why --dry-run
check 'no such day' refused 2 '"2026-02-29" is no day' "$kopru" calendar add 2026-02-29 holiday 'X' $why
check 'no such year' refused 2 'of the years 1900 to 2200' "$kopru" calendar add 2201-01-01 holiday 'X' $why
check 'no such kind' refused 2 '"bayram" is no kind of day; allowed are holiday (tam)' "$kopru" calendar add 2026-12-03 bayram 'X' $why
check 'without end' refused 2 'does not end' "$kopru" calendar add 2026-12-03.. suspension 'X' $why
check 'too long' refused 2 'within 366 days' "$kopru" calendar add 2026-12-03..2028-12-03 suspension 'X' $why
check 'backwards' refused 2 'has to end after it begins' "$kopru" calendar add 2026-12-03..2026-12-01 suspension 'X' $why
check 'to the end of what is known' refused 1 'does not end before the calendar does' \
	"$kopru" calendar add 2030-12-01..2030-12-31 suspension 'X' $why
check 'a year without holidays' refused 1 'there is no public holiday in 2031' "$kopru" calendar add 2031-02-01 leave 'X' $why
check 'no reason' refused 2 '--reason is needed' "$kopru" calendar add 2026-12-03 holiday 'X' --by Y
check 'nobody' refused 2 '--by is needed' "$kopru" calendar add 2026-12-03 holiday 'X' --reason Y
check 'nothing to take away' refused 1 '2026-12-03 has no holiday' "$kopru" calendar remove 2026-12-03 holiday $why
years() { # FIRST LAST: a file with the holidays of these years only
	awk -F, -v a="$1" -v b="$2" 'NR == 1 || (substr($1, 1, 4) >= a && substr($1, 1, 4) <= b)' deploy/data/holidays_tr_2020_2030.csv
}
sql "UPDATE router.clock SET started_on = '2019-12-30' WHERE application_id = '00000000-0000-0000-0000-000000000001' AND kind = 1"
check 'a gap in the years that open deadlines need' refused 1 'it does not cover all years that open deadlines need: from 2019-12-30' \
	"$kopru" calendar add 2026-12-03 holiday 'X' $why
sql "UPDATE router.clock SET started_on = '2026-11-02' WHERE started_on = '2019-12-30'"
check 'the old version stays' is 5 'SELECT max(version) FROM router.calendar'

# -- files
{ years 2026 2026; echo '2026-12-31,Per,Yılbaşı öncesi,yarim'; } >"$folder/more.csv"
check 'a file changes its own years' says 'days more 1, days less 0' "$kopru" calendar import "$folder/more.csv" $why --dry-run
years 2026 2026 | grep -v Zafer >"$folder/less.csv"
check 'what it does not have goes' says 'days more 0, days less 1' "$kopru" calendar import "$folder/less.csv" $why --dry-run
printf 'date,to,name,kind\n2026-12-28,2026-12-30,Durma,durma\n2027-01-04,2027-01-05,Kar,kapali\n' >"$folder/closure.csv"
check 'holidays and leave are left alone by a file without them' says 'days more 2, days less 0' \
	"$kopru" calendar import "$folder/closure.csv" $why --dry-run
{ years 2026 2026; echo '2026-10-29,Cum,Yanlış,tam'; } >"$folder/weekday.csv"
check 'another day of the week' refused 1 'row 18: 2026-10-29 is another day of the week' "$kopru" calendar import "$folder/weekday.csv" $why
{ years 2026 2026; echo '2033-10-29,,Cumhuriyet Bayramı,tam'; } >"$folder/gap.csv"
check 'a year that is left out' refused 1 'there is no public holiday in 2027: all years from 2020 to 2033 are needed' "$kopru" calendar import "$folder/gap.csv" $why
printf 'date,name,kind\n2026-10-29,\xff,tam\n' >"$folder/bytes.csv"
check 'other encodings' refused 1 'is not UTF-8' "$kopru" calendar import "$folder/bytes.csv" $why
check 'no file' refused 1 'cannot' "$kopru" calendar import "$folder/none.csv" $why
check 'nothing of it was saved' is 5 'SELECT max(version) FROM router.calendar'

# -- terms
check 'a last day' says 'from 2026-11-03 (not counted) the last day is 2026-12-03; late from 2026-12-04T00:00:00+03:00' \
	"$kopru" calendar due 3071 2026-11-03
check 'by a file' json_of 'd["due_on"] == "2026-12-14" and sum(1 for r in d["days"] if r["counted"]) == 30 and d["known"]' \
	"$kopru" calendar due 4982 2026-11-02 --extended --calendar deploy/data/holidays_tr_2020_2030.csv --json
check 'what was not counted' json_of '[r["day"] for r in d["days"] if r["why_not"] == "holiday"] == ["2026-10-29"]' \
	"$kopru" calendar due 4982 2026-10-20 --json
check 'not a law' refused 2 '"5393" is no law with a term; 3071, 4982 and 6698 are' "$kopru" calendar due 5393 2026-10-20
check 'not a day' refused 2 '"2026-13-20" is no day' "$kopru" calendar due 3071 2026-13-20
check 'nothing asked' refused 2 'it asks for LEGAL_BASIS and DAY' "$kopru" calendar due
finish_tests
