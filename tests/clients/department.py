"""A department's end of its feed that is not ours: receives, acknowledges, replays. pyzmq and protobuf of Debian.

    /usr/bin/python3 tests/clients/department.py --code TEM --feed tcp://HOST:PORT --key TEM.key --server router.key.pub
        [--cursor FILE] [--from SEQ] [--count N]

Prints each event as a JSON line. --cursor goes on where it stopped; --from prints again from that event on.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

import zmq
from google.protobuf.json_format import MessageToDict

PROTO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "proto")
with tempfile.TemporaryDirectory() as generated:
    names = [f"kopru/v1/{name}.proto" for name in ("application", "event", "feed")]
    subprocess.run(["protoc", "-I", PROTO, "--python_out", generated, *names], check=True)
    sys.path.insert(0, generated)
    from kopru.v1 import event_pb2, feed_pb2


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    for name in ("code", "feed", "key", "server"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--cursor")
    parser.add_argument("--from", dest="first", type=int, help="print again from this event on")
    parser.add_argument("--count", type=int, help="end after so many events")
    return parser.parse_args()


def connect(a):
    with open(a.key, "rb") as key, open(a.server, "rb") as server:
        secret, server_public = key.read().strip(), server.read().strip()
    socket = zmq.Context.instance().socket(zmq.DEALER)
    socket.curve_secretkey, socket.curve_publickey = secret, zmq.curve_public(secret)
    socket.curve_serverkey, socket.linger, socket.rcvtimeo = server_public, 0, 15000
    socket.connect(a.feed)
    return socket


def main():
    a = arguments()
    stream, session, told = "department/" + a.code, int.from_bytes(os.urandom(7), "big"), 0
    seq, event_id = 0, ""
    if a.cursor and os.path.exists(a.cursor) and not a.first:
        with open(a.cursor, encoding="ascii") as cursor:
            seq, event_id = cursor.read().split()
    socket = connect(a)

    def say(**body):
        socket.send(feed_pb2.FeedEnvelope(**body).SerializeToString())
    say(subscribe={"consumer": a.code, "stream": stream, "after_seq": int(seq), "window": 64,
                   "after_event_id": bytes.fromhex(event_id), "session": session})
    while told != a.count:
        frame = feed_pb2.FeedEnvelope.FromString(socket.recv())
        kind = frame.WhichOneof("body")
        if kind in ("diverged", "refused"):
            sys.exit(f"{kind}: {getattr(frame, kind)}")
        if kind == "heartbeat" and frame.heartbeat.session == session:
            say(ask={"stream": stream, "head": frame.heartbeat.head, "session": session})  # we are still here
        for item in frame.events.items if frame.events.session == session else ():
            if told != a.count:
                event = event_pb2.Event.FromString(item.event)
                if item.seq >= (a.first or 0):
                    told += 1
                    line = {"seq": item.seq, "event_id": event.id.hex(), **MessageToDict(event)}
                    print(json.dumps(line, ensure_ascii=False), flush=True)
                if a.cursor:
                    with open(a.cursor + ".new", "w", encoding="ascii") as cursor:
                        print(item.seq, event.id.hex(), file=cursor)
                    os.replace(a.cursor + ".new", a.cursor)
                say(ack={"stream": stream, "seq": item.seq, "session": session})


main()
