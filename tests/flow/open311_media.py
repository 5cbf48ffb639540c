#!/usr/bin/python3
"""flow: media_url of posted Open311 requests: fetched after the answer, kept among the files, added to the case once; never from
an address that only we reach, whatever name or redirect leads there; a failure loses nothing. limit: 180 s"""
import http.server
import json
import os
import struct
import sys
import threading
import time
import urllib.parse
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "harness"))
import system as kopru  # noqa: E402

S = kopru.System()
TAP = kopru.Tap()
PORT = kopru.free_port()
OWN, INNER = "127.0.0.2", "127.0.0.1"  # the first is named in the settings as an address that is allowed; the second is anybody's prey
HITS = []
FAILING = {"left": 0}
KEYS = {}


def png(width, height):
    """A picture of one colour."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + b"\x20\x80\xc0" * width for _ in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


class Pictures(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        HITS.append((self.server.server_address[0], self.path))
        if self.path.startswith("/to?"):
            self.send_response(302)
            self.send_header("Location", urllib.parse.unquote(self.path[4:]))
            self.end_headers()
            return
        if self.path.startswith("/slow"):
            time.sleep(30 if self.path == "/slow.png" else 6)
        if self.path == "/later.png" and FAILING["left"] > 0:
            FAILING["left"] -= 1
            self.send_error(503)
            return
        body = {"/page.html": b"<script>alert(1)</script>", "/none.png": None}.get(self.path, png(32, 16))
        if self.path == "/large.png":
            body = png(32, 16) + b"\0" * (21 * 1024 * 1024)
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        if self.path != "/large.png":  # of which nobody says how large it is
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            pass

    def log_message(self, *arguments):
        pass


def serve():
    for address in (OWN, INNER):
        server = http.server.ThreadingHTTPServer((address, PORT), Pictures)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()


def start():
    serve()
    with open(os.open(S.path("channels.json"), os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
        json.dump({"open311": {"jurisdiction": "ornek.bel.tr", "contact": "acik311@example.org", "media_addresses": [OWN]}}, file)
    S.settings = {"intake": {"INTAKE_CHANNELS_FILE": S.path("channels.json")}}
    S.start()
    S.supervise()
    KEYS["poster"] = S.api_key("poster", "open311")


def url(path, host=OWN):
    return f"http://{host}:{PORT}{path}"


def post(media_url, **more):
    """The request's number: it is given whatever becomes of its file."""
    body = urllib.parse.urlencode({"api_key": KEYS["poster"], "service_code": "YOL-01", "lat": "37.8745", "long": "32.5342",
                                   "description": "Çukur " + media_url, "media_url": media_url, **more})
    status, _, answer = S.request("intake", "POST", "/open311/v2/requests.json", body,
                                  {"Content-Type": "application/x-www-form-urlencoded"})
    assert status == 200, answer
    return answer[0]["service_request_id"]


def verdict(number, other_than="application", seconds=30):
    """What the inbound row says in the end."""
    query = (f"SELECT i.verdict FROM intake.inbound i JOIN intake.application a ON a.inbound_id = i.id WHERE a.number = '{number}'")
    kopru.wait_until(lambda: S.value(query) != other_than, seconds, f"{number} has its verdict", lambda: S.tail("intake"))
    return S.value(query)


def added(number):
    return int(S.value("SELECT count(*) FROM feed.event e JOIN intake.application a ON a.id = e.application_id "
                       f"WHERE e.stream = 'case' AND e.kind = 'citizen.added' AND a.number = '{number}'"))


def a_picture_is_fetched_kept_and_added_once():
    start()
    number = post(url("/a.png"))
    assert post(url("/a.png")) == number
    assert verdict(number) == "application; media_url added"
    assert added(number) == 1 and HITS.count((OWN, "/a.png")) == 1, HITS
    row = S.value("SELECT t.media_type, t.scope, t.state, t.application_id = a.id, encode(t.sha256, 'hex') FROM intake.attachment t "
                  f"JOIN intake.application a ON a.id = t.application_id WHERE a.number = '{number}'").split("|")
    assert row[:4] == ["image/png", "open311", "clean", "t"], row
    assert os.path.exists(S.path("files", row[4][:2], row[4][2:4], row[4])), row
    # By way of another address that is allowed, too.
    assert verdict(post(url("/to?" + url("/b.png")))) == "application; media_url added"


