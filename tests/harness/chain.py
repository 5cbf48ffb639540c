"""chain: applications that are sent one by one through the whole system, whatever is done to it meanwhile, and then compared:
exactly one application, one decision, one case, one department's event, one letter and one row of figures for each key.

    C = chain.Chain(S)
    C.send("key-1"); C.settle("key-1"); C.wait_through("key-1"); ... ; C.check()

The same ledger and checker as the seeded runs (ledger.py, checker.py), with the reference consumer's lines as departments.
"""

import os
import threading
import time

import checker
import ledger
import system as kopru

APPLICATION = {"kind": "complaint", "subject": "Çöp", "text": "Sokağımızda çöp toplanmadı, konteyner taşıyor. "}


class Chain:
    def __init__(self, system, department="TEM", text=None):
        self.system, self.department = system, department
        self.text = text or APPLICATION["text"]
        self.folder = system.path("ledgers")
        os.makedirs(self.folder, exist_ok=True)
        self.ledger = ledger.Ledger(os.path.join(self.folder, "sender-1.ledger"))
        self.told = {}  # key: the answer of 201
        self.repeats = 0
        self.lock = threading.Lock()  # any number of threads may send

    def _write(self, *words):
        with self.lock:
            self.ledger.write(*words)
            self.ledger.flush()

    def send(self, key, timeout=10):
        """One attempt, written down before and after; the status, or 0 when nobody answered."""
        body = {**APPLICATION, "text": self.text + key,
                "applicant": {"name": "Deneme Şahıs", "email": "deneme@example.org"}}
        self._write("A", key)
        try:
            connection = self.system.connection("intake", timeout)
            status, _, answer = self.system.apply(body, key, connection=connection)
            connection.close()
        except (OSError, ValueError, kopru.http.client.HTTPException) as error:
            self._write("U", key, type(error).__name__)
            return 0
        self._write("S", key, status, answer.get("number", "-"), "-")
        if status == 201:
            self.told.setdefault(key, answer)
        elif status not in (500, 503, 429):
            raise AssertionError(f"{key} was refused: {status} {answer}")
        return status

    def load(self, name, stop, wait=0.01):
        """Sends one after the other from a thread until stop (threading.Event) is set; the thread."""
        def run():
            count = 0
            while not stop.is_set():
                count += 1
                key = f"{name}-{count}"
                while self.send(key, timeout=3) != 201 and not stop.is_set():
                    time.sleep(0.05)
                time.sleep(wait)
        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def settle_all(self):
        """Whatever was sent and got no good answer is sent again until it has one; how many those were."""
        open_keys = sorted({words[1] for words in ledger.read(self.folder, "sender-")} - set(self.told))
        for key in open_keys:
            self.settle(key)
        return len(open_keys)

    def settle(self, key, seconds=15):
        """Sends it again with the same key until it is accepted."""
        kopru.wait_until(lambda: self.send(key) == 201, seconds, f"{key} is accepted", lambda: self.system.tail("intake"))

    def is_through(self, key, letter=True):
        """Delivered, told to the citizen (unless letter is False) and counted, as far as one can see from outside."""
        answer = self.told[key]
        number = answer["number"]
        with open(self.system.path("departments", self.department + ".jsonl"), "rb") as lines:
            if number.encode() not in lines.read():
                return False
        if letter and not any(name.startswith(number) and name.endswith(".eml") for name in os.listdir(self.system.path("outbox"))):
            return False
        try:
            status, _, tracked = self.system.track(number, answer["access_code"])
        except (OSError, kopru.http.client.HTTPException):
            return False
        return status == 200 and tracked["status"] == "assigned"

    def wait_through(self, key, seconds=20, letter=True):
        kopru.wait_until(lambda: self.is_through(key, letter), seconds, f"{key} went all the way",
                         lambda: "".join(self.system.tail(name, 1200) for name in self.system.processes))

    def evidence(self):
        """What the outsiders wrote and what is stored. A line that came again is one that was not acknowledged: counted."""
        evidence = checker.gather(self.system, self.folder)
        seen = set()
        for line in self.system.lines(self.department):
            if line["event_id"] in seen:
                self.repeats += 1
                continue
            seen.add(line["event_id"])
            evidence.handled[self.department].append(checker.Event(
                line["seq"], checker.bare(line["event_id"]), checker.bare(line["application_id"]), line["version"], line["type"]))
        with open(self.system.path("departments", self.department + ".cursor"), encoding="ascii") as cursor:
            evidence.acknowledged[self.department] = int(cursor.read().split(" ")[1])
        stored = dict(row.split("|") for row in self.system.rows("SELECT number, key FROM intake.application"))
        evidence.stored = [(application, number, stored[number], channel) for application, number, _, channel in evidence.stored]
        return evidence

    def check(self, seconds=60):
        self.system.wait_quiet(seconds)
        head = int(self.system.value(f"SELECT max(seq) FROM feed.event WHERE stream = 'department/{self.department}'"))

        def acknowledged():
            with open(self.system.path("departments", self.department + ".cursor"), encoding="ascii") as cursor:
                return int(cursor.read().split(" ")[1]) == head
        kopru.wait_until(acknowledged, 20, "the department acknowledged everything",
                         lambda: self.system.tail("department-" + self.department))
        findings = checker.check(self.evidence())
        assert not any(findings.count().values()), (findings.lost, findings.duplicated, findings.misordered)
        assert findings.figures["stored"] == findings.figures["noticed"] == findings.figures["delivered"], findings.figures
        assert self.system.value("SELECT count(*) FROM feed.parked") == "0"
        return findings.figures
