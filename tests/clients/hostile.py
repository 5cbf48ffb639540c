"""A department with a good key and bad manners: many connections, frames that are too long, and a flood of short ones.
The router's memory stays within its bound, and another department gets its events meanwhile. pyzmq of Debian.
"""
import os
import sys
import time

import zmq

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import system as kopru  # noqa: E402

CONNECTIONS = 150
SECONDS = 5
ROOM_KIB = 64 * 1024
ASAN = "asan" in kopru.BUILD  # keeps 256 MiB of what was freed

S = kopru.System()
TAP = kopru.Tap()
CONTEXT = zmq.Context()


def starts():
    S.start()
    S.department("FEN")
    S.kopru("department", "key", "TEM", "--out", S.path("secrets", "TEM.key"))


def connections(port):
    with open(S.path("secrets", "TEM.key"), "rb") as key, open(S.path("secrets", "router.key.pub"), "rb") as server:
        secret, server_public = key.read().strip(), server.read().strip()
    sockets = []
    for _ in range(CONNECTIONS):
        socket = CONTEXT.socket(zmq.DEALER)
        socket.curve_secretkey, socket.curve_publickey = secret, zmq.curve_public(secret)
        socket.curve_serverkey, socket.linger, socket.sndhwm = server_public, 0, 20
        socket.connect(f"tcp://127.0.0.1:{port}")
        sockets.append(socket)
    return sockets


def flood(port, frame):
    """What could be handed over in SECONDS."""
    sockets, sent, end = connections(port), 0, time.monotonic() + SECONDS
    try:
        while time.monotonic() < end:
            for socket in sockets:
                try:
                    socket.send(frame, zmq.DONTWAIT, copy=False)
                    sent += 1
                except zmq.Again:
                    pass
        other_goes_on()
    finally:
        for socket in sockets:
            socket.close()
    assert sent > CONNECTIONS, sent


def other_goes_on():
    status, _, answer = S.apply({"kind": "complaint", "topic": "FEN-01", "text": "Yolda çukur var."})
    assert status == 201, answer
    kopru.wait_until(lambda: any(line["number"] == answer["number"] for line in S.lines("FEN")), 30,
                     "FEN has its event", lambda: S.tail("router"))


def bounded():
    used = S.processes["router"].rss_kib()
    assert S.processes["router"].starts == 1
    assert ASAN or used <= ROOM_KIB, f"{used} KiB resident at its highest, {ROOM_KIB} are allowed"


def frames_that_are_too_long_end_their_connections():
    flood(S.feed_port, b"\xff" * 1000000)
    flood(S.command_port, b"\xff" * 1000000)
    bounded()


def a_flood_of_requests_is_taken_in_small_pieces():
    flood(S.feed_port, b"\xff" * 4000)
    bounded()


def a_flood_of_commands_is_taken_in_small_pieces():
    flood(S.command_port, b"\xff" * 4000)
    bounded()


def stops():
    codes = S.close()
    assert set(codes.values()) == {0}, codes


for test in (starts, frames_that_are_too_long_end_their_connections, a_flood_of_requests_is_taken_in_small_pieces,
             a_flood_of_commands_is_taken_in_small_pieces, stops):
    TAP.run(test.__name__, test)
CONTEXT.term()
TAP.end()
