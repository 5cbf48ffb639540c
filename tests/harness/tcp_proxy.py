"""tcp_proxy: a small proxy between two programs that does to their connections what a bad network does.

    proxy = TcpProxy("127.0.0.1:5432")        # or "unix:/path", or (host, port)
    proxy.address, proxy.port                 # what the client connects to
    proxy.delay(0.2, jitter=0.1)              # each piece later, still in order
    proxy.trickle(100)                        # bytes a second; 0: nothing moves, nothing is lost
    proxy.cut_at(17, "up", reset=True)        # each connection ends when 17 more bytes went from client to target
    proxy.half_open()                         # swallows without a word, as a peer does that is gone
    proxy.refuse(); proxy.reset()             # no new connections; RST to both ends of the present ones
    proxy.heal()                              # all of that ends; connections that lost bytes are reset

Direction "up" is from client to target, "down" from target to client, "both" both. One thread carries all connections.
All may be called at any time, from any thread, and hold when they return. Only the standard library.
"""

import collections
import errno
import heapq
import itertools
import os
import random
import selectors
import socket
import struct
import threading
import time

PIECE = 64 * 1024
QUEUE_MAX = 256 * 1024  # of one direction of one connection; then its source waits
UP, DOWN = "up", "down"
DIRECTIONS = {UP: (UP,), DOWN: (DOWN,), "both": (UP, DOWN)}
RST = struct.pack("ii", 1, 0)


def _split(address):
    """Family and address of "unix:/path", "host:port" or (host, port)."""
    if isinstance(address, str) and address.startswith("unix:"):
        return socket.AF_UNIX, address[5:]
    host, port = address.rsplit(":", 1) if isinstance(address, str) else address
    return (socket.AF_INET6 if ":" in host.strip("[]") else socket.AF_INET), (host.strip("[]"), int(port))


class _Flow:
    """One direction of one connection."""

    def __init__(self, connection, direction):
        self.connection, self.direction = connection, direction
        self.queue, self.size = collections.deque(), 0  # (due, bytes), or (due, None) for the end
        self.due = self.next_at = 0.0
        self.counted = 0  # bytes since cut_at
        self.ended = self.done = self.lost = self.blocked = False


class _Connection:
    def __init__(self, client, target, connecting):
        self.client, self.target, self.connecting = client, target, connecting
        self.flows = {UP: _Flow(self, UP), DOWN: _Flow(self, DOWN)}

    def source(self, flow):
        return self.client if flow.direction == UP else self.target

    def sink(self, flow):
        return self.target if flow.direction == UP else self.client

    def out_of(self, end):
        """The flow that this end feeds, and the one that feeds it."""
        return (self.flows[UP], self.flows[DOWN]) if end is self.client else (self.flows[DOWN], self.flows[UP])


