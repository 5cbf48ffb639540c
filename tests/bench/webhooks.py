#!/usr/bin/env python3
"""bench: how many bodies of WhatsApp's webhook a second are durable when they are answered, and how long an answer takes at 500 a
second, on intake's own socket and through nginx, in three rounds whose median counts. Every body is another one, signed
beforehand, and digested meanwhile.

    SECONDS=10 tests/run --exec "/usr/bin/python3 tests/bench/webhooks.py"

Prints its table, writes build/webhooks.json; ends with 1 when a body is missing, or when it is too slow."""

import hashlib
import hmac
import itertools
import json
import os
import re
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import channels  # noqa: E402
import front  # noqa: E402
import system as kopru  # noqa: E402

SECONDS = int(os.environ.get("SECONDS", "10"))
RATE, LIMIT_RATE, LIMIT_MS = 500, 2000, 50.0
ROOM = 40000 * SECONDS  # bodies that are ready for wrk: more than it can send
THREADS, CLIENTS, SENDERS, ROUNDS = 2, 64, 5000, 3
SECRET = channels.SECRETS["whatsapp"][0].encode()


def body_of(number):
    sender = f"9050000{number % SENDERS:05d}"
    words = f"Sokağımızda üç gündür çöp toplanmadı, konteyner taşıyor. Lütfen ilgilenir misiniz? {number}"
    body = json.dumps(channels.whatsapp(channels.text(f"wamid.BENCH{number:08d}", words, when=1764100000 + number),
                                        number=sender), ensure_ascii=False).encode()
    return body, "sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest()


class Bench:
    def __init__(self):
        self.tcp = kopru.free_port()
        self.system = kopru.System(intake_tcp=self.tcp)
        # Nobody answers there: nothing is fetched, and nobody told, before the drafts are an hour old.
        path = channels.write(self.system.folder, "http://127.0.0.1:9", idle=3600)
        self.system.settings["intake"] = {"INTAKE_CHANNELS_FILE": path}
        self.next, self.rounds, self.figures = 0, {}, {"seconds": SECONDS}

    def rows(self):
        return int(self.system.value("SELECT count(*) FROM intake.inbound"))

    def many(self):
        """wrk, as fast as it goes."""
        base = self.system.path("bodies")
        files = [open(f"{base}-{place}", "wb") for place in range(THREADS)]
        for _ in range(ROOM):
            body, signature = body_of(self.next)
            files[self.next % THREADS].write(signature.encode() + b" " + body + b"\n")
            self.next += 1
        for file in files:
            file.close()
        before = self.rows()
        done = subprocess.run(["wrk", f"-t{THREADS}", f"-c{CLIENTS}", f"-d{SECONDS}s", "--latency", "-s",
                               os.path.join(kopru.TOP, "tests/bench/webhook.lua"), f"http://127.0.0.1:{self.tcp}", "--", base],
                              capture_output=True, text=True, check=True)
        found = re.search(r"RESULT accepted=(\d+) refused=(\d+) short=(\d+) seconds=([\d.]+) p50_ms=([\d.]+) p99_ms=([\d.]+)",
                          done.stdout)
        accepted, refused, short = map(int, found.groups()[:3])
        stored = self.rows() - before
        assert refused == 0 and short == 0, done.stdout
        assert accepted <= stored <= accepted + CLIENTS, (accepted, stored)  # the last answers are cut off by wrk
        self.figures["durable_per_second"] = round(accepted / float(found.group(4)))
        self.figures["at_full_speed_p99_ms"] = float(found.group(6))

    def steady(self, name, connect):
        """RATE a second, each at its moment whatever became of those before; how long from then to its answer."""
        count = RATE * SECONDS
        ready = [body_of(self.next + place) for place in range(count)]
        self.next += count
        took, lock, before = [], threading.Lock(), self.rows()
        begin = time.monotonic() + 0.5

        def client(first):
            connection = connect()
            mine = []
            for place in range(first, count, CLIENTS):
                moment = begin + place / RATE
                time.sleep(max(0, moment - time.monotonic()))
                body, signature = ready[place]
                connection.request("POST", "/webhooks/whatsapp", body=body,
                                   headers={"Content-Type": "application/json", "X-Hub-Signature-256": signature})
                response = connection.getresponse()
                response.read()
                mine.append((time.monotonic() - moment) * 1000 if response.status == 200 else float("inf"))
            with lock:
                took.extend(mine)
        threads = [threading.Thread(target=client, args=(place,)) for place in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(took) == count and self.rows() == before + count
        took.sort()
        self.rounds.setdefault(name, []).append((took[count // 2], took[count * 99 // 100], took[-1]))

    def medians(self):
        for name, rounds in self.rounds.items():
            for place, what in enumerate(("p50", "p99", "most")):
                self.figures[f"{name}_{what}_ms"] = round(sorted(each[place] for each in rounds)[len(rounds) // 2], 3)
            self.figures[f"{name}_p99_ms_of_all_rounds"] = [round(each[1], 3) for each in rounds]

    def run(self):
        system = self.system
        system.start("intake")
        self.many()
        kopru.wait_until(lambda: system.value("SELECT count(*) FROM intake.inbound WHERE state = 'stored'") == "0", 300,
                         "all are digested")
        system.processes["intake"].stop()
        system.intake_tcp, system.processes = None, {}
        system.start("intake")
        web = front.Front(system, public_rate=100)
        web.start()
        addresses = itertools.cycle(f"127.0.0.{n}" for n in range(2, 10))  # one alone gets its share only
        for _ in range(ROUNDS):
            self.steady("own_socket", lambda: system.connection("intake"))
            self.steady("through_nginx", lambda: kopru.http.client.HTTPConnection(
                "127.0.0.1", web.port, timeout=15, source_address=(next(addresses), 0)))
        self.medians()
        self.figures["rss_kib"] = system.processes["intake"].rss_kib()
        self.judge()

    def judge(self):
        figures = self.figures
        with open(os.path.join(kopru.BUILD, "webhooks.json"), "w", encoding="utf-8") as out:
            json.dump(figures, out, indent=1)
        for name, value in figures.items():
            print(f"{name:28} {value}")
        slow = [name for name in ("own_socket_p99_ms", "through_nginx_p99_ms") if figures[name] > LIMIT_MS]
        if figures["durable_per_second"] < LIMIT_RATE:
            slow.append("durable_per_second")
        if slow:
            sys.exit(f"webhooks: too slow: {', '.join(slow)}")


if __name__ == "__main__":
    bench = Bench()
    try:
        bench.run()
    finally:
        bench.system.close()
