"""hostile: many bad connections at once, carried by one thread: each says what its kind says first, then a piece at each
beat, and comes again when it was ended."""

import itertools
import selectors
import socket
import threading
import time


class Kind:
    """first and piece: bytes, or None; reads: does it take what comes?"""

    def __init__(self, name, first=None, piece=None, reads=True):
        self.name, self.first, self.piece, self.reads = name, first, piece, reads


class Hostile:
    def __init__(self, kinds, count, connect, beat=0.5):
        """connect(number) gives a connecting socket that does not block, or None when there is no room."""
        self.kinds, self.count, self.connect, self.beat = kinds, count, connect, beat
        self.selector, self.ended, self.reached = selectors.DefaultSelector(), False, threading.Event()
        self.open = {}  # number: socket
        self.made = self.ended_by_server = 0
        self.thread = threading.Thread(target=self._run, name="hostile", daemon=True)

    def start(self, seconds=20):
        """Returns when all are connected, or most of them."""
        self.thread.start()
        self.reached.wait(seconds)
        return self

    def stop(self):
        self.ended = True
        self.thread.join()
        for s in self.open.values():
            s.close()
        self.selector.close()

    def _kind(self, number):
        return self.kinds[number % len(self.kinds)]

    def _open(self, number):
        s = self.connect(number)
        if not s:
            return
        kind = self._kind(number)
        self.made += 1
        self.open[number] = s
        if kind.reads:
            self.selector.register(s, selectors.EVENT_READ, number)
        if kind.first:
            self._say(number, kind.first)

    def _say(self, number, data):
        try:
            self.open[number].send(data)
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            self._gone(number)

    def _gone(self, number):
        s = self.open.pop(number, None)
        if s:
            self.ended_by_server += 1
            if self._kind(number).reads:
                self.selector.unregister(s)
            s.close()

    def _take(self, until):
        while not self.ended:
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
        for beat in itertools.count(1):
            for number in range(self.count):
                if self.ended:
                    return
                if number not in self.open:
                    self._open(number)
                elif self._kind(number).piece:
                    self._say(number, self._kind(number).piece)
            if len(self.open) > self.count * 0.8 or beat * self.beat > 5:
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