class TcpProxy:
    def __init__(self, target, listen=None, chance=None):
        """chance: a random.Random, for the jitter."""
        self.target, self.chance = _split(target), chance or random.Random(0)
        self.connections, self.masks = {}, {}
        self.accepted = self.cuts = 0  # so far
        self.passed = {UP: 0, DOWN: 0}
        self.selector, self.timers, self.order = selectors.DefaultSelector(), [], itertools.count()
        self.calls, self.ended, self.listening = collections.deque(), False, False
        self._forget_faults()
        self._listen(listen)
        self.wake, self.woken = socket.socketpair()
        self.woken.setblocking(False)
        self.selector.register(self.woken, selectors.EVENT_READ)
        self.thread = threading.Thread(target=self._run, name="tcp_proxy", daemon=True)
        self.thread.start()

    # -- what the network does

    def delay(self, seconds, jitter=0, direction="both"):
        self._call(lambda: self.delays.update({d: (seconds, jitter) for d in DIRECTIONS[direction]}))

    def trickle(self, bytes_per_second, direction="both"):
        self._call(lambda: self.rates.update({d: bytes_per_second for d in DIRECTIONS[direction]}))

    def cut_at(self, byte, direction=UP, reset=False, once=False):
        """Closes a connection (RST with reset) when so many bytes more have passed; 0: at the next one that comes.
        once: only the first connection that gets there; else each, until heal."""
        def set_cut():
            self.cut[direction] = (byte, reset, once)
            for connection in self.connections.values():
                connection.flows[direction].counted = 0
        self._call(set_cut)

    def half_open(self, direction="both"):
        self._call(lambda: self.swallowing.update(DIRECTIONS[direction]))

    def refuse(self):
        self._call(self._listen_no_more)

    def reset(self):
        self._call(lambda: [self._drop(c, reset=True) for c in set(self.connections.values())])

    def heal(self):
        def healed():
            self._forget_faults()
            self._listen_again()
            for connection in set(self.connections.values()):
                if any(flow.lost for flow in connection.flows.values()):
                    self._drop(connection, reset=True)
        self._call(healed)

    def close(self):
        if not self.ended:
            self._call(lambda: setattr(self, "ended", True))
            self.thread.join()

    def open_connections(self):
        return len(set(self.connections.values()))

    # -- listening

    def _listen(self, listen):
        self.family, self.place = _split(listen or ("127.0.0.1", 0))
        if self.family == socket.AF_UNIX:
            self.address, self.port = "unix:" + self.place, None
        else:
            if self.place[1] == 0:
                with socket.create_server(self.place, family=self.family) as probe:
                    self.place = probe.getsockname()[:2]
            self.address, self.port = f"{self.place[0]}:{self.place[1]}", self.place[1]
        self._bind()

    def _bind(self):
        self.listener = socket.socket(self.family, socket.SOCK_STREAM)
        if self.family != socket.AF_UNIX:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        elif os.path.exists(self.place):
            os.unlink(self.place)
        self.listener.bind(self.place)
        self.listener.setblocking(False)
        self._listen_again()

    def _listen_no_more(self):
        """The port stays ours: bound by its number, a socket keeps it through shutdown."""
        if self.listening:
            self.listening = False
            self.selector.unregister(self.listener)
            if self.family == socket.AF_UNIX:
                self.listener.close()
            else:
                self.listener.shutdown(socket.SHUT_RDWR)

    def _listen_again(self):
        if self.listener.fileno() < 0:
            self._bind()
        elif not self.listening:
            self.listener.listen(1024)
            self.selector.register(self.listener, selectors.EVENT_READ)
            self.listening = True

    def _accept(self):
        try:
            client, _ = self.listener.accept()
        except OSError:
            return
        self.accepted += 1
        target, connecting = None, False
        if not self.swallowing:
            target = socket.socket(self.target[0], socket.SOCK_STREAM)
            target.setblocking(False)
            code = target.connect_ex(self.target[1])
            if code not in (0, errno.EINPROGRESS):
                client.close()
                target.close()
                return
            connecting = code != 0
        connection = _Connection(client, target, connecting)
        connection.flows[UP].lost = target is None
        for end in filter(None, (client, target)):
            end.setblocking(False)
            if end.family != socket.AF_UNIX:
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections[end] = connection
            self._watch(end)

    # -- the loop

    def _forget_faults(self):
        self.delays, self.rates, self.cut, self.swallowing = {}, {}, {}, set()

    def _call(self, function):
        """Runs it in the loop and waits for it; what waited for other rules is looked at again."""
        done = threading.Event()

        def called():
            try:
                function()
                for connection in set(self.connections.values()):
                    for flow in connection.flows.values():
                        flow.next_at = 0.0
                        self._later(0.0, flow)
            finally:
                done.set()
        self.calls.append(called)
        self.wake.send(b"!")
        if not done.wait(30):
            raise AssertionError("the proxy's thread has ended or hangs")

    def _later(self, when, flow):
        heapq.heappush(self.timers, (when, next(self.order), flow))

    def _run(self):
        while not self.ended:
            wait = max(0.0, self.timers[0][0] - time.monotonic()) if self.timers else None
            for key, mask in self.selector.select(wait):
                if key.fileobj is self.woken:
                    self.woken.recv(4096)
                elif key.fileobj is self.listener:
                    self._accept()
                else:
                    self._on_event(key.fileobj, mask)
            while self.calls:
                self.calls.popleft()()
            now = time.monotonic()
            while self.timers and self.timers[0][0] <= now:
                self._pump(heapq.heappop(self.timers)[2])
        self._end()

    def _end(self):
        for connection in set(self.connections.values()):
            self._drop(connection, reset=False)
        self._listen_no_more()
        self.listener.close()
        if self.family == socket.AF_UNIX and os.path.exists(self.place):
            os.unlink(self.place)
        self.selector.close()
        self.woken.close()
        self.wake.close()

    def _on_event(self, end, mask):
        connection = self.connections.get(end)
        if not connection:
            return
        out, into = connection.out_of(end)
        if mask & selectors.EVENT_WRITE:
            if connection.connecting and end is connection.target:
                if end.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                    self._drop(connection, reset=False)
                    return
                connection.connecting = False
            into.blocked = False
            self._pump(into)
        if mask & selectors.EVENT_READ and end in self.connections:
            self._read(out)

    def _read(self, flow):
        end = flow.connection.source(flow)
        try:
            data = end.recv(PIECE)
        except BlockingIOError:
            return
        except OSError:
            data = None
        if flow.direction in self.swallowing or not flow.connection.target:
            flow.lost = True
            flow.ended = not data
            self._watch(end)
        elif data is None:
            self._drop(flow.connection, reset=True)
        else:
            flow.ended = not data
            self._queue(flow, data or None)

    def _queue(self, flow, data):
        seconds, jitter = self.delays.get(flow.direction, (0, 0))
        wanted = time.monotonic() + seconds + (self.chance.uniform(0, jitter) if jitter else 0)
        flow.due = max(flow.due, wanted)
        flow.queue.append((flow.due, data))
        flow.size += len(data or b"")
        self._pump(flow)

    def _pump(self, flow):
        """Passes on what is due, then says what it waits for."""
        connection = flow.connection
        while flow.queue and not flow.blocked and not connection.connecting and connection.client in self.connections:
            now = time.monotonic()
            due, data = flow.queue[0]
            if max(due, flow.next_at) > now:
                self._later(max(due, flow.next_at), flow)
                break
            if data is None:
                self._finish(flow)
                break
            limit = self._limit(flow, len(data))
            if limit is None or not self._send(flow, data, limit, now):
                break
        for end in (connection.client, connection.target):
            if end in self.connections:
                self._watch(end)

    def _limit(self, flow, size):
        """How much may go now; None: nothing, for it was cut, or stands still."""
        byte, reset, once = self.cut.get(flow.direction, (None, False, False))
        rate = self.rates.get(flow.direction)
        if byte is not None and flow.counted >= byte:
            self.cuts += 1
            if once:
                del self.cut[flow.direction]
            self._drop(flow.connection, reset)
            return None
        if rate == 0:
            return None
        if rate:
            size = min(size, max(1, int(rate / 20)))
        return size if byte is None else min(size, byte - flow.counted)

    def _send(self, flow, data, limit, now):
        try:
            sent = flow.connection.sink(flow).send(memoryview(data)[:limit])
        except BlockingIOError:
            flow.blocked = True
            return False
        except OSError:
            self._drop(flow.connection, reset=True)
            return False
        flow.queue[0] = (flow.queue[0][0], data[sent:])
        if sent == len(data):
            flow.queue.popleft()
        flow.size -= sent
        flow.counted += sent
        self.passed[flow.direction] += sent
        rate = self.rates.get(flow.direction)
        if rate:
            flow.next_at = now + sent / rate
        byte = self.cut.get(flow.direction, (None,))[0]
        return byte is None or flow.counted < byte or self._limit(flow, 0) is not None

    def _finish(self, flow):
        flow.queue.clear()
        flow.done = True
        try:
            flow.connection.sink(flow).shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it has ended meanwhile; its own end says so
        if all(other.done for other in flow.connection.flows.values()):
            self._drop(flow.connection, reset=False)

    def _watch(self, end):
        connection = self.connections[end]
        out, into = connection.out_of(end)
        reading = not out.ended and out.size < QUEUE_MAX
        writing = into.blocked or (connection.connecting and end is connection.target)
        mask = (selectors.EVENT_READ if reading else 0) | (selectors.EVENT_WRITE if writing else 0)
        before = self.masks.get(end, 0)
        if mask and not before:
            self.selector.register(end, mask)
        elif before and not mask:
            self.selector.unregister(end)
        elif mask != before:
            self.selector.modify(end, mask)
        self.masks[end] = mask

    def _drop(self, connection, reset):
        for end in filter(None, (connection.client, connection.target)):
            if self.connections.pop(end, None) is None:
                continue
            if self.masks.pop(end, 0):
                self.selector.unregister(end)
            if reset and end.family != socket.AF_UNIX:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
            end.close()
        for flow in connection.flows.values():
            flow.queue.clear()
