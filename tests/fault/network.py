#!/usr/bin/env python3
"""fault: what a network does (F-052 .. F-059).

limit: 240 s. STEP (2): each how many of the bytes at which connections are reset; 1: all."""

import os
import random
import re
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid

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


class Citizen:
    """Applies again and again with keys of its own, until each is answered; what became of it is written down."""

    def __init__(self, system, connect):
        self.system, self.connect, self.connection = system, connect, None
        self.accepted, self.again, self.last = {}, 0, 0.0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.ended.is_set():
            self.apply()
            self.ended.wait(0.03)

    def apply(self):
        key, answer = str(uuid.uuid4()), None
        while answer is None:
            try:
                self.connection = self.connection or self.connect()
                status, _, answer = self.system.apply({"kind": "complaint", "topic": "TEM-01", "text": "Çöp toplanmadı."},
                                                      key, connection=self.connection)
                answer = answer if status == 201 else None
            except (OSError, ValueError, kopru.http.client.HTTPException):
                self.connection = None
            if answer is None:
                self.again += 1
                time.sleep(0.02)
        self.accepted[key], self.last = answer["number"], time.monotonic()

    def stop(self):
        self.ended.set()
        self.thread.join(60)
        assert not self.thread.is_alive(), "the last application was never answered"

    def equals_stored(self):
        stored = dict(row.split("|") for row in self.system.rows("SELECT key, number FROM intake.application"))
        assert stored == self.accepted, (len(stored), len(self.accepted))


def healed(system, what):
    """Seconds until a department has what was accepted before now."""
    began = time.monotonic()
    wanted = system.value("SELECT coalesce(max(number), '') FROM intake.application")
    kopru.wait_until(lambda: any(line["number"] >= wanted for line in system.lines("TEM")), 20, f"TEM goes on after {what}",
                     lambda: system.tail("department-TEM") + system.tail("router"))
    return time.monotonic() - began


def exactly_once_in_order(system):
    system.wait_quiet(30)
    expected = system.rows("SELECT event_id FROM feed.event WHERE stream = 'department/TEM' ORDER BY seq")
    kopru.wait_until(lambda: len({line["event_id"] for line in system.lines("TEM")}) == len(expected), 20,
                     f"TEM has {len(expected)} events", lambda: system.tail("department-TEM"))
    assert list(dict.fromkeys(line["event_id"] for line in system.lines("TEM"))) == expected, "out of order"
    assert system.value("SELECT count(*), count(DISTINCT application_id) FROM router.case") == f"{len(expected)}|{len(expected)}"
    assert all(system.processes[name].starts == 1 for name in kopru.SERVICES if name in system.processes)
    return len(expected)


class Link:
    """A network namespace that is joined to ours by one cable; what happens on it is said in its iptables."""

    def __init__(self):
        kopru.need_root("ip", "iptables", "tc")
        number = os.getpid() % 16000
        self.name, self.ours, self.theirs = f"kopru{number}", f"ka{number}", f"kb{number}"
        third, fourth = number // 64, number % 64 * 4
        self.here, self.there = f"10.212.{third}.{fourth + 1}", f"10.212.{third}.{fourth + 2}"
        ip = ("ip", "-n", self.name)
        for command in (("ip", "netns", "add", self.name),
                        ("ip", "link", "add", self.ours, "type", "veth", "peer", "name", self.theirs, "netns", self.name),
                        ("ip", "address", "add", self.here + "/30", "dev", self.ours), ("ip", "link", "set", self.ours, "up"),
                        (*ip, "address", "add", self.there + "/30", "dev", self.theirs),
                        (*ip, "link", "set", self.theirs, "up"), (*ip, "link", "set", "lo", "up")):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                self.close()
                raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")

    def inside(self, *command):
        return ["ip", "netns", "exec", self.name, *command]

    def rule(self, *words):
        subprocess.run(self.inside("iptables", *words), check=True)

    def drop(self, *chains, share=None):
        some = ("-m", "statistic", "--mode", "random", "--probability", str(share)) if share else ()
        for chain in chains:
            self.rule("-A", chain, *some, "-j", "DROP")

    def shape(self, rate):
        subprocess.run(self.inside("tc", "qdisc", "replace", "dev", self.theirs, "root", "tbf", "rate", rate, "burst", "4k",
                                   "latency", "400ms"), check=True)

    def heal(self):
        self.rule("-F")
        subprocess.run(self.inside("tc", "qdisc", "del", "dev", self.theirs, "root"), stderr=subprocess.DEVNULL, check=False)

    def close(self):
        for command in (("ip", "link", "del", self.ours), ("ip", "netns", "del", self.name)):
            subprocess.run(command, stderr=subprocess.DEVNULL, check=False)


def subscriptions(system):
    text = system.request("router", "GET", "/metrics")[2].decode()
    return int(re.search(r"^kopru_feed_subscriptions (\d+)", text, re.M)[1])


