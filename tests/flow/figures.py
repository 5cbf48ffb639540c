#!/usr/bin/env python3
"""flow: what the citizen, the clerk and the mayor read: the way of a case without anything internal, and figures that are
as long as their lists and their files (I-17), also after reporting was rebuilt from the streams. limit: 300 s"""

import csv
import datetime
import io
import json
import os
import random
import re
import sys
import time
import uuid
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import commands  # noqa: E402
import system as kopru  # noqa: E402

S = kopru.System()
TAP = kopru.Tap()
RANDOM = random.Random(2020)
KEYS = {}
STATE = {}
CHANNELS = ["desk", "petition", "phone", "email", "cimer", "whatsapp", "facebook", "web"]
KINDS = ["request", "complaint", "suggestion", "tip_off", "information_request", "thanks"]
TEXTS = ["Çöp konteyneri taştı.", "Sokak lambası yanmıyor.", "Yolda çukur var.", "Parkta bank kırık.", "zzz qqq"]
PLACES = ["Fetih", "FETİH", "=1+1", "Işık & Su;", None]
MEASURES = ["received", "answered", "open", "overdue", "forwarded", "handed_back", "reopened", "reacted"]
SECRET = "GİZLİ" + uuid.uuid4().hex[:8]
TODAY = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=3))).date()
FROM, TO = TODAY - datetime.timedelta(days=75), TODAY
ALL = 1 + 3 + 45  # applications
PERIOD = f"from={FROM}&to={TO}"


def case_version(number):
    return int(S.value(f"SELECT coalesce((SELECT version FROM router.case WHERE number = '{number}'), 0)"))


def command(who, number, action, **fields):
    """(status, answer)"""
    status, _, answer = S.request(
        "intake", "POST", "/api/v1/commands",
        {"number": number, "action": action, "expected_version": case_version(number), **fields},
        {"Authorization": "Bearer " + KEYS[who]})
    return status, answer


def done(who, number, action, **fields):
    status, answer = command(who, number, action, **fields)
    assert status == 200, (action, answer)
    return answer


def apply(**more):
    body = {"kind": "complaint", "text": TEXTS[0], "applicant": {"name": "Deneme Şahıs"}, **more}
    status, _, answer = S.apply(body, api_key=KEYS["entry"])
    assert status == 201, answer
    kopru.wait_until(lambda: case_version(answer["number"]) >= 2, 30, "it is routed", lambda: S.tail("router"))
    return answer


def get(path, who="reports", language="tr"):
    return S.request("reporting", "GET", path, headers={"Authorization": "Bearer " + KEYS[who], "Accept-Language": language})


def tracked(receipt, after=None, language="tr"):
    body = {"number": receipt["number"], "access_code": receipt["access_code"]}
    if after:
        body["after"] = after
    status, _, answer = S.request("reporting", "POST", "/api/v1/track", body, {"Accept-Language": language})
    assert status == 200, answer
    return answer


def starts():
    S.start()
    KEYS["entry"] = S.api_key("entry", "applications")
    KEYS["reports"] = S.api_key("reports", "reports")
    KEYS["clerk"] = S.api_key("clerk", "cases", "--role", "clerk")
    KEYS["TEM"] = S.api_key("tem", "cases", "--role", "manager", "--department", "TEM")
    for code in ("FEN", "KOSKI"):
        KEYS[code] = S.api_key(code.lower(), "cases", "--role", "manager", "--department", code)


def the_citizen_reads_the_way_and_nothing_internal():
    receipt = apply()
    number = receipt["number"]
    done("TEM", number, "accept")
    done("TEM", number, "note", text="Not " + SECRET)
    done("TEM", number, "draft", text="Taslak " + SECRET)
    done("TEM", number, "transfer", department="FEN", reason="Devir " + SECRET)
    done("FEN", number, "hand_back", reason="Bizim değil " + SECRET)
    done("clerk", number, "assign", department="TEM", reason="Sebep " + SECRET)
    done("TEM", number, "interim_answer", text="Ekip yarın gelecek.", final_by=str(TODAY + datetime.timedelta(days=9)))
    answer = done("TEM", number, "ask", text="Hangi <b>konteyner</b>?")
    seen = tracked(receipt, answer["after"])
    assert SECRET not in json.dumps(seen, ensure_ascii=False), seen
    assert seen["question"]["text"] == "Hangi <b>konteyner</b>?" and seen["question"]["answer_by"], seen
    assert seen["can_reply"] and seen["can_withdraw"] and seen["final_owed"] and seen["status"] == "waiting_for_citizen"
    assert [step["event"] for step in seen["history"]] == [
        "application.received", "application.routed", "case.accepted", "case.transferred", "case.handed_back",
        "case.assigned", "case.interim_answered", "citizen.asked"], seen["history"]
    assert seen["history"][6]["text"] == "Ekip yarın gelecek." and seen["history"][6]["final_by"], seen["history"][6]
    assert seen["history"][2]["event_text"] == "İşleme alındı"
    english = tracked(receipt, language="en")
    assert english["history"][2]["event_text"] == "Taken into work" and english["status_text"] != seen["status_text"]
    STATE["asked"] = receipt


