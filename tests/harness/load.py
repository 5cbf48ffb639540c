"""load: citizens who apply without a break while something is done to the system, with an external ledger, written and on
disk before each request and after each answer; and the comparison of that ledger with the database, the streams, the
departments and the outbox (I-01, I-02, I-03, I-06, I-07, I-10). Only the standard library.
"""

import http.client
import json
import os
import random
import shutil
import threading
import time
import uuid

import system as kopru

TEXTS = {"TEM": "çöp toplanmadı, çöp alınmıyor", "FEN": "yol çukuru var, kaldırım bozuk", "HM": "zzz qqq"}


class Ledger:
    """Attempt before, outcome after, each on disk before anything goes on."""

    def __init__(self, path):
        self.path, self.file, self.lock = path, open(path, "ab"), threading.Lock()
        self.outcomes = {}  # key: (outcome, number, access code)
        self.answers = []  # (time, status or 0)

    def write(self, **line):
        with self.lock:
            self.file.write(json.dumps(line).encode() + b"\n")
            self.file.flush()
            os.fdatasync(self.file.fileno())

    def outcome(self, key, status, number=None, code=None):
        outcome = {201: "ok", 0: "unknown", 503: "unknown"}.get(status, "refused")
        self.write(key=key, outcome=outcome, number=number)
        with self.lock:
            self.outcomes[key] = (outcome, number, code)
            self.answers.append((time.monotonic(), status))


