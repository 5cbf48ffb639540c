#!/usr/bin/env python3
"""flow: where something is decides whose it is: streets of the metropolitan municipality by point and by words, the
neighbourhood by point, names that change from a day on, a set of places that cannot be used, the letter that is composed.
limit: 150 s"""

import json
import os
import sys
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import system as kopru  # noqa: E402

S = kopru.System()
TAP = kopru.Tap()
KEYS = {}
HOLE = "Yolda çukur var, asfalt bozuk, araçlar zarar görüyor"


def apply(text, **location):
    status, _, answer = S.apply({"kind": "complaint", "text": text, "location": location,
                                 "applicant": {"name": "Deneme Şahıs"}}, str(uuid.uuid4()))
    assert status == 201, answer
    return answer["number"]


def decided(number):
    """What the router wrote: department, topic, rule, neighbourhood, owner of the street."""
    row = lambda: S.value("SELECT c.department, coalesce(c.topic, ''), coalesce(d.rule, ''), coalesce(d.neighbourhood, ''), "
                          "coalesce(d.street_owner, '') FROM router.case c JOIN router.decision d USING (application_id) "
                          f"WHERE c.number = '{number}'")
    kopru.wait_until(row, 20, f"{number} is routed", lambda: S.tail("router"))
    return row().split("|")


def point(latitude, longitude):
    return {"lat": latitude, "lon": longitude}


def a_street_is_imported_while_all_runs():
    S.start()
    KEYS["manager"] = S.api_key("manager", "cases", "--role", "manager", "--department", "FEN")
    line = {"type": "Feature", "properties": {"name": "Deneme Caddesi"},
            "geometry": {"type": "LineString", "coordinates": [[32.52, 37.8500], [32.54, 37.8500]]}}
    path = S.path("street.geojson")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"type": "FeatureCollection", "features": [line]}, file)
    S.kopru("places", "import", path, "--kind", "street", "--owner", "KBB")
    S.kopru("rules", "save", os.path.join(kopru.TOP, "deploy/data/rules.json"), "--reason", "test", "--by", "test", "--activate")
    kopru.wait_until(lambda: "streets=22" in S.tail("router", 20000) and "rules.taken" in S.tail("router", 20000), 30,
                     "the router knows street and rules", lambda: S.tail("router"))


def a_hole_on_a_metropolitan_street_is_the_metropolitan_municipalitys():
    row = decided(apply(HOLE, **point(37.85005, 32.53)))
    assert row == ["KBB", "DIS-07", "kbb-cadde", "kumkopru", "KBB"], row


def words_tell_it_too():
    row = decided(apply(HOLE + ", Deneme caddesi üzerinde"))
    assert row[0] == "KBB" and row[2] == "kbb-cadde" and row[4] == "KBB", row


def beside_it_it_is_ours():
    row = decided(apply(HOLE, **point(37.8600, 32.53)))
    assert row[0] == "FEN" and row[4] == "", row


def the_neighbourhood_is_found_by_point_field_and_text():
    assert decided(apply(HOLE, **point(37.8510, 32.53)))[3] == "kumkopru"
    assert decided(apply(HOLE, neighbourhood="SARIYAKUP MAH."))[3] == "sariyakup"
    assert decided(apply("Sariyakup mahallesindeyiz. " + HOLE))[3] == "sariyakup"


def a_set_that_cannot_be_used_leaves_the_old_one_in_force():
    S.sql("""INSERT INTO router.area (code, kind, name_tr, shape) VALUES ('bow', 'area', 'Bozuk', '{"type": "Polygon",
             "coordinates": [[[33.1, 37.9], [33.2, 38.0], [33.2, 37.9], [33.1, 38.0], [33.1, 37.9]]]}')""")
    kopru.wait_until(lambda: "places.unusable" in S.tail("router", 20000), 30, "the router says that it cannot be used",
                     lambda: S.tail("router"))
    assert "it crosses or touches itself near 37.9500000, 33.1500000" in S.tail("router", 20000)
    assert decided(apply(HOLE, **point(37.8510, 32.53)))[3] == "kumkopru"
    S.sql("DELETE FROM router.area WHERE code = 'bow'")


def a_matter_goes_with_the_institutions_letter():
    S.department("KOSKI")
    number = apply(HOLE, neighbourhood="Fetih")
    assert decided(number)[0] == "FEN"
    S.wait_quiet()
    version = int(S.value(f"SELECT version FROM router.case WHERE number = '{number}'"))
    status, _, answer = S.request("intake", "POST", "/api/v1/commands",
                                  {"number": number, "action": "forward", "expected_version": version, "institution": "KOSKI"},
                                  {"Authorization": "Bearer " + KEYS["manager"]})
    assert status == 200, answer
    kopru.wait_until(lambda: "5 inci maddesi" in json.dumps(S.lines("KOSKI"), ensure_ascii=False), 20, "KOSKI has the letter",
                     lambda: json.dumps(S.lines("KOSKI"), ensure_ascii=False))
    letter = next(line for line in S.lines("KOSKI") if "5 inci maddesi" in json.dumps(line, ensure_ascii=False))
    text = json.dumps(letter, ensure_ascii=False)
    assert number in text and "KOSKİ" in text and "Deneme" not in text and "{" + "number}" not in text, text


def a_unit_is_called_otherwise_and_old_cases_keep_the_old_name():
    old = apply(HOLE)
    decided(old)
    S.wait_quiet()
    S.kopru("department", "change", "FEN", "--name-tr", "Yol İşleri Müdürlüğü")
    kopru.wait_until(lambda: S.tail("router", 40000).count("catalogue.read") > 1, 30, "the router reads it", lambda: S.tail("router"))
    new = apply(HOLE)
    decided(new)
    S.wait_quiet()
    names = {number: S.value(f"SELECT department_name FROM reporting.application WHERE number = '{number}'") for number in (old, new)}
    assert names == {old: "Fen İşleri Müdürlüğü", new: "Yol İşleri Müdürlüğü"}, names


for test in (a_street_is_imported_while_all_runs, a_hole_on_a_metropolitan_street_is_the_metropolitan_municipalitys,
             words_tell_it_too, beside_it_it_is_ours, the_neighbourhood_is_found_by_point_field_and_text,
             a_set_that_cannot_be_used_leaves_the_old_one_in_force, a_matter_goes_with_the_institutions_letter,
             a_unit_is_called_otherwise_and_old_cases_keep_the_old_name):
    TAP.run(test.__name__, test)
S.close()
TAP.end()
