"""departments: the ends of the feeds of all departments of a System in one process, over CURVE, each with its own key.

Each event is handled (written down in the ledger, flushed) before it is acknowledged; what comes again is acknowledged
only. A share of the cases is answered (answers.py). Debian's python3-zmq and python3-protobuf.
"""

import multiprocessing
import os
import socket
import time

import zmq

import answers
import commands
import ledger

WINDOW = 200
SILENCE_SECONDS, ASK_SECONDS = 2.5, .9
AGAIN = (commands.feed_pb2.Refused.CODE_BUSY, commands.feed_pb2.Refused.CODE_NOT_SUBSCRIBED)  # the owner was restarted
ROUND_SECONDS, ACK_SECONDS = .005, .05


def tcp(ports):
    return [f"tcp://127.0.0.1:{port}" for port in ports]


def answers_calls(endpoint):
    with socket.socket() as call:
        call.settimeout(.2)
        return call.connect_ex(("127.0.0.1", int(endpoint.rsplit(":", 1)[1]))) == 0


class Department:
    """One stream: where it stands, what was handled and not acknowledged yet."""

    def __init__(self, code, system, book, seq=0, event_id=b""):
        self.code, self.book, self.stream = code, book, "department/" + code
        self.seq, self.event_id, self.unacked, self.session = seq, event_id, False, 0
        with open(system.path("secrets", code + ".key"), "rb") as file:
            self.secret = file.read().strip()
        with open(system.path("secrets", "router.key.pub"), "rb") as file:
            self.server = file.read().strip()
        self.feeds, self.heard, self.on_event = tcp(system.feed_ports), time.monotonic(), None
        self.asked = 0.0
        self.socket = self.connect(self.feeds[:1])
        self.subscribe()

    def connect(self, endpoints, immediate=False):
        """immediate: what no router is there for is not sent."""
        dealer = zmq.Context.instance().socket(zmq.DEALER)
        dealer.curve_secretkey, dealer.curve_publickey = self.secret, zmq.curve_public(self.secret)
        dealer.curve_serverkey, dealer.linger, dealer.immediate = self.server, 0, immediate
        for endpoint in endpoints:
            dealer.connect(endpoint)
        return dealer

    def say(self, **body):
        self.socket.send(commands.feed_pb2.FeedEnvelope(**body).SerializeToString())

    def subscribe(self):
        self.session = int.from_bytes(os.urandom(7), "big")
        self.heard = time.monotonic()
        self.say(subscribe={"consumer": self.code, "stream": self.stream, "after_seq": self.seq, "window": WINDOW,
                            "after_event_id": self.event_id, "session": self.session})

    def begin_again(self, poller):
        """A socket that was refused once (its key was not known yet) stays dumb: another one takes its place, at the next
        router that is there if there are several."""
        poller.unregister(self.socket)
        self.socket.close()
        for _ in self.feeds:
            self.feeds.append(self.feeds.pop(0))
            if answers_calls(self.feeds[0]):
                break
        self.socket = self.connect(self.feeds[:1])
        poller.register(self.socket, zmq.POLLIN)
        self.subscribe()

    def receive(self):
        """Takes in what has come; says how many events were handled."""
        before = self.seq
        try:
            while True:
                self.take(commands.feed_pb2.FeedEnvelope.FromString(self.socket.recv(zmq.NOBLOCK)))
        except zmq.Again:
            return self.seq - before

    def take(self, frame):
        kind = frame.WhichOneof("body")
        self.heard = time.monotonic()
        if kind == "events" and frame.events.session == self.session:
            for item in frame.events.items:
                self.handle(item)
            self.unacked = True
        elif kind == "heartbeat" and frame.heartbeat.session == self.session and self.heard - self.asked > ASK_SECONDS:
            self.asked = self.heard  # not for each: an Ask that finds nothing new is answered by a heartbeat
            self.say(ask={"stream": self.stream, "head": frame.heartbeat.head, "session": self.session})
        elif kind == "refused" and frame.refused.session == self.session and frame.refused.code in AGAIN:
            self.subscribe()
        elif kind == "diverged" or kind == "refused" and frame.refused.session == self.session:
            raise RuntimeError(f"{self.stream}: {frame}")

    def handle(self, item):
        event = commands.event_pb2.Event.FromString(item.event)
        if item.seq <= self.seq:
            self.book.write("R", self.code, item.seq)
            return
        self.book.write("E", self.code, item.seq, event.id.hex(), event.application_id.hex(), event.number, event.version,
                        event.WhichOneof("body"))
        self.seq, self.event_id = item.seq, event.id
        if self.on_event:
            self.on_event(self, event)

    def acknowledge(self):
        """Only after the ledger was flushed."""
        if self.unacked:
            self.say(ack={"stream": self.stream, "seq": self.seq, "session": self.session})
            self.book.write("K", self.code, self.seq)
            self.unacked = False


