"""sender: channels' programs that bring applications over HTTP, many at once, and write down each attempt and each answer:
forms with a key, or webhooks with a signature.

A sender is a process with keep-alive connections; each has one request under way. What gets no answer, a 429 or a 503
is sent again with the same key; a small share is sent again although it was answered, as programs do that restart.
Only the standard library.
"""

import json
import multiprocessing
import os
import random
import selectors
import socket
import time

import doors
import ledger
import year

SECONDS_OF_ANSWER = 30
AGAIN_SECONDS = .3
REPEATED = .003  # share that is sent again although it was answered


class Item:
    __slots__ = ("key", "body", "repeat", "due", "webhook")

    def __init__(self, key, body, repeat, webhook=None):
        """webhook: (address, signature), else it is a form."""
        self.key, self.body, self.repeat, self.due, self.webhook = key, body, repeat, 0.0, webhook


class Connection:
    """One keep-alive connection: what is still to be written, what has come, whose answer it will be."""

    def __init__(self, sender):
        self.sender, self.item, self.since = sender, None, 0.0
        self.out, self.come, self.socket = b"", b"", None

    def open(self):
        self.socket = socket.create_connection(("127.0.0.1", self.sender.port), 10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.sender.selector.register(self.socket, selectors.EVENT_READ, self)

    def close(self):
        if self.socket:
            self.sender.selector.unregister(self.socket)
            self.socket.close()
        self.socket, self.out, self.come = None, b"", b""

    def ask(self, item, now):
        self.item, self.since = item, now
        self.out += self.sender.head(item) + item.body
        self.write()

    def write(self):
        try:
            if not self.socket:
                self.open()
            self.out = self.out[self.socket.send(self.out):]
        except BlockingIOError:
            pass
        except OSError as error:
            self.sender.lost(self, error)
            return
        self.sender.selector.modify(self.socket, selectors.EVENT_READ | (selectors.EVENT_WRITE if self.out else 0), self)

    def read(self):
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError as error:
            self.sender.lost(self, error)
            return
        if not data:
            self.sender.lost(self, "closed")
            return
        self.come += data
        head, found, rest = self.come.partition(b"\r\n\r\n")
        if not found:
            return
        lower = head.lower()
        size = int(lower.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        if len(rest) >= size:
            self.come = rest[size:]
            closing = b"connection: close" in lower
            self.sender.answered(self, int(head[9:12]), rest[:size])
            if closing:
                self.close()


class Sender:
    """counters: shared [sent, accepted, repeated, again, refused]; latencies in milliseconds are kept by hand."""

    def __init__(self, port, key, ledger_path, counters, connections=60):
        self.port, self.key, self.book, self.counters = port, key, ledger.Ledger(ledger_path), counters
        self.selector = selectors.DefaultSelector()
        self.free = [Connection(self) for _ in range(connections)]
        self.all = list(self.free)
        self.again, self.latencies = [], []

    def head(self, item):
        if item.webhook:
            address, proof = item.webhook[0], "X-Hub-Signature-256: " + item.webhook[1]
        else:
            address, proof = "/api/v1/applications", f"Authorization: Bearer {self.key}\r\nIdempotency-Key: {item.key}"
        return (f"POST {address} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n{proof}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(item.body)}\r\n\r\n").encode()

    def send(self, items):
        """Until all have been answered with something that is final."""
        items, asked, tidied = iter(items), 0, time.monotonic()
        more = True
        while more or self.again or asked:
            now = time.monotonic()
            ready, more = self.choose(items, more, now)
            for item in ready:
                self.book.write("A", item.key)
            self.book.flush()
            for item in ready:
                self.counters[0] += 1
                self.free.pop().ask(item, now)
            for key, events in self.selector.select(.05):
                if key.data.item and events & selectors.EVENT_WRITE:
                    key.data.write()
                if key.data.socket and events & selectors.EVENT_READ:
                    key.data.read()
            if now - tidied > 1:
                tidied = now
                self.give_up(now)
            asked = len(self.all) - len(self.free)
        self.book.close()
        for connection in self.all:
            connection.close()

    def choose(self, items, more, now):
        """As many items as connections are free: what is due again, then new ones; and whether there are more."""
        ready = []
        self.again.sort(key=lambda item: item.due)
        while self.again and self.again[0].due <= now and len(ready) < len(self.free):
            ready.append(self.again.pop(0))
        while more and len(ready) < len(self.free):
            item = next(items, None)
            more = item is not None
            if more:
                ready.append(item)
        return ready, more

    def give_up(self, now):
        for connection in self.all:
            if connection.item and now - connection.since > SECONDS_OF_ANSWER:
                self.lost(connection, "timeout")

    def end(self, connection):
        item, connection.item = connection.item, None
        self.free.append(connection)
        return item

    def lost(self, connection, reason):
        connection.close()
        if connection.item:
            item = self.end(connection)
            self.book.write("U", item.key, type(reason).__name__ if isinstance(reason, OSError) else reason)
            self.later(item)

    def later(self, item):
        self.counters[3] += 1
        item.due = time.monotonic() + AGAIN_SECONDS
        self.again.append(item)

    def answered(self, connection, status, body):
        took = time.monotonic() - connection.since
        item, number, seq = self.end(connection), "-", "-"
        if status == 201:
            answer = json.loads(body)
            number, seq = answer["number"], answer["after"]["seq"]
        self.book.write("S", item.key, status, number, seq)
        if status in (429, 502, 503, 504):
            self.later(item)
        elif status != (200 if item.webhook else 201):
            self.counters[4] += 1
        elif item.repeat:
            item.repeat = False
            self.counters[2] += 1
            self.again.append(item)
        else:
            self.counters[1] += 1
            self.latencies.append(took * 1000)


class Senders:
    """Several processes, each with its share of the year. Their bodies are made before go is called.
    by_doors: webhooks as webhooks, and neither mails nor CİMER's, which others bring (doors.py); else all as forms."""

    def __init__(self, count, total=year.TOTAL, seed=year.SEED, verified=True, by_doors=False):
        self.counters = [multiprocessing.Array("q", 5, lock=False) for _ in range(count)]
        self.pipes, self.processes, self.results = [], [], {}
        for share in range(count):
            ours, theirs = multiprocessing.Pipe()
            process = multiprocessing.Process(target=self.run, daemon=True,
                                              args=(theirs, self.counters[share], share, count, (total, seed, verified, by_doors)))
            process.start()
            theirs.close()
            self.pipes.append(ours)
            self.processes.append(process)

    @staticmethod
    def items(share, count, what):
        """What gathers in drafts comes first: it waits until its senders seem to have finished."""
        total, seed, verified, by_doors = what
        writer, chance = year.Writer(seed, verified), random.Random(seed + share)
        first, then = [], []
        for place, (second, channel) in enumerate(year.schedule(total, seed)):
            if place % count != share:
                continue
            application, carrier = writer.application(place, second, channel), doors.carrier(channel) if by_doors else "form"
            if carrier == "webhook":
                *webhook, body = doors.webhook(channel, place, application)
                first.append(Item(doors.key(channel, place, application), body, chance.random() < REPEATED, webhook))
            elif carrier == "form":
                then.append(Item(application["external_id"], writer.pack(application), chance.random() < REPEATED))
        return first + then

    @staticmethod
    def run(pipe, counters, share, count, what):
        items = Senders.items(share, count, what)
        pipe.send("ready")
        folder, port, key, connections = pipe.recv()
        sender = Sender(port, key, os.path.join(folder, f"sender-{share}.ledger"), counters, connections // count)
        sender.send(items)
        pipe.send(sender.latencies)

    def ready(self):
        for pipe in self.pipes:
            assert pipe.recv() == "ready"

    def go(self, folder, port, key, connections=120):
        for pipe in self.pipes:
            pipe.send((folder, port, key, connections))

    def sums(self):
        """sent, accepted, repeated, sent again, refused."""
        return [sum(values) for values in zip(*self.counters)]

    def done(self):
        """Whether all have sent everything; a sender that died is an error."""
        for share, (pipe, process) in enumerate(zip(self.pipes, self.processes)):
            if share not in self.results and pipe.poll():
                self.results[share] = pipe.recv()  # EOFError: it died
        return len(self.results) == len(self.pipes)

    def latencies(self):
        return sorted(took for result in self.results.values() for took in result)

    def close(self):
        for process in self.processes:
            if process.is_alive():
                process.terminate()
            process.join()
