#!/usr/bin/python3
"""flow: with ClamAV nobody gets a file before it was looked at: without clamd it waits, a clean one goes out, an infected one
never; the application goes on without it. Also files through the web server in front. limit: 120 s"""
import http.client
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "harness"))
import clamav  # noqa: E402
import front  # noqa: E402
import system as kopru  # noqa: E402

TAP = kopru.Tap()
MIB = 1024 * 1024
PDF = b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\n%%EOF\n"
SICK = PDF + clamav.MARK + b"\n"
S = kopru.System()
CLAMD = clamav.Clamd(S)
S.settings = {"intake": {"INTAKE_CLAMD": CLAMD.address}}
KEY = {}


def upload(data):
    status, _, answer = S.request("intake", "POST", "/api/v1/attachments", data, {"Content-Type": "application/pdf"})
    assert status == 201, answer
    return answer


def fetch(identifier):
    return S.request("intake", "GET", "/api/v1/attachments/" + identifier, headers={"Authorization": "Bearer " + KEY["key"]})


def apply(*attachments):
    status, _, answer = S.apply({"kind": "complaint", "text": "Ek'teki belgeye bakınız.", "applicant": {"name": "Deneme Şahıs"},
                                 "attachments": [a["id"] for a in attachments]})
    return status, answer


def state(identifier):
    return S.value(f"SELECT state FROM intake.attachment WHERE id = '{identifier}'")


def waits_without_clamd():
    if not clamav.program():
        raise kopru.Skip("clamd is not here")
    S.start("intake")
    KEY["key"] = S.api_key("clerk", "cases", "--role", "clerk")
    KEY["clean"], KEY["sick"], KEY["early"] = upload(PDF), upload(SICK), upload(SICK)
    assert all(KEY[name]["quarantine"] for name in ("clean", "sick", "early"))
    status, answer = apply(KEY["clean"], KEY["early"])
    assert status == 201, answer
    for name in ("clean", "early"):
        status, _, answer = fetch(KEY[name]["id"])
        assert status == 409 and answer["state"] == "quarantine", answer
    event = S.value("SELECT encode(payload, 'hex') FROM feed.event WHERE stream = 'intake' ORDER BY seq DESC LIMIT 1")
    for name in ("clean", "early"):
        assert KEY[name]["id"].replace("-", "") in event, "the event names what is still in quarantine"
    kopru.wait_until(lambda: "attachments.unscanned" in S.tail("intake"), 15, "it says that clamd is away")
    assert state(KEY["clean"]["id"]) == "quarantine"


def is_judged_when_clamd_comes():
    if not clamav.program():
        raise kopru.Skip("clamd is not here")
    CLAMD.start()
    kopru.wait_until(lambda: state(KEY["clean"]["id"]) == "clean" and state(KEY["early"]["id"]) == "infected", 20,
                     "both are judged", lambda: S.tail("intake") + S.tail("clamd"))
    status, _, data = fetch(KEY["clean"]["id"])
    assert status == 200 and data == PDF
    status, _, answer = fetch(KEY["early"]["id"])
    assert status == 403 and answer["state"] == "infected" and "vir" in answer["detail"], answer
    status, answer = apply(KEY["sick"])
    assert status == 422 and "virüs" in answer["errors"][0]["message"], answer
    metrics = S.request("intake", "GET", "/metrics")[2].decode()
    assert 'kopru_intake_scanned_total{answer="infected"} ' in metrics
    assert clamav.MARK.decode() not in S.tail("intake", 10 ** 7)


def a_large_one_is_scanned_soon():
    if not clamav.program():
        raise kopru.Skip("clamd is not here")
    large = upload(PDF + os.urandom(19 * MIB))
    kopru.wait_until(lambda: state(large["id"]) == "clean", 15, "19 MiB are looked at", lambda: S.tail("intake"))


def waits_again_when_clamd_goes():
    if not clamav.program():
        raise kopru.Skip("clamd is not here")
    CLAMD.stop()
    late = upload(PDF + b"late")
    assert apply(late)[0] == 201 and fetch(late["id"])[0] == 409
    CLAMD.start()
    kopru.wait_until(lambda: fetch(late["id"])[0] == 200, 20, "it is judged", lambda: S.tail("intake"))


def is_gone_only_when_it_is_surely_not_there():
    """A volume that is away for a while takes nothing from anybody."""
    if not clamav.program():
        raise kopru.Skip("clamd is not here")
    CLAMD.stop()
    away, lost = upload(PDF + b"away"), upload(PDF + b"lost")
    folder = S.path("files", away["sha256"][:2])
    os.rename(folder, folder + ".away")
    path = S.path("files", lost["sha256"][:2], lost["sha256"][2:4], lost["sha256"])
    assert away["sha256"][:2] != lost["sha256"][:2]
    os.unlink(path)
    CLAMD.start()
    kopru.wait_until(lambda: state(lost["id"]) == "gone", 20, "one is gone", lambda: S.tail("intake"))
    kopru.wait_until(lambda: "attachments.unreadable" in S.tail("intake"), 20, "it says so", lambda: S.tail("intake"))
    assert state(away["id"]) == "quarantine"
    os.rename(folder + ".away", folder)
    kopru.wait_until(lambda: state(away["id"]) == "clean", 20, "the other is judged", lambda: S.tail("intake"))


def comes_through_the_web_server():
    web = front.Front(S)
    web.start()

    def post(data):
        connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=60)
        try:
            return S.request(None, "POST", "/api/v1/attachments", data, {"Attachment-Name": "d%C3%BCzg%C3%BCn.pdf"}, connection)
        finally:
            connection.close()
    if "intake" not in S.processes:
        S.start("intake")
    whole = PDF + bytes(20 * MIB - len(PDF))
    status, _, answer = post(whole)
    assert status == 201 and answer["size"] == 20 * MIB and answer["name"] == "düzgün.pdf", answer
    status, _, answer = post(whole + b"x")
    assert status == 413 and "20 MiB" in answer["detail"], answer
    status, _, answer = post(b"<html></html>")
    assert status == 415 and "PDF" in answer["detail"], answer
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=60)
    assert S.request(None, "GET", "/api/v1/attachments/x", connection=connection)[0] == 401
    connection.close()


for test in (waits_without_clamd, is_judged_when_clamd_comes, a_large_one_is_scanned_soon, waits_again_when_clamd_goes,
             is_gone_only_when_it_is_surely_not_there, comes_through_the_web_server):
    TAP.run(test.__name__, test)
S.close()
TAP.end()
