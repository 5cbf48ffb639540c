#!/usr/bin/env python3
"""fault: what a network does (F-052 .. F-059).

limit: 240 s."""

import os
import random
import select
import socket
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import system as kopru  # noqa: E402
import tcp_proxy  # noqa: E402

TAP = kopru.Tap()


class Echo:
    """Gives back what it gets, after a greeting."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.address = self.listener.getsockname()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        poll, ends = select.poll(), {}
        poll.register(self.listener, select.POLLIN)
        while True:
            for number, _ in poll.poll():
                if number == self.listener.fileno():
                    end = self.listener.accept()[0]
                    ends[end.fileno()] = end
                    poll.register(end, select.POLLIN)
                    continue
                try:
                    data = ends[number].recv(65536)
                    if data:
                        ends[number].sendall(data)
                        continue
                except OSError:
                    pass
                poll.unregister(number)
                ends.pop(number).close()


def talk(address, data, seconds=10):
    """Sends data and reads as much; what came until the end, and how it ended."""
    got = b""
    with socket.create_connection(address, seconds) as s:
        try:
            s.sendall(data)
            while len(got) < len(data):
                piece = s.recv(65536)
                if not piece:
                    return got, "closed"
                got += piece
        except socket.timeout:
            return got, "silent"
        except ConnectionError:
            return got, "reset"
    return got, "whole"


def proxy_carries_and_spoils():
    echo = Echo()
    proxy = tcp_proxy.TcpProxy(echo.address, chance=random.Random(1))
    here = ("127.0.0.1", proxy.port)
    data = random.Random(2).randbytes(1000000)
    assert talk(here, data) == (data, "whole")
    for byte in (0, 1, 1000, 70000):
        proxy.cut_at(byte, "down", once=True)
        got, how = talk(here, data)
        assert how in ("closed", "reset") and got == data[:byte], (byte, len(got), how)
        assert talk(here, data) == (data, "whole")
    proxy.cut_at(10, "up", reset=True)
    assert talk(here, data)[1] == "reset" and talk(here, data[:9]) == (data[:9], "whole")
    assert proxy.cuts == 5, proxy.cuts
    proxy.heal()
    proxy.delay(0.1, jitter=0.1)
    began = time.monotonic()
    assert talk(here, data[:100]) == (data[:100], "whole") and 0.2 <= time.monotonic() - began < 2
    proxy.heal()
    proxy.trickle(1000, "up")
    began = time.monotonic()
    assert talk(here, data[:500]) == (data[:500], "whole") and 0.4 <= time.monotonic() - began < 2
    proxy.heal()
    proxy.close()


def proxy_loses_and_heals():
    echo = Echo()
    folder = tempfile.mkdtemp(prefix="kopru.", dir="/tmp")
    inner = tcp_proxy.TcpProxy(echo.address, f"unix:{folder}/s")
    proxy = tcp_proxy.TcpProxy(inner.address)
    here = ("127.0.0.1", proxy.port)
    proxy.half_open()
    assert talk(here, b"x", 0.3) == (b"", "silent")
    with socket.create_connection(here, 5) as lost:
        lost.sendall(b"lost")
        proxy.heal()
        try:
            assert lost.recv(1) == b"never"
        except ConnectionResetError:
            pass
    for _ in range(2):
        inner.refuse()
        proxy.refuse()
        try:
            talk(here, b"x")
            raise AssertionError("it was accepted")
        except ConnectionRefusedError:
            inner.heal()
            proxy.heal()
        assert talk(here, b"x") == (b"x", "whole")
    with socket.create_connection(here, 5) as end:
        end.sendall(b"x")
        assert end.recv(1) == b"x"
        proxy.trickle(0)
        end.sendall(b"late")
        assert not select.select([end], [], [], 0.2)[0]
        proxy.heal()
        assert end.recv(4) == b"late"
    proxy.close()
    inner.close()
    os.rmdir(folder)


def proxy_carries_200_connections():
    echo = Echo()
    proxy = tcp_proxy.TcpProxy(echo.address)
    ends = [socket.create_connection(("127.0.0.1", proxy.port), 10) for _ in range(200)]
    began = time.monotonic()
    for _ in range(5):
        for number, end in enumerate(ends):
            end.sendall(b"%04d" % number * 250)
        for number, end in enumerate(ends):
            got = b""
            while len(got) < 1000:
                got += end.recv(1000)
            assert got == b"%04d" % number * 250
    print(f"# the proxy carries 200 connections, 1,000 round trips in {time.monotonic() - began:.2f} s")
    proxy.reset()
    for end in ends:
        try:
            assert end.recv(1) == b"never"
        except ConnectionResetError:
            end.close()
    assert proxy.open_connections() == 0
    proxy.close()


for test in (proxy_carries_and_spoils, proxy_loses_and_heals, proxy_carries_200_connections):
    TAP.run(test.__name__.replace("_", " "), test)
TAP.end()
