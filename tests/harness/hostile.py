"""hostile: many bad connections at once, carried by a process of its own that yields to others: each says what its kind says
first, then a piece at each beat, and comes again when it was ended."""

import itertools
import multiprocessing
import os
import selectors
import socket
import time

FORK = multiprocessing.get_context("fork")


class Kind:
    """first and piece: bytes, or None; reads: does it take what comes?"""

    def __init__(self, name, first=None, piece=None, reads=True):
        self.name, self.first, self.piece, self.reads = name, first, piece, reads


class Hostile:
    def __init__(self, kinds, count, connect, beat=0.5):
        """connect(number) gives a connecting socket that does not block, or None when there is no room."""
        self.kinds, self.count, self.connect, self.beat = kinds, count, connect, beat
        self.sockets = {}  # by number, in the process
        self.figures = FORK.Array("Q", 3)  # open now, made, ended by the other side
        self.ended, self.reached = FORK.Event(), FORK.Event()
        self.process = FORK.Process(target=self._run, name="hostile", daemon=True)

    def start(self, seconds=20):
        """Returns when most of them are connected, or as many as are let in."""
        self.process.start()
        self.reached.wait(seconds)
        return self

    def stop(self):
        self.ended.set()
        self.process.join()

    def open(self):
        return self.figures[0]

    def made(self):
        return self.figures[1]

    def ended_by_server(self):
        return self.figures[2]

    def _kind(self, number):
        return self.kinds[number % len(self.kinds)]

    def _open(self, number):
        s = self.connect(number)
        if not s:
            return
        kind = self._kind(number)
        self.figures[1] += 1
        self.sockets[number] = s
        if kind.reads:
            self.selector.register(s, selectors.EVENT_READ, number)
        if kind.first:
            self._say(number, kind.first)

    def _say(self, number, data):
        try:
            self.sockets[number].send(data)
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            self._gone(number)

    def _gone(self, number):
        s = self.sockets.pop(number, None)
        if s:
            self.figures[2] += 1
            if self._kind(number).reads:
                self.selector.unregister(s)
            s.close()

    def _take(self, until):
        while not self.ended.is_set():
            left = until - time.monotonic()
            if left <= 0:
                return
            for key, _ in self.selector.select(left):
                try:
                    data = key.fileobj.recv(65536)
                except (BlockingIOError, InterruptedError):
                    continue
                except OSError:
                    data = b""
                if not data:
                    self._gone(key.data)

    def _run(self):
        os.nice(10)
        self.selector = selectors.DefaultSelector()
        for beat in itertools.count(1):
            for number in range(self.count):
                if self.ended.is_set():
                    return
                if number not in self.sockets:
                    self._open(number)
                elif self._kind(number).piece:
                    self._say(number, self._kind(number).piece)
            self.figures[0] = len(self.sockets)
            if len(self.sockets) > self.count * 0.8 or beat * self.beat > 5:
                self.reached.set()
            self._take(time.monotonic() + self.beat)


def connecting(address, source=None):
    """A socket on its way to (host, port) or a unix path; None when it is refused at once."""
    s = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
    s.setblocking(False)
    try:
        if source:
            s.bind((source, 0))
        s.connect(address)
    except BlockingIOError:
        if isinstance(address, str):
            s.close()  # a full queue
            return None
    except OSError:
        s.close()
        return None
    return s
