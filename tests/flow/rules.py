#!/usr/bin/python3
"""flow: rules are saved, replayed, activated and taken back while the real programs run: an application goes by them within
15 s, its decision and its event say by which, and a router that is killed while sets change mixes no two of them.
limit: 300 s"""
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import commands  # noqa: E402
import system as kopru  # noqa: E402

S = kopru.System()
TAP = kopru.Tap()
TEXT = "Sokağımızda asfalt bozuk, yolda kocaman bir çukur açıldı."
STATE = {}
BY = ("--by", "Deneme", "--reason", "deneme")


def rules_file(name, *rules):
    path = S.path(name + ".json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"rules": [{"owner": "Fen", "reason": "deneme", "valid_from": "2020-01-01", **rule} for rule in rules]}, file)
    return path


def rules(*arguments):
    return json.loads(S.kopru("rules", *arguments, "--json"))


def apply(text=TEXT, **more):
    status, _, answer = S.apply({"kind": "complaint", "text": text,
                                 "applicant": {"name": "Deneme Şahıs", "email": "deneme@example.org"}, **more})
    assert status == 201, answer
    return answer["number"]


def decision(number):
    """department, topic, triage, rule, rules_version of a routed application."""
    query = ("SELECT c.department, coalesce(c.topic, ''), c.triage, coalesce(d.rule, ''), coalesce(d.rules_version, 0) "
             "FROM router.case c JOIN router.decision d USING (application_id) "
             f"WHERE c.number = '{number}'")
    kopru.wait_until(lambda: S.rows(query), 30, "it is routed", lambda: S.tail("router"))
    return S.value(query).split("|")


def router_version():
    status, _, text = S.request("router", "GET", "/metrics")
    assert status == 200
    for line in text.decode().splitlines():
        if line.startswith("kopru_router_rules_version"):
            return int(line.split()[-1])
    raise AssertionError("no such metric")


def takes_version(version, since):
    kopru.wait_until(lambda: router_version() == version, 15 - (time.monotonic() - since), f"version {version} decides",
                     lambda: S.tail("router"))


def a_street_of_the_metropolitan_municipality_is_its_own():
    """By the rules that ship with the demo, from the first application on."""
    S.start("intake", "router")
    assert decision(apply(location={"address": "Fetih Caddesi No: 5"})) == ["KBB", "DIS-07", "f", "kbb-cadde", "1"]
    assert decision(apply(location={"address": "Deneme Sokak No: 5"}))[:4] == ["FEN", "YOL-01", "f", ""]
    S.processes["router"].stop()
    S.sql("TRUNCATE router.rules, router.rule, router.rules_change RESTART IDENTITY; "
          "UPDATE router.decision SET decided_at = now() - interval '40 days'")


def goes_by_topic_without_rules():
    S.start("router")
    STATE["first"] = apply()
    STATE["before"] = decision(STATE["first"])
    assert STATE["before"] == ["FEN", "YOL-01", "f", "", "0"], STATE["before"]


def replay_shows_what_would_move():
    path = rules_file("prk", {"code": "asfalt", "when": {"topics": ["YOL"], "channels": ["web"]}, "then": {"department": "PRK"}})
    saved = rules("save", path, *BY)
    assert saved == {"version": 1, "state": "draft", "rules": 1}, saved
    told = rules("replay", "1", "--days", "2")
    assert (told["decisions"], told["moved"]) == (1, 1), told
    assert told["cases"] == [{"number": STATE["first"], "from": "FEN", "from_topic": "YOL-01", "to": "PRK",
                              "to_topic": "YOL-01", "rule": "asfalt"}], told
    text = S.kopru("rules", "replay", "1")
    assert STATE["first"] in text and "asfalt" in text and "çukur" not in text and "Deneme" not in text, text
    assert decision(apply()) == STATE["before"]  # a draft decides nothing


def an_application_goes_by_them_within_15_s():
    since = time.monotonic()
    told = rules("activate", "1", "--by", "Deneme")
    assert (told["state"], told["replay"]["moved"]) == ("active", 2), told
    takes_version(1, since)
    number = apply()
    assert decision(number) == ["PRK", "YOL-01", "f", "asfalt", "1"], decision(number)
    payload = S.value("SELECT encode(payload, 'hex') FROM feed.event WHERE stream = 'case' AND application_id = "
                      f"(SELECT application_id FROM router.case WHERE number = '{number}')")
    routed = commands.event_pb2.Event.FromString(bytes.fromhex(payload)).application_routed
    assert (routed.rule, routed.rules_version) == ("asfalt", 1), routed
    assert "asfalt" in routed.reason_tr and "asfalt" in routed.reason_en, routed
    assert decision(STATE["first"]) == STATE["before"]  # what is decided stays decided


def the_more_specific_one_decides():
    path = rules_file(
        "two",
        {"code": "asfalt", "when": {"topics": ["YOL"], "channels": ["web"]}, "then": {"department": "PRK"}},
        {"code": "okul", "when": {"topics": ["YOL"], "channels": ["web"], "words": {"any": ["okul"]}}, "then": {"triage": True}})
    S.kopru("rules", "save", path, *BY, "--activate")
    S.processes["router"].stop()
    S.start("router")  # which knows the active rules before it decides
    assert decision(apply(TEXT + " Okulun önünde.")) == ["HM", "", "t", "okul", "2"]
    assert decision(apply()) == ["PRK", "YOL-01", "f", "asfalt", "2"]


def one_step_back():
    since = time.monotonic()
    told = rules("rollback", "--by", "Deneme")
    assert told == {"version": 1, "state": "active", "before": 2}, told
    takes_version(1, since)
    assert decision(apply(TEXT + " Okulun önünde.")) == ["PRK", "YOL-01", "f", "asfalt", "1"]


def a_router_killed_while_sets_change_mixes_none():
    """Each set sends all to a department of its own: a decision's department and its version belong together."""
    home = {}
    for department in ("TEM", "ZAB"):
        path = rules_file(department.lower(), {"code": department.lower(), "when": {"topics": ["YOL"]},
                                               "then": {"department": department}})
        home[str(rules("save", path, *BY)["version"])] = department
    S.supervise()
    numbers, versions = [], list(home)
    for i in range(6):
        S.kopru("rules", "activate", versions[i % 2], "--by", "Deneme")
        time.sleep(0.3 * (i % 3))
        S.processes["router"].kill()
        numbers.append(apply())
    assert S.value("SELECT count(*) FROM router.rules WHERE state = 'active'") == "1"
    S.wait_healthy("router")
    takes_version(int(versions[1]), time.monotonic())
    numbers.append(apply())
    home["1"] = "PRK"
    for number in numbers:
        department, topic, _, rule, version = decision(number)
        assert department == home[version] and topic == "YOL-01" and rule, (number, department, rule, version, home)
    assert decision(numbers[-1])[4] == versions[1]
    assert S.value("SELECT count(*) - count(DISTINCT application_id) FROM router.decision") == "0"


for test in (a_street_of_the_metropolitan_municipality_is_its_own, goes_by_topic_without_rules,
             replay_shows_what_would_move, an_application_goes_by_them_within_15_s,
             the_more_specific_one_decides, one_step_back, a_router_killed_while_sets_change_mixes_none):
    TAP.run(test.__name__, test)
S.close()
TAP.end()
