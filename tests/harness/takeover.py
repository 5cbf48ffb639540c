"""takeover: a fault run (world.py) with two of each service behind nginx, where somebody also reads what was just written; and
how long it takes until everything moves again.

    W = takeover.Pairs(seed, rate); W.start(); W.taken_over("intake-1 killed", time.monotonic())
"""

import http.client
import os
import threading
import time

import departments
import front
import world

TAKEOVER_SECONDS = 5
READERS = 3  # who reads alone may meet the frozen one again and again


class Pairs(world.World):
    """Applicants come through nginx; nothing stands between departments and routers; who dies stays dead."""

    def __init__(self, seed, rate):
        super().__init__(seed, rate, instances=2)
        self.reader, self.front = None, None

    def start(self):
        super().start()
        self.system.supervising = False
        self.reader = Reader(self, self.key("reader", "reports"))
        self.reader.start()
        for _ in range(READERS - 1):
            threading.Thread(target=self.reader.run, daemon=True).start()

    def make_proxies(self):
        self.front = front.Front(self.system)
        self.front.start()

    def through(self, kind):
        return ",".join(departments.tcp(self.ports(kind)))

    def ports(self, kind):
        return {"feed": self.system.feed_ports, "commands": self.system.command_ports, "http": [self.front.port]}[kind]

    def direct(self):
        return []

    def finish(self, seconds=30):
        self.reader.open = False
        self.reader.join()
        super().finish(seconds)

    def moved(self, since, patience):
        """Seconds from since until each first moved, by name; who did not is missing."""
        before, moved_after = None, {}
        while time.monotonic() - since < patience:
            now, marks = time.monotonic() - since, self.marks()
            before = before or marks
            moved_after.update({name: now for name in marks if marks[name] > before[name] and name not in moved_after})
            for name, first in (("first 2xx", self.first_accepted(since)), ("first read", self.reader.first(since))):
                if first:
                    moved_after.setdefault(name, first - since)
            if len(moved_after) == len(marks) + 2:
                break
            time.sleep(.05)
        return moved_after

    def taken_over(self, what, since):
        """Everything moves again within the promised time."""
        found = self.moved(since, TAKEOVER_SECONDS + 3)
        print(f"# {what}: " + ", ".join(f"{name} {found[name]:.2f} s" for name in sorted(found)))
        names = {*self.marks(), "first 2xx", "first read"}
        late = {name: found.get(name) for name in names if found.get(name, 99) > TAKEOVER_SECONDS}
        assert not late, (what, late)


class Reader(threading.Thread):
    """A screen behind nginx that reads what was just accepted, and each time says up to where it wants to see."""

    def __init__(self, world_, key):
        super().__init__(daemon=True)
        self.key, self.port, self.seen, self.open = key, world_.front.port, [], True
        self.ledger = os.path.join(world_.ledgers, "applicants.ledger")

    def newest(self):
        with open(self.ledger, "ab+") as file:
            file.seek(max(0, file.tell() - 4000))
            lines = [line.split() for line in file.read().decode().split("\n")[1:-1]]
        return next(((words[3], words[4]) for words in reversed(lines) if words[0] == "S" and words[2] == "201"), (None, None))

    def run(self):
        while self.open:
            time.sleep(.1)
            number, seq = self.newest()
            if not number:
                continue
            asked = time.monotonic()
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
                connection.request("GET", f"/api/v1/cases/{number}?after=intake:{seq}", headers={"Authorization": "Bearer " + self.key})
                status = connection.getresponse().status
                connection.close()
            except (OSError, http.client.HTTPException) as error:
                status = type(error).__name__
            self.seen.append((asked, time.monotonic(), status))

    def first(self, since):
        return next((came for asked, came, status in list(self.seen) if asked >= since and status == 200), None)
