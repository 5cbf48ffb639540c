#!/usr/bin/python3
"""flow: a clerk's day: people at the desk, petitions, letters and official documents with their numbers in the register;
calls that pop what the caller applied for before, missed calls and who called back; a post on X pasted twice. limit: 120 s"""

import concurrent.futures
import contextlib
import http.client
import itertools
import os
import re
import sys
import threading
import time
import urllib.parse
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "harness"))
import front  # noqa: E402
import system as kopru  # noqa: E402

S = kopru.System()
FRONT = front.Front(S)
TAP = kopru.Tap()
KEYS = {}
PHONE, OTHER = "+905000000001", "+905000000002"
PERSON = {"name": "Deneme Şahıs", "address": "Fetih Mah. 1"}
CALL_IDS = itertools.count(1)


def starts():
    S.start()
    FRONT.start()
    clerk = "--rights", "applications,cases", "--role", "clerk"
    for name, arguments in {"clerk": clerk, "second": clerk, "exchange": ("--rights", "calls"),
                            "other_exchange": ("--rights", "calls"), "registry": ("--rights", "applications"),
                            "screen": ("--rights", "calls,cases", "--role", "clerk"),
                            "manager": ("--rights", "cases", "--role", "manager", "--department", "TEM")}.items():
        KEYS[name] = S.kopru("key", "create", name, *arguments).split()[0]
    kopru.wait_until(lambda: ask("GET", "/api/v1/calls/missed", who="screen")[0] == 200, 20, "the keys are known")


def ask(method, path, body=None, who="clerk", language="tr", through="intake"):
    headers = {"Accept-Language": language, **({"Authorization": "Bearer " + KEYS[who]} if who else {})}
    connection = http.client.HTTPConnection("127.0.0.1", FRONT.port, timeout=15) if through == "nginx" else None
    status, _, answer = S.request("intake", method, path, body, headers, connection)
    return status, answer


def enter(channel, who="clerk", kind="complaint", key=None, **fields):
    applicant = fields.pop("applicant", PERSON)
    body = {"kind": kind, "text": "Sokağımızda üç gündür çöp toplanmadı.", "channel": channel, "applicant": applicant, **fields}
    status, headers, answer = S.apply(body, key, KEYS[who] if who else None)
    return status, headers, answer


def entered(channel, **more):
    status, _, answer = enter(channel, **more)
    assert status == 201, answer
    return answer


def faults(answer):
    return {fault["field"]: fault["message"] for fault in answer.get("errors", [])}


def call(who="exchange", status=200, through="intake", **fields):
    got, answer = ask("POST", "/api/v1/calls", fields, who, through=through)
    assert got == status, (got, answer)
    return answer


def now(minutes=0):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60 * minutes))


def new_id():
    return f"{int(time.time())}.{next(CALL_IDS)}"


def missed_list(who="clerk"):
    rows, query = [], ""
    while True:
        status, answer = ask("GET", "/api/v1/calls/missed" + query, who=who)
        assert status == 200, answer
        rows += answer["callers"]
        if "next" not in answer:
            return rows
        query = "?after=" + urllib.parse.quote(answer["next"], safe="")


def callers():
    return [row["caller"] for row in missed_list()]


def a_person_at_the_desk():
    receipt = entered("desk", entered_by="masa-3", applicant={**PERSON, "phone": PHONE, "national_id": "11111111110"})
    assert receipt["missing"] == [], receipt
    receipt = entered("desk", entered_by="masa-3", applicant={"name": "Deneme Şahıs"})
    assert receipt["missing"] == [{"field": "applicant.address", "law": "3071", "article": "4"}], receipt
    status, _, receipt = S.apply({"kind": "complaint", "text": "Çöp.", "applicant": {}})
    assert status == 201 and "missing" not in receipt, receipt


def a_petition_and_a_letter():
    receipt = entered("petition", brought_by="Deneme Vekil", registry_number="2026/17", registry_on="2026-01-05",
                      received_at="2026-01-05T10:00:00+03:00", reply_by="2026-01-30")
    assert receipt["received_at"] == "2026-01-05T10:00:00+03:00" and receipt["due_on"] == "2026-02-04", receipt
    stored = S.value("SELECT concat_ws('|', brought_by, registry_number, registry_on, reply_by, entered_by) "
                     f"FROM intake.application WHERE number = '{receipt['number']}'")
    assert stored == "Deneme Vekil|2026/17|2026-01-05|2026-01-30", stored
    status, _, answer = enter("letter", registry_number="2026/18", reply_by="2020-01-01")
    assert status == 422 and set(faults(answer)) == {"registry_on", "reply_by"}, answer
    entered("letter", registry_number="2026/18", registry_on="2026-01-06")


