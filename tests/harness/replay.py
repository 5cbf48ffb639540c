"""replay: a year's applications through the doors of their channels (webhooks, a mailbox, CİMER's file, forms of the desk), to
real departments, with a checker at the end.

Used small by tests/flow/replay.py and whole by tests/bench/replay.py. Only the standard library, and what departments.py
needs.
"""

import datetime
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import channels
import checker
import departments
import doors
import dovecot
import front
import ledger
import sender
import system as kopru
import year

HEADS = """SELECT coalesce(sum(greatest(h.seq, 0)), 0) FROM feed.stream s CROSS JOIN LATERAL
  (SELECT e.seq FROM feed.event e WHERE e.stream = s.name ORDER BY e.seq DESC LIMIT 1) h WHERE s.name LIKE 'department/%'"""
BEHIND = """SELECT coalesce(sum(h.seq - c.seq), 0) FROM feed.cursor c CROSS JOIN LATERAL
  (SELECT e.seq FROM feed.event e WHERE e.stream = c.stream ORDER BY e.seq DESC LIMIT 1) h"""
WAITING = "SELECT count(*) FROM notifier.notice WHERE state IN ('pending', 'sending')"

MAILBOX = "basvuru"
COUNTED = ("count", "answered", "forwarded")
# What arrived and is not yet an application: unread rows, drafts that gather or wait, mails that nobody fetched.
ON_THE_WAY = """SELECT (SELECT count(*) FROM intake.inbound WHERE state = 'stored') +
  (SELECT count(*) FROM intake.draft WHERE state <> 'done') +
  greatest(0, %d - (SELECT count(*) FROM intake.inbound WHERE source = 'email/basvuru'))"""


class Bar:
    """A line that is drawn anew on a terminal; elsewhere one line every few seconds."""

    def __init__(self, total, every=5):
        self.total, self.every, self.last, self.started = total, every, 0.0, time.monotonic()
        self.terminal = sys.stdout.isatty()

    def show(self, accepted, departments, behind, waiting, arriving, last=False):
        now = time.monotonic()
        if not last and now - self.last < (.2 if self.terminal else self.every):
            return
        self.last, seconds = now, now - self.started
        share = accepted / self.total
        text = (f"{accepted} of {self.total} taken, {arriving} on their way in, {departments[0]} events handled, "
                f"{departments[1]} commands done, {behind} behind, {waiting} notices wait, {seconds:.0f} s")
        if self.terminal:
            done = int(share * 20)
            line = f"[{'#' * done}{'.' * (20 - done)}] {text}"
            print("\r" + line[:shutil.get_terminal_size().columns - 1], end="\033[K\n" if last else "\033[K", flush=True)
        else:
            print(f"# {share:4.0%} {text}", flush=True)


class Others(threading.Thread):
    """What comes neither as a form nor as a webhook: mails into a mailbox, and CİMER's file by `kopru import`."""

    def __init__(self, total, seed):
        super().__init__(daemon=True)
        writer, self.mails, self.rows = year.Writer(seed), [], []
        for place, (second, channel) in enumerate(year.schedule(total, seed)):
            carrier = doors.carrier(channel)
            if carrier in ("mail", "file"):
                application = writer.application(place, second, channel)
                key = doors.key(channel, place, application)
                if carrier == "mail":
                    self.mails.append((key, doors.mail(place, application)))
                else:
                    self.rows.append((key, doors.cimer_row(place, application)))
        self.taken, self.failure = 0, None

    def prepare(self, system, mailbox, folder, key):
        self.system, self.mailbox, self.key = system, mailbox, key
        self.book = ledger.Ledger(os.path.join(folder, "sender-others.ledger"))
        self.file = system.path("cimer.csv")
        doors.write_cimer(self.file, [row for _, row in self.rows])

    def run(self):
        try:
            for key, mail in self.mails:
                self.book.write("A", key)
                self.book.flush()
                self.mailbox.deliver(MAILBOX, mail)
                self.took(key)
            for key, _ in self.rows:
                self.book.write("A", key)
            self.book.flush()
            self.bring_file()
            for key, _ in self.rows:
                self.took(key)
        except Exception as failure:  # told to who waits for us
            self.failure = failure
        self.book.close()

    def took(self, key):
        self.book.write("S", key, 200, "-", "-")
        self.taken += 1

    def bring_file(self, tries=20):
        """As its help says: whatever dies on the way, the same again."""
        environment = {**os.environ, "KOPRU_DATABASE": kopru.conninfo_with(self.system.admin, dbname=self.system.database),
                       "KOPRU_URL": self.url, "KOPRU_KEY": self.key}
        for _ in range(tries if self.rows else 0):
            done = subprocess.run([os.path.join(kopru.BUILD, "kopru"), "import", "cimer", self.file], env=environment,
                                  cwd=kopru.TOP, capture_output=True, text=True, timeout=120)
            if done.returncode == 0:
                return
            time.sleep(.5)
        assert not self.rows, f"kopru import: exit {done.returncode}: {done.stdout} {done.stderr}"

    def done(self):
        if self.failure:
            raise self.failure
        return not self.is_alive()


