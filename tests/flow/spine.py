#!/usr/bin/env python3
"""flow: an application entered over HTTP is stored, routed, delivered, told to the citizen and counted."""

import http.client
import json
import os
import signal
import sys
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import system as kopru  # noqa: E402

APPLICATION = {
    "kind": "complaint",
    "text": "Sokağımızda üç gündür çöp toplanmadı, konteyner taşıyor. İLGİLENİR MİSİNİZ?",
    "subject": "Çöp",
    "location": {"lat": 37.8745, "lon": 32.5342, "address": "Işık Sokak 5", "neighbourhood": "Fetih"},
    "applicant": {"name": "Deneme Şahıs", "phone": "0500 000 00 00", "email": "deneme@example.org",
                  "national_id": "11111111110", "address": "Fetih Mah.", "language": "tr"},
}

S = kopru.System()
TAP = kopru.Tap()
STATE = {}


def starts():
    S.start()
    for code in ("TEM", "HM", "FEN"):
        S.department(code)


def goes_all_the_way():
    status, _, answer = S.apply(APPLICATION)
    assert status == 201, answer
    assert set(answer) == {"number", "access_code", "received_at", "status", "due_on", "tracking_url", "after"}, answer
    assert answer["number"].startswith("HM-") and answer["status"] == "received"
    assert "#" in answer["tracking_url"] and answer["access_code"] not in answer["tracking_url"].split("#")[0]
    S.wait_quiet()
    kopru.wait_until(lambda: S.lines("TEM"), 10, "TEM has its event", lambda: S.tail("department-TEM"))
    line = S.lines("TEM")[0]
    assert line["number"] == answer["number"] and line["application"]["text"] == APPLICATION["text"], line
    track_status, _, tracked = S.track(answer["number"], answer["access_code"])
    assert track_status == 200 and tracked["number"] == answer["number"], tracked
    assert tracked["due_on"] == answer["due_on"] and tracked["status"] == "assigned", tracked
    STATE["first"] = answer


def an_unproven_address_gets_a_neutral_message():
    number = STATE["first"]["number"]
    letters = S.letters(number)
    assert len(letters) == 1, os.listdir(S.path("outbox"))
    letter, text = letters[0], letters[0].get_content()
    assert letter["To"] == "deneme@example.org" and letter["Auto-Submitted"] == "auto-generated"
    assert number in text and number in letter["Subject"], text
    for canary in (STATE["first"]["access_code"], "üç gündür", "Deneme Şahıs", "Temizlik"):
        assert canary not in letter.as_string() and canary not in text, canary
    assert S.request("notifier", "POST", "/api/v1/addresses/confirm", {"number": number, "token": "0" * 32})[0] == 404
    assert S.request("notifier", "POST", "/api/v1/addresses/confirm", {"number": number})[0] == 422
    status, _, answer = S.confirm(letter)
    assert status == 200 and answer == {"number": number, "status": "confirmed"}, answer


def is_told_to_the_citizen():
    number = STATE["first"]["number"]
    kopru.wait_until(lambda: len(S.letters(number)) == 2, 10, "the letter came", lambda: S.tail("notifier"))
    letter = next(letter for letter in S.letters(number) if "&kod=" in letter.get_content())
    text = letter.get_content()
    assert letter["To"] == "deneme@example.org" and letter["Auto-Submitted"] == "auto-generated"
    assert number in text and number in letter["Subject"], text
    assert STATE["first"]["access_code"] in text
    assert "üç gündür" not in text and "Deneme Şahıs" not in text, "the notice repeats what the citizen wrote"
    assert "3071" in text, text
    assert len({letter["References"] for letter in S.letters(number)}) == 1