def the_citizen_replies_and_has_the_answer():
    receipt = STATE["asked"]
    who = {"number": receipt["number"], "access_code": receipt["access_code"]}
    status, _, answer = S.request("intake", "POST", "/api/v1/track/reply",
                                  {**who, "text": "Fırının önündeki.", "id": str(uuid.uuid4())})
    assert status == 200, answer
    seen = tracked(receipt, answer["after"])
    assert seen["question"] is None and not seen["can_reply"], seen
    assert seen["history"][-1]["event"] == "citizen.replied" and seen["history"][-1]["text"] == "Fırının önündeki."
    answer = done("TEM", receipt["number"], "answer", text="Konteyner boşaltıldı.")
    seen = tracked(receipt, answer["after"])
    assert seen["answer"]["text"] == "Konteyner boşaltıldı." and not seen["can_withdraw"] and not seen["final_owed"], seen


def the_citizen_adds_unasked():
    receipt = STATE["asked"]
    who = {"number": receipt["number"], "access_code": receipt["access_code"]}
    for body, status, field in (({}, 422, "text"), ({"text": " "}, 422, "text"), ({"attachments": []}, 422, "attachments"),
                                ({"text": "a", "expected_version": 3}, 422, "expected_version")):
        found, _, answer = S.request("intake", "POST", "/api/v1/track/add", {**who, **body})
        assert found == status and answer["errors"][0]["field"] == field, answer
    found, _, answer = S.request("intake", "POST", "/api/v1/track/add", {**who, "text": "a", "attachments": [str(uuid.uuid4())]})
    assert found == 422 and "attachments" in answer["detail"], answer
    assert S.request("intake", "POST", "/api/v1/track/add", {**who, "access_code": "0" * 26, "text": "a"})[0] == 404
    again = {**who, "text": "Şimdi de kapağı kırık.", "id": str(uuid.uuid4())}
    for _ in range(2):
        found, _, answer = S.request("intake", "POST", "/api/v1/track/add", again)
        assert found == 200, answer
    seen = tracked(receipt, answer["after"])
    assert seen["status"] == "answered" and seen["can_add"], seen
    assert [s["text"] for s in seen["history"] if s["event"] == "citizen.added"] == ["Şimdi de kapağı kırık."], seen
    assert seen["history"][-1]["event_text"] == "Başvuran ekleme yaptı"


def an_official_document_says_how_it_came_in():
    soon = TODAY + datetime.timedelta(days=1)
    receipt = apply(kind="request", channel="official_document", text="Çöp toplama saatleri hakkında bilgi istenmektedir.",
                    registry_number="E-17", registry_on=str(TODAY), sender_institution="Valilik", reply_by=str(soon),
                    entered_by="masa-3")
    S.wait_quiet()
    path = f"/api/v1/cases/{receipt['number']}"
    whole, counted = get(path, "clerk")[2], get(path, "reports")[2]
    origin = {"registry_number": "E-17", "registry_on": str(TODAY), "sender_institution": "Valilik", "reply_by": str(soon)}
    assert whole["origin"] == {**origin, "entered_by": "masa-3"} and counted["origin"] == origin, (whole, counted)
    assert whole["target_on"] == str(soon) < whole["due_on"], whole
    STATE["pages"] = [path]
    answer = done("clerk", receipt["number"], "assign", department="TEM") if whole["department"] == "HM" else None
    S.wait_quiet()
    assert answer is None or get(path, "clerk")[2]["target_on"] == str(soon)
    assert get(f"/api/v1/cases/{STATE['asked']['number']}", "clerk")[2]["origin"] is None


