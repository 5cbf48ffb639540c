"""A department's end of its feed that is not ours: receives, acknowledges, replays, answers. pyzmq, protobuf of Debian.

    /usr/bin/python3 tests/clients/department.py --code TEM --feed tcp://HOST:PORT --key TEM.key --server router.key.pub
        [--cursor FILE] [--from SEQ] [--count N] [--commands tcp://HOST:PORT --answer TEXT]

Prints events and replies as JSON lines. --cursor goes on where it stopped; --from prints again from that event on.
"""
import argparse
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


def connect(a, endpoint):
    socket, secret = zmq.Context.instance().socket(zmq.DEALER), pathlib.Path(a.key).read_bytes().strip()
    socket.curve_secretkey, socket.curve_publickey = secret, zmq.curve_public(secret)
    socket.curve_serverkey, socket.linger, socket.rcvtimeo = pathlib.Path(a.server).read_bytes().strip(), 0, 15000
    socket.connect(endpoint)
    return socket


def answer(socket, event, text):
    command = {"id": os.urandom(16), "application_id": event.application_id, "expected_version": event.version,
               "answer": {"text": text}}  # without a reply in time: send the same again, it has one effect
    socket.send(command_pb2.CommandEnvelope(command=command).SerializeToString())
    print(json.dumps(MessageToDict(command_pb2.CommandEnvelope.FromString(socket.recv())), ensure_ascii=False))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    for name in ("code", "feed", "key", "server", "cursor", "commands", "answer"):
        parser.add_argument("--" + name, required=name in ("code", "feed", "key", "server"))
    parser.add_argument("--from", dest="first", type=int, default=0, help="print again from this event on")
    parser.add_argument("--count", type=int, help="end after so many events")
    a = parser.parse_args()
    stream, session, told, odd = "department/" + a.code, int.from_bytes(os.urandom(7), "big"), 0, False
    cursor = pathlib.Path(a.cursor or os.devnull)
    seq, event_id = cursor.read_text().split() if a.cursor and cursor.exists() and not a.first else (0, "")
    feed, commands = connect(a, a.feed), a.answer and connect(a, a.commands)

    def say(**body):
        feed.send(feed_pb2.FeedEnvelope(**body).SerializeToString())
    say(subscribe={"consumer": a.code, "stream": stream, "after_seq": int(seq), "window": 64,
                   "after_event_id": bytes.fromhex(event_id), "session": session})
    while told != a.count:
        frame = feed_pb2.FeedEnvelope.FromString(feed.recv())
        kind = frame.WhichOneof("body")
        if kind in ("diverged", "refused"):
            sys.exit(f"{kind}: {getattr(frame, kind)}")
        if kind == "heartbeat" and frame.heartbeat.session == session and (odd := not odd):  # one answers an Ask, too
            say(ask={"stream": stream, "head": frame.heartbeat.head, "session": session})  # we are still here
        for item in frame.events.items if frame.events.session == session else ():
            if told == a.count:
                break
            event = event_pb2.Event.FromString(item.event)
            if item.seq >= a.first:
                told += 1
                line = {"seq": item.seq, "event_id": event.id.hex(), **MessageToDict(event)}
                print(json.dumps(line, ensure_ascii=False), flush=True)
                if commands and event.WhichOneof("body") == "application_routed":
                    answer(commands, event, a.answer)
            if a.cursor:
                pathlib.Path(a.cursor + ".new").write_text(f"{item.seq} {event.id.hex()}")
                os.replace(a.cursor + ".new", a.cursor)
            say(ack={"stream": stream, "seq": item.seq, "session": session})


main()
