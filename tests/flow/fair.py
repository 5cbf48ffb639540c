#!/usr/bin/python3
"""flow: through nginx, one address keeps nobody else out: of uploads, webhooks and the reading of Open311 it gets its share.
limit: 60 s"""
import http.client
import json
import os
import socket
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "harness"))
import front  # noqa: E402
import system as kopru  # noqa: E402

S = kopru.System(settings={"reporting": {"REPORTING_OPEN311": "ornek.bel.tr"}})
FRONT = front.Front(S)
TAP = kopru.Tap()
PDF = b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\n%%EOF\n"
OTHER = "127.0.0.2"


def ask(method, path, body=None, source="127.0.0.1", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", FRONT.port, timeout=20, source_address=(source, 0))
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def slow(path):
    """A request whose body goes on coming."""
    connection = socket.create_connection(("127.0.0.1", FRONT.port), 20)
    connection.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{{".encode())
    return connection


def answered_at_once(connection):
    connection.settimeout(1)
    try:
        return connection.recv(100).split()[1].decode()
    except TimeoutError:
        return None


def holds(path, most, send):
    """Of one address `most` slow ones wait, one more is refused; another address is served."""
    connections = [slow(path) for _ in range(most)]
    try:
        assert [answered_at_once(one) for one in connections[-2:]] == [None, None]
        status, headers, body = ask(*send)
        assert status == 429 and headers["Retry-After"] and json.loads(body)["status"] == 429, (status, body)
        return ask(*send, source=OTHER)
    finally:
        for one in connections:
            one.close()


def starts():
    S.start("intake", "reporting")
    FRONT.start()


def uploads():
    status, _, body = holds("/api/v1/attachments", 3, ("POST", "/api/v1/attachments", PDF))
    assert status == 201, body


def webhooks():
    status, _, body = holds("/webhooks/whatsapp", 16, ("POST", "/webhooks/whatsapp", b"{}"))
    assert status == 404, (status, body)  # not configured, but asked


def open311_is_counted_whatever_key_is_sent():
    path = "/open311/v2/requests.json?service_code=GIZLI-01"
    statuses = [ask("GET", path, Authorization="Bearer x")[0] for _ in range(300)]
    assert statuses[0] == 200 and 429 in statuses, statuses[:3]
    assert ask("GET", path, source=OTHER)[0] == 200


def no_query_string_is_written_down():
    for name in ("nginx.log", "access.log"):
        with open(S.path("log", name), encoding="utf-8") as log:
            assert "GIZLI" not in log.read(), name


try:
    for test in (starts, uploads, webhooks, open311_is_counted_whatever_key_is_sent, no_query_string_is_written_down):
        TAP.run(test.__name__, test)
finally:
    S.close()
TAP.end()