def a_file_is_named_to_those_whose_it_is():
    """What no door can bring yet the router takes from intake."""
    receipt = apply(applicant={"name": "Deneme Şahıs"})
    hidden = apply(applicant={"name": "Deneme Şahıs", "hide_identity": True})
    STATE["pages"].append(f"/api/v1/cases/{receipt['number']}")
    client = commands.Client(S.commands)
    file = {"id": uuid.uuid4().bytes, "name": "Şahıs.jpg", "media_type": "image/jpeg", "size": 7, "sha256": bytes(32)}
    for one in (receipt, hidden):
        case = S.value(f"SELECT application_id FROM router.case WHERE number = '{one['number']}'")
        reply = client.do("citizen_add", case, {"attachments": [file]}, actor=commands.applicant())
        assert commands.code(reply) == "ok", reply.text
        seen = tracked(one, {"stream": "case", "seq": reply.seq})["history"][-1]
        name = {"name": "Şahıs.jpg"} if one is receipt else {}
        assert seen["attachments"] == [{**name, "media_type": "image/jpeg", "size": 7}], seen
        for key, sees in (("clerk", name), ("TEM", name), ("reports", {})):
            shown = get(f"/api/v1/cases/{one['number']}", key)[2]["history"][-1]["attachments"]
            assert shown == [{"id": str(uuid.UUID(bytes=file["id"])), **sees, "media_type": "image/jpeg", "size": 7}], shown
    client.close()
    done("TEM", receipt["number"], "accept")
    done("TEM", receipt["number"], "split", parts=[{"department": "FEN", "task": "Onar"}, {"department": "KOSKI", "task": "Bak"}],
         reason="İki iş")
    S.wait_quiet()
    for key, sees in (("TEM", ["Şahıs.jpg"]), ("FEN", ["Şahıs.jpg"]), ("KOSKI", [None]), ("clerk", ["Şahıs.jpg"])):
        shown = get(f"/api/v1/cases/{receipt['number']}", key)[2]
        names = [file.get("name") for step in shown["history"] for file in step.get("attachments", [])]
        assert names == sees and not shown["outside"], (key, names)


def a_case_is_shown_to_those_whose_it_is():
    number = STATE["asked"]["number"]
    path = f"/api/v1/cases/{number}?after=case:1"
    whole = get(path, "clerk")[2]
    assert whole["version"] == case_version(number) and whole["status"] == "answered", whole
    assert SECRET in json.dumps(whole, ensure_ascii=False) and whole["text"] == TEXTS[0]
    note = next(step for step in whole["history"] if step["event"] == "note.added")
    assert note["internal"].endswith(SECRET) and note["actor"]["role"] == "manager" and not note["visible"], note
    assert len(whole["history"]) == whole["version"]
    assert get(path, "TEM")[2]["text"] == TEXTS[0]
    assert get(path, "FEN")[0] == 404, "it is no longer theirs"
    counted = get(path, "reports")[2]
    assert "text" not in counted and SECRET not in json.dumps(counted, ensure_ascii=False), counted
    assert counted["department"] == "TEM" and counted["first_reaction_at"] and counted["answered_at"]
    for answer in (whole, counted):
        assert "Deneme Şahıs" not in json.dumps(answer, ensure_ascii=False)
    assert get(path, "entry")[0] == 403
    assert S.request("reporting", "GET", path)[0] == 401
    assert get("/api/v1/cases/HM-2026-0000001-0")[0] in (404, 422)
    assert get("/api/v1/cases/x")[0] == 422
    assert get(f"/api/v1/cases/{number}?after=case:999999999")[0] == 503


def live(number):
    """Some commands, as they come; those that are not allowed change nothing."""
    for _ in range(RANDOM.randrange(7)):
        who = RANDOM.choice(["clerk", "TEM", "FEN"])
        action, fields = RANDOM.choice([
            ("accept", {}), ("hand_back", {"reason": "Bizim değil."}), ("transfer", {"department": "FEN", "reason": "Onların."}),
            ("assign", {"department": "TEM", "reason": "Sizin."}), ("ask", {"text": "Nerede?"}),
            ("answer", {"text": "Yapıldı."}), ("close", {"reason": "Bitti."}), ("reopen", {"reason": "Yeniden aradı."}),
            ("forward", {"institution": "KOSKI", "letter": "Gereğini arz ederim."}),
            ("reject", {"reason": "no_specific_subject", "text": "Belli bir konu yok."}),
            ("interim_answer", {"text": "Bakıyoruz."})])
        command(who, number, action, **fields)


