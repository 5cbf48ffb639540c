#!/usr/bin/env python3
"""fault: strangers at the ports of the feed and of commands, a thousand at once: a good department beside them receives
everything in order, another one even gets in anew, memory and descriptors stay within what is configured (F-048, F-065 .. F-070).

limit: 180 s. HOSTILE (1,000) connections; what a single bad frame does is in tests/unit/bus_hostile.c."""

import os
import random
import resource
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import system as kopru  # noqa: E402
from hostile import Hostile, Kind, connecting  # noqa: E402

HOSTILE = int(os.environ.get("HOSTILE", "1000"))
DESCRIPTORS = 256  # that the router may have; libzmq would end it if it ever ran out of them (F-048)
ROOM_KIB = 64 * 1024  # of the router
ASAN = "asan" in kopru.BUILD  # keeps 256 MiB of what was freed
S = kopru.System()
TAP = kopru.Tap()
NUMBERS = []
TEXTS = {"TEM": "Çöp toplanmadı.", "FEN": "Yolda çukur var."}
resource.setrlimit(resource.RLIMIT_NOFILE, (8192, max(8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))


def greeting(version=3, mechanism=b"CURVE"):
    return b"\xff" + b"\0" * 8 + b"\x7f" + bytes((version, version % 3)) + mechanism.ljust(20, b"\0") + b"\0" * 32


def hello(size=194, version=b"\1\0"):
    """A HELLO of CURVE, by its frame and size, that no key has made."""
    body = b"\5HELLO" + version + random.Random(4).randbytes(size - 2)
    return b"\4" + bytes((len(body),)) + body


def long_frame(flags, size):
    return greeting() + bytes((flags | 2,)) + size.to_bytes(8, "big") + b"a" * 5000


NOISE = random.Random(5)
KINDS = [
    Kind("silence"),
    Kind("noise", NOISE.randbytes(3000)),
    Kind("HTTP", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"),
    Kind("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + NOISE.randbytes(508)),
    Kind("greeting, then silence", greeting()),
    Kind("half a greeting, then a byte at a time", greeting()[:20], b"\0"),
    Kind("greeting of ZMTP 1", b"\1\0\5\0hello", b"\1\0"),
    Kind("greeting of ZMTP 2", greeting(1), b"\0\0"),
    Kind("NULL", greeting(3, b"NULL") + b"\4\x19\5READY\x0bSocket-Type\0\0\0\6DEALER", b"\0\1a"),
    Kind("PLAIN", greeting(3, b"PLAIN") + b"\4\x1d\5HELLO\x0edepartment/TEM\1x"),
    Kind("HELLO of no key", greeting() + hello()),
    Kind("HELLO too short", greeting() + hello(20)),
    Kind("another HELLO", greeting() + hello(194, b"\2\0")),
    Kind("frame of 1 MiB", long_frame(0, 1 << 20)),
    Kind("frame of 2^31", long_frame(4, 1 << 31), b"a" * 5000),
    Kind("frame of 2^63", long_frame(4, 1 << 63), b"a" * 5000),
    Kind("most of a frame", greeting() + b"\6" + (2048).to_bytes(8, "big") + b"a" * 1500),
    Kind("pieces without an end", greeting() + b"\1\xff" + b"a" * 255, (b"\1\xff" + b"a" * 255) * 20),
]


def starts():
    S.start("intake")
    S.start("router", prefix=("prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}"))
    assert S.tail("router").count("event=connections.limited") == 2, S.tail("router")
    for code in ("TEM", "FEN"):
        S.kopru("department", "key", code, "--out", S.path("secrets", code + ".key"))
    S.kopru("curve", S.path("secrets", "stranger.key"))
    S.department("TEM")
    apply()
    arrived("TEM")


def apply(topic="TEM-01"):
    status, _, answer = S.apply({"kind": "complaint", "topic": topic, "text": TEXTS[topic[:3]]})
    assert status == 201, answer
    NUMBERS.append((topic[:3], answer["number"]))


def arrived(code, seconds=20):
    wanted = [number for to, number in NUMBERS if to == code]
    kopru.wait_until(lambda: len(S.lines(code)) >= len(wanted), seconds, f"{code} has its {len(wanted)} events",
                     lambda: S.tail("router") + S.tail("department-" + code))
    assert [line["number"] for line in S.lines(code)] == wanted


def used():
    number = S.processes["router"].process.pid
    return len(os.listdir(f"/proc/{number}/fd")), S.processes["router"].rss_kib()


def metric(name):
    return sum(float(line.split()[-1]) for line in S.request("router", "GET", "/metrics")[2].decode().splitlines()
               if line.startswith(name))


def ports(number):
    return connecting(("127.0.0.1", (S.feed_port, S.command_port)[number % 2]))


def a_thousand_strangers_at_both_ports():
    fds, kib = used()
    unseen = metric("kopru_bus_dropped_total")
    bad = Hostile(KINDS, HOSTILE, ports).start(6)
    worst, late, most = [], 0.0, 0
    try:
        end = time.monotonic() + 6
        newcomer = False
        while time.monotonic() < end:
            began = time.monotonic()
            apply()
            arrived("TEM")
            worst.append(time.monotonic() - began)
            most = max(most, used()[0])
            if not newcomer:  # one that has no connection yet
                newcomer, began = True, time.monotonic()
                apply("FEN-01")
                S.department("FEN")
                arrived("FEN", 30)
                late = time.monotonic() - began
            time.sleep(0.05)
    finally:
        bad.stop()
    print(f"# {HOSTILE} strangers, {bad.made()} connections in all: a good department waits {max(worst):.2f} s at most of "
          f"{len(worst)}, a new one gets in after {late:.1f} s")
    print(f"# router: {fds} descriptors before, {most} at most; {kib // 1024} MiB before, {used()[1] // 1024} at most", flush=True)
    assert fds + 50 < most < DESCRIPTORS, most
    assert ASAN or used()[1] <= ROOM_KIB, used()
    assert metric("kopru_bus_dropped_total") == unseen, "a frame of a stranger was seen"
    kopru.wait_until(lambda: used()[0] <= fds + 8, 15, "descriptors are given back", lambda: str(used()))
    assert S.processes["router"].starts == 1


def a_replayed_handshake_gets_nothing():
    """F-067: what a good department said, byte by byte, said again by somebody who has heard it."""
    heard, listener = [], socket.create_server(("127.0.0.1", 0))

    def carry(source, sink, into):
        try:
            while data := source.recv(65536):
                into.append(data)
                sink.sendall(data)
        except OSError:
            pass

    def serve():
        client, _ = listener.accept()
        server = socket.create_connection(("127.0.0.1", S.feed_port))
        threading.Thread(target=carry, args=(server, client, []), daemon=True).start()
        carry(client, server, heard)
    threading.Thread(target=serve, daemon=True).start()
    S.processes["department-FEN"].stop()
    S.department("FEN", DEPARTMENT_FEED=f"tcp://127.0.0.1:{listener.getsockname()[1]}")
    apply("FEN-01")
    arrived("FEN")
    listener.close()
    said = b"".join(heard)
    assert len(said) > 600, len(said)
    subscribed, unseen = metric("kopru_feed_subscriptions"), metric("kopru_bus_dropped_total")
    with socket.create_connection(("127.0.0.1", S.feed_port), 2) as again:
        again.sendall(said)
        got = b""
        try:
            while piece := again.recv(65536):
                got += piece
        except (socket.timeout, ConnectionResetError):
            pass
    print(f"# {len(said)} bytes of a good department said again: {len(got)} bytes came back, of the handshake only")
    assert len(got) <= 64 + 2 + 168 + 64, len(got)
    assert metric("kopru_feed_subscriptions") == subscribed and metric("kopru_bus_dropped_total") == unseen


def wrong_keys_hear_nothing():
    """F-067: a wrong key of the server's, a key that nobody knows; many at once and again and again."""
    servers = {"stranger.key.pub": "TEM.key", "router.key.pub": "stranger.key"}
    before, refused = S.lines("TEM"), metric("kopru_bus_handshakes_failed_total") + metric("kopru_bus_refused_total")
    bad = []
    for number, (server, key) in enumerate(list(servers.items()) * 3):
        bad.append(kopru.Process(f"bad-{number}", [os.path.join(kopru.BUILD, "kopru-department")], {
            **os.environ, "DEPARTMENT_CODE": "TEM", "DEPARTMENT_FEED": f"tcp://127.0.0.1:{S.feed_port}",
            "DEPARTMENT_SERVER_PUBLIC_FILE": S.path("secrets", server), "DEPARTMENT_KEY_FILE": S.path("secrets", key),
            "DEPARTMENT_CURSOR": S.path(f"bad-{number}.cursor"), "DEPARTMENT_PARKED": S.path(f"bad-{number}.parked")},
            S.path("log", f"bad-{number}.log"), S.path(f"bad-{number}.jsonl")))
        bad[-1].start()
    time.sleep(2)
    apply()
    arrived("TEM")
    for process in bad:
        process.stop()
        assert os.path.getsize(process.stdout_path) == 0, process.name
    assert len(S.lines("TEM")) == len(before) + 1
    assert metric("kopru_bus_handshakes_failed_total") + metric("kopru_bus_refused_total") >= refused + 6


def stops():
    codes = S.close()
    assert set(codes.values()) == {0}, codes


try:
    for test in (starts, a_thousand_strangers_at_both_ports, a_replayed_handshake_gets_nothing, wrong_keys_hear_nothing, stops):
        TAP.run(test.__name__.replace("_", " "), test)
finally:
    for left in S.processes.values():
        left.stop()
TAP.end()