def scanned_pages_come_with_a_petition():
    pages = []
    for page in (b"1", b"2"):
        pdf = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n% page " + page + b"\n%%EOF\n"
        status, _, answer = S.request("intake", "POST", "/api/v1/attachments", pdf, {
            "Authorization": "Bearer " + KEYS["clerk"], "Content-Type": "application/octet-stream", "Attachment-Name": "dilekce.pdf"})
        assert status == 201, answer
        pages.append(answer["id"])
    receipt = entered("petition", attachments=pages)
    bound = S.rows("SELECT t.id FROM intake.attachment t JOIN intake.application a ON a.id = t.application_id "
                   f"WHERE a.number = '{receipt['number']}' ORDER BY t.created_at")
    assert bound == pages, (bound, pages)
    status, _, answer = enter("petition", attachments=[str(uuid.uuid4())])
    assert status == 422 and list(faults(answer)) == ["attachments.0"], answer


def an_official_document():
    fields = {"sender_institution": "Deneme Kurumu", "registry_number": "E-12345678-622.03-1234", "registry_on": "2026-01-07"}
    first = entered("official_document", **fields)
    assert first["similar"] == [], first
    # Entered a second time, it says so; who enters it decides.
    second = entered("official_document", **fields)
    assert second["similar"] == [first["number"]] and second["number"] != first["number"], second
    assert entered("official_document", **{**fields, "sender_institution": "Başka Kurum"})["similar"] == []
    assert "similar" not in entered("letter", registry_number="E-12345678-622.03-1234", registry_on="2026-01-07")
    for name in fields:
        status, _, answer = enter("official_document", **{k: v for k, v in fields.items() if k != name})
        assert status == 422 and list(faults(answer)) == [name], answer
        assert "official_document" in faults(answer)[name], answer


def what_no_clerk_may_say():
    for fields in ({"entered_by": "masa-3"}, {"source_url": "https://x.com/a/status/1"}, {"call_id": "1"}):
        status, _, answer = enter("web", who=None, **fields)
        assert status == 422 and "API" in faults(answer)[next(iter(fields))], answer
    status, _, answer = enter("telegram")
    assert status == 422 and list(faults(answer)) == ["channel"], answer
    status, _, answer = enter("phone", kind="information_request")
    assert status == 422 and "4982" in faults(answer)["kind"], answer
    stored = S.value("SELECT count(*) FROM intake.application WHERE channel IN (4, 14)")
    assert stored == "0", stored


def a_call_pops_what_the_caller_asked_before():
    call_id = new_id()
    answer = call(call_id=call_id, caller="0500 000 00 01", started_at=now())
    assert answer == {"call_id": call_id, "state": "ringing", "applications": {"count": 1}}, answer
    shown = call("screen", call_id=new_id(), caller=PHONE, started_at=now())["applications"]
    assert shown["count"] == 1 and shown["list"][0]["channel"] == "desk" and shown["list"][0]["due_on"], shown
    assert call(call_id=new_id(), caller="withheld", started_at=now())["applications"] == {"count": 0}
    assert call(call_id=call_id, caller=PHONE, started_at=now(), answered_by="101")["state"] == "answered"
    status, popped = ask("GET", "/api/v1/calls?call_id=" + call_id)
    assert status == 200 and popped["caller"] == PHONE and popped["answered_by"] == "101", popped
    assert popped["applications"]["list"] == shown["list"] and popped["number"] is None, popped
    receipt = entered("phone", call_id=call_id, recording="kayıt/1", applicant={**PERSON, "phone": PHONE})
    status, popped = ask("GET", "/api/v1/calls?call_id=" + call_id)
    assert popped["applications"]["list"][0]["number"] == receipt["number"] and popped["applications"]["count"] == 2, popped
    assert popped["number"] == receipt["number"], popped


