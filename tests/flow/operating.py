#!/usr/bin/env python3
"""flow: the operator at work on real services: parked events released, two instances, kills in between. limit: 180 s"""

import json
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import system as kopru  # noqa: E402

APPLICATION = {"kind": "complaint", "text": "Sokağımızda üç gündür çöp toplanmadı, konteyner taşıyor.", "subject": "Çöp",
               "applicant": {"name": "Deneme Şahıs", "email": "deneme@example.org"}}
S = kopru.System()
TAP = kopru.Tap()
STATE = {}


def command(*arguments, code=0, **more):
    """What the operator's command prints; it must end with that code."""
    environment = {**os.environ, "KOPRU_DATABASE": kopru.conninfo_with(S.admin, dbname=S.database), "KOPRU_STATE": S.folder,
                   "KOPRU_SERVICES": ",".join(f"{name}=unix:{S.path(name + '.sock')}" for name in kopru.SERVICES),
                   "KOPRU_URL": "unix:" + S.path("reporting.sock"), **more}
    done = subprocess.run([os.path.join(kopru.BUILD, "kopru"), *arguments], env=environment, cwd=kopru.TOP,
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def second_router():
    environment = {**S.environment("router"), "ROUTER_LISTEN": f"unix:{S.path('router-2.sock')}",
                   "ROUTER_FEED": f"ipc://{S.path('feed-router-2.sock')}",
                   "ROUTER_COMMANDS": f"ipc://{S.path('command-router-2.sock')}"}
    S.processes["router-2"] = kopru.Process("router-2", [os.path.join(kopru.BUILD, "kopru-router")], environment,
                                            S.path("log", "router-2.log"))
    S.processes["router-2"].start()
    S.wait_healthy("router-2")


def apply(count):
    numbers = []
    for _ in range(count):
        status, _, answer = S.apply(APPLICATION)
        assert status == 201, answer
        numbers.append(answer["number"])
    return numbers


def parked():
    return json.loads(command("parked", "list", "--json"))


def poison(on):
    S.sql("ALTER TABLE router.decision ADD CONSTRAINT poison CHECK (department <> 'TEM') NOT VALID" if on
          else "ALTER TABLE router.decision DROP CONSTRAINT poison")


def wait_parked(count):
    kopru.wait_until(lambda: len(parked()) == count, 30, f"{count} are parked", lambda: S.tail("router"))


def parked_events_are_shown_and_released():
    S.start()
    S.department("TEM")
    poison(True)
    STATE["numbers"] = apply(3)
    wait_parked(3)
    rows = parked()
    assert sorted(row["number"] for row in rows) == sorted(STATE["numbers"]), rows
    assert all(row["consumer"] == "router" and "poison" in row["reason"] and row["kind"] == "application.received"
               for row in rows), rows
    assert "Deneme" not in json.dumps(rows, ensure_ascii=False)
    # The cause is still there: it says so, and nothing is lost.
    said = command("parked", "release", "router", "intake", str(rows[0]["seq"]), code=1)
    assert "parked again" in said and "poison" in said, said
    assert [row["failures"] for row in parked() if row["seq"] == rows[0]["seq"]] == [1]
    poison(False)
    said = json.loads(command("parked", "release", "--application", STATE["numbers"][0], "--json"))
    assert [row["outcome"] for row in said] == ["released"], said
    assert len(parked()) == 2
    said = json.loads(command("parked", "release", "--consumer", "router", "--json"))
    assert [row["outcome"] for row in said] == ["released", "released"], said
    assert parked() == []
    S.wait_quiet()
    kopru.wait_until(lambda: sorted(line["number"] for line in S.lines("TEM")) == sorted(STATE["numbers"]), 20,
                     "the department has each once", lambda: S.tail("department-TEM"))


def two_instances_and_kills_release_each_once():
    poison(True)
    numbers = apply(60)
    wait_parked(60)
    second_router()
    S.supervise()
    poison(False)
    asked = subprocess.Popen([os.path.join(kopru.BUILD, "kopru"), "parked", "release", "--consumer", "router", "--wait", "60"],
                             env={**os.environ, "KOPRU_DATABASE": kopru.conninfo_with(S.admin, dbname=S.database)},
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for name in ("router", "router-2", "router", "router-2"):
        S.processes[name].kill(signal.SIGKILL)
        numbers += apply(3)
    said, _ = asked.communicate(timeout=90)
    assert asked.returncode == 0, said
    assert said.count(" released") == 60, said
    S.wait_quiet(60)
    numbers += STATE["numbers"]
    for table, where in (("router.case", "true"), ("router.decision", "true"),
                         ("feed.event", "stream = 'case' AND kind = 'application.routed'"),
                         ("feed.event", "stream = 'department/TEM' AND kind = 'application.routed'")):
        counted = S.value(f"SELECT count(*) || ' ' || count(DISTINCT application_id) FROM {table} WHERE {where}")
        assert counted == f"{len(numbers)} {len(numbers)}", (table, where, counted)
    kopru.wait_until(lambda: len(S.lines("TEM")) >= len(numbers), 30, "the department has them all",
                     lambda: S.tail("department-TEM"))
    assert sorted({line["number"] for line in S.lines("TEM")}) == sorted(numbers)


def the_doctor_sees_who_is_down_and_what_waits():
    found = json.loads(command("doctor", "--json"))
    assert found["well"] is True, found
    assert "services" in found["checks"] and not [f for f in found["findings"] if f["check"] == "services"], found
    S.processes["notifier"].stop()
    numbers = apply(2)

    def waits():
        return S.value("SELECT count(*) FROM feed.event WHERE stream = 'case' AND seq > (SELECT seq FROM feed.cursor "
                       "WHERE consumer = 'notifier' AND stream = 'case') "
                       "AND at < now() - interval '1.5 seconds'") == str(len(numbers))
    kopru.wait_until(waits, 20, "the notifier is behind")
    text = command("doctor", "--age", "1", code=1)
    assert "WRONG  services: notifier does not answer" in text, text
    assert "notifier is 2 events behind" in text and "Citizens are not told" in text, text
    S.start("notifier")
    S.wait_quiet()
    command("doctor")


def reports_are_printed_and_saved():
    total = int(S.value("SELECT count(*) FROM intake.application"))
    key = S.api_key("operator", "reports")
    path = S.path("reports.key")
    with open(path, "w", encoding="utf-8") as file:
        file.write(key + "\n")
    today = S.value("SELECT (now() AT TIME ZONE 'Europe/Istanbul')::date")
    days = ("--from", today, "--to", today)
    found = json.loads(command("report", "summary", *days, "--json", KOPRU_KEY=key))
    assert found["total"] == total, found
    text = command("report", "summary", *days, "--key-file", path)
    assert "by_channel" in text and "NAME" in text and "by_day" not in text, text
    assert any(line.split()[:2] == ["Web", str(total)] for line in text.split("\n")), text
    year = json.loads(command("report", "year", today[:4], "--json", KOPRU_KEY=key))
    assert year["total"]["count"] == total, year
    assert "Service Desk" in command("report", "year", today[:4], KOPRU_KEY=key)
    for name, begin in (("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK")):
        said = command("report", "year", today[:4], "--" + name, S.path("year." + name), KOPRU_KEY=key)
        with open(S.path("year." + name), "rb") as file:
            data = file.read()
        assert data.startswith(begin) and f"{len(data)} bytes" in said, (name, data[:40], said)
    text = command("report", "year", today[:4], KOPRU_KEY=key[:-2] + "xx", code=1)
    assert "401" in text and key[-10:] not in text, text


def a_case_is_shown_without_what_was_written():
    number = STATE["numbers"][0]
    text = command("case", number.lower().replace("-", " "))
    assert number in text and "assigned" in text and "application.routed" in text, text
    found = json.loads(command("case", number, "--json"))
    assert found["number"] == number and found["state"] == "assigned" and found["department"] == "TEM", found
    assert [row["event"] for row in found["events"]] == ["application.received", "application.routed"], found
    assert found["notices"] and found["parked"] == [], found
    for secret in ("Deneme", "deneme@", "Sokağımızda"):
        assert secret not in text + json.dumps(found, ensure_ascii=False), secret
    assert "is no application's number" in command("case", "HM-2026-0000001-0", code=2)
    absent = next(f"HM-2031-0000001-{digit}" for digit in range(10)
                  if "there is no application" in command_any("case", f"HM-2031-0000001-{digit}"))
    assert absent


def command_any(*arguments):
    try:
        return command(*arguments, code=1)
    except AssertionError as error:
        return str(error)


def a_notice_that_was_given_up_goes_out_after_all():
    number = STATE["numbers"][1]
    sent = [row for row in json.loads(command("notices", "list", "--number", number, "--json")) if row["state"] == "sent"]
    assert sent and sent[0]["to"] == "d***@example.org", sent
    notice = sent[0]["id"]
    before = len(os.listdir(S.path("outbox")))
    S.sql(f"UPDATE notifier.notice SET state = 'failed', reason = '550 no such <deneme@example.org>' WHERE id = '{notice}'")
    for name in os.listdir(S.path("outbox")):
        if notice in name:
            os.unlink(S.path("outbox", name))
    text = command("notices", "list", "--state", "failed")
    assert notice in text and "550 no such" in text and "deneme@" not in text, text
    assert "1 notices were given up" in command("doctor", code=1)
    assert notice in command("notices", "retry", notice)
    kopru.wait_until(lambda: S.value(f"SELECT state FROM notifier.notice WHERE id = '{notice}'") == "sent", 30,
                     "it is sent", lambda: S.tail("notifier"))
    kopru.wait_until(lambda: len(os.listdir(S.path("outbox"))) == before, 10, "the letter is there")
    command("doctor")


def the_read_side_is_made_again():
    def figures():
        return S.value("SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM (SELECT application_id, number, version, state, "
                       "department, topic FROM reporting.application) AS t")
    before = figures()
    assert "say --yes" in command("replay", "reporting", code=2)
    assert before == figures()
    said = command("replay", "reporting", "--yes", "--wait", "60")
    assert "the read side is made again" in said, said
    assert before == figures()
    S.wait_quiet()


def it_all_adds_up():
    """I-01, I-05, I-06, I-07: and when one decision is taken away it is missed."""
    total = int(S.value("SELECT count(*) FROM intake.application"))
    found = json.loads(command("reconcile", "--json"))
    for name in ("accepted", "stored", "routed", "delivered_events", "noticed"):
        assert found[name] == total, (name, total, found)
    for name in ("waiting", "parked", "lost", "duplicated", "misordered", "strangers", "gaps"):
        assert found[name] == 0, found
    number = STATE["numbers"][0]
    S.sql("DELETE FROM router.decision WHERE application_id = (SELECT id FROM intake.application "
          f"WHERE number = '{number}')")
    text = command("reconcile", code=1)
    assert number in text and "0 routing decisions" in text, text


try:
    for test in (parked_events_are_shown_and_released, two_instances_and_kills_release_each_once,
                 the_doctor_sees_who_is_down_and_what_waits, reports_are_printed_and_saved,
                 a_case_is_shown_without_what_was_written,
                 a_notice_that_was_given_up_goes_out_after_all, the_read_side_is_made_again, it_all_adds_up):
        TAP.run(test.__name__, test)
finally:
    S.close()
TAP.end()
