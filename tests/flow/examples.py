#!/usr/bin/env python3
"""flow: 75 applications as citizens write them go through the front door; each is stored, routed or in triage,
delivered to its department exactly once in effect, counted, and told to whoever can be told."""

import csv
import json
import os
import sys
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import system as kopru  # noqa: E402
import year  # noqa: E402

CHANNELS = {"telefon": "phone", "yuz_yuze": "desk", "dilekce": "petition", "e_posta": "email",
            "resmi_evrak": "official_document", "cimer_internet": "cimer", "cimer_mektup": "cimer"}
KINDS = {"istek": "request", "sikayet": "complaint", "ihbar": "tip_off", "oneri": "suggestion", "soru": "request",
         "tesekkur": "thanks", "bilgi_edinme": "information_request", "spam": "request"}

S = kopru.System()
TAP = kopru.Tap()
SENT = {}


def examples():
    with open(os.path.join(kopru.TOP, "tests/data/examples.csv"), encoding="utf-8") as file:
        return list(csv.DictReader(file))


def all_are_accepted():
    S.start()
    for code in S.departments():
        S.department(code)
    key = S.api_key("examples", "applications,reports")
    for i, example in enumerate(examples()):
        channel = CHANNELS.get(example["channel"], example["channel"])
        body = {"kind": KINDS[example["application_type"]], "text": example["text"],
                "channel": channel, "external_id": example["id"], **year.origin(channel, i, "2026-01-02"),
                "applicant": {"name": "Deneme Şahıs", "email": f"kisi{i}@example.org"}}
        if example["neighbourhood"]:
            body["location"] = {"neighbourhood": example["neighbourhood"]}
        status, _, answer = S.apply(body, str(uuid.uuid4()), key)
        assert status == 201, (example["id"], answer)
        SENT[answer["number"]] = example
    assert len(SENT) == 75


def all_are_routed_or_in_triage():
    S.wait_quiet()
    rows = [row.split("|") for row in S.rows("SELECT number, department, coalesce(topic, ''), triage FROM router.case")]
    assert {row[0] for row in rows} == set(SENT) and len(rows) == 75
    assert all(row[1] == "HM" for row in rows if row[3] == "t"), rows
    assert all(row[2] for row in rows if row[3] == "f"), rows
    assert S.value("SELECT count(*), count(DISTINCT application_id) FROM router.decision") == "75|75"
    right = sum(row[1] == SENT[row[0]]["expected_unit_code"] for row in rows)
    triage = sum(row[3] == "t" for row in rows)
    print(f"# {right} of 75 to the department that the label names, {triage} in triage")


def all_are_delivered_once():
    expected = {row.split("|")[0]: row.split("|")[1] for row in S.rows("SELECT number, department FROM router.case")}

    def delivered():
        return {line["number"]: code for code in S.departments() for line in S.lines(code)}
    kopru.wait_until(lambda: len(delivered()) == 75, 20, "75 deliveries")
    assert delivered() == expected
    for code in S.departments():
        lines = S.lines(code)
        seqs = [line["seq"] for line in lines]
        assert seqs == list(range(1, len(lines) + 1)), (code, seqs)
        for line in lines:
            assert line["application"]["text"] == SENT[line["number"]]["text"], line["number"]


def outside_institutions_get_no_identity():
    for code in S.rows("SELECT code FROM router.department WHERE outside"):
        for line in S.lines(code):
            assert "Deneme" not in json.dumps(line, ensure_ascii=False), line


def all_are_counted_and_told():
    key = S.api_key("count", "reports")
    status, _, answer = S.request("reporting", "GET", "/api/v1/reports/summary?from=2020-01-01&to=2029-12-31",
                                  headers={"Authorization": "Bearer " + key})
    assert status == 200 and answer["total"] == 75, answer
    expected = {}
    for example in SENT.values():
        channel = CHANNELS.get(example["channel"], example["channel"])
        expected[channel] = expected.get(channel, 0) + 1
    assert {row["key"]: row["count"] for row in answer["by_channel"]} == expected, answer["by_channel"]
    assert len(os.listdir(S.path("outbox"))) == 75


for test in (all_are_accepted, all_are_routed_or_in_triage, all_are_delivered_once,
             outside_institutions_get_no_identity, all_are_counted_and_told):
    TAP.run(test.__name__, test)
S.close()
TAP.end()
