"""A department's end of its feed that is not ours: receives, acknowledges, replays, answers. pyzmq, protobuf of Debian.

    /usr/bin/python3 tests/clients/department.py --code TEM --feed tcp://HOST:PORT --key TEM.key --server router.key.pub
        [--cursor FILE] [--from SEQ] [--count N] [--commands tcp://HOST:PORT --answer TEXT]

Prints events and replies as JSON lines. --cursor goes on where it stopped; --from prints again from that event on. Several
routers stand with commas between them: when one is silent for 3 s (it says something every second) the next is asked.
"""
import argparse
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import zmq
from google.protobuf.json_format import MessageToDict

PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto"
with tempfile.TemporaryDirectory() as generated:
    subprocess.run(["protoc", "-I", PROTO, "--python_out", generated, *PROTO.glob("kopru/v1/*.proto")], check=True)
    sys.path.insert(0, generated)
    from kopru.v1 import command_pb2, event_pb2, feed_pb2


def connect(a, endpoints):
    """To the router whose turn it is."""
    all_of_them, socket = endpoints.split(","), zmq.Context.instance().socket(zmq.DEALER)
    secret = pathlib.Path(a.key).read_bytes().strip()
    socket.curve_secretkey, socket.curve_publickey = secret, zmq.curve_public(secret)
    socket.curve_serverkey, socket.linger = pathlib.Path(a.server).read_bytes().strip(), 0
    socket.rcvtimeo = 15000 if len(all_of_them) == 1 else 3000
    socket.connect(all_of_them[a.turn % len(all_of_them)])
    return socket


def answer(socket, event, text):
    """The id is made of the event's: sent again, here or to another router, it has one effect and the same reply."""
    command = {"id": hashlib.sha256(event.id).digest()[:16], "application_id": event.application_id,
               "expected_version": event.version, "answer": {"text": text}}
    socket.send(command_pb2.CommandEnvelope(command=command).SerializeToString())
    print(json.dumps(MessageToDict(command_pb2.CommandEnvelope.FromString(socket.recv())), ensure_ascii=False), flush=True)


def handle(a, item, commands):
    event = event_pb2.Event.FromString(item.event)
    if item.seq >= a.first:
        print(json.dumps({"seq": item.seq, "event_id": event.id.hex(), **MessageToDict(event)}, ensure_ascii=False), flush=True)
        if commands and event.WhichOneof("body") == "application_routed":
            answer(commands, event, a.answer)
        a.told += 1
    a.seq, a.event_id = item.seq, event.id.hex()
    if a.cursor:
        pathlib.Path(a.cursor + ".new").write_text(f"{item.seq} {event.id.hex()}")
        os.replace(a.cursor + ".new", a.cursor)


def consume(a):
    stream, session, odd = "department/" + a.code, int.from_bytes(os.urandom(7), "big"), False
    feed, commands = connect(a, a.feed), a.answer and connect(a, a.commands)

    def say(**body):
        feed.send(feed_pb2.FeedEnvelope(**body).SerializeToString())
    say(subscribe={"consumer": a.code, "stream": stream, "after_seq": int(a.seq), "window": 64,
                   "after_event_id": bytes.fromhex(a.event_id), "session": session})
    while a.told != a.count:
        frame = feed_pb2.FeedEnvelope.FromString(feed.recv())
        kind = frame.WhichOneof("body")
        if kind in ("diverged", "refused"):
            sys.exit(f"{kind}: {getattr(frame, kind)}")
        if kind == "heartbeat" and frame.heartbeat.session == session and (odd := not odd):  # one answers an Ask, too
            say(ask={"stream": stream, "head": frame.heartbeat.head, "session": session})  # we are still here
        for item in frame.events.items if frame.events.session == session else ():
            if a.told == a.count:
                break
            handle(a, item, commands)
            say(ack={"stream": stream, "seq": item.seq, "session": session})


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    for name in ("code", "feed", "key", "server", "cursor", "commands", "answer"):
        parser.add_argument("--" + name, required=name in ("code", "feed", "key", "server"))
    parser.add_argument("--from", dest="first", type=int, default=0, help="print again from this event on")
    parser.add_argument("--count", type=int, help="end after so many events")
    a = parser.parse_args()
    cursor, a.told, a.turn = pathlib.Path(a.cursor or os.devnull), 0, 0
    a.seq, a.event_id = cursor.read_text().split() if a.cursor and cursor.exists() and not a.first else (0, "")
    while a.told != a.count:
        try:
            consume(a)
        except zmq.Again:
            if "," not in a.feed:
                raise
            a.turn += 1


main()