def posts_of_a_call_come_in_any_order():
    steps = [{"started_at": "2026-01-10T09:00:00Z"}, {"started_at": "2026-01-10T09:00:00Z", "answered_by": "101"},
             {"started_at": "2026-01-10T09:00:00Z", "answered_by": "102", "ended_at": "2026-01-10T09:05:00Z", "recording": "r"}]
    for order in itertools.permutations(steps):
        call_id = new_id()
        for step in order + order[:1]:
            call(call_id=call_id, caller=OTHER, **step)
        row = S.value("SELECT answered_by, missed, recording, ended_at = '2026-01-10T09:05:00Z', started_at = "
                      f"'2026-01-10T09:00:00Z' FROM intake.call WHERE call_id = '{call_id}'")
        assert row == "102|f|r|t|t", (order, row)
    call_id = new_id()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda i: call(call_id=call_id, caller=OTHER, **steps[i % 3]), range(24)))
    assert len(answers) == 24
    assert S.value(f"SELECT count(*), min(answered_by) FROM intake.call WHERE call_id = '{call_id}'") == "1|102"
    raw = S.value(f"SELECT count(*) FROM intake.inbound WHERE convert_from(raw, 'UTF8') LIKE '%\"{call_id}\"%' "
                  "AND source ~ '^calls/' AND state = 'done'")
    assert raw == "3", raw  # each body once, as it came


def exchanges_do_not_meet():
    call_id = new_id()
    call("exchange", call_id=call_id, caller=PHONE, started_at=now())
    call("other_exchange", call_id=call_id, caller=OTHER, started_at=now())
    assert S.value(f"SELECT count(DISTINCT caller) FROM intake.call WHERE call_id = '{call_id}'") == "2"
    scope = KEYS["exchange"].split("_")[1]
    assert ask("GET", f"/api/v1/calls?call_id={call_id}&scope={scope}")[1]["caller"] == PHONE


def missed_calls_wait_until_somebody_calls_back():
    people = [f"+9050000001{i:02d}" for i in range(5)]
    ids = {}
    for place, caller in enumerate(people):
        for minutes in (-50 + place, -40 + place):
            ids[caller] = new_id()
            call(call_id=ids[caller], caller=caller, started_at=now(minutes), ended_at=now(minutes), missed=True)
    call(call_id=new_id(), caller="withheld", started_at=now(), missed=True)
    assert callers() == people
    first = missed_list()[0]
    assert first["calls"] == 2 and first["call_id"] == ids[people[0]] and first["applications"] == 0, first
    wait_for_metric("missed_callers_waiting", 5)
    # answered later, entered as an application, told to the list, still ringing when it was missed before
    call(call_id=new_id(), caller=people[0], started_at=now(-30), answered_by="101")
    entered("phone", call_id=ids[people[1]], applicant={**PERSON, "phone": people[1]})
    status, answer = ask("POST", "/api/v1/calls/called_back", {"call_id": ids[people[2]], "entered_by": "masa-3"})
    assert status == 200 and answer == {"called_back_by": "masa-3", "calls": 2}, answer
    call(call_id=ids[people[3]], caller=people[3], started_at=now(-37), answered_by="102")
    assert callers() == [people[4]], callers()
    wait_for_metric("missed_callers_waiting", 1)
    assert metric("missed_callers_oldest_seconds") >= 40 * 60
    settled = S.rows("SELECT called_back_by FROM intake.call WHERE called_back_at IS NOT NULL ORDER BY started_at")
    assert sorted(settled) == sorted(["101"] * 2 + ["application"] * 2 + ["masa-3"] * 2 + ["102"]), settled
    assert ask("GET", "/api/v1/calls?call_id=" + ids[people[2]])[1]["called_back_by"] == "masa-3"
    KEYS["last"] = ids[people[4]]


def only_one_of_many_calls_back():
    call_id = KEYS["last"]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda i: ask("POST", "/api/v1/calls/called_back", {"call_id": call_id, "entered_by": f"masa-{i}"}),
                                range(8)))
    assert sorted(status for status, _ in answers) == [200] + [409] * 7, answers
    winner = next(answer["called_back_by"] for status, answer in answers if status == 200)
    status, answer = ask("POST", "/api/v1/calls/called_back", {"call_id": call_id, "entered_by": "masa-77"})
    assert status == 409 and winner in answer["detail"], answer
    assert ask("POST", "/api/v1/calls/called_back", {"call_id": call_id, "entered_by": winner})[0] == 200
    assert ask("POST", "/api/v1/calls/called_back", {"call_id": "none"})[0] == 404
    answered = S.value("SELECT call_id FROM intake.call WHERE answered_by IS NOT NULL LIMIT 1")
    assert ask("POST", "/api/v1/calls/called_back", {"call_id": answered})[0] == 409
    assert callers() == []


