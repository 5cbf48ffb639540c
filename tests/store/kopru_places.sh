#!/usr/bin/env bash
# store: places, topics and departments from a day on: what `kopru places', `topics' and `department' store, refuse and show.
# limit: 120 s
. "$(dirname "$0")/../harness/shell.sh"
cd "$top" || exit 1

database_new
"$kopru" migrate >/dev/null || exit 1
demo() { "$kopru" demo deploy/data/topics.csv deploy/data/holidays_tr_2020_2030.csv --data deploy/data; }

# -- what ships
check 'demo brings places and institutions' says 'new: areas 130, streets 21, institutions 9' demo
check 'all 80 neighbourhoods are there, 59 of them with a shape' is '80 59' \
	"SELECT count(*) || ' ' || count(shape) FROM router.area WHERE kind = 'neighbourhood' AND district = ''"
check 'and all names of the public list are names of theirs' is 0 "SELECT count(*) FROM unnest(string_to_array(
	'$(tail -n +2 deploy/data/neighbourhoods.csv | paste -sd,)', ',')) AS n WHERE n NOT IN (SELECT name_tr FROM router.area)"
check 'institutions have a telephone and a letter' is '9 7' \
	"SELECT count(*) || ' ' || count(*) FILTER (WHERE phone <> '') FROM router.department WHERE letter_tr LIKE '%3071 sayılı%'"
check 'demo again changes nothing' says 'new: areas 0, streets 0, institutions 0' demo
check 'short targets are in minutes' is 60 "SELECT target_working_minutes FROM router.topic WHERE code = 'PRK-04'"

# -- find
check 'a point is in a neighbourhood' says 'neighbourhood: Kumköprü (kumkopru)' "$kopru" places find --point 37.85,32.53
check 'and in the district' says 'in: karatay' "$kopru" places find --point 37.85,32.53
check 'words tell whose street it is' says 'street: Fetih Caddesi, of KBB' "$kopru" places find 'sariyakup mh Fetih cad no 5'
check 'a point beats words and says so' says 'by: point, not words' "$kopru" places find --point 37.85,32.53 'Akabe mah.'
check 'a quarter of another district' json_of 'd["district"] == "Selçuklu" and d["how"] == "neighbourhood"' \
	"$kopru" places find 'Bosna Hersek' --json
check 'a point that is none' refused 2 '--point is "37.85"' "$kopru" places find --point 37.85
check 'neither text nor point' refused 2 'a text or --point is needed' "$kopru" places find

# -- import
geojson() { # FILE FEATURES
	echo '{"type": "FeatureCollection", "features": ['"$2"']}' >"$folder/$1"
}
square='{"type": "Polygon", "coordinates": [[[33.1, 37.9], [33.2, 37.9], [33.2, 38.0], [33.1, 38.0], [33.1, 37.9]]]}'
bow='{"type": "Polygon", "coordinates": [[[33.1, 37.9], [33.2, 38.0], [33.2, 37.9], [33.1, 38.0], [33.1, 37.9]]]}'
geojson good '{"type": "Feature", "properties": {"ad": "Yenice Mahallesi", "names": ["Yenice Köyü"]}, "geometry": '"$square"'}'
geojson bow '{"type": "Feature", "properties": {"name": "Yeni"}, "geometry": '"$square"'},
	{"type": "Feature", "properties": {"name": "Bozuk"}, "geometry": '"$bow"'}'
check 'a dry run stores nothing' says '1 places can be stored' "$kopru" places import "$folder/good" --kind neighbourhood --dry-run
check 'really nothing' is 0 "SELECT count(*) FROM router.area WHERE source = 'CBS'"
check 'a shape comes to the neighbourhood of that name' says 'areas 1,' "$kopru" places import "$folder/good" --kind neighbourhood --source CBS
check 'by the code that its name makes' is 'CBS' "SELECT source FROM router.area WHERE code = 'yenice' AND shape IS NOT NULL AND ordinary"
check 'a shape that crosses itself names the place, and nothing is stored' \
	refused 1 'feature 2: "Bozuk": it crosses or touches itself near 37.9500000, 33.1500000 (latitude, longitude)' \
	"$kopru" places import "$folder/bow" --kind area
check 'not even what was good' is 0 "SELECT count(*) FROM router.area WHERE code = 'yeni'"
geojson unknown '{"type": "Feature", "properties": {"name": "Uzun Cadde", "owner": "NOBODY"}, "geometry": null}'
check 'an owner that does not exist' refused 1 'owners of streets that are no department: NOBODY' \
	"$kopru" places import "$folder/unknown" --kind street
geojson clash '{"type": "Feature", "properties": {"name": "Fetih"}, "geometry": '"$square"'}'
check 'an area with the code of a neighbourhood' refused 1 'there already, and of another kind: fetih' \
	"$kopru" places import "$folder/clash" --kind area