def no_address_of_ours_is_reached():
    before = len(HITS)
    for bad in (url("/in.png", INNER), url("/in.png", "localhost"), url("/in.png", "127.1"), url("/in.png", "2130706433"),
                url("/in.png", "0.0.0.0"), url("/in.png", "[::1]"), url("/in.png", "[::ffff:127.0.0.1]"), url("/in.png", "127.0.0.3"),
                "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "http://192.168.0.1/x.png"):
        assert verdict(post(bad)) == "application; media_url refused: no public address", bad
    assert len(HITS) == before, HITS[before:]
    # A public beginning (as far as this machine has one) does not help its end.
    for bad in (url("/in.png", INNER), url("/in.png", "localhost"), "http://169.254.169.254/latest/"):
        assert verdict(post(url("/to?" + bad))) == "application; media_url refused: no public address", bad
    assert not [hit for hit in HITS if hit[0] == INNER], HITS
    for bad in ("file:///etc/passwd", "gopher://127.0.0.1/"):
        assert verdict(post(url("/to?" + bad))).startswith("application; media_url "), bad
    assert verdict(post(f"http://user:pass@{OWN}:{PORT}/a.png")) == "application; media_url refused: it holds a user name"


def what_is_no_picture_or_too_large_is_refused():
    assert verdict(post(url("/page.html"))) == "application; media_url refused: not an allowed type of file"
    assert verdict(post(url("/large.png"))) == "application; media_url refused: larger than 20 MiB"
    assert verdict(post(url("/to?" + url("/to?" + url("/to?" + url("/to?" + url("/a.png")))))))  # the server unpacks one a time
    assert os.listdir(S.path("files", "incoming")) == []


def what_fails_is_tried_again_and_nothing_is_lost():
    FAILING["left"] = 2
    number = post(url("/later.png"))
    # Killed on the way: the lease ends, another one goes on.
    time.sleep(0.5)
    S.processes["intake"].kill()
    S.wait_healthy("intake")
    S.sql("UPDATE intake.open311_media SET next_at = now() WHERE state IN ('wanted', 'kept')")
    for _ in range(3):
        time.sleep(1.5)
        S.sql("UPDATE intake.open311_media SET next_at = now() WHERE state IN ('wanted', 'kept')")
    assert verdict(number) == "application; media_url added"
    assert added(number) == 1
    # Not there, again and again: its row says so in the end.
    number = post(url("/none.png"))
    for _ in range(12):
        time.sleep(0.4)
        S.sql("UPDATE intake.open311_media SET next_at = now(), attempts = attempts + 3 WHERE state = 'wanted'")
    assert verdict(number) == "application; media_url failed: not given out"
    assert S.value("SELECT count(*) FROM intake.open311_media WHERE state IN ('wanted', 'kept')") == "0"
    assert S.value("SELECT count(*) FROM intake.application") == S.value("SELECT count(DISTINCT inbound_id) FROM intake.application")
    log = S.tail("intake", 1 << 20)
    assert "media" not in log.replace("open311_media", "") and "http://" not in log, log


def who_is_slow_holds_up_nobody_else():
    before = len(HITS)
    slow = [post(url(f"/slow{n}.png")) for n in range(4)]
    kopru.wait_until(lambda: len([path for _, path in HITS[before:] if path.startswith("/slow")]) >= 2, 10, "two are being fetched")
    began = time.monotonic()
    assert verdict(post(url("/c.png", INNER)), seconds=4) == "application; media_url refused: no public address"
    assert time.monotonic() - began < 4
    assert len([path for _, path in HITS[before:] if path.startswith("/slow")]) == 2, HITS[before:]  # of one host
    S.sql("UPDATE intake.open311_media SET state = 'failed' WHERE inbound_id IN (SELECT inbound_id FROM intake.application "
          f"WHERE number IN ({', '.join(repr(number) for number in slow)}))")


def who_is_slow_holds_up_no_stop():
    before = len(HITS)
    number = post(url("/slow.png"))
    kopru.wait_until(lambda: (OWN, "/slow.png") in HITS[before:], 10, "it is being fetched")
    since = time.monotonic()
    S.supervising = False
    assert S.processes["intake"].stop() == 0 and time.monotonic() - since < 10, time.monotonic() - since
    assert S.value(f"SELECT m.state FROM intake.open311_media m JOIN intake.application a USING (inbound_id) WHERE a.number = '{number}'") == "wanted"
    assert os.listdir(S.path("files", "incoming")) == []


try:
    for test in (a_picture_is_fetched_kept_and_added_once, no_address_of_ours_is_reached, what_is_no_picture_or_too_large_is_refused,
                 what_fails_is_tried_again_and_nothing_is_lost, who_is_slow_holds_up_nobody_else,
                 who_is_slow_holds_up_no_stop):
        TAP.run(test.__name__, test)
finally:
    S.close()
TAP.end()
