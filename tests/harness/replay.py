"""replay: a year's applications through the real front door, to real departments, with a checker at the end.

Used small by tests/flow/replay.py and whole by tests/bench/replay.py. Only the standard library, and what departments.py
needs.
"""

import os
import shutil
import sys
import time

import checker
import departments
import front
import sender
import system as kopru
import year

HEADS = """SELECT coalesce(sum(greatest(h.seq, 0)), 0) FROM feed.stream s CROSS JOIN LATERAL
  (SELECT e.seq FROM feed.event e WHERE e.stream = s.name ORDER BY e.seq DESC LIMIT 1) h WHERE s.name LIKE 'department/%'"""
BEHIND = """SELECT coalesce(sum(h.seq - c.seq), 0) FROM feed.cursor c CROSS JOIN LATERAL
  (SELECT e.seq FROM feed.event e WHERE e.stream = c.stream ORDER BY e.seq DESC LIMIT 1) h"""
WAITING = "SELECT count(*) FROM notifier.notice WHERE state IN ('pending', 'sending')"


class Bar:
    """A line that is drawn anew on a terminal; elsewhere one line every few seconds."""

    def __init__(self, total, every=5):
        self.total, self.every, self.last, self.started = total, every, 0.0, time.monotonic()
        self.terminal = sys.stdout.isatty()

    def show(self, accepted, departments, behind, waiting, last=False):
        now = time.monotonic()
        if not last and now - self.last < (.2 if self.terminal else self.every):
            return
        self.last, seconds = now, now - self.started
        share = accepted / self.total
        text = (f"{accepted} of {self.total} accepted, {departments[0]} events handled, {departments[1]} commands done, "
                f"{behind} behind, {waiting} notices wait, {seconds:.0f} s")
        if self.terminal:
            done = int(share * 20)
            line = f"[{'#' * done}{'.' * (20 - done)}] {text}"
            print("\r" + line[:shutil.get_terminal_size().columns - 1], end="\033[K\n" if last else "\033[K", flush=True)
        else:
            print(f"# {share:4.0%} {text}", flush=True)


class Replay:
    def __init__(self, total=year.TOTAL, seed=year.SEED, senders=2, answering=True):
        self.total = total
        self.senders = sender.Senders(senders, total, seed)  # makes its texts while the system starts
        self.system = kopru.System()
        self.folder = self.system.path("ledgers")
        os.makedirs(self.folder, mode=0o700)
        self.front, self.departments, self.answering = front.Front(self.system), None, answering
        self.seconds, self.latencies, self.key = 0.0, [], None

    def start(self):
        self.system.start()
        self.front.start()
        codes = self.system.departments()
        departments.Departments.make_keys(self.system, codes)
        self.key = self.system.api_key("replay", "applications,reports")  # waits until keys are known
        self.departments = departments.Departments(self.system, codes, self.folder, self.answering)
        self.senders.ready()

    def run(self, patience=60):
        """Sends everything and waits until all that follows from it is done; fails when nothing moves for so long."""
        bar, started = Bar(self.total), time.monotonic()
        self.senders.go(self.folder, self.front.port, self.key)
        behind = waiting = asked = 0
        moved, state = started, None
        while True:
            sent_all, now = self.senders.done(), time.monotonic()
            if now - asked > (.1 if sent_all else 1):
                asked = now
                heads, behind, waiting = map(int, self.system.value(
                    f"SELECT concat_ws(' ', ({HEADS}), ({BEHIND}), ({WAITING}))").split())
                handled, _, open_commands = self.departments.state()
                if sent_all and behind == waiting == open_commands == 0 and handled == heads:
                    break
            bar.show(self.senders.sums()[1], self.departments.state(), behind, waiting)
            if state != (state := (self.senders.sums(), self.departments.state(), behind, waiting)):
                moved = now
            assert now - moved < patience, f"nothing moved for {patience} s: {state}"
            time.sleep(.02)
        self.seconds = time.monotonic() - started
        bar.show(self.senders.sums()[1], self.departments.state(), behind, waiting, last=True)
        self.latencies = self.senders.latencies()
        time.sleep(.2)  # the last acknowledgement is on its way

    def evidence(self):
        """The departments stop first, so that their ledger is whole."""
        self.departments.close()
        return checker.gather(self.system, self.folder)

    def rss(self):
        return {name: round(process.rss_kib() / 1024, 1) for name, process in self.system.processes.items()
                if name in kopru.SERVICES}

    def close(self):
        self.senders.close()
        if self.departments:
            self.departments.close()
        return self.system.close()
