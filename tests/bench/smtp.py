#!/usr/bin/env python3
"""bench: how many letters a second the notifier hands to a mail server (smtp-sink of Debian's postfix, on loopback).

    COUNT=20000 tests/run --exec "/usr/bin/python3 tests/bench/smtp.py"

Applications of the replayed year are routed while the notifier is off; then it starts, makes their notices and sends what
has an address. Told is the rate from its first letter to its last, and while it makes notices, too. Writes build/smtp.json;
ends with 1 when a letter is missing or doubled or when it is too slow."""

import json
import os
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import front  # noqa: E402
import sender  # noqa: E402
import system as kopru  # noqa: E402
import year  # noqa: E402

COUNT = int(os.environ.get("COUNT", "20000"))
LIMIT = 500
SENT = "SELECT count(*) FILTER (WHERE state = 'sent'), count(*) FILTER (WHERE state IN ('pending', 'sending')), " \
       "count(*) FILTER (WHERE state NOT IN ('sent', 'pending', 'sending', 'none', 'held')) FROM notifier.notice"


class Sink:
    """A mail server that takes everything and counts it."""

    def __init__(self, folder):
        self.port, self.counted = kopru.free_port(), os.path.join(folder, "sink")
        program = shutil.which("smtp-sink", path=os.environ.get("PATH", "") + ":/usr/sbin")
        if not program:
            sys.exit("smtp: smtp-sink is not here; apt-get install postfix brings it")
        user = ["-u", "postfix"] if os.geteuid() == 0 else []
        with open(self.counted, "wb") as out:
            self.process = subprocess.Popen([program, *user, "-c", f"127.0.0.1:{self.port}", "256"], stdout=out,
                                            stderr=subprocess.STDOUT)
        kopru.wait_until(self.listens, 10, "smtp-sink listens", lambda: self.text())

    def listens(self):
        import socket
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def text(self):
        with open(self.counted, "rb") as file:
            return file.read().decode()

    def letters(self):
        return max([int(found) for found in re.findall(r"mesg=(\d+)", self.text())], default=0)

    def close(self):
        self.process.terminate()
        self.process.wait(10)


class Smtp:
    def __init__(self):
        self.system = self.sink = None
        self.result = {"applications": COUNT}

    def start(self):
        self.system = kopru.System(settings={"notifier": {
            "NOTIFIER_PROVIDER": "smtp", "NOTIFIER_SMTP_TLS": "off", "NOTIFIER_SMTP_CONNECTIONS": "16",
            "NOTIFIER_DOMAIN_AT_ONCE": "64", "NOTIFIER_DOMAIN_MINUTE": "0"}})
        self.sink = Sink(self.system.folder)
        self.system.settings["notifier"]["NOTIFIER_SMTP"] = f"smtp://127.0.0.1:{self.sink.port}"
        self.system.start("intake", "router")
        door = front.Front(self.system)
        door.start()
        key = self.system.api_key("smtp", "applications")
        ledgers = self.system.path("ledgers")
        os.makedirs(ledgers)
        senders = sender.Senders(2, COUNT, year.SEED)
        senders.ready()
        senders.go(ledgers, door.port, key)
        kopru.wait_until(senders.done, 300, "all are sent")
        senders.close()
        kopru.wait_until(lambda: self.system.value("SELECT seq FROM feed.cursor WHERE consumer = 'router'") == str(COUNT), 300,
                         "all are routed")

    def look(self):
        return [int(value) for value in self.system.value(SENT).split("|")]

    def measure(self):
        """From the look before the first letter until nothing waits and all events were taken."""
        self.system.start("notifier")
        begun = at = time.monotonic()
        sent = waiting = 0
        while True:
            before, was = at, sent
            at = time.monotonic()
            sent, waiting, wrong = self.look()
            if was == 0:
                begun = before
            cursor = "SELECT seq FROM feed.cursor WHERE consumer = 'notifier' AND stream = 'case'"
            behind = self.system.value(cursor) != str(COUNT)
            if sent and not waiting and not behind:
                break
            assert at - begun < 300, (sent, waiting, wrong)
            time.sleep(.05)
        seconds = at - begun
        letters = self.sink.letters()
        self.result.update(letters=sent, taken_by_server=letters, wrong=wrong, seconds=round(seconds, 2),
                           letters_per_s=round(sent / seconds), notices_per_s=round(COUNT / seconds),
                           rss_mib=round(self.system.processes["notifier"].rss_kib() / 1024, 1))

    def run(self):
        try:
            self.start()
            self.measure()
        finally:
            if self.system:
                self.system.close()
            if self.sink:
                self.sink.close()
        return self.result


def main():
    result = Smtp().run()
    with open(os.path.join(kopru.TOP, "build/smtp.json"), "w", encoding="utf-8") as out:
        json.dump(result, out, indent=2)
        out.write("\n")
    for name, value in result.items():
        print(f"{name:24}{value:>10}")
    rows = [("letters a second", result["letters_per_s"], ">=", LIMIT),
            ("sent and not taken, or taken twice", abs(result["letters"] - result["taken_by_server"]), "<=", 0),
            ("failed or unknown", result["wrong"], "<=", 0), ("notifier, MiB at its highest", result["rss_mib"], "<=", 64)]
    print()
    met = True
    for name, value, sign, limit in rows:
        holds = value >= limit if sign == ">=" else value <= limit
        met = met and holds
        print(f"{name:40}{value:>10} {sign} {limit:<6} {'met' if holds else 'NOT MET'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
