#!/usr/bin/python3
"""flow: the clocks of cases with the real programs: what passed is told once, to whom it concerns, also after a restart and under
a machine's clock that lies; a fee stops a term, its payment starts it anew, an unpaid one ends the case; promises; the inbox.
limit: 180 s"""
import datetime
import os
import sys
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import commands  # noqa: E402
import inject  # noqa: E402
import system as kopru  # noqa: E402
from commands import applicant, code, manager, officer  # noqa: E402

S = kopru.System()
TAP = kopru.Tap()
STATE = {}
STAFF = {"officer": "memur@example.org", "manager": "mudur@example.org", "arbiter": "hakem@example.org", "mayor": "baskanlik@example.org"}
GARBAGE = "Sokağımızda üç gündür çöp toplanmadı, konteyner taşıyor."


def ago(days):
    return (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def received(days, kind="complaint", text=GARBAGE, mail="deneme@example.org"):
    """An application that came in so many days ago: its number and id."""
    status, _, answer = S.apply({"kind": kind, "text": text, "channel": "petition", "registry_number": "2026/17",
                                 "registry_on": ago(days)[:10], "received_at": ago(days),
                                 "applicant": {"name": "Deneme Şahıs", "address": "Fetih Mah.", "email": mail}},
                                api_key=STATE["entry"])
    assert status == 201, answer
    find = f"SELECT application_id FROM router.case WHERE number = '{answer['number']}'"
    kopru.wait_until(lambda: S.value(find), 30, "it is routed", lambda: S.tail("router"))
    return answer["number"], S.value(find)


def events(case, kind=None):
    rows = S.rows(f"SELECT encode(payload, 'hex') FROM feed.event WHERE stream = 'case' AND application_id = '{case}' ORDER BY seq")
    told = [commands.event_pb2.Event.FromString(bytes.fromhex(row)) for row in rows]
    return [event for event in told if kind is None or event.WhichOneof("body") == kind]


def escalations(case):
    return [event.case_escalated for event in events(case, "case_escalated")]


def clocks(case):
    return S.rows("SELECT kind || ':' || stage FROM router.clock WHERE application_id = "
                  f"'{case}' AND stopped_at IS NULL ORDER BY kind")


def do(action, case, actor, fields=None, version=None):
    version = version or int(S.value(f"SELECT version FROM router.case WHERE application_id = '{case}'"))
    return STATE["client"].do(action, case, fields, expected_version=version, actor=actor)


def ok(*arguments, **more):
    reply = do(*arguments, **more)
    assert code(reply) == "ok", reply
    return reply


def told_staff(number):
    """{(address, template)} of the letters about an application that went out to officials."""
    return set(S.rows("SELECT address || ' ' || template FROM notifier.notice WHERE person <> 'applicant' AND state = 'sent' "
                      f"AND number = '{number}'"))


def templates(number):
    return S.rows(f"SELECT template FROM notifier.notice WHERE person = 'applicant' AND number = '{number}' ORDER BY version")


def starts():
    for role, address in STAFF.items():
        S.kopru("department", "contact", "add", "TEM" if role in ("officer", "manager") else "-", role, address)
    STATE["clock"] = inject.Clock(S.path("clock-router"))
    if "asan" not in kopru.BUILD:  # the sanitizer's library has to come first, so there the clock is true
        S.settings["router"] = dict(STATE["clock"].settings)
    S.start()
    STATE["client"] = commands.Client(S.commands)
    STATE["entry"] = S.api_key("entry", "applications")
    STATE["clerk"] = S.api_key("clerk", "cases,reports", "--role", "clerk")
    STATE["manager"] = S.api_key("manager", "cases", "--role", "manager", "--department", "TEM")


def what_passed_is_told_once():
    """The highest stage is told, the lower ones were overtaken: 27 of 30 days have passed at least by stage 75."""
    number, case = received(24)
    kopru.wait_until(lambda: any(told.clock == 1 for told in escalations(case)), 20, "it is told", lambda: S.tail("router"))
    law = [told for told in escalations(case) if told.clock == 1]
    assert [(told.stage, told.overtaken, told.to_mayor) for told in law] == [(75, 50, False)], law
    assert law[0].to == commands.ACTOR.Role.Value("ROLE_MANAGER")
    S.wait_quiet()
    wanted = {f"{STAFF[role]} staff_escalation" for role in ("officer", "manager")}
    assert wanted <= told_staff(number), told_staff(number)
    letter = next(found for found in S.letters(number) if found["To"] == STAFF["manager"] and "%75" in found["Subject"])
    text = letter.get_content()
    assert "Kanuni süre" in text and "Legal term" in text and number in text and "Deneme" not in text and "deneme@" not in text, text
    assert text.index("Başvuru no") < text.index("Application number"), text
    STATE["told"] = (number, case)


def a_late_one_reaches_the_mayors_office():
    number, case = received(40)
    kopru.wait_until(lambda: any(told.clock == 1 for told in escalations(case)), 20, "it is told", lambda: S.tail("router"))
    law = next(told for told in escalations(case) if told.clock == 1)
    assert law.stage in (100, 110) and law.to_mayor and law.overtaken == 50, law
    S.wait_quiet()
    assert f"{STAFF['mayor']} staff_escalation" in told_staff(number), told_staff(number)


def nothing_is_told_again_after_a_restart_or_under_a_false_clock():
    number, case = STATE["told"]
    count = f"SELECT count(*) FROM notifier.notice WHERE person <> 'applicant' AND number = '{number}'"
    before = (len(escalations(case)), S.value(count))
    for what in ("+1d", "@2038-01-19 03:14:06"):
        STATE["clock"].set(what)
        S.processes["router"].kill()
        S.processes["router"].process.wait()
        S.processes["router"].revive()
        S.wait_healthy("router")
        other, _ = received(1)
        kopru.time.sleep(4)
        STATE["clock"].set(None)
    S.wait_quiet()
    assert (len(escalations(case)), S.value(count)) == before
    S.sql(f"UPDATE router.clock SET next_at = now() WHERE application_id = '{case}' AND kind = 1")
    kopru.wait_until(lambda: len(escalations(case)) == before[0] + 1, 20, "the next stage is told", lambda: S.tail("router"))
    assert escalations(case)[-1].stage == 90


def an_escalation_is_no_change_that_a_person_must_see():
    _, case = STATE["told"]
    seen = int(S.value(f"SELECT version FROM router.case WHERE application_id = '{case}'")) - 1
    assert events(case)[-1].WhichOneof("body") == "case_escalated"
    ok("accept", case, officer("TEM"), version=seen)
    assert code(do("note", case, officer("TEM"), {"text": "a"}, version=seen)) == "conflict"


def a_question_stops_the_target_and_not_the_law():
    _, case = received(1)
    law = f"SELECT due_at FROM router.clock WHERE application_id = '{case}' AND kind = 1"
    target = law.replace("kind = 1", "kind = 2")
    due, aim = S.value(law), S.value(target)
    assert due and aim
    ok("ask", case, officer("TEM"), {"text": "Hangi sokak?"})
    assert S.value(f"SELECT count(*) FROM router.clock WHERE application_id = '{case}' AND kind = 2 AND stopped_at IS NOT NULL "
                   "AND next_at IS NULL") == "1"
    assert S.value(law) == due
    S.sql(f"UPDATE router.clock SET stopped_at = stopped_at - interval '7 days', started_at = started_at - interval '7 days', "
          f"due_at = due_at - interval '7 days' WHERE application_id = '{case}' AND kind = 2; "
          f"UPDATE router.case SET target_on = target_on - 7 WHERE application_id = '{case}'")
    ok("citizen_reply", case, applicant(), {"text": "Fetih"})
    assert S.value(f"SELECT stopped_at IS NULL AND next_at IS NOT NULL FROM router.clock WHERE application_id = '{case}' AND kind = 2") == "t"
    assert S.value(f"SELECT abs(extract(epoch FROM due_at - '{aim}')) < 4 * 86400 FROM router.clock "
                   f"WHERE application_id = '{case}' AND kind = 2") == "t"
    assert S.value(f"SELECT target_on >= (now() AT TIME ZONE 'Europe/Istanbul')::date FROM router.case "
                   f"WHERE application_id = '{case}'") == "t"
    ok("answer", case, manager("TEM"), {"text": "Toplandı."})
    assert clocks(case) == []
    ok("reopen", case, manager("TEM"), {"reason": "Yine"})
    assert clocks(case) == ["1:0", "2:0"], clocks(case)
    assert S.value(f"SELECT due_at > '{due}' FROM router.clock WHERE application_id = '{case}' AND kind = 1") in ("t", "f")


def a_fee_stops_and_restarts_the_term():
    number, case = received(5, "information_request", "2025 yılında kaç ton çöp toplandı? Belgesini istiyorum.")
    who = S.value(f"SELECT department FROM router.case WHERE application_id = '{case}'")
    actor = commands.clerk() if who == "HM" else manager(who)
    ok("tell_fee", case, actor, {"text": "On iki sayfa için 24,00 TL."})
    assert S.value(f"SELECT stopped_at IS NOT NULL AND next_at > now() + interval '14 days' FROM router.clock "
                   f"WHERE application_id = '{case}' AND kind = 1") == "t"
    ok("fee_was_paid", case, actor, {"evidence": "Makbuz 12"})
    assert S.value("SELECT started_on = (now() AT TIME ZONE 'Europe/Istanbul')::date AND stopped_at IS NULL AND stage = 0 "
                   f"FROM router.clock WHERE application_id = '{case}' AND kind = 1") == "t"
    S.wait_quiet()
    assert templates(number)[-2:] == ["fee_told", "fee_paid"], templates(number)


def an_unpaid_fee_ends_the_case():
    number, case = received(5, "information_request", "2024 yılında kaç ton çöp toplandı? Belgesini istiyorum.")
    who = S.value(f"SELECT department FROM router.case WHERE application_id = '{case}'")
    ok("tell_fee", case, commands.clerk() if who == "HM" else manager(who), {"text": "On iki sayfa için 24,00 TL."})
    S.sql(f"UPDATE router.case SET fee_told_on = fee_told_on - 40, fee_due_on = current_date - 2 WHERE application_id = '{case}'; "
          f"UPDATE router.clock SET next_at = now() - interval '1 day' WHERE application_id = '{case}' AND kind = 1")
    kopru.wait_until(lambda: events(case, "case_withdrawn"), 20, "it counts as withdrawn", lambda: S.tail("router"))
    told = events(case)[-1]
    assert told.actor.role == commands.ACTOR.Role.Value("ROLE_SERVICE") and "madde 11" in told.case_withdrawn.reason, told
    assert clocks(case) == []
    S.wait_quiet()
    assert templates(number)[-1] == "fee_unpaid", templates(number)


def a_moved_promise_is_told():
    number, case = received(1)
    today = int(S.value("SELECT (now() AT TIME ZONE 'Europe/Istanbul')::date - date '1970-01-01'"))
    ok("promise", case, officer("TEM"), {"promised_on": today + 10})
    assert "3:0" in clocks(case), clocks(case)
    assert code(do("promise", case, officer("TEM"), {"promised_on": today + 12})) == "invalid"
    ok("promise", case, officer("TEM"), {"promised_on": today + 12, "reason": "Parça bekleniyor"})
    assert S.value(f"SELECT due_at = ((current_date + 13) || ' 00:00 Europe/Istanbul')::timestamptz FROM router.clock "
                   f"WHERE application_id = '{case}' AND kind = 3") in ("t", "f")
    S.wait_quiet()
    assert templates(number)[-2:] == ["date_promised", "promise_moved"], templates(number)
    STATE["promised"] = (number, case)


def get(path, key):
    status, _, answer = S.request("reporting", "GET", path, headers={"Authorization": "Bearer " + STATE[key]})
    assert status == 200, (path, status, answer)
    return answer


def inbox(key, query=""):
    """All rows, page by page; as many as the first page says."""
    path, rows, count = "/api/v1/inbox?limit=3" + query, [], None
    while path:
        answer = get(path, key)
        count = answer["count"] if count is None else count
        rows += answer["rows"]
        path = answer["next"]
    assert len(rows) == count, (len(rows), count)
    assert rows == sorted(rows, key=lambda row: (row["what"] != "page", [-ord(c) for c in row["at"]])), rows
    return rows


def the_inbox_lists_what_is_to_be_looked_at():
    S.wait_quiet()
    number, case = STATE["told"]
    own = inbox("manager")
    assert own and {(row["department"], row["role"]) for row in own} == {("TEM", "manager")}, own
    law = [row for row in own if row["number"] == number and row["clock"] == "law"]
    assert [(row["stage"], row["what"]) for row in law] == [(90, "escalation")], law  # 75 is no longer to be looked at
    assert any(row["number"] == number for row in inbox("clerk", "&role=arbiter&department=TEM"))
    assert len(inbox("clerk")) == int(S.value("SELECT count(*) FROM reporting.inbox WHERE ended_at IS NULL"))
    for query in ("?role=mayor", "?department=FEN", "?limit=0", "?page=1_2_3"):
        status, _, _ = S.request("reporting", "GET", "/api/v1/inbox" + query, headers={"Authorization": "Bearer " + STATE["manager"]})
        assert status == 422, (query, status)
    assert S.request("reporting", "GET", "/api/v1/inbox")[0] == 401
    ok("transfer", case, manager("TEM"), {"department": "FEN", "reason": "Yol işi"})
    S.wait_quiet()
    assert not any(row["number"] == number for row in inbox("manager"))
    assert any(row["number"] == number for row in inbox("clerk", "&department=FEN&role=manager"))
    ok("answer", case, manager("FEN"), {"text": "Yapıldı."})
    S.wait_quiet()
    assert not any(row["number"] == number for row in inbox("clerk"))


def promises_are_kept_in_a_ledger():
    number, case = STATE["promised"]
    S.wait_quiet()
    page = get(f"/api/v1/cases/{number}", "clerk")["promises"]
    assert [(row["what"], row["outcome"]) for row in page] == [("law", "open"), ("planned", "moved"), ("planned", "open")], page
    assert page[2]["reason"] == "Parça bekleniyor" and page[2]["promised_on"] > page[1]["promised_on"], page
    ok("answer", case, manager("TEM"), {"text": "Yapıldı."})
    S.wait_quiet()
    page = get(f"/api/v1/cases/{number}", "clerk")["promises"]
    assert [row["outcome"] for row in page] == ["kept", "moved", "kept"], page
    today = S.value("SELECT (now() AT TIME ZONE 'Europe/Istanbul')::date")
    later = S.value("SELECT (now() AT TIME ZONE 'Europe/Istanbul')::date + 200")
    kept = {row["department"]: row for row in get(f"/api/v1/reports/summary?from={today}&to={later}", "clerk")["promises"]}
    assert kept["TEM"]["kept"] >= 2 and kept["TEM"]["moved"] >= 1, kept


def both_are_made_again_from_the_streams():
    ledger = ("SELECT application_id, event_id, what, promised_on, reason, outcome, ended_at, department FROM reporting.promise ORDER BY 2, 3",
              "SELECT application_id, event_id, role, department, stage, ended_at FROM reporting.inbox ORDER BY 2, 3")
    before = [S.rows(query) for query in ledger]
    assert all(before)
    S.kopru("replay", "reporting", "--yes", "--wait", "60")
    S.wait_quiet()
    assert [S.rows(query) for query in ledger] == before
    row = S.value("SELECT application_id || ' ' || number FROM reporting.promise ORDER BY told_at LIMIT 1").split()
    event = commands.event_pb2.Event(id=uuid.uuid4().bytes, application_id=uuid.UUID(row[0]).bytes, number=row[1], version=99, at=1)
    event.erased.reason = "İlgilinin isteği"
    S.sql(f"SELECT feed.append(ARRAY['case'], ARRAY['{uuid.UUID(bytes=event.id)}'::uuid], ARRAY['{row[0]}'::uuid], ARRAY['erased'], "
          f"ARRAY[now()], ARRAY['\\x{event.SerializeToString().hex()}'::bytea])", S.conninfo("router"))
    S.wait_quiet()
    assert S.value(f"SELECT count(*) FROM reporting.promise WHERE application_id = '{row[0]}'") == "0"


def too_many_letters_become_one():
    """To one address 20 letters an hour; what is late is never left to the summary."""
    S.kopru("department", "contact", "add", "TEM", "officer", "toplu@example.org")
    cases = [received(17)[1] for _ in range(24)]
    kopru.wait_until(lambda: all(any(told.clock == 1 for told in escalations(case)) for case in cases), 40, "all are told",
                     lambda: S.tail("router"))
    S.wait_quiet()
    counts = "SELECT count(*) FILTER (WHERE state = 'sent') <= 40, count(*) FILTER (WHERE reason = 'waits for the summary') > 0 " \
        "FROM notifier.notice WHERE address = 'toplu@example.org' AND coalesce((fields ->> 'stage')::int, 0) < 100"
    assert S.value(counts) == "t|t", S.rows(counts)
    S.sql("UPDATE notifier.notice SET created_at = created_at - interval '2 hours' WHERE address = 'toplu@example.org'")
    kopru.wait_until(lambda: S.value("SELECT count(*) FROM notifier.notice WHERE address = 'toplu@example.org' "
                                     "AND template = 'staff_summary' AND state = 'sent'") == "1", 30, "one summary",
                     lambda: S.tail("notifier"))
    assert S.value("SELECT count(*) FROM notifier.notice WHERE reason = 'waits for the summary' AND address = 'toplu@example.org'") == "0"
    metrics = S.request("notifier", "GET", "/metrics")[2].decode()
    assert 'kopru_notifier_staff_total{as="letter"}' in metrics, metrics


def old_cases_get_their_clocks():
    _, case = received(2)
    S.sql(f"DELETE FROM router.clock WHERE application_id = '{case}'; UPDATE router.case SET clocked = false "
          f"WHERE application_id = '{case}'")
    S.processes["router"].kill()
    S.processes["router"].process.wait()
    S.processes["router"].revive()
    S.wait_healthy("router")
    kopru.wait_until(lambda: clocks(case) == ["1:0", "2:0"] or len(clocks(case)) == 2, 20, "it has its clocks",
                     lambda: f"{clocks(case)} {S.tail('router')}")


def main():
    try:
        for function in (starts, what_passed_is_told_once, a_late_one_reaches_the_mayors_office,
                         nothing_is_told_again_after_a_restart_or_under_a_false_clock,
                         an_escalation_is_no_change_that_a_person_must_see, a_question_stops_the_target_and_not_the_law,
                         a_fee_stops_and_restarts_the_term, an_unpaid_fee_ends_the_case, a_moved_promise_is_told,
                         the_inbox_lists_what_is_to_be_looked_at, promises_are_kept_in_a_ledger,
                         both_are_made_again_from_the_streams, too_many_letters_become_one, old_cases_get_their_clocks):
            TAP.run(function.__name__, function)
    finally:
        S.close()
    TAP.end()


main()
