"""crowd: many persons at once, each with one keep-alive connection and one request under way, in one process.

A person is a generator that yields (method, path, API key or None, body as dict or bytes or None) and is sent
(status, answer) back; what it yields of another kind of value (a str) names the request that follows, for the
latencies. Only the standard library.
"""

import collections
import json
import selectors
import socket
import time

SECONDS_OF_ANSWER = 30


class Person:
    def __init__(self, crowd, steps):
        self.crowd, self.steps, self.name = crowd, steps, ""
        self.come, self.since, self.socket = b"", 0.0, None
        self.open()

    def open(self):
        self.socket = socket.create_connection(("127.0.0.1", self.crowd.port), 10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(SECONDS_OF_ANSWER)
        self.crowd.selector.register(self.socket, selectors.EVENT_READ, self)

    def close(self):
        self.crowd.selector.unregister(self.socket)
        self.socket.close()

    def next(self, answer):
        """The next request; false when there is none."""
        try:
            step = self.steps.send(answer)
            while isinstance(step, str):
                self.name = step
                step = next(self.steps)
        except StopIteration:
            return False
        self.since = time.monotonic()
        self.socket.sendall(self.request(*step))
        return True

    def request(self, method, path, key, body):
        if isinstance(body, dict):
            body = json.dumps(body, ensure_ascii=False).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.crowd.port}\r\n"
        if key:
            head += f"Authorization: Bearer {key}\r\n"
        if body is not None:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return head.encode() + b"\r\n" + (body or b"")

    def read(self):
        """(status, answer) when one is whole."""
        data = self.socket.recv(262144)
        if not data:
            raise AssertionError(f"{self.name}: the connection was closed")
        self.come += data
        head, found, rest = self.come.partition(b"\r\n\r\n")
        if not found:
            return None
        lower = head.lower()
        if b"content-length:" not in lower:
            raise AssertionError(f"{self.name}: an answer without its length: {head}")
        size = int(lower.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        if len(rest) < size:
            return None
        self.come = rest[size:]
        self.crowd.took[self.name].append((time.monotonic() - self.since) * 1000)
        if b"connection: close" in lower:  # nginx does so after a thousand requests
            self.close()
            self.open()
        return int(head[9:12]), json.loads(rest[:size]) if b"json" in lower else rest[:size]


class Crowd:
    """make(i) gives the steps of the person's i-th life; when it has ended the next one begins, until the time is over."""

    def __init__(self, port, people, make):
        self.port, self.make, self.selector = port, make, selectors.DefaultSelector()
        self.took = collections.defaultdict(list)  # milliseconds of each request, by its name
        self.lives, self.count, self.begun = [], 0, {}
        self.people = [Person(self, None) for _ in range(people)]

    def begin(self, person):
        person.steps = self.make(self.count)
        self.begun[person] = time.monotonic()
        self.count += 1
        person.next(None)

    def run(self, seconds):
        """Lives that ended within the time, a second. Those under way go on to their end and are not counted."""
        end, ended, going = time.monotonic() + seconds, 0, len(self.people)
        for person in self.people:
            self.begin(person)
        while going:
            for key, _ in self.selector.select(SECONDS_OF_ANSWER):
                person = key.data
                answer = person.read()
                if not answer or person.next(answer):
                    continue
                now = time.monotonic()
                if now < end:
                    ended += 1
                    self.lives.append((now - self.begun[person]) * 1000)
                    self.begin(person)
                else:
                    going -= 1
        for person in self.people:
            person.close()
        return ended / seconds


def percentile(values, share):
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 2) if ordered else None
