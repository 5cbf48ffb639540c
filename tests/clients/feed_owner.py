"""A feed that lives in memory, for tests of consumers: speaks proto/kopru/v1/feed.proto on an ipc:// socket.

Commands on standard input, one a line: `add SEQ APPLICATION TEXT`, `bare SEQ` (an event of no application). Says each Ack on standard
output as `ack SEQ` and each Subscribe as `subscribe AFTER_SEQ WINDOW`. pyzmq and protobuf of Debian.
"""
import os
import subprocess
import sys
import tempfile
import uuid

import zmq

PROTO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "proto")
with tempfile.TemporaryDirectory() as generated:
    names = [f"kopru/v1/{name}.proto" for name in ("application", "event", "feed")]
    subprocess.run(["protoc", "-I", PROTO, "--python_out", generated, *names], check=True)
    sys.path.insert(0, generated)
    from kopru.v1 import application_pb2, event_pb2, feed_pb2


def event_id(seq):
    return uuid.UUID(int=(0x7000 << 64) + (0x8 << 60) + seq).bytes


def application_id(number):
    return uuid.UUID(int=(0xA << 100) + (0x7000 << 64) + (0x8 << 60) + number).bytes


def event_of(seq, application, text):
    event = event_pb2.Event(id=event_id(seq), application_id=application_id(application), version=2,
                            number="HM-2026-0000001-0", at=1795770000000000)
    routed = event.application_routed
    routed.department, routed.state = "TEM", event_pb2.STATE_ASSIGNED
    routed.application.CopyFrom(application_pb2.Application(
        id=application_id(application), number=event.number, text=text, kind=application_pb2.KIND_REQUEST))
    return event.SerializeToString()


class Owner:
    def __init__(self, endpoint):
        self.socket = zmq.Context.instance().socket(zmq.ROUTER)
        self.socket.linger = 0
        self.socket.bind(endpoint)
        self.events = {}  # seq -> bytes
        self.peers = {}  # routing id -> subscription
        self.input = b""

    def send(self, peer, **body):
        self.socket.send_multipart([peer, feed_pb2.FeedEnvelope(**body).SerializeToString()])

    def head(self):
        return len(self.events)

    def feed(self, peer):
        s = self.peers[peer]
        items = []
        while s["sent"] < self.head() and s["sent"] - s["acked"] < s["window"]:
            s["sent"] += 1
            items.append({"seq": s["sent"], "event": self.events[s["sent"]]})
        if items:
            self.send(peer, events={"stream": s["stream"], "head": self.head(), "items": items,
                                    "session": s["session"]})

    def on_frame(self, peer, data):
        frame = feed_pb2.FeedEnvelope.FromString(data)
        kind = frame.WhichOneof("body")
        if kind == "subscribe":
            self.on_subscribe(peer, frame.subscribe)
        elif kind == "ack" and peer in self.peers and frame.ack.session == self.peers[peer]["session"]:
            print("ack", frame.ack.seq, flush=True)
            self.peers[peer]["acked"] = frame.ack.seq
            self.feed(peer)
        elif kind == "unsubscribe":
            self.peers.pop(peer, None)

    def on_subscribe(self, peer, s):
        print("subscribe", s.after_seq, s.window, flush=True)
        if s.after_seq and s.after_event_id != event_id(s.after_seq):
            self.send(peer, diverged={"stream": s.stream, "seq": s.after_seq, "session": s.session,
                                      "event_id": event_id(s.after_seq)})
            return
        self.peers[peer] = {"stream": s.stream, "window": s.window, "session": s.session, "sent": s.after_seq,
                            "acked": s.after_seq}
        self.feed(peer)

    def on_command(self, line):
        words = line.split(maxsplit=3)
        seq = int(words[1])
        self.events[seq] = event_pb2.Event(id=event_id(seq)).SerializeToString() if words[0] == "bare" else \
            event_of(seq, int(words[2]), words[3])

    def run(self):
        poller = zmq.Poller()
        poller.register(self.socket, zmq.POLLIN)
        poller.register(sys.stdin.fileno(), zmq.POLLIN)
        while True:
            ready = dict(poller.poll(500))
            if self.socket in ready:
                self.on_frame(*self.socket.recv_multipart())
            if sys.stdin.fileno() in ready:
                self.input += os.read(sys.stdin.fileno(), 1 << 20)
                *lines, self.input = self.input.split(b"\n")
                for line in lines:
                    self.on_command(line.decode())
                for peer in list(self.peers):
                    self.feed(peer)
            if not ready:
                for peer, s in self.peers.items():
                    self.send(peer, heartbeat={"stream": s["stream"], "head": self.head(), "session": s["session"]})


Owner(sys.argv[1]).run()
