#!/usr/bin/env python3
"""flow: webhooks: who does not show where it comes from is refused and remembered; what is acknowledged is durable, once, whatever
comes again, in whatever order, whoever is killed. I-01, I-02, I-15"""

import hashlib
import hmac
import json
import os
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import channels  # noqa: E402
import front  # noqa: E402
import system as kopru  # noqa: E402

VERIFY = "verify-0123456789abcdef"
S = kopru.System()
META = channels.Simulator("meta", S.folder)
TELEGRAM = channels.Simulator("telegram", S.folder)
S.settings["intake"] = {"INTAKE_CHANNELS_FILE": channels.write(S.folder, META.url, TELEGRAM.url)}
N = front.Front(S)
TAP = kopru.Tap()


def sign(body, secret=channels.SECRETS["whatsapp"][0]):
    return {"X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
            "Content-Type": "application/json"}


def bring(body, headers=None, path="/webhooks/whatsapp"):
    status, _, answer = S.request("intake", "POST", path, body, headers)
    return status, answer


def rows(where="true"):
    return int(S.value(f"SELECT count(*) FROM intake.inbound WHERE {where}"))


def order(source="whatsapp", secret=0, **more):
    return {"socket": S.path("intake.sock"), "path": f"/webhooks/{source}", "secret": channels.SECRETS[source][secret], **more}


def starts():
    S.start("intake")
    N.start()


def the_handshake_gives_the_challenge_back():
    def ask(name="whatsapp", mode="subscribe", token=VERIFY, challenge="1158201444"):
        return S.request("intake", "GET", f"/webhooks/{name}?hub.mode={mode}&hub.challenge={challenge}&hub.verify_token={token}")
    for name in ("whatsapp", "messenger", "instagram"):
        status, headers, body = ask(name)
        assert (status, body) == (200, b"1158201444"), (status, body)
        assert headers["Content-Type"].startswith("text/plain"), headers["Content-Type"]
    for wrong in ({"token": VERIFY + "x"}, {"token": ""}, {"mode": "unsubscribe"}, {"challenge": "%3Cscript%3E"},
                  {"challenge": ""}, {"challenge": "1" * 257}):
        status, _, body = ask(**wrong)
        assert status == 403 and body["type"] == "urn:kopru:problem:forbidden", (wrong, status, body)
    assert S.request("intake", "GET", "/webhooks/whatsapp")[0] == 403
    assert ask("telegram")[0] == 404 and ask("sms")[0] == 404
    assert rows() == 0


def who_does_not_show_where_it_comes_from_is_refused_and_remembered():
    body = json.dumps(channels.whatsapp(channels.text("wamid.R", "imzasız"))).encode()
    before = rows()
    for headers in ({}, sign(body, "another secret"), sign(body + b" "), {"X-Hub-Signature-256": "sha256=" + "0" * 64},
                    {"X-Hub-Signature": "sha1=" + "0" * 40}):
        status, answer = bring(body, headers)
        assert status == 401 and answer["type"] == "urn:kopru:problem:signature", (status, answer)
    kopru.wait_until(lambda: rows() == before + 5, 10, "the refusals are rows")
    assert S.rows("SELECT DISTINCT state || ': ' || verdict FROM intake.inbound ORDER BY 1") == [
        "refused: the signature is missing", "refused: the signature is wrong"]
    update = json.dumps({"update_id": 1}).encode()
    assert bring(update, {}, "/webhooks/telegram")[0] == 401
    assert bring(update, {"X-Telegram-Bot-Api-Secret-Token": "x"}, "/webhooks/telegram")[0] == 401
    assert bring(body, sign(body), "/webhooks/sms")[0] == 404
    status, answer = bring(b"x" * (3 * 1024 * 1024 + 1), {})
    assert status == 413, (status, answer)


def what_was_refused_is_taken_when_it_comes_as_it_should():
    body = json.dumps(channels.whatsapp(channels.text("wamid.R", "imzasız"))).encode()
    assert bring(body, sign(body))[0] == 200
    assert bring(body, sign(body))[0] == 200
    assert rows(f"state <> 'refused' AND source_id = '{hashlib.sha256(body).hexdigest()}'") == 1


def both_secrets_are_good_while_one_takes_the_others_place():
    for secret in (0, 1):
        statuses = META.deliver([channels.whatsapp(channels.text(f"wamid.S{secret}", "a"))], **order(secret=secret))
        assert statuses == [[200]], statuses
    statuses = TELEGRAM.deliver([{"update_id": 2, "message": {"message_id": 1}}], **order("telegram", 1))
    assert statuses == [[200]], statuses