class Replay:
    def __init__(self, total=year.TOTAL, seed=year.SEED, senders=2, answering=True):
        self.total = total
        self.senders = sender.Senders(senders, total, seed, by_doors=True)  # makes its texts while the system starts
        self.system = kopru.System()
        self.folder = self.system.path("ledgers")
        os.makedirs(self.folder, mode=0o700)
        self.mailbox = dovecot.Dovecot(tempfile.mkdtemp(prefix="kopru-dovecot.", dir="/tmp"), [MAILBOX])  # not in a folder that is only ours
        self.others = Others(total, seed)
        self.front, self.departments, self.answering = front.Front(self.system), None, answering
        self.seconds, self.latencies, self.key = 0.0, [], None

    def open_doors(self):
        """Nobody listens at the Graph API: senders are not told."""
        conf = channels.write(self.system.folder, "http://127.0.0.1:9", idle=1, tell=False, mailboxes=[self.mailbox.mailbox(MAILBOX)])
        self.system.settings["intake"] = {"INTAKE_CHANNELS_FILE": conf}

    def start(self):
        self.open_doors()
        self.system.start()
        self.front.start()
        codes = self.system.departments()
        departments.Departments.make_keys(self.system, codes)
        self.key = self.system.api_key("replay", "applications,reports,cases", "--role", "clerk")  # waits until keys are known
        self.departments = departments.Departments(self.system, codes, self.folder, self.answering)
        self.others.prepare(self.system, self.mailbox, self.folder, self.key)
        self.others.url = f"http://127.0.0.1:{self.front.port}"
        self.senders.ready()

    def run(self, patience=60):
        """Sends everything and waits until all that follows from it is done; fails when nothing moves for so long."""
        bar, started = Bar(self.total), time.monotonic()
        self.senders.go(self.folder, self.front.port, self.key)
        self.others.start()
        behind = waiting = arriving = asked = 0
        moved, state = started, None
        on_the_way = ON_THE_WAY % len(self.others.mails)
        while True:
            sent_all, now = self.senders.done() & self.others.done(), time.monotonic()
            if now - asked > (.1 if sent_all else 1):
                asked = now
                heads, behind, waiting, arriving = map(int, self.system.value(
                    f"SELECT concat_ws(' ', ({HEADS}), ({BEHIND}), ({WAITING}), ({on_the_way}))").split())
                handled, _, open_commands = self.departments.state()
                if sent_all and arriving == behind == waiting == open_commands == 0 and handled == heads:
                    break
            bar.show(self.taken(), self.departments.state(), behind, waiting, arriving)
            if state != (state := (self.taken(), self.senders.sums(), self.departments.state(), behind, waiting, arriving)):
                moved = now
            assert now - moved < patience, f"nothing moved for {patience} s: {state}"
            time.sleep(.02)
        self.seconds = time.monotonic() - started
        bar.show(self.taken(), self.departments.state(), behind, waiting, arriving, last=True)
        self.latencies = self.senders.latencies()
        time.sleep(.2)  # the last acknowledgement is on its way

    def taken(self):
        return self.senders.sums()[1] + self.others.taken

    def report(self):
        """The years' reports, added up: what arrives by message is of today. {group: {channel: counts}}, and all counts."""
        groups, total = {}, 0
        for one in sorted({year.YEAR, datetime.date.today().year}):
            status, _, answer = self.system.request("reporting", "GET", f"/api/v1/reports/year/{one}",
                                                    headers={"Authorization": "Bearer " + self.key})
            assert status == 200, (status, answer)
            total += answer["total"]["count"]
            for group in answer["groups"]:
                for channel in group["channels"]:
                    counts = groups.setdefault(group["key"], {}).setdefault(channel["key"], dict.fromkeys(COUNTED, 0))
                    for name in COUNTED:
                        counts[name] += channel[name]
        return groups, total

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
        codes = self.system.close()
        self.mailbox.close()
        return codes