def a_random_municipality_lives():
    for place in range(45):
        ago = datetime.timedelta(days=RANDOM.randrange(75), minutes=RANDOM.randrange(600))
        at = datetime.datetime.now(datetime.timezone.utc) - ago
        neighbourhood = PLACES[place % len(PLACES)]
        more = {"location": {"neighbourhood": neighbourhood}} if neighbourhood else {}
        kind, channel = RANDOM.choice(KINDS), RANDOM.choice(CHANNELS)
        if (kind, channel) == ("information_request", "phone"):
            kind = "request"  # Law 4982 art. 6: in writing
        receipt = apply(kind=kind, channel=channel, text=RANDOM.choice(TEXTS),
                        received_at=at.strftime("%Y-%m-%dT%H:%M:%SZ"), **more)
        live(receipt["number"])
        if place % 9 == 0:  # chance alone may leave out what is rare
            for who, action, fields in (("clerk", "assign", {"department": "TEM", "reason": "Sizin."}),
                                        ("TEM", "answer", {"text": "Yapıldı."}), ("clerk", "reopen", {"reason": "Yine."}),
                                        ("TEM", "hand_back", {"reason": "Bizim değil."})):
                command(who, receipt["number"], action, **fields)
    S.wait_quiet()


def summary():
    status, _, answer = get("/api/v1/reports/summary?" + PERIOD)
    assert status == 200, answer
    return answer


def listed(path, limit=7):
    """All rows of a list, page by page."""
    rows, path = [], f"{path}&limit={limit}"
    while path:
        status, _, answer = get(path)
        assert status == 200, (path, answer)
        assert len(answer["rows"]) <= limit
        rows += answer["rows"]
        path = answer["next"]
    return rows


def csv_rows(path, separator=","):
    status, headers, data = get(path + "&format=csv&sep=" + ("%3B" if separator == ";" else ","))
    assert status == 200 and headers["Content-Type"].startswith("text/csv") and data.startswith(b"\xef\xbb\xbf"), path
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig")), delimiter=separator))