def is_counted():
    key = S.api_key("flow", "reports")
    today = STATE["first"]["received_at"][:10]
    path = f"/api/v1/reports/summary?from={today}&to={today}"
    status, _, answer = S.request("reporting", "GET", path, headers={"Authorization": "Bearer " + key})
    assert status == 200, answer
    assert answer["total"] == 1, answer
    for name in ("by_channel", "by_kind", "by_topic", "by_department", "by_status", "by_day"):
        assert sum(row["count"] for row in answer[name]) == 1, (name, answer)
    assert answer["by_channel"][0]["key"] == "web"
    assert S.request("reporting", "GET", path)[0] == 401
    other = S.api_key("other", "applications")
    assert S.request("reporting", "GET", path, headers={"Authorization": "Bearer " + other})[0] == 403
    status, headers, text = S.request("reporting", "GET", path + "&format=csv", headers={"Authorization": "Bearer " + key})
    assert status == 200 and headers["Content-Type"].startswith("text/csv") and b"web" in text


def same_key_same_number():
    key = str(uuid.uuid4())
    first = S.apply(APPLICATION, key)
    again = S.apply(APPLICATION, key)
    assert first[0] == again[0] == 201
    for name in ("number", "access_code", "due_on", "received_at"):
        assert first[2][name] == again[2][name], name
    other = S.apply({**APPLICATION, "text": "başka"}, key)
    assert other[0] == 422 and "problem+json" in other[1]["Content-Type"], other
    assert S.value(f"SELECT count(*) FROM intake.application WHERE number = '{first[2]['number']}'") == "1"


def one_application_of_many_at_once():
    key = str(uuid.uuid4())
    body = json.dumps(APPLICATION, ensure_ascii=False).encode()
    connections = [S.connection("intake") for _ in range(40)]
    for connection in connections:
        connection.request("POST", "/api/v1/applications", body,
                           {"Content-Type": "application/json", "Idempotency-Key": key})
    numbers = set()
    for connection in connections:
        response = connection.getresponse()
        answer = json.loads(response.read())
        assert response.status == 201, answer
        numbers.add(answer["number"])
        connection.close()
    assert len(numbers) == 1, numbers


def bad_input_stores_nothing():
    """I-04"""
    before = S.value("SELECT count(*) FROM intake.application")
    bad = [
        b"{", b"[]", b"null", b"\xff\xfe{}", b'{"kind":"complaint","kind":"request","text":"a"}',
        b'{"kind":"complaint","text":"a\\u0000b"}', b'{"kind":"complaint","text":"\xc3\x28"}', b'{"text":1e999}',
        json.dumps({**APPLICATION, "kind": "şikâyet"}).encode(), json.dumps({**APPLICATION, "surprise": 1}).encode(),
        json.dumps({**APPLICATION, "text": "x" * 10001}).encode(), json.dumps({**APPLICATION, "text": " \n"}).encode(),
        json.dumps({**APPLICATION, "location": {"lat": 91, "lon": 32}}).encode(),
        json.dumps({**APPLICATION, "location": {"lat": 37}}).encode(),
        json.dumps({**APPLICATION, "applicant": {"national_id": "11111111111"}}).encode(),
        json.dumps({**APPLICATION, "applicant": {"phone": "12"}}).encode(),
        json.dumps({**APPLICATION, "applicant": {"email": "a@b\r\nBcc: c@example.org"}}).encode(),
        json.dumps({**APPLICATION, "channel": "cimer"}).encode(),
        json.dumps({**APPLICATION, "received_at": "2020-05-05T10:00:00+03:00"}).encode(),
        b'{"a":' * 2000 + b"1" + b"}" * 2000,
    ]
    for body in bad:
        status, headers, answer = S.apply(body)
        assert 400 <= status < 500, (body[:80], status, answer)
        assert headers["Content-Type"].startswith("application/problem+json"), (body[:80], headers["Content-Type"])
        assert answer["title"] and answer["status"] == status, answer
    assert S.value("SELECT count(*) FROM intake.application") == before


def all_errors_at_once_in_both_languages():
    body = {"kind": "x", "text": "", "applicant": {"phone": "1", "national_id": "2"}, "location": {"lat": 99, "lon": 1}}
    texts = {}
    for language in ("tr", "en"):
        status, _, answer = S.apply(body, language=language)
        assert status == 422, answer
        fields = {fault["field"] for fault in answer["errors"]}
        assert {"kind", "text", "applicant.phone", "applicant.national_id", "location.lat"} <= fields, fields
        texts[language] = answer["title"]
    assert texts["tr"] != texts["en"], texts