def what_cannot_be_read_is_stored_as_it_came():
    for body in (b"", b"not JSON", b"\xff\xfe\x00", b'{"object":"whatsapp_business_account","entry":' + b"[" * 5000,
                 b"{" + b" " * (3 * 1024 * 1024 - 2) + b"}"):
        assert bring(body, sign(body))[0] == 200, body[:20]
        kept = S.value(f"SELECT encode(sha256(raw), 'hex') FROM intake.inbound WHERE source_id = '{hashlib.sha256(body).hexdigest()}'")
        assert kept == hashlib.sha256(body).hexdigest(), body[:20]


def repeated_and_reordered_bodies_are_one_row_each():
    before = rows()
    bodies = [channels.whatsapp(channels.text(f"wamid.N{n}", f"metin {n}")) for n in range(50)]
    statuses = META.deliver(bodies, **order(repeat=4, shuffle=7, clients=8))
    assert all(each == [200] * 4 for each in statuses), statuses
    assert rows() == before + 50


def killed_at_any_moment_it_loses_nothing_that_it_acknowledged():
    before = rows()
    S.supervise()
    ends, stop = [], threading.Event()

    def kill():
        while not stop.is_set():
            time.sleep(0.1)
            ends.append(S.processes["intake"].kill(signal.SIGKILL))
            time.sleep(0.3)
    killer = threading.Thread(target=kill)
    killer.start()
    bodies = [channels.whatsapp(channels.text(f"wamid.K{n}", "x" * 2000)) for n in range(1500)]
    statuses = META.deliver(bodies, **order(patience=60, clients=6))
    stop.set()
    killer.join()
    S.wait_healthy("intake")
    S.supervising = False
    assert all(each[-1] == 200 for each in statuses)
    assert sum(ends) >= 2, "nobody was killed"
    assert rows() == before + len(bodies)


def without_a_database_it_says_come_again():
    S.sql(f"ALTER DATABASE \"{S.database}\" ALLOW_CONNECTIONS false", conninfo=S.admin)
    S.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{S.database}'", conninfo=S.admin)
    try:
        body = json.dumps(channels.whatsapp(channels.text("wamid.D", "a"))).encode()
        status, headers, answer = S.request("intake", "POST", "/webhooks/whatsapp", body, sign(body))
        assert status == 503 and headers["Retry-After"], (status, answer)
    finally:
        S.sql(f"ALTER DATABASE \"{S.database}\" ALLOW_CONNECTIONS true", conninfo=S.admin)
    S.wait_healthy("intake")
    statuses = META.deliver([channels.whatsapp(channels.text("wamid.D", "a"))], **order(patience=10))
    assert statuses == [[200]], statuses


def through_the_web_server_no_token_is_written_down():
    body = json.dumps(channels.whatsapp(channels.text("wamid.W", "a"))).encode()
    through = {"port": N.port, "path": "/webhooks/whatsapp", "secret": channels.SECRETS["whatsapp"][0]}
    assert META.deliver([channels.whatsapp(channels.text("wamid.W", "a"))], **through) == [[200]]
    large = channels.whatsapp(channels.text("wamid.L", "a" * (2 << 20)))
    assert META.deliver([large], **through) == [[200]]
    connection = kopru.http.client.HTTPConnection("127.0.0.1", N.port, timeout=15)

    def ask(method, path, data=None):
        status, _, answer = S.request(None, method, path, data, connection=connection)
        return status, answer
    handshake = f"/webhooks/whatsapp?hub.mode=subscribe&hub.challenge=7&hub.verify_token={VERIFY}"
    assert ask("GET", handshake) == (200, b"7")
    assert ask("POST", "/webhooks/whatsapp", body)[0] == 401
    assert ask("POST", "/webhooks/whatsapp", b"x" * (3 * 1024 * 1024 + 1))[0] == 413
    S.processes["intake"].stop()
    connection.close()
    status, answer = ask("GET", handshake)
    assert status == 503, (status, answer)
    connection.close()
    S.start("intake")
    for name in os.listdir(S.path("log")):
        with open(S.path("log", name), "rb") as log:
            data = log.read()
        for secret in (VERIFY, channels.TOKEN, *channels.SECRETS["whatsapp"]):
            assert secret.encode() not in data, (name, secret)


TESTS = (
    starts,
    the_handshake_gives_the_challenge_back,
    who_does_not_show_where_it_comes_from_is_refused_and_remembered,
    what_was_refused_is_taken_when_it_comes_as_it_should,
    both_secrets_are_good_while_one_takes_the_others_place,
    what_cannot_be_read_is_stored_as_it_came,
    repeated_and_reordered_bodies_are_one_row_each,
    killed_at_any_moment_it_loses_nothing_that_it_acknowledged,
    without_a_database_it_says_come_again,
    through_the_web_server_no_token_is_written_down,
)
try:
    for test in TESTS:
        TAP.run(test.__name__, test)
finally:
    META.close()
    TELEGRAM.close()
    S.close()
TAP.end()
