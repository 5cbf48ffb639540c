"""kopru-department: at least once, in order, acknowledged after the cursor is durable; retries, parks, stops loudly."""
import http.server
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "harness"))
import system as kopru  # noqa: E402


class Case:
    """A folder, a feed in memory and a department's consumer."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="kopru-consumer.", dir="/tmp")
        self.endpoint = f"ipc://{self.path('feed.sock')}"
        self.owner = subprocess.Popen([sys.executable, os.path.join(HERE, "feed_owner.py"), self.endpoint], text=True,
                                      stdin=subprocess.PIPE, stdout=open(self.path("owner.log"), "w"))
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in (self.process, self.owner):
            if process and process.poll() is None:
                process.kill()
                process.wait()
        self.owner.stdin.close()
        self.folder.cleanup()

    def path(self, *names):
        return os.path.join(self.folder.name, *names)

    def text(self, name):
        try:
            with open(self.path(name), encoding="utf-8") as file:
                return file.read()
        except OSError:
            return ""

    def lines(self, name="out.jsonl"):
        return [json.loads(line) for line in self.text(name).split("\n")[:-1] if line]

    def seqs(self, name="out.jsonl"):
        return [line["seq"] for line in self.lines(name)]

    def said(self, word):
        return [line.split()[1:] for line in self.text("owner.log").splitlines() if line.startswith(word + " ")]

    def acked(self):
        """A subscription from its cursor says as much as an Ack: one that is killed between the two never sends it."""
        return max((int(words[0]) for word in ("ack", "subscribe") for words in self.said(word)), default=0)

    def cursor(self):
        text = self.text("TEM.cursor")
        return int(text.split()[1]) if text else 0

    def add(self, first, last, application=None, text="Çöp toplanmadı"):
        for seq in range(first, last + 1):
            print("add", seq, application or seq, text, file=self.owner.stdin)
        self.owner.stdin.flush()

    def start(self, handler="print", stdout=None, **more):
        environment = {**os.environ, "DEPARTMENT_CODE": "TEM", "DEPARTMENT_FEED": self.endpoint,
                       "DEPARTMENT_CURSOR": self.path("TEM.cursor"), "DEPARTMENT_PARKED": self.path("parked"),
                       "DEPARTMENT_HANDLER": handler, "CASE": self.folder.name, **more}
        self.process = subprocess.Popen([os.path.join(kopru.BUILD, "kopru-department")], env=environment,
                                        stdin=subprocess.DEVNULL, stdout=stdout or open(self.path("out.jsonl"), "ab"),
                                        stderr=open(self.path("log"), "ab"))
        return self.process

    def wait(self, holds, what, seconds=20):
        kopru.wait_until(holds, seconds, what, lambda: self.text("log")[-3000:] + self.text("owner.log")[-1000:])

    def program(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n" + text)
        os.chmod(self.path(name), 0o755)
        return "run:" + self.path(name)

    def parked(self):
        folder = self.path("parked")
        names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        found = []
        for name in names:
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                found.append((name, json.load(file)))
        return found


def prints_every_event_once_and_acknowledges():
    with Case() as c:
        c.add(1, 500)
        c.start(DEPARTMENT_WINDOW="50")
        c.wait(lambda: c.acked() == 500, "all acknowledged")
        assert c.seqs() == list(range(1, 501))
        assert c.cursor() == 500
        assert c.lines()[0]["application"]["text"] == "Çöp toplanmadı"
        c.add(501, 501)
        c.wait(lambda: c.acked() == 501, "one more, when idle")
        c.process.send_signal(signal.SIGTERM)
        assert c.process.wait(10) == 0
        c.add(502, 510)
        c.start()
        c.wait(lambda: c.acked() == 510, "goes on")
        assert c.seqs() == list(range(1, 511))
        assert [s[0] for s in c.said("subscribe")] == ["0", "501"]


def never_acknowledges_before_the_cursor_is_written():
    with Case() as c:
        c.add(1, 2000)
        c.start(DEPARTMENT_WINDOW="20")
        for _ in range(200):
            acked = c.acked()
            assert c.cursor() >= acked
            assert len(c.seqs()) >= c.cursor() or c.cursor() <= max(c.seqs(), default=0)
            if acked == 2000:
                break
            time.sleep(0.005)
        c.wait(lambda: c.acked() == 2000, "all acknowledged")


def loses_nothing_when_killed():
    with Case() as c:
        c.add(1, 3000)
        for _ in range(10):
            c.start(DEPARTMENT_WINDOW="30")
            time.sleep(0.08)
            c.process.kill()
            c.process.wait()
        c.start(DEPARTMENT_WINDOW="30")
        c.wait(lambda: c.acked() == 3000, "all acknowledged")
        whole = []
        for line in c.text("out.jsonl").split("\n"):
            try:
                whole.append(json.loads(line)["seq"])
            except ValueError:
                pass  # torn by the kill; its event comes again
        assert set(whole) == set(range(1, 3001)), sorted(set(range(1, 3001)) - set(whole))
        firsts = list(dict.fromkeys(whole))
        assert firsts == sorted(firsts)


def runs_a_program():
    with Case() as c:
        c.add(1, 30)
        c.start(c.program("take", 'cat >> "$CASE/taken"\n'))
        c.wait(lambda: c.acked() == 30, "all acknowledged")
        assert c.seqs("taken") == list(range(1, 31))


def repeats_and_parks_with_the_reason():
    with Case() as c:
        c.add(1, 1, 7)
        c.add(2, 2, 8)
        c.add(3, 3, 7)
        c.start(c.program("take", 'read line; case "$line" in *"\\"seq\\":1,"*) echo x >> "$CASE/tried"; exit 9;; esac\n'
                                  'echo "$line" >> "$CASE/taken"\n'), DEPARTMENT_TRIES="3")
        c.wait(lambda: c.acked() == 3, "all acknowledged")
        assert c.text("tried") == "x\n" * 3
        assert c.seqs("taken") == [2], "a later event of the parked application waits, others go on"
        (first, one), (_, three) = c.parked()
        assert first.startswith("TEM-00000000000000000001-"), first
        assert one["tries"] == 3 and "ended with 9" in one["reason"] and one["event"]["seq"] == 1, one
        assert "earlier event" in three["reason"] and three["event"]["seq"] == 3 and three["bytes"], three
        c.process.send_signal(signal.SIGTERM)
        assert c.process.wait(10) == 0
        c.start(c.program("take", 'cat >> "$CASE/taken"\n'))
        c.add(4, 4, 7)
        c.wait(lambda: c.acked() == 4, "the fourth acknowledged")
        assert c.seqs("taken") == [2], "it still waits after a restart"
        for name, _ in c.parked():
            os.unlink(c.path("parked", name))
        c.add(5, 5, 7)
        c.wait(lambda: c.acked() == 5, "the fifth acknowledged")
        assert c.seqs("taken") == [2, 5], "its files are settled and gone"


def parks_an_event_of_no_application():
    with Case() as c:
        print("bare 1", file=c.owner.stdin)
        c.add(2, 2)
        c.start()
        c.wait(lambda: c.acked() == 2, "all acknowledged")
        assert c.seqs() == [2]
        (name, one), = c.parked()
        assert "application id" in one["reason"] and one["event"] is None and one["bytes"], (name, one)


def waits_for_a_handler_that_cannot_be_reached():
    with Case() as c:
        c.add(1, 3)
        port = kopru.free_port()
        c.start(f"post:http://127.0.0.1:{port}/events", DEPARTMENT_TRIES="2")
        c.wait(lambda: c.text("log").count("handler.unavailable") >= 3, "asked again")
        assert c.acked() == 0 and not c.parked()
        got = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                got.append(body["seq"])
                self.send_response(500 if body["seq"] == 2 else 204)
                self.end_headers()

            def log_message(self, *_):
                pass

        server = http.server.HTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        c.wait(lambda: c.acked() == 3, "all acknowledged")
        server.shutdown()
        server.server_close()
        assert got == [1, 2, 2, 3], got
        assert [body["reason"] for _, body in c.parked()] == [f'"http://127.0.0.1:{port}/events" answered 500']


def posts_to_local_addresses_only():
    for url in ("http://192.0.2.1/", "http://8.8.8.8:80/", "ftp://127.0.0.1/", "http://a:b@127.0.0.1/",
                "http://[2001:db8::1]/", "file:///etc/passwd"):
        with Case() as c:
            assert c.start("post:" + url).wait(10) == 1, url
            assert "reason=" in c.text("log")


def ends_a_program_that_takes_too_long():
    with Case() as c:
        c.add(1, 1)
        c.start(c.program("take", "sleep 60\n"), DEPARTMENT_TRIES="1", DEPARTMENT_WAIT_SECONDS="1")
        c.wait(lambda: c.acked() == 1, "parked and acknowledged")
        assert "took too long" in c.parked()[0][1]["reason"]


def finishes_the_event_in_hand():
    with Case() as c:
        c.add(1, 5)
        c.start(c.program("take", 'echo begun >> "$CASE/begun"; sleep 1; cat >> "$CASE/taken"\n'))
        c.wait(lambda: c.text("begun"), "the first has begun")
        c.process.send_signal(signal.SIGTERM)
        assert c.process.wait(10) == 0
        assert c.seqs("taken") == [1] and c.cursor() == 1


def stops_loudly_when_histories_differ():
    with Case() as c:
        c.add(1, 5)
        with open(c.path("TEM.cursor"), "w", encoding="ascii") as cursor:
            cursor.write("department/TEM 3 01890a5d-ac96-774b-bcce-b302099a8057\n")
        assert c.start().wait(15) == 3
        assert "feed.diverged" in c.text("log") and not c.seqs()


def refuses_a_torn_cursor_and_a_second_process():
    with Case() as c:
        with open(c.path("TEM.cursor"), "w", encoding="ascii") as cursor:
            cursor.write("department/TEM 3 01890a5d")
        assert c.start().wait(10) == 1
        assert "TEM.cursor" in c.text("log") and "cannot be used" in c.text("log")
        os.unlink(c.path("TEM.cursor"))
        first = c.start()
        c.wait(lambda: c.said("subscribe"), "the first has subscribed")
        assert c.start().wait(10) == 1
        assert "used by another process" in c.text("log")
        first.kill()
        first.wait()


def stands_a_slow_reader_and_a_reader_that_leaves():
    with Case() as c:
        c.add(1, 200, text="x" * 3000)
        end, begin = os.pipe()
        c.start(stdout=begin, DEPARTMENT_WINDOW="20")
        os.close(begin)
        time.sleep(1)
        assert c.acked() < 100, "what the pipe does not take is not acknowledged"
        c.process.send_signal(signal.SIGSTOP)
        c.process.send_signal(signal.SIGCONT)
        data = b""
        while data.count(b"\n") < 200:
            data += os.read(end, 65536)
        assert [json.loads(line)["seq"] for line in data.splitlines()] == list(range(1, 201))
        c.wait(lambda: c.acked() == 200, "all acknowledged")
        os.close(end)
        c.add(201, 201)
        assert c.process.wait(10) == 1


def ends_soon_though_its_reader_is_stuck():
    with Case() as c:
        c.add(1, 200, text="x" * 3000)
        end, begin = os.pipe()
        c.start(stdout=begin, DEPARTMENT_WINDOW="20")
        os.close(begin)
        time.sleep(0.5)
        c.process.send_signal(signal.SIGTERM)
        assert c.process.wait(10) is not None
        os.close(end)


tap = kopru.Tap()
for test in (prints_every_event_once_and_acknowledges, never_acknowledges_before_the_cursor_is_written,
             loses_nothing_when_killed, runs_a_program, repeats_and_parks_with_the_reason, parks_an_event_of_no_application,
             waits_for_a_handler_that_cannot_be_reached, posts_to_local_addresses_only,
             ends_a_program_that_takes_too_long, finishes_the_event_in_hand, stops_loudly_when_histories_differ,
             refuses_a_torn_cursor_and_a_second_process, stands_a_slow_reader_and_a_reader_that_leaves,
             ends_soon_though_its_reader_is_stuck):
    tap.run(test.__name__.replace("_", " "), test)
tap.end()
