#!/usr/bin/env python3
"""flow: the calendar changes while cases are open: leave moves targets, a holiday moves laws too, it is listed exactly, told to
departments and citizens, and what was due before stays provable. limit: 180 s"""

import datetime
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import commands  # noqa: E402
import system as kopru  # noqa: E402

S = kopru.System()
TAP = kopru.Tap()
STATE = {}
LAW, TARGET = 1, 2


def due_on(case, clock):
    """The last day of a clock."""
    return S.value("SELECT ((due_at - interval '1 microsecond') AT TIME ZONE 'Europe/Istanbul')::date FROM router.clock "
                   f"WHERE application_id = '{case}' AND kind = {clock}")


def new_case(name, kind):
    status, _, answer = S.apply({"kind": kind, "text": "Sokağımızda üç gündür çöp toplanmadı, konteyner taşıyor.",
                                 "applicant": {"name": "Deneme Şahıs", "email": f"{name}@example.org"}})
    assert status == 201, answer
    kopru.wait_until(lambda: S.value(f"SELECT count(*) FROM router.clock k JOIN router.case c USING (application_id) "
                                     f"WHERE c.number = '{answer['number']}'") == "2", 30, "its clocks run", lambda: S.tail("router"))
    case = S.value(f"SELECT application_id FROM router.case WHERE number = '{answer['number']}'")
    STATE[name] = {"case": case, "number": answer["number"], "code": answer["access_code"],
                   "law": due_on(case, LAW), "target": due_on(case, TARGET)}
    assert STATE[name]["law"] == answer["due_on"], answer


def change(*words, reason):
    """Saves it, waits until the deadlines have moved; (version, {(number, clock): (from, to)} as it was foreseen)."""
    foreseen = json.loads(S.kopru("calendar", *words, "--reason", reason, "--by", "Yazı İşleri", "--json"))
    version = foreseen["version"]
    kopru.wait_until(lambda: S.value(f"SELECT recomputed_at IS NOT NULL FROM router.calendar WHERE version = {version}") == "t", 40,
                     "the deadlines have moved", lambda: S.tail("router"))
    listed = {(m["number"], m["clock"]): (m["from"][:10], m["to"][:10])
              for m in json.loads(S.kopru("calendar", "moved", str(version), "--json"))}
    wanted = {(m["number"], m["clock"]): (m["from"][:10], m["to"][:10]) for m in foreseen["moves"]}
    assert listed == wanted and len(wanted) == foreseen["deadlines"], (listed, wanted)
    return version, listed


def moved_events(stream, case):
    rows = S.rows("SELECT encode(payload, 'hex') FROM feed.event WHERE kind = 'deadline.moved' "
                  f"AND stream = '{stream}' AND application_id = '{case}' ORDER BY seq")
    return [commands.event_pb2.Event.FromString(bytes.fromhex(row)) for row in rows]


def days(date):
    return (datetime.date.fromisoformat(date) - datetime.date(1970, 1, 1)).days


def starts():
    S.start()
    new_case("dilekce", "complaint")
    new_case("bilgi", "information_request")
    S.wait_quiet()
    for name in ("dilekce", "bilgi"):
        assert S.confirm(S.letters(STATE[name]["number"])[0])[0] == 200
    S.wait_quiet()
    STATE["letters"] = {name: len(S.letters(STATE[name]["number"])) for name in ("dilekce", "bilgi")}


def a_holiday_moves_both():
    """In the term of the request for information, which counts working days; the petition's last day is another."""
    one, other = STATE["dilekce"], STATE["bilgi"]
    version, moved = change("add", other["target"], "holiday", "Deneme bayramı", reason="Resmî tatil ilan edildi")
    assert (other["number"], "law") in moved and (other["number"], "target") in moved, moved
    assert moved[other["number"], "law"][0] == other["law"] < due_on(other["case"], LAW)
    assert moved[other["number"], "target"][0] == other["target"] < due_on(other["case"], TARGET)
    assert due_on(one["case"], LAW) == one["law"]
    assert sorted(e.deadline_moved.clock for e in moved_events("case", other["case"])
                  if e.deadline_moved.calendar_version == version) == [LAW, TARGET]
    other["second"] = version