def xlsx_rows(path):
    """Rows of all sheets, without the heads; and all of the text in it."""
    status, headers, data = get(path + "&format=xlsx")
    assert status == 200 and "spreadsheetml" in headers["Content-Type"] and headers["Content-Disposition"].count(".xlsx"), path
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        sheets = [book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
    text = "".join(sheets)
    assert "<f>" not in text, "there is a formula"
    return sum(sheet.count("<row ") - 1 for sheet in sheets), text


def figures_of(answer):
    """(where, count, address of the list) of every figure."""
    groups = [("all", answer["all"])]
    for name, table in answer.items():
        if name.startswith("by_"):
            groups += [(f"{name} {group['key']}", group) for group in table]
    for where, group in groups:
        for measure in MEASURES:
            yield f"{where} {measure}", group[measure], group["list"] + "&measure=" + measure
    for day in answer["backlog"]:
        yield f"backlog {day['day']}", day["open"], day["list"]


def every_figure_is_as_long_as_its_list_and_its_files():
    """I-17"""
    answer = summary()
    assert answer["total"] == ALL and answer["definition_version"] == 1, answer["total"]
    for name, table in answer.items():
        if name.startswith("by_"):
            for measure in MEASURES:
                assert sum(group[measure] for group in table) == answer["all"][measure], (name, measure)
    for measure in ("answered", "open", "handed_back", "reopened", "forwarded", "reacted", "overdue"):
        assert answer["all"][measure] > 0, f"nothing is {measure}: the test shows little"
    checked = 0
    for where, count, path in figures_of(answer):
        rows = listed(path, RANDOM.choice([3, 50, 1000]))
        assert len(rows) == count == len({row["number"] for row in rows}), (where, count, len(rows), path)
        if checked % 3 == 0 or count > 20:
            assert len(csv_rows(path)) == count, where
        if checked % 17 == 0:
            assert xlsx_rows(path)[0] == count, where
        checked += 1
    assert checked > 500, checked


def files_are_guarded_and_whole():
    rows = csv_rows("/api/v1/reports/list?" + PERIOD, ";")
    assert len(rows) == ALL and set(rows[0]) >= {"number", "received_on", "status", "neighbourhood", "answer_hours"}, rows[0]
    assert {row["neighbourhood"] for row in rows} == {"Fetih", "'=1+1", "Işık & Su;", ""}, {r["neighbourhood"] for r in rows}
    count, text = xlsx_rows("/api/v1/reports/list?" + PERIOD)
    assert count == ALL and "'=1+1" in text and "Deneme" not in text
    figures = csv_rows("/api/v1/reports/summary?" + PERIOD)
    assert [row["count"] for row in figures if row["table"] == "total"] == [str(ALL)]
    assert xlsx_rows("/api/v1/reports/summary?" + PERIOD)[0] == len(figures)
    year = f"/api/v1/reports/year/{TODAY.year}?x=1"
    assert xlsx_rows(year)[0] == len(csv_rows(year))


def the_year_has_the_shape_of_the_article():
    answer = get(f"/api/v1/reports/year/{TODAY.year}")[2]
    numbers = {group["key"]: group["count"] for group in answer["groups"]}
    assert list(numbers) == ["service_desk", "whatsapp_and_social_media", "cimer", "web_and_open311"], numbers
    assert sum(numbers.values()) == answer["total"]["count"] == sum(month["count"] for month in answer["by_month"])
    for figure in [answer["total"], *answer["groups"], *answer["by_month"],
                   *(channel for group in answer["groups"] for channel in group["channels"])]:
        assert len(listed(figure["list"], 50)) == figure["count"], figure
    assert get("/api/v1/reports/year/1999")[0] == 422 and get("/api/v1/reports/year/20x0")[0] == 422


def what_cannot_be_read_is_said():
    for query, field in (("from=2026-13-01&to=2026-01-01", "from"), ("from=2026-01-02&to=2026-01-01", "to"),
                         ("from=2000-01-01&to=2026-01-01", "to"), (PERIOD + "&channel=pigeon", "channel"),
                         (PERIOD + "&kind=x", "kind"), (PERIOD + "&status=x", "status"), (PERIOD + "&measure=x", "measure"),
                         (PERIOD + "&limit=0", "limit"), (PERIOD + "&limit=1001", "limit"), (PERIOD + "&page=x", "page"),
                         (PERIOD + "&format=pdf", "format"), (PERIOD + "&format=csv&sep=x", "sep"),
                         (PERIOD + "&after=x:1", "after"), ("backlog=x", "backlog")):
        texts = []
        for language in ("tr", "en"):
            status, _, answer = get("/api/v1/reports/list?" + query, language=language)
            assert status == 422 and answer["errors"][0]["field"] == field, (query, answer)
            texts.append(answer["errors"][0]["message"])
        assert texts[0] != texts[1], texts


def without_time(answer):
    return {name: value for name, value in answer.items() if name != "generated_at"}


def rebuilt_from_the_streams_it_is_the_same():
    before = without_time(summary())
    way = tracked(STATE["asked"])
    pages = [get(page, "clerk")[2] for page in STATE["pages"]]
    assert pages[0]["origin"] and any("attachments" in step for step in pages[1]["history"])
    lists = listed("/api/v1/reports/list?" + PERIOD, 1000)
    page = f"/api/v1/cases/{STATE['asked']['number']}?after=case:"
    for feed in ("intake", "router"):
        S.processes[feed].stop()
    assert get(page + "999999999", "clerk")[0] == 503  # who waited has seen where the streams stood
    S.sql("SELECT reporting.rebuild()")
    kopru.wait_until(lambda: S.tail("reporting", 1000000).count("event=stream.rewound") == 2, 10, "reporting sees it",
                     lambda: S.tail("reporting"))
    time.sleep(0.5)
    began = time.monotonic()
    assert get(page + "1", "clerk")[0] == 503 and time.monotonic() - began > 1.5, "an empty read model is taken for a full one"
    S.start("intake", "router")
    kopru.wait_until(lambda: S.value("SELECT min(seq) > 0 FROM feed.cursor WHERE consumer = 'reporting'") == "t", 30,
                     "reporting begins again by itself", lambda: S.tail("reporting"))
    S.wait_quiet()
    after = without_time(summary())
    assert before == after, [name for name in before if before[name] != after[name]]
    assert tracked(STATE["asked"]) == way and [get(page, "clerk")[2] for page in STATE["pages"]] == pages
    assert listed("/api/v1/reports/list?" + PERIOD, 1000) == lists
    assert re.search("event=stream.rewound", S.tail("reporting", 1000000))


def no_personal_data_in_logs():
    log = S.tail("reporting", 10_000_000)
    for canary in ("Deneme", SECRET, STATE["asked"]["access_code"]):
        assert canary not in log, canary


try:
    for test in (starts, the_citizen_reads_the_way_and_nothing_internal, the_citizen_replies_and_has_the_answer, the_citizen_adds_unasked,
                 an_official_document_says_how_it_came_in, a_file_is_named_to_those_whose_it_is,
                 a_case_is_shown_to_those_whose_it_is, a_random_municipality_lives,
                 every_figure_is_as_long_as_its_list_and_its_files, files_are_guarded_and_whole,
                 the_year_has_the_shape_of_the_article, what_cannot_be_read_is_said,
                 rebuilt_from_the_streams_it_is_the_same, no_personal_data_in_logs):
        TAP.run(test.__name__, test)
finally:
    S.close()
TAP.end()