def a_long_list_is_paged():
    people = {f"+90500100{i:04d}" for i in range(205)}
    started = now(-20)  # all at the same moment
    for caller in people:
        call(call_id=new_id(), caller=caller, started_at=started, missed=True)
    listed = callers()
    assert len(listed) == 205 and set(listed) == people, len(listed)
    for wrong in ("x", "1", "1.a", "0.a.b", "-1.a.b"):
        assert ask("GET", "/api/v1/calls/missed?after=" + wrong)[0] == 400, wrong
    for caller in people:
        call(call_id=new_id(), caller=caller, started_at=now(), answered_by="101")
    assert callers() == []


def a_clerk_searches():
    for body in ({"phone": "0500 000 00 01"}, {"national_id": "11111111110"}):
        status, answer = ask("POST", "/api/v1/applicants/search", body)
        assert status == 200 and answer["applications"]["count"] >= 1, answer
    entered("desk", applicant={**PERSON, "email": "INFO.Deneme@example.org"})
    for email in ("info.deneme@EXAMPLE.org", "INFO.Deneme@example.org"):
        assert ask("POST", "/api/v1/applicants/search", {"email": email})[1]["applications"]["count"] == 1
    assert ask("POST", "/api/v1/applicants/search", {"email": "nobody@example.org"})[1]["applications"] == {"count": 0, "list": []}
    for body in ({}, {"phone": PHONE, "email": "a@example.org"}, {"national_id": "1"}, {"phone": 1}, {"name": "Deneme"}):
        assert ask("POST", "/api/v1/applicants/search", body)[0] == 422, body
    for _ in range(12):
        entered("phone", applicant={**PERSON, "phone": "+905000000003"})
    found = ask("POST", "/api/v1/applicants/search", {"phone": "+905000000003"})[1]["applications"]
    assert found["count"] == 12 and len(found["list"]) == 10, found
    numbers = [one["number"] for one in found["list"]]
    assert numbers == sorted(numbers, reverse=True), numbers


def who_may_not_is_refused():
    search = "/api/v1/applicants/search"
    for who, status in ((None, 401), ("exchange", 403), ("registry", 403), ("manager", 403)):
        assert ask("POST", search, {"phone": PHONE}, who)[0] == status, who
        assert ask("GET", "/api/v1/calls/missed", who=who)[0] == status, who
        assert ask("GET", "/api/v1/calls?call_id=1", who=who)[0] == status, who
        assert ask("POST", "/api/v1/calls/called_back", {"call_id": "1"}, who)[0] == status, who
    before = S.value("SELECT count(*) FROM intake.inbound")
    for who, status in ((None, 401), ("clerk", 403), ("manager", 403)):
        assert ask("POST", "/api/v1/calls", {"call_id": "1", "caller": PHONE, "started_at": now()}, who)[0] == status, who
    for body, fields in (({}, {"call_id", "caller", "started_at"}),
                         ({"call_id": "1", "caller": "101", "started_at": now()}, {"caller"}),
                         ({"call_id": "1", "caller": PHONE, "started_at": now(5)}, {"started_at"}),
                         ({"call_id": "1", "caller": PHONE, "started_at": now(), "ended_at": now(-5)}, {"ended_at"}),
                         ({"call_id": "1", "caller": PHONE, "started_at": now(), "answered_by": "Deneme Şahıs"}, {"answered_by"}),
                         ({"call_id": "1", "caller": PHONE, "started_at": now(), "answered_by": "1", "missed": True}, {"missed"}),
                         ({"call_id": "1", "caller": PHONE, "started_at": now(), "name": "x"}, {"name"})):
        status, answer = ask("POST", "/api/v1/calls", body, "exchange")
        assert status == 422 and set(faults(answer)) == fields, (body, answer)
    assert S.value("SELECT count(*) FROM intake.inbound") == before
    assert ask("GET", "/api/v1/calls")[0] == 400 and ask("GET", "/api/v1/calls?call_id=none")[0] == 404


