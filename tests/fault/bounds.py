#!/usr/bin/env python3
"""fault: bad clients in front of nginx and straight at the services' sockets. Memory and descriptors stay within what is
configured, a good client beside them goes on, and what was accepted is stored (I-15, F-048, F-080 .. F-090).

limit: 240 s, run: alone. HOSTILE (1,000) connections, ROUNDS (3) of both phases."""

import os
import resource
import select
import socket
import statistics
import sys
import threading
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import front  # noqa: E402
import system as kopru  # noqa: E402
from hostile import Hostile, Kind, connecting  # noqa: E402

HOSTILE, ROUNDS = int(os.environ.get("HOSTILE", "1000")), int(os.environ.get("ROUNDS", "3"))
PHASE = 3.0  # seconds
ROOM_KIB = 96 * 1024  # of each service, at its highest
OTHERS = 64  # descriptors of a service beside its connections
DESCRIPTORS = 256  # that each service may have; they never come to their end (F-048)
CONNECTIONS = {"intake": 80, "reporting": 80, "notifier": 64, "router": 16}  # of HTTP: half of the rest, or the setting
ASAN = "asan" in kopru.BUILD  # slow, and keeps 256 MiB of what was freed
LINE, HEADERS, BODY, LARGEST = 8 * 1024, 16 * 1024, 256 * 1024, 3 * 1024 * 1024
PATH = "/api/v1/applications"
HEAD = f"POST {PATH} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"

