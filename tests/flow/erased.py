#!/usr/bin/env python3
"""flow: an erased application is forgotten by notifier and reporting, and an outbox that is gone comes back."""

import os
import shutil
import sys
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import system as kopru  # noqa: E402

APPLICATION = {"kind": "request", "text": "Çöp konteyneri istiyoruz.", "subject": "Gizli konu",
               "applicant": {"name": "Deneme Şahıs", "email": "deneme@example.org", "language": "en"}}
S = kopru.System()
TAP = kopru.Tap()
STATE = {}


def field(number, data):
    """A length-delimited field of protobuf; short."""
    return bytes([number << 3 | 2, len(data)]) + data


def letters(number):
    return [name for name in os.listdir(S.path("outbox")) if number in name]


def goes_out_before():
    S.start()
    for name in ("first", "second"):
        status, _, STATE[name] = S.apply(APPLICATION)
        assert status == 201, STATE[name]
    S.wait_quiet()
    assert len(letters(STATE["first"]["number"])) == 1
    assert S.track(STATE["first"]["number"], STATE["first"]["access_code"])[2]["text"] == APPLICATION["text"]


def erase(answer):
    application = uuid.UUID(S.value(f"SELECT id FROM intake.application WHERE number = '{answer['number']}'"))
    event = uuid.uuid4()
    payload = (field(1, event.bytes) + field(2, application.bytes) + field(3, answer["number"].encode()) + bytes([4 << 3, 3])
               + bytes([5 << 3, 1]) + field(12, field(1, "Ilgilinin istegi".encode())))
    S.sql(f"SELECT feed.append(ARRAY['case'], ARRAY['{event}'::uuid], ARRAY['{application}'::uuid], ARRAY['erased'], "
          f"ARRAY[now()], ARRAY['\\x{payload.hex()}'::bytea])", S.conninfo("router"))
    S.wait_quiet()


def is_forgotten_everywhere():
    first, second = STATE["first"], STATE["second"]
    erase(first)
    kopru.wait_until(lambda: not letters(first["number"]), 5, "the letter is gone")
    status, _, answer = S.track(first["number"], first["access_code"])
    assert status == 200 and answer["text"] is None and answer["subject"] is None and answer["erased"] is True, answer
    assert S.value(f"SELECT count(*) FROM notifier.notice WHERE number = '{first['number']}' AND address IS NULL "
                   "AND fields = '{}'") == "2"
    assert S.value(f"SELECT count(*) FROM notifier.address WHERE number = '{first['number']}'") == "0"
    assert len(letters(second["number"])) == 1
    assert S.track(second["number"], second["access_code"])[2]["text"] == APPLICATION["text"]


def an_outbox_that_is_gone_comes_back():
    shutil.rmtree(S.path("outbox"))
    with open(S.path("outbox"), "w", encoding="utf-8") as file:
        file.write("in the way")
    status, _, answer = S.apply(APPLICATION)
    assert status == 201
    kopru.wait_until(lambda: S.value(f"SELECT coalesce(reason, '') FROM notifier.notice WHERE number = '{answer['number']}' AND template = 'confirm'"), 10,
                     "the notice is delayed", lambda: S.tail("notifier"))
    os.unlink(S.path("outbox"))
    kopru.wait_until(lambda: os.path.isdir(S.path("outbox")) and letters(answer["number"]), 20, "the letter went out",
                     lambda: S.tail("notifier"))
    time.sleep(0.1)
    kopru.wait_until(lambda: S.value(f"SELECT state FROM notifier.notice WHERE number = '{answer['number']}' AND template = 'confirm'") == "sent", 5,
                     "it is sent")
    assert S.value(f"SELECT attempts FROM notifier.notice WHERE number = '{answer['number']}' AND template = 'confirm'") == "2"


try:
    TAP.run("goes_out_before", goes_out_before)
    TAP.run("is_forgotten_everywhere", is_forgotten_everywhere)
    TAP.run("an_outbox_that_is_gone_comes_back", an_outbox_that_is_gone_comes_back)
finally:
    S.close()
TAP.end()