def a_post_pasted_twice_is_one_application():
    post = str(uuid.uuid4().int)[:18].replace("0", "1")
    url = f"https://x.com/deneme/status/{post}"
    first = entered("x", source_url=url, applicant={"name": "@deneme"}, key="anahtar-1")
    again = enter("x", source_url=url, applicant={"name": "@deneme"}, key="anahtar-2")
    assert again[0] == 201 and again[2]["number"] == first["number"] and again[1]["Idempotency-Replayed"] == "true"
    for other in (f"https://twitter.com/Deneme/status/{post}?s=20&t=abcdef", f"https://mobile.twitter.com/i/web/status/{post}/photo/1"):
        status, _, answer = enter("x", "second", source_url=other, text="Başka sözlerle.", applicant={"name": "@deneme"})
        assert status == 409 and answer["number"] == first["number"] and first["number"] in answer["detail"], answer
    assert S.value(f"SELECT count(*), min(external_id) FROM intake.application WHERE channel = 11") == f"1|{post}"
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        ends = list(pool.map(lambda i: enter("x", ("clerk", "second")[i % 2], source_url=f"https://x.com/a/status/77{post[2:]}?t={i}",
                                             applicant={"anonymous": True}), range(8)))
    assert sorted(status for status, _, _ in ends) == [201] + [409] * 7, [end[0] for end in ends]
    assert len({answer["number"] for _, _, answer in ends}) == 1


def a_killed_intake_loses_no_call():
    S.supervise()
    told, stopping = [], threading.Event()

    def exchange(place):
        """Until it is answered: exchanges repeat."""
        while not stopping.is_set():
            call_id, told_of = f"kill.{place}.{len(told)}.{time.monotonic_ns()}", False
            post = {"call_id": call_id, "caller": OTHER, "started_at": now()}  # the same bytes when it is repeated
            while not told_of:
                with contextlib.suppress(OSError, http.client.HTTPException):
                    status, answer = ask("POST", "/api/v1/calls", post, "exchange")
                    told_of = status == 200
                    assert told_of or status == 503, answer
                time.sleep(.005)
            told.append(call_id)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        running = [pool.submit(exchange, place) for place in range(4)]
        for _ in range(3):
            time.sleep(.4)
            S.processes["intake"].kill()
        before = len(told)
        kopru.wait_until(lambda: len(told) > before + 20, 20, "calls are told again", lambda: S.tail("intake"))
        stopping.set()
        for one in running:
            one.result()
    S.supervising = False
    stored = set(S.rows("SELECT call_id FROM intake.call WHERE call_id LIKE 'kill.%'"))
    assert stored == set(told), (len(stored), len(told))
    assert S.value("SELECT count(*) FROM intake.inbound WHERE convert_from(raw, 'UTF8') LIKE '%\"kill.%'") == str(len(told))
    print(f"# {len(told)} calls told, intake killed 3 times")


def through_the_web_server():
    assert call(through="nginx", call_id=new_id(), caller=PHONE, started_at=now())["state"] == "ringing"
    assert ask("GET", "/api/v1/calls/missed", through="nginx")[0] == 200
    assert ask("POST", "/api/v1/applicants/search", {"phone": PHONE}, through="nginx")[0] == 200
    assert ask("POST", "/api/v1/calls", {"call_id": "x" * 9000}, "exchange", through="nginx")[0] == 413
    with open(S.path("log", "access.log"), encoding="utf-8") as log:
        assert "500000" not in log.read()


def no_person_stands_in_a_log():
    log = S.tail("intake", 1 << 20)
    assert "applicant.looked_up" in log and "by=call" in log and "by=national_id" in log
    for personal in ("50000000", "11111111110", "@example.org", "Deneme", "Fetih"):
        assert personal not in log, personal


def metric(name):
    status, _, text = S.request("intake", "GET", "/metrics")
    assert status == 200
    return int(re.search(rf"^kopru_intake_{name} (\d+)$", text.decode() if isinstance(text, bytes) else text, re.M).group(1))


def wait_for_metric(name, value):
    kopru.wait_until(lambda: metric(name) == value, 15, f"{name} is {value}", lambda: str(metric(name)))


try:
    for test in (starts, a_person_at_the_desk, a_petition_and_a_letter, scanned_pages_come_with_a_petition,
                 an_official_document, what_no_clerk_may_say,
                 a_call_pops_what_the_caller_asked_before, posts_of_a_call_come_in_any_order, exchanges_do_not_meet,
                 missed_calls_wait_until_somebody_calls_back, only_one_of_many_calls_back, a_long_list_is_paged, a_clerk_searches,
                 who_may_not_is_refused, a_post_pasted_twice_is_one_application, through_the_web_server,
                 no_person_stands_in_a_log, a_killed_intake_loses_no_call):
        TAP.run(test.__name__, test)
finally:
    CODES = S.close()
    TAP.run("a_stop_is_orderly", lambda: [CODES[name] for name in kopru.SERVICES] == [0, 0, 0, 0] or 1 / 0)
TAP.end()