def citizen_is_told_of_the_law_with_its_article():
    other = STATE["bilgi"]
    new = due_on(other["case"], LAW)
    S.wait_quiet()
    letters = S.letters(other["number"])
    assert len(letters) == STATE["letters"]["bilgi"] + 1
    text = letters[-1].get_content()
    for day in (other["law"], new):
        assert datetime.date.fromisoformat(day).strftime("%d.%m.%Y") in text, text
    assert "4982 sayılı Bilgi Edinme Hakkı Kanunu'nun 11. maddesi" in text and "Resmî tatil ilan edildi" in text, text
    assert len(S.letters(STATE["dilekce"]["number"])) == STATE["letters"]["dilekce"]
    status, _, shown = S.track(other["number"], other["code"])
    step, = [step for step in shown["history"] if step["event"] == "deadline.moved"]
    assert status == 200 and (step["due_before"], step["due_on"], shown["due_on"]) == (other["law"], new, new), shown


def what_was_due_before_is_provable():
    other = STATE["bilgi"]
    received = S.value(f"SELECT (received_at AT TIME ZONE 'Europe/Istanbul')::date FROM router.case WHERE application_id = '{other['case']}'")
    for version, wanted in (("1", other["law"]), (str(other["second"]), due_on(other["case"], LAW))):
        assert json.loads(S.kopru("calendar", "due", "4982", received, "--version", version, "--json"))["due_on"] == wanted
    assert [(row["moved"], bool(row["recomputed_at"])) for row in json.loads(S.kopru("calendar", "history", "--json"))] == \
        [(0, True), (len(json.loads(S.kopru("calendar", "moved", str(other["second"]), "--json"))), True)]


def intake_tells_the_date_that_holds_now():
    kopru.wait_until(lambda: f"kopru_intake_calendar_version {STATE['bilgi']['second']}" in S.request("intake", "GET", "/metrics")[2].decode(),
                     15, "intake has read the calendar", lambda: S.tail("intake"))
    new_case("yeni", "information_request")
    assert STATE["yeni"]["law"] == due_on(STATE["bilgi"]["case"], LAW) and not moved_events("case", STATE["yeni"]["case"])


def one_told_by_an_older_calendar():
    """Its clock says what intake told that did not know the holiday yet; the next sweep has to find it."""
    new_case("gec", "information_request")
    known = STATE["gec"]
    assert known["law"] in (STATE["bilgi"]["law"], due_on(STATE["bilgi"]["case"], LAW))
    S.sql(f"UPDATE router.case SET due_on = '{STATE['bilgi']['law']}' WHERE application_id = '{known['case']}'; "
          f"UPDATE router.clock SET due_at = ('{STATE['bilgi']['law']}'::date + 1)::timestamp AT TIME ZONE 'Europe/Istanbul' "
          f"WHERE application_id = '{known['case']}' AND kind = 1")
    known["law"] = STATE["bilgi"]["law"]


def leave_that_is_announced_late_moves_targets_and_no_law():
    """And the one that was told by an older calendar is caught by the way."""
    one, other, new, late = (STATE[name] for name in ("dilekce", "bilgi", "yeni", "gec"))
    version, moved = change("add", due_on(one["case"], TARGET), "leave", "İdari izin", reason="İdari izin verildi")
    assert moved.pop((late["number"], "law")) == (late["law"], due_on(other["case"], LAW))
    assert set(moved) == {(known["number"], "target") for known in (one, other, new, late)}, moved
    for known in (one, other):
        assert due_on(known["case"], TARGET) == moved[known["number"], "target"][1] > moved[known["number"], "target"][0]
        for stream in ("case", "department/TEM"):
            event = moved_events(stream, known["case"])[-1]
            told = event.deadline_moved
            assert (told.clock, told.calendar_version, told.old_due_on) == (TARGET, version, 0), told
            assert told.old_target_on == days(moved[known["number"], "target"][0]) and told.reason == "İdari izin verildi"
            assert event.standing.target_on == days(due_on(known["case"], TARGET))
            assert event.standing.due_on == days(due_on(known["case"], LAW))
    assert due_on(one["case"], LAW) == one["law"]
    S.wait_quiet()
    assert len(S.letters(other["number"])) == STATE["letters"]["bilgi"] + 1
    assert len(S.letters(one["number"])) == STATE["letters"]["dilekce"]
    status, _, shown = S.track(one["number"], one["code"])
    assert status == 200 and all(step["event"] != "deadline.moved" for step in shown["history"]), shown


for test in (starts, a_holiday_moves_both, citizen_is_told_of_the_law_with_its_article, what_was_due_before_is_provable,
             intake_tells_the_date_that_holds_now, one_told_by_an_older_calendar, leave_that_is_announced_late_moves_targets_and_no_law):
    TAP.run(test.__name__, test)
S.close()
TAP.end()