class Consumer:
    """All departments, and what they answer. counters: shared [handled, commands done, commands not done yet]. stop: shared;
    the process ends when it is 1."""

    def __init__(self, system, codes, folder, counters, stop, answering):
        self.book = ledger.Ledger(os.path.join(folder, "departments.ledger"))
        self.counters, self.stop = counters, stop
        self.poller, self.departments = zmq.Poller(), [Department(code, system, self.book) for code in codes]
        self.answers, outside = [], system.rows("SELECT code FROM router.department WHERE outside")
        for department in self.departments:
            self.poller.register(department.socket, zmq.POLLIN)
        for department in self.departments if answering else ():
            self.answers.append(answers.Answers(department, tcp(system.command_ports),
                                                [code for code in codes if code not in outside], outside))
            self.poller.register(self.answers[-1].socket, zmq.POLLIN)

    def run(self):
        """Each round takes what has come to all: asking forty sockets for each single event would take more time than
        handling it. Acknowledged is every ACK_SECONDS, as kopru-department does."""
        tidied = acknowledged = time.monotonic()
        while not self.stop.value:
            self.poller.poll(100)
            time.sleep(ROUND_SECONDS)
            now = time.monotonic()
            self.round(now)
            if now - acknowledged > ACK_SECONDS:
                acknowledged = now
                self.acknowledge()
            if now - tidied > 1:
                tidied = now
                self.tidy(now)
        self.acknowledge()
        self.book.close()

    def round(self, now):
        """What came is written down before anything is acknowledged, and what is sent before it is sent."""
        handled = sum(department.receive() for department in self.departments)
        done = sum(one.receive(now) for one in self.answers)
        for one in self.answers:
            one.prepare(now)
        self.book.flush()
        for one in self.answers:
            one.send(now)
        self.counters[2] = sum(len(one.waiting) + len(one.under_way) for one in self.answers)
        self.counters[1] += done
        self.counters[0] += handled

    def acknowledge(self):
        for department in self.departments:
            department.acknowledge()

    def tidy(self, now):
        for department in self.departments:
            if now - department.heard > SILENCE_SECONDS:
                department.begin_again(self.poller)


class Departments:
    """The process. codes: which departments run; make_keys comes before, a second at least (routers read keys anew)."""

    def __init__(self, system, codes, folder, answering=True):
        self.counters = multiprocessing.Array("q", 3, lock=False)
        self.stopping = multiprocessing.Value("b", 0, lock=False)
        self.process = multiprocessing.Process(target=self.run, args=(system, codes, folder, answering), daemon=True)
        self.process.start()

    def run(self, system, codes, folder, answering):
        Consumer(system, codes, folder, self.counters, self.stopping, answering).run()

    @staticmethod
    def make_keys(system, codes):
        for code in codes:
            system.kopru("department", "key", code, "--out", system.path("secrets", code + ".key"))

    def state(self):
        """Events handled, commands done, commands not done yet."""
        assert self.process.is_alive(), f"the departments' process ended with {self.process.exitcode}"
        return list(self.counters)

    def close(self):
        self.stopping.value = 1
        self.process.join(10)
        if self.process.is_alive():
            self.process.terminate()
            self.process.join()