def a_department_on_another_host():
    """Partitions, losses, a narrow line, and a department that is gone without a word (F-052, F-053, F-055, F-057)."""
    link = Link()
    system, citizen = None, None
    try:
        port = kopru.free_port()
        system = kopru.System()
        system.settings["router"] = {"ROUTER_FEED": f"ipc://{system.path('feed-router-1.sock')},tcp://{link.here}:{port}"}
        system.start()
        system.department("TEM", prefix=link.inside(), DEPARTMENT_FEED=f"tcp://{link.here}:{port}")
        citizen = Citizen(system, lambda: system.connection("intake"))
        healed(system, "its start")
        full = subscriptions(system)
        for what, seconds, spoil in (("partition, both ways", 3, lambda: link.drop("INPUT", "OUTPUT")),
                                     ("partition towards it", 2, lambda: link.drop("INPUT")),
                                     ("partition from it", 2, lambda: link.drop("OUTPUT")),
                                     ("10 % lost", 2, lambda: link.drop("INPUT", "OUTPUT", share=0.1)),
                                     ("30 % lost", 2, lambda: link.drop("INPUT", "OUTPUT", share=0.3)),
                                     ("64 kbit/s", 1, lambda: link.shape("64kbit"))):
            spoil()
            time.sleep(seconds)
            link.heal()
            took = healed(system, what)
            print(f"# {what} for {seconds} s: it goes on {took:.1f} s after healing", flush=True)
            assert took < 10, what
        gone(system, link, full)
        citizen.stop()
        citizen.equals_stored()
        print(f"# {exactly_once_in_order(system)} events, each once in effect and in order")
    finally:
        if citizen:
            citizen.ended.set()
        if system:
            system.close()
        link.close()


def gone(system, link, full):
    """F-055: nothing that is sent to it then counts as delivered."""
    process = system.processes["department-TEM"]
    kopru.wait_until(lambda: subscriptions(system) == full, 10, "all have subscribed")
    link.drop("INPUT", "OUTPUT")
    began = time.monotonic()
    process.kill()
    kopru.wait_until(lambda: subscriptions(system) < full, 15, "the router sees that it is gone", lambda: system.tail("router"))
    took = time.monotonic() - began
    link.heal()
    assert process.revive()
    print(f"# gone without a word: seen after {took:.1f} s, {healed(system, 'it came back'):.1f} s after it came back it goes on")
    assert took < 8, took


def cut(proxy, byte, direction, what):
    """The next connection that gets there ends with RST at that byte; all connections are made anew for it."""
    before = proxy.cuts
    proxy.cut_at(byte, direction, reset=True, once=True)
    proxy.reset()
    kopru.wait_until(lambda: proxy.cuts > before, 15, f"{what} is cut {direction} at {byte}")


STEPS = (0, 1, 9, 63, 64, 65, 150, 266, 300, 500, 700, 1000, 2000)[::int(os.environ.get("STEP", "2"))]


def resets_at_any_byte():
    """F-054, F-056: of the feed, of HTTP and of PostgreSQL, one at a time; then delays and a trickle."""
    system = kopru.System()
    folder = system.path("postgres")
    os.mkdir(folder)
    place = dict(pair.split("=", 1) for pair in system.admin.split())
    postgres = tcp_proxy.TcpProxy(f"unix:{place['host']}/.s.PGSQL.5432", f"unix:{folder}/.s.PGSQL.5432")
    for name in ("intake", "router"):
        conninfo = kopru.conninfo_with(system.admin, user=name, dbname=system.database, host=folder)
        system.settings[name] = {f"{name.upper()}_DATABASE": conninfo}
    feed = tcp_proxy.TcpProxy(f"127.0.0.1:{system.feed_port}")
    web = tcp_proxy.TcpProxy(f"unix:{system.path('intake.sock')}")
    proxies, citizen = (postgres, feed, web), None
    try:
        system.start()
        system.department("TEM", DEPARTMENT_FEED=f"tcp://{feed.address}")
        citizen = Citizen(system, lambda: kopru.http.client.HTTPConnection("127.0.0.1", web.port, timeout=15))
        healed(system, "its start")
        for proxy, what in ((web, "HTTP"), (feed, "the feed"), (postgres, "PostgreSQL")):
            began = time.monotonic()
            for byte in STEPS:
                for direction in ("up", "down"):
                    cut(proxy, byte, direction, what)
            took = healed(system, what)
            print(f"# {what}: {len(STEPS) * 2} resets in {time.monotonic() - began:.1f} s, goes on after {took:.1f} s; "
                  f"{len(citizen.accepted)} accepted, {citizen.again} asked again", flush=True)
            assert took < 10, what
        slowly(system, proxies)
        citizen.stop()
        citizen.equals_stored()
        print(f"# {exactly_once_in_order(system)} events, each once in effect and in order")
    finally:
        if citizen:
            citizen.ended.set()
        for proxy in proxies:
            proxy.heal()
        system.close()
        for proxy in proxies:
            proxy.close()


def slowly(system, proxies):
    for what, seconds, spoil in (("5 s later", 5, lambda proxy: proxy.delay(5)),
                                 ("20 bytes/s", 2, lambda proxy: proxy.trickle(20)),
                                 ("half open", 3, lambda proxy: proxy.half_open())):
        for proxy in proxies:
            spoil(proxy)
        time.sleep(seconds)
        for proxy in proxies:
            proxy.heal()
        took = healed(system, what)
        print(f"# {what}, everywhere, for {seconds} s: goes on {took:.1f} s after healing", flush=True)
        assert took < 10, what


for test in (proxy_carries_and_spoils, proxy_loses_and_heals, proxy_carries_200_connections, resets_at_any_byte,
             a_department_on_another_host):
    TAP.run(test.__name__.replace("_", " "), test)
TAP.end()