S = kopru.System()
FRONT = front.Front(S, public_rate=5000)
TAP = kopru.Tap()
resource.setrlimit(resource.RLIMIT_NOFILE, (8192, max(8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))

SLOW = [
    Kind("idle"),
    Kind("slow headers", b"GET / HTTP/1.1\r\nHost: a\r\nX-Test: ", b"a"),
    Kind("slow body", f"{HEAD}Content-Length: 200000\r\n\r\n{{".encode(), b" "),
    Kind("endless chunks", f"{HEAD}Transfer-Encoding: chunked\r\n\r\n".encode(), b"100\r\n" + b" " * 256 + b"\r\n"),
    Kind("slow read", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 60, reads=False),
    Kind("no request", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 3, b"\x00" * 20),
]


class Good:
    """Applies one after another through nginx; writes down what was accepted."""

    def __init__(self):
        self.connection = kopru.http.client.HTTPConnection("127.0.0.1", FRONT.port, timeout=20)
        self.accepted, self.refused, self.times = {}, [], []

    def apply(self):
        key = str(uuid.uuid4())
        began = time.monotonic()
        status, headers, answer = S.apply({"kind": "complaint", "text": "Çöp toplanmadı."}, key, connection=self.connection)
        self.times.append(time.monotonic() - began)
        if status == 201:
            self.accepted[key] = answer["number"]
        else:
            self.refused.append((key, status, headers.get("Retry-After")))

    def go_on(self, seconds):
        """The times of what was asked meanwhile."""
        self.times, end = [], time.monotonic() + seconds
        while time.monotonic() < end:
            self.apply()
            time.sleep(0.003)
        return self.times


GOOD = [Good() for _ in range(2)]


def go_on(seconds):
    threads = [threading.Thread(target=good.go_on, args=(seconds,)) for good in GOOD]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [value for good in GOOD for value in good.times]


def percentile(times, share):
    return sorted(times)[int(len(times) * share)]


def connect(place):
    """nginx, or the socket of a service by its name."""
    if place == "nginx":
        return socket.create_connection(("127.0.0.1", FRONT.port), 20)
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(20)
    s.connect(S.path(place + ".sock"))
    return s


def ask(place, data):
    """Status of the answer to raw bytes; 0: the connection ended without one."""
    with connect(place) as s:
        try:
            s.sendall(data.encode() if isinstance(data, str) else data)
        except OSError:
            pass  # refused before all was sent: the answer may be there
        try:
            got = s.recv(65536)
        except ConnectionResetError:
            return 0
    return int(got[9:12]) if got.startswith(b"HTTP/1.1 ") else 0


def used(name):
    """Descriptors, KiB now and KiB at the highest of a process (of nginx: its worker)."""
    number = S.processes[name].process.pid
    if name == "nginx":
        with open(f"/proc/{number}/task/{number}/children", encoding="ascii") as children:
            number = children.read().split()[0]
    with open(f"/proc/{number}/status", encoding="utf-8") as status:
        sizes = {line.split(":")[0]: line.split()[1] for line in status if line.startswith(("VmRSS", "VmHWM"))}
    return len(os.listdir(f"/proc/{number}/fd")), int(sizes["VmRSS"]), int(sizes["VmHWM"])


def all_used():
    return {name: used(name) for name in (*kopru.SERVICES, "nginx")}


def show(when, figures):
    print(f"# {when}: " + ", ".join(f"{name} {fds} descriptors {kib // 1024} MiB (highest {most // 1024})"
                                    for name, (fds, kib, most) in figures.items()), flush=True)


def bounded(figures):
    for name in kopru.SERVICES:
        fds, _, most = figures[name]
        assert fds <= CONNECTIONS[name] + OTHERS < DESCRIPTORS, f"{name} has {fds} descriptors"
        assert ASAN or most <= ROOM_KIB, f"{name}: {most} KiB resident at its highest, {ROOM_KIB} are allowed"
        assert S.processes[name].starts == 1, f"{name} was started again"


def starts():
    S.start(prefix=("prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}"))
    FRONT.start()
    go_on(1)


def sizes_are_refused_alike():
    """What nginx lets through is never too large for the service, and the other way round for bodies."""
    def line(size):
        return f"GET {PATH} HTTP/1.1\r\nHost: a\r\nX-Test: {'a' * (size - 10)}\r\n\r\n"

    def address(size):
        return f"GET {PATH}?{'a' * (size - len(PATH) - 16)} HTTP/1.1\r\nHost: a\r\n\r\n"

    def headers(size):
        return f"GET {PATH} HTTP/1.1\r\nHost: a\r\n" + f"X-Test: {'a' * 90}\r\n" * (size // 100) + "\r\n"

    def body(path, size):
        return f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: {size}\r\n\r\n" + "a" * size

    for size, status in ((LINE - 1, 405), (LINE, 405), (LINE + 1, 431)):
        assert ask("nginx", line(size)) == status, (size, ask("nginx", line(size)))
        assert ask("intake", line(size)) == 405, size
    for size, status in ((LINE - 1, 405), (LINE, 405), (LINE + 1, 414), (100000, 414)):
        assert ask("nginx", address(size)) == status, (size, ask("nginx", address(size)))
        assert ask("intake", address(min(size, LINE))) == 405, size
    let_through = [size for size in range(HEADERS // 2, HEADERS * 2, 100) if ask("nginx", headers(size)) == 405]
    print(f"# nginx lets headers of up to {let_through[-1]} bytes through")
    assert HEADERS - 1000 <= let_through[-1] <= HEADERS + 1000
    assert ask("intake", headers(let_through[-1] + 1500)) == 405  # with what nginx adds
    assert ask("nginx", headers(1000000)) == 431 and ask("intake", headers(1000000)) in (0, 400)
    for path, place, most in ((PATH, "intake", BODY), ("/api/v1/commands", "intake", BODY), ("/api/v1/track/reply", "intake", BODY),
                              ("/api/v1/track", "reporting", 4096), ("/api/v1/addresses/confirm", "notifier", 1024)):
        for size in (most - 1, most, most + 1):
            through, straight = ask("nginx", body(path, size)), ask(place, body(path, size))
            assert through == straight and (through == 413) == (size > most), (path, size, through, straight)
    for place in ("nginx", "intake"):
        assert ask(place, f"{HEAD}Content-Length: 10000000000\r\n\r\n{{") == 413, place


def endless_chunks_end_early():
    for place in ("nginx", "intake"):
        with connect(place) as s:
            s.sendall(f"{HEAD}Transfer-Encoding: chunked\r\n\r\n".encode())
            sent = 0
            try:
                while sent < 64 * 1024 * 1024 and not select.select([s], [], [], 0.001)[0]:
                    s.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")
                    sent += 65536
            except OSError:
                pass
            status = s.recv(12)[9:]
        print(f"# {place} refuses endless chunks with {status.decode()} after at most {sent // 1024} KiB")
        # Behind nginx a service counts up to the body of its largest address (webhooks), whichever is asked for.
        assert sent <= 4 * (BODY if place == "nginx" else LARGEST) and status == b"413", (place, sent, status)


def a_thousand_in_a_row_are_answered_in_order():
    for place, count in (("nginx", 900), ("intake", 900)):
        with connect(place) as s:
            path = "/api/v1/nowhere" if place == "nginx" else "/healthz"
            writer = threading.Thread(target=s.sendall, args=(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode() * count,))
            writer.start()
            got = b""
            while got.count(b"HTTP/1.1 ") < count:
                piece = s.recv(65536)
                assert piece, (place, got.count(b"HTTP/1.1 "))
                got += piece
            writer.join()


HIDDEN = f"GET {PATH} HTTP/1.1\r\nHost: a\r\nX-Hidden: a\r\n\r\n"
FRAMINGS = (  # F-080: each could be one request for one reader and two for another
    f"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{HIDDEN}",
    f"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n{HIDDEN}",
    f"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{HIDDEN}",
    f"Transfer-Encoding: xchunked\r\nContent-Length: {len(HIDDEN)}\r\n\r\n{HIDDEN}",
    f"Transfer-Encoding:\x0bchunked\r\nContent-Length: {len(HIDDEN)}\r\n\r\n{HIDDEN}",
    f"Transfer-Encoding : chunked\r\nContent-Length: {len(HIDDEN)}\r\n\r\n{HIDDEN}",
    f"X-Test: a\r\n Transfer-Encoding: chunked\r\nContent-Length: {len(HIDDEN)}\r\n\r\n{HIDDEN}",
    f"Content-Length: +{len(HIDDEN)}\r\n\r\n{HIDDEN}", f"Content-Length: 0x10\r\n\r\n{HIDDEN}",
    f"Content-Length: -1\r\n\r\n{HIDDEN}", f"Content-Length: 1 1\r\n\r\n{HIDDEN}",
    f"Content-Length: 0\r\nContent-Length: {len(HIDDEN)}\r\n\r\n{HIDDEN}",
    f"Content-Length : {len(HIDDEN)}\r\n\r\n{HIDDEN}",
    f"X-Test: a\rContent-Length: {len(HIDDEN)}\r\n\r\n{HIDDEN}", f"X-Test: a\0b\r\n\r\n{HIDDEN}",
    f"Transfer-Encoding: chunked\r\n\r\n1;a=\nb\r\na\r\n0\r\n\r\n{HIDDEN}",
    f"Transfer-Encoding: chunked\r\n\r\n-1\r\n{HIDDEN}", f"Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n{HIDDEN}",
    f"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\n{HIDDEN}",
)


def answered():
    """How many answers intake has given, without those to this question."""
    text = S.request("intake", "GET", "/metrics")[2].decode()
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith("kopru_http_answers_total"))


def everything(place, data):
    """All that comes back until the connection ends, or nothing comes for a moment."""
    got = b""
    with connect(place) as s:
        s.sendall(data.encode("latin-1"))
        s.settimeout(0.5)
        try:
            while piece := s.recv(65536):
                got += piece
        except (socket.timeout, ConnectionResetError):
            pass
    return got


def hidden_requests_are_not_found():
    """Behind nginx, the service answers as many requests as nginx passed on and its client sees; alone it refuses."""
    for framing in FRAMINGS:
        before = answered()
        got = everything("nginx", HEAD + framing)
        passed, seen = answered() - before - 1, got.count(b"HTTP/1.1 ")
        assert seen <= 2 and passed <= seen and got[9:10] in (b"4", b"5", b""), (framing, passed, got)
        got = everything("intake", HEAD + framing)
        plain = any(piece in framing for piece in ("1;a=", "\0", "0x1\r\n"))  # evhttp reads these, with one clear end
        assert got.count(b"HTTP/1.1 ") <= (2 if plain else 1), (framing, got)
        assert got[9:12] in (b"400", b"413", b"501", b""), (framing, got)


def who_forges_is_nobody():
    """F-084, F-086, F-090: what only a proxy may say is not believed, from anybody."""
    forged = {"X-Remote-User": "admin", "X-Forwarded-User": "admin", "X-Forwarded-For": "127.0.0.1", "X-Real-IP": "::1",
              "X-Original-URL": "/metrics", "X-HTTP-Method-Override": "GET", "Forwarded": "for=127.0.0.1", "Origin": "null"}
    connection = GOOD[0].connection
    assert S.request("intake", "POST", "/api/v1/commands", {"commands": []}, forged, connection)[0] == 401
    for path in ("/metrics", "/healthz", "/api/v1/../../metrics", "/api/v1/applications/..%2f..%2fmetrics", "//metrics"):
        assert S.request("intake", "GET", path, headers=forged, connection=connection)[0] in (400, 403, 404), path
    status, _, answer = S.request("intake", "POST", PATH, b"--a\r\nContent-Disposition: form-data; name=a; filename=../../x\r\n",
                                  {"Content-Type": "multipart/form-data; boundary=a"}, connection)
    assert status == 415, answer
    for text in ('{"kind": ' * 2000, '[' * 100000, '{"kind": 1e400}', '{"kind": "a", "kind": "b"}', '{"kind": "\\ud800"}', '\ufeff{}'):
        status, _, answer = S.request("intake", "POST", PATH, text.encode(), {"Content-Type": "application/json"}, connection)
        assert status in (400, 422), (text[:20], status, answer)


def one_key_at_a_hundred_places_is_one_application():
    """F-087, F-089."""
    key, answers, lock = str(uuid.uuid4()), [], threading.Lock()

    def apply():
        connection = kopru.http.client.HTTPConnection("127.0.0.1", FRONT.port, timeout=20)
        status, _, answer = S.apply({"kind": "complaint", "text": "Çöp toplanmadı."}, key, connection=connection)
        connection.close()
        with lock:
            answers.append((status, answer.get("number")))
    threads = [threading.Thread(target=apply) for _ in range(100)]
    for thread in threads:
        thread.start()
    with connect("nginx") as leaver:  # gone right after its last byte
        body = '{"kind": "complaint", "text": "Çöp toplanmadı."}'.encode()
        leaver.sendall(f"{HEAD}Idempotency-Key: {key}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    for thread in threads:
        thread.join()
    numbers = {number for status, number in answers if status in (200, 201)}
    assert len(numbers) == 1 and {status for status, _ in answers} <= {200, 201, 409, 429, 503}, answers
    GOOD[0].accepted[key] = numbers.pop()
    status, _, answer = S.apply({"kind": "complaint", "text": "Başka."}, key, connection=GOOD[0].connection)
    assert status == 422, answer


def good_ones_go_on_beside_a_thousand_bad_ones():
    calm, beset, ratios, made, closed = [], [], [], 0, 0
    show("before", all_used())
    for _ in range(ROUNDS):
        calm.append(go_on(PHASE))
        bad = Hostile(SLOW, HOSTILE, lambda n: connecting(("127.0.0.1", FRONT.port), f"127.0.1.{n % 12 + 1}")).start()
        time.sleep(0.5)
        beset.append(go_on(PHASE))
        ratios.append(percentile(beset[-1], 0.99) / percentile(calm[-1], 0.99))
        during = all_used()
        assert bad.open() > HOSTILE * 0.7, bad.open()
        bad.stop()
        made, closed = made + bad.made(), closed + bad.ended_by_server()
        time.sleep(0.5)
    ratio = statistics.median(ratios)
    calm, beset = sum(calm, []), sum(beset, [])
    show("during", during)
    show("after", all_used())
    print(f"# {HOSTILE} bad connections at nginx, {ROUNDS} rounds, {made} made, {closed} ended by nginx: p50 calm "
          f"{percentile(calm, .5) * 1000:.1f} ms, beset {percentile(beset, .5) * 1000:.1f} ms; p99 calm "
          f"{percentile(calm, .99) * 1000:.1f} ms, beset {percentile(beset, .99) * 1000:.1f} ms ({', '.join(f'{one:.2f}' for one in ratios)} times) "
          f"of {len(calm)} and {len(beset)}", flush=True)
    bounded(during)
    assert ratio < 2.0, ratios
    assert not any(good.refused for good in GOOD), GOOD[0].refused + GOOD[1].refused


def services_bound_what_comes_straight_at_them():
    before = all_used()
    huge = Kind("huge body", f"{HEAD}Content-Length: 500000\r\n\r\n".encode() + b" " * 150000, b" " * 60000)
    places = ["intake"] * 5 + ["reporting"] * 3 + ["notifier", "router"]
    bad = Hostile([SLOW[0], SLOW[1], huge], HOSTILE, lambda n: connecting(S.path(places[n // 3 % 10] + ".sock"))).start()
    try:
        beset = go_on(2)
        waits = {}
        for place in kopru.SERVICES:
            began = time.monotonic()
            assert ask(place, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n") == 200, place
            waits[place] = time.monotonic() - began
        during = all_used()
    finally:
        bad.stop()
    show("during", during)
    print(f"# {HOSTILE} straight at the services: through nginx p99 {percentile(beset, .99) * 1000:.1f} ms of {len(beset)}; "
          "a new connection straight at " + ", ".join(f"{name} is answered after {wait:.2f} s" for name, wait in waits.items()))
    bounded(during)
    assert max(waits.values()) < 10 and len(beset) > 50

    def given_back():
        return all(used(name)[0] <= before[name][0] + 16 for name in kopru.SERVICES)
    kopru.wait_until(given_back, 20, "descriptors are given back", lambda: str(all_used()))
    show("after", all_used())


def accepted_equals_stored():
    accepted = {key: number for good in GOOD for key, number in good.accepted.items()}
    assert all(retry for good in GOOD for _, status, retry in good.refused if status in (429, 503))
    assert {status for good in GOOD for _, status, _ in good.refused} <= {429, 503}
    stored = dict(row.split("|") for row in S.rows("SELECT key, number FROM intake.application"))
    print(f"# {len(accepted)} accepted, {sum(len(good.refused) for good in GOOD)} refused early, {len(stored)} stored")
    assert stored == accepted, (len(stored), len(accepted))
    S.wait_quiet()
    assert S.value("SELECT count(*) FROM router.case") == str(len(accepted))


def stops():
    for good in GOOD:
        good.connection.close()
    codes = S.close()
    assert {codes[name] for name in kopru.SERVICES} == {0}, codes


for test in (starts, sizes_are_refused_alike, endless_chunks_end_early, a_thousand_in_a_row_are_answered_in_order,
             hidden_requests_are_not_found, who_forges_is_nobody, one_key_at_a_hundred_places_is_one_application,
             good_ones_go_on_beside_a_thousand_bad_ones, services_bound_what_comes_straight_at_them,
             accepted_equals_stored, stops):
    TAP.run(test.__name__.replace("_", " "), test)
TAP.end()