line() { # LATITUDE
	echo '{"type": "Feature", "properties": {"name": "Uzun Cadde"}, "geometry":
		{"type": "LineString", "coordinates": [[33.1, '"$1"'], [33.2, '"$1"']]}}'
}
geojson street "$(line 37.91),$(line 37.92)"
check 'pieces of a street become one' says 'streets 1;' "$kopru" places import "$folder/street" --kind street --owner KBB
check 'with two lines' is 2 "SELECT jsonb_array_length(shape->'coordinates') FROM router.street WHERE name_tr = 'Uzun Cadde'"
check 'again it changes nothing' says 'streets 0;' "$kopru" places import "$folder/street" --kind street --owner KBB
check 'a point near it is on it' says 'street: Uzun Cadde, of KBB' "$kopru" places find --point 37.92005,33.15
check '--replace ends the others' says 'streets that end: 21' "$kopru" places import "$folder/street" --kind street --owner KBB --replace
check 'the demonstration does not come back' says 'streets 0' demo
check 'one street is left' json_of 'len(d) == 1' "$kopru" places list --kind street --json

# -- retire
sql "INSERT INTO router.rules (state, reason, made_by) VALUES ('active', 'test', 'test');
     INSERT INTO router.rule SELECT version, 'only-here', 'FEN', 'test', '2020-01-01', NULL,
       '{\"areas\": [\"karatay\"], \"topics\": [\"YOL-09\"]}', '{\"department\": \"TEM\"}' FROM router.rules" >/dev/null
check 'what a rule names stays' refused 1 'rules in force name "karatay": only-here' "$kopru" places retire karatay --on 2030-01-01
check 'a place ends on a day' says 'Fetih ends on 2030-01-01' "$kopru" places retire fetih --on 2030-01-01
check 'and is not listed from then on' json_of '"fetih" not in [r["code"] for r in d]' "$kopru" places list --on 2030-01-01 --json
check 'before it is' json_of '"fetih" in [r["code"] for r in d]' "$kopru" places list --on 2029-12-31 --json
check 'a place that is none' refused 1 'there is no place "nowhere"' "$kopru" places retire nowhere --on 2030-01-01

# -- topics
check 'a topic is added' says 'topic ABC-01 begins' "$kopru" topics add ABC-01 Deneme Try --department FEN --category Yol \
	--keywords 'Çukur, ŞEKER' --target-days 2
check 'with folded keywords' is '{cukur,seker}' "SELECT keywords FROM router.topic WHERE code = 'ABC-01'"
check 'once' refused 1 'there is a topic "ABC-01" already' "$kopru" topics add ABC-01 Deneme Try --department FEN --category Yol
check 'a code that is none' refused 1 "is no topic's code" "$kopru" topics add abc Deneme Try --department FEN --category Yol
check 'a department that does not exist' refused 1 '"XYZ" is no department on' \
	"$kopru" topics add ABC-02 Deneme Try --department XYZ --category Yol
check 'a word that is not allowed' refused 2 '--priority is "sofort"; allowed are "acil", "yuksek"' \
	"$kopru" topics change ABC-01 --priority sofort
check 'nothing to change' refused 2 'nothing is told' "$kopru" topics change ABC-01
check 'a topic is another from a day on' says 'from 2030-01-01 on' "$kopru" topics change ABC-01 --name-tr Yeni --department TEM --on 2030-01-01
check 'not before' json_of '[(r["name_tr"], r["department"]) for r in d if r["code"] == "ABC-01"] == [("Deneme", "FEN")]' \
	"$kopru" topics list --on 2029-12-31 --json
check 'but then' json_of '[(r["name_tr"], r["department"]) for r in d if r["code"] == "ABC-01"] == [("Yeni", "TEM")]' \
	"$kopru" topics list --on 2030-01-01 --json
check 'not before a later change' refused 1 'it changes again on 2030-01-01' "$kopru" topics change ABC-01 --name-tr Neu --on 2029-01-01
check 'a topic that a rule names stays' refused 1 'topic YOL-09 is needed by rule only-here' "$kopru" topics retire YOL-09 --on 2030-01-01
check 'a topic ends' says 'topic ABC-01 ends on 2031-01-01' "$kopru" topics retire ABC-01 --on 2031-01-01
check 'then it is none' json_of '"ABC-01" not in [r["code"] for r in d]' "$kopru" topics list --on 2031-01-01 --json

# -- departments
check 'a department is called otherwise' says 'department FEN is another' "$kopru" department change FEN --name-tr 'Yol Müdürlüğü'
check 'in the list' json_of '[r["name_tr"] for r in d if r["code"] == "FEN"] == ["Yol Müdürlüğü"]' "$kopru" department list --json
check 'the old name stays for the days before' is 'Fen İşleri Müdürlüğü' \
	"SELECT name_tr FROM router.departments_on('2026-01-01') WHERE code = 'FEN'"
check 'a department with topics stays' refused 1 'department FEN is needed by topic DIS-03, topic YOL-01' \
	"$kopru" department retire FEN --on 2030-01-01
check 'so does one that a rule routes to' refused 1 'rule only-here' "$kopru" department retire TEM --on 2032-01-01
check 'and the desk' refused 1 'everything that no rule knows' "$kopru" department retire HM --on 2030-01-01
"$kopru" department add XYZ Birim Unit >/dev/null
check 'one that nothing needs ends' says 'department XYZ ends on 2030-01-01' "$kopru" department retire XYZ --on 2030-01-01

finish_tests
