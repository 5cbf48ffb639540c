#!/usr/bin/env python3
"""deploy/nginx/upstreams and the configuration of nginx, with a real nginx in front of sockets that say their name: nginx never
keeps a list that is not true any more, and the access log holds networks."""

import contextlib
import http.client
import os
import shutil
import signal
import socketserver
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import front  # noqa: E402
import system as kopru  # noqa: E402

TAP = kopru.Tap()
NETWORKS = (("192.0.2.17", "192.0.2.0"), ("2001:db8:1:2::3", "2001:db8:1::"), ("2001:db8::3", "2001:db8::"),
            ("2001:db8:0:1:2:3:4:5", "2001:db8:0::"), ("2001::1:2:3", "2001::"), ("::1", "::"), ("::ffff:192.0.2.17", "::"))


class Instance(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """One intake, which answers with its name; its socket's file stays when it ends, as after SIGKILL."""
    daemon_threads = True

    def __init__(self, place, name):
        super().__init__(place.path(f"intake-{name}.sock"), None)
        self.name = name
        self.thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def finish_request(self, request, client_address):
        request.recv(65536)
        body = self.name.encode()
        with contextlib.suppress(BrokenPipeError):  # the watch leaves as soon as it is let in
            request.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    def end(self, remove=False):
        self.shutdown()
        self.server_close()
        self.thread.join()
        if remove:
            os.unlink(self.server_address)


class Place:
    """What front.Front wants of a System: a folder and processes."""
    instances = 1

    def __init__(self):
        self.folder, self.processes = tempfile.mkdtemp(prefix="kopru.", dir="/tmp"), {}
        os.mkdir(self.path("log"))
        self.front = front.Front(self)
        with open(self.path("nginx", "nginx.conf"), "r+", encoding="utf-8") as config:
            text = config.read().replace("http {", "http {\n set_real_ip_from 127.0.0.1;\n real_ip_header X-Forwarded-For;", 1)
            config.seek(0)
            config.write(text)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def tail(self, name):
        with open(self.path("log", name + ".log"), encoding="utf-8", errors="replace") as log:
            return log.read()[-2000:]

    def watch(self):
        command = self.front.upstreams(self.path("nginx", "nginx.pid"))
        self.processes["upstreams"] = kopru.Process("upstreams", command, dict(os.environ), self.path("log", "upstreams.log"))
        self.processes["upstreams"].start()

    def listed(self):
        with open(self.path("nginx", "intake.servers"), encoding="utf-8") as servers:
            return sorted(line.split("intake-")[1].split(".sock")[0] for line in servers)

    def ask(self, address="192.0.2.1"):
        """Who answers; None: nobody."""
        connection = http.client.HTTPConnection("127.0.0.1", self.front.port, timeout=10)
        with contextlib.closing(connection):
            connection.request("GET", "/api/v1/commands", headers={"X-Forwarded-For": address})
            answer = connection.getresponse()
            text = answer.read().decode()
            return text if answer.status == 200 else None

    def reaches(self, name):
        kopru.wait_until(lambda: self.ask() == name, 8, f"nginx asks {name}", lambda: f"{self.listed()} {self.tail('upstreams')}")

    def close(self):
        for process in self.processes.values():
            process.stop()
        shutil.rmtree(self.folder)


@contextlib.contextmanager
def place():
    p = Place()
    try:
        yield p
    finally:
        p.close()


def what_changed_before_the_watch_began_is_told():
    with place() as p:
        first = Instance(p, "a")
        p.front.start()
        assert p.ask() == "a"
        first.end(remove=True)
        second = Instance(p, "b")
        p.watch()
        p.reaches("b")
        second.end()


def what_changed_before_nginx_had_its_pid_file_is_told():
    with place() as p:
        first = Instance(p, "a")
        p.front.start()
        os.rename(p.path("nginx", "nginx.pid"), p.path("later"))
        p.watch()
        first.end(remove=True)
        second = Instance(p, "b")
        kopru.wait_until(lambda: p.listed() == ["b"], 8, "b is listed", lambda: p.tail("upstreams"))
        time.sleep(2)
        os.rename(p.path("later"), p.path("nginx", "nginx.pid"))
        p.reaches("b")
        second.end()


def a_restart_changes_no_list_and_the_dead_leave_it():
    with place() as p:
        first, second, frozen = Instance(p, "a"), Instance(p, "b"), socketserver.socket.socket(socketserver.socket.AF_UNIX)
        frozen.bind(p.path("intake-c.sock"))
        frozen.listen(0)
        p.front.start()
        p.watch()
        assert p.listed() == ["a", "b", "c"]
        for _ in range(2):  # the second time it must not count what was missed the first time
            second.end()
            end = time.monotonic() + 6
            while time.monotonic() < end:
                assert p.listed() == ["a", "b", "c"]
                time.sleep(0.2)
            os.unlink(second.server_address)
            second = Instance(p, "b")
            time.sleep(2.5)
        second.end()
        ended = time.monotonic()
        kopru.wait_until(lambda: p.listed() == ["a", "c"], 20, "the dead one leaves the list", lambda: str(p.listed()))
        print(f"# the dead one was listed for {time.monotonic() - ended:.1f} s more")
        first.end()
        frozen.close()
        time.sleep(14)
        assert p.listed(), "nginx wants one"
        third = Instance(p, "d")
        p.reaches("d")
        third.end()


def the_access_log_holds_networks():
    with place() as p:
        p.front.start()
        for address, _ in NETWORKS:
            p.ask(address)
        p.processes["nginx"].kill(signal.SIGQUIT)
        assert p.processes["nginx"].process.wait(10) == 0
        with open(p.path("log", "access.log"), encoding="utf-8") as log:
            seen = [line.split()[1] for line in log]
        assert seen == [network for _, network in NETWORKS], seen


for test in (what_changed_before_the_watch_began_is_told, what_changed_before_nginx_had_its_pid_file_is_told,
             a_restart_changes_no_list_and_the_dead_leave_it, the_access_log_holds_networks):
    TAP.run(test.__name__.replace("_", " "), test)
TAP.end()