def a_key_may_date_back():
    key = S.api_key("registry", "applications")
    body = {**APPLICATION, "channel": "cimer", "external_id": "1600004717", "received_at": "2025-05-30T10:00:00+03:00"}
    status, _, answer = S.apply(body, api_key=key)
    assert status == 201, answer
    assert answer["number"].startswith("HM-2025-") and answer["due_on"] == "2025-06-30", answer
    status, _, answer = S.apply({**body, "received_at": "2999-01-01T00:00:00Z"}, api_key=key)
    assert status == 422 and answer["errors"][0]["field"] == "received_at", answer
    assert S.apply(body, api_key=key[:-2] + "xx")[0] == 401
    status, _, answer = S.apply({**body, "kind": "information_request", "external_id": "1600004718"}, api_key=key)
    assert status == 201 and answer["due_on"] == "2025-06-24", answer


def unknown_and_forbidden_look_alike():
    number = STATE["first"]["number"]
    wrong = S.track(number, "0" * 26)
    absent = S.track("HM-2031-0000001-" + "0123456789"[0], STATE["first"]["access_code"])
    unknown = None
    for digit in "0123456789":
        unknown = S.track("HM-2031-0000001-" + digit, STATE["first"]["access_code"])
        if unknown[0] == wrong[0]:
            break
    assert wrong[0] == 404 and unknown[0] == 404, (wrong, absent, unknown)
    assert wrong[2] == unknown[2], (wrong[2], unknown[2])


def a_hidden_identity_stays_hidden():
    canary = "Gizli" + uuid.uuid4().hex[:8]
    body = {**APPLICATION, "applicant": {"name": canary, "phone": "05000000001", "email": "gizli@example.org",
                                         "hide_identity": True}}
    number = S.apply(body)[2]["number"]
    S.wait_quiet()
    kopru.wait_until(lambda: any(l["number"] == number for l in S.lines("TEM")), 10, "TEM has the hidden one")
    line = next(l for l in S.lines("TEM") if l["number"] == number)
    text = json.dumps(line)
    assert canary not in text and "gizli@example.org" not in text and "905000000001" not in text, text
    stored = S.value("SELECT count(*) FROM feed.event WHERE stream LIKE 'department/%' AND position('"
                     + canary.encode().hex() + "' in encode(payload, 'hex')) > 0")
    assert stored == "0"


def no_personal_data_in_logs():
    logs = "".join(S.tail(name, 10_000_000) for name in list(S.processes))
    for canary in ("Deneme Şahıs", "deneme@example.org", "905000000000", "11111111110", "üç gündür",
                   STATE["first"]["access_code"]):
        assert canary not in logs, canary


def the_database_goes_and_comes():
    S.sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename IN "
          "('intake', 'router', 'notifier', 'reporting') AND datname = current_database()")
    numbers = []
    end = time.monotonic() + 10
    while time.monotonic() < end and len(numbers) < 5:
        status, headers, answer = S.apply(APPLICATION, str(uuid.uuid4()))
        if status == 201:
            numbers.append(answer["number"])
        else:
            assert status == 503 and headers["Retry-After"], (status, answer)
            time.sleep(0.2)
    assert len(numbers) == 5
    S.wait_quiet()
    for number in numbers:
        assert S.value(f"SELECT count(*) FROM router.case WHERE number = '{number}'") == "1"


def a_stop_is_orderly():
    started = time.monotonic()
    codes = S.close(keep=True)
    assert all(code == 0 for code in codes.values()), codes
    assert time.monotonic() - started < 25


for test in (starts, goes_all_the_way, an_unproven_address_gets_a_neutral_message,
             is_told_to_the_citizen, is_counted, same_key_same_number,
             one_application_of_many_at_once, bad_input_stores_nothing, all_errors_at_once_in_both_languages,
             a_key_may_date_back, unknown_and_forbidden_look_alike, a_hidden_identity_stays_hidden,
             no_personal_data_in_logs, the_database_goes_and_comes, a_stop_is_orderly):
    TAP.run(test.__name__, test)
S.close()
TAP.end()