class Load:
    """departments: the codes of those that are started and listen; texts for them all are sent."""

    def __init__(self, system, seed, workers=4, departments=tuple(TEXTS), pause=0.01, timeout=15):
        self.system, self.seed, self.departments = system, seed, departments
        self.pause, self.timeout = pause, timeout
        self.ledger = Ledger(system.path("ledger.jsonl"))
        self.bodies, self.stopping = {}, threading.Event()
        self.workers = [threading.Thread(target=self.generate, args=(place,), daemon=True) for place in range(workers)]

    def start(self):
        for worker in self.workers:
            worker.start()

    def begin(self):
        """The system and its departments, and citizens whose first applications are accepted."""
        self.system.start()
        for code in self.departments:
            self.system.department(code)
        self.start()
        kopru.wait_until(lambda: self.accepted() > 50, 20, "applications are accepted")

    def close(self, cluster):
        """Everything, however far it came: the citizens, the system with its folder, its cluster."""
        self.stop()
        try:
            self.system.close(keep=True)
        finally:
            cluster.stop()
            shutil.rmtree(self.system.folder, ignore_errors=True)

    def stop(self):
        self.stopping.set()
        for worker in self.workers:
            if worker.ident:  # it was started
                worker.join()

    def attempt(self, key, connection):
        """One request; whether it was accepted."""
        try:
            status, _, answer = self.system.apply(self.bodies[key], key, connection=connection)
        except (OSError, ValueError, http.client.HTTPException):
            connection.close()
            self.ledger.outcome(key, 0)
            return False
        self.ledger.outcome(key, status, *((answer["number"], answer["access_code"]) if status == 201 else ()))
        return status == 201

    def new_key(self, chance):
        key = str(uuid.UUID(int=chance.getrandbits(128)))
        self.bodies[key] = {"kind": "complaint", "text": TEXTS[chance.choice(list(TEXTS))] + " " + key,
                            "applicant": {"name": "Deneme", "email": key[:8] + "@example.org"}}
        return key

    def generate(self, place):
        instances = self.system.names("intake")
        connection = self.system.connection(instances[place % len(instances)], self.timeout)
        chance = random.Random(self.seed + place)
        while not self.stopping.is_set():
            key = self.new_key(chance)
            self.ledger.write(key=key, attempt=True)
            tries = 0
            while not self.attempt(key, connection) and tries < 2 and not self.stopping.is_set():
                tries += 1
                time.sleep(0.05)
            time.sleep(self.pause)

    def accepted(self):
        return sum(outcome == "ok" for outcome, _, _ in list(self.ledger.outcomes.values()))

    def first_accepted(self, since):
        """Seconds from since (time.monotonic) to the first answer of 201; waits for it."""
        def seconds():
            return next((at - since for at, status in list(self.ledger.answers) if at > since and status == 201), None)
        kopru.wait_until(lambda: seconds() is not None, 60, "an application is accepted", lambda: self.system.tail("intake"))
        return seconds()

    # -- afterwards

    def resolve(self):
        """What was unknown or refused is sent again until it is accepted (I-03)."""
        self.system.wait_healthy("intake")
        connection = self.system.connection("intake", self.timeout)
        unknown = [key for key, (outcome, _, _) in self.ledger.outcomes.items() if outcome != "ok"]
        for key in unknown:
            kopru.wait_until(lambda k=key: self.attempt(k, connection), 15, f"{key} is resolved",
                             lambda: self.system.tail("intake"))
        print(f"# {len(self.ledger.outcomes)} applications, {len(unknown)} unknown or refused at first, all resolved")

    def check_database(self):
        stored = dict(row.split("|") for row in self.system.rows("SELECT key, number FROM intake.application"))
        acknowledged = {key: number for key, (outcome, number, _) in self.ledger.outcomes.items() if outcome == "ok"}
        assert stored == acknowledged, (f"{len(acknowledged)} acknowledged, {len(stored)} stored; "
                                        f"lost: {sorted(set(acknowledged.items()) - set(stored.items()))[:5]}, "
                                        f"too much: {sorted(set(stored.items()) - set(acknowledged.items()))[:5]}")
        numbers = {}
        with open(self.ledger.path, "rb") as file:
            for line in map(json.loads, file):
                if line.get("outcome") == "ok":
                    numbers.setdefault(line["key"], set()).add(line["number"])
        assert all(len(given) == 1 for given in numbers.values()), "one key was given two numbers"
        assert len(set(stored.values())) == len(stored), "one number was given twice"

    def check_streams(self, seconds=60):
        value = self.system.value
        self.system.wait_quiet(seconds)
        count = value("SELECT count(*) FROM intake.application")
        for stream in ("intake", "case"):
            assert value("SELECT count(*), count(DISTINCT application_id), count(DISTINCT event_id), max(seq), min(seq) "
                         f"FROM feed.event WHERE stream = '{stream}'") == f"{count}|{count}|{count}|{count}|1", stream
        assert value("SELECT count(*), count(DISTINCT application_id) FROM feed.event WHERE stream LIKE 'department/%'") \
            == f"{count}|{count}"
        assert value("SELECT count(*) FROM (SELECT stream FROM feed.event GROUP BY stream HAVING max(seq) <> count(*)) g") \
            == "0"
        assert value("SELECT count(*), count(DISTINCT application_id) FROM router.case") == f"{count}|{count}"
        assert value("SELECT count(*) FROM router.decision") == count
        assert value("SELECT count(*) FROM reporting.application WHERE department IS NOT NULL") == count
        assert value("SELECT count(*) FROM feed.parked") == "0"

    def check_deliveries(self):
        """What each department was given, at first sight, is its stream: all of it, in order, and nothing else."""
        for code in self.departments:
            expected = self.system.rows(f"SELECT event_id FROM feed.event WHERE stream = 'department/{code}' ORDER BY seq")
            kopru.wait_until(lambda c=code, e=expected: {l["event_id"] for l in self.system.lines(c)} >= set(e), 20,
                             f"{code} has its events", lambda c=code: self.system.tail("department-" + c))
            first_seen = list(dict.fromkeys(line["event_id"] for line in self.system.lines(code)))
            strange = set(first_seen) - set(expected)
            assert not strange, f"{code} was given what its stream does not have: {sorted(strange)[:5]}"
            assert first_seen == expected, f"{code}: out of order"

    def check_notices(self):
        count = self.system.value("SELECT count(*) FROM intake.application")
        assert self.system.value("SELECT count(*), count(DISTINCT application_id) FROM notifier.notice WHERE state = 'sent'") \
            == f"{count}|{count}"
        letters = len([name for name in os.listdir(self.system.path("outbox")) if name.endswith(".eml")])
        assert letters == int(count), f"{letters} letters for {count} applications"

    def check(self):
        for step in (self.resolve, self.check_database, self.check_streams, self.check_deliveries, self.check_notices):
            begin = time.monotonic()
            step()
            print(f"#   {step.__name__} {time.monotonic() - begin:.1f} s")
