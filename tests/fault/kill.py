#!/usr/bin/env python3
"""fault: SIGKILL of each service 20 times under load. An external ledger, written before each request and after each
answer, is compared with the database, the streams, the deliveries and the notices (I-01, I-02, I-03, I-06, I-07, I-14).

limit: 400 s. KILLS (20) times each of intake, router, notifier, reporting and one department; SEED makes a run repeatable."""

import json
import os
import random
import sys
import threading
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import system as kopru  # noqa: E402

KILLS = int(os.environ.get("KILLS", "20"))
SEED = int(os.environ.get("SEED", "2020"))
VICTIMS = ("intake", "router", "notifier", "reporting", "department-TEM")
TEXTS = {"TEM": "çöp toplanmadı, çöp alınmıyor", "FEN": "yol çukuru var, kaldırım bozuk", "HM": "zzz qqq"}

S = kopru.System()
TAP = kopru.Tap()
RANDOM = random.Random(SEED)


class Ledger:
    """Attempt before, outcome after, each on disk before anything goes on."""

    def __init__(self, path):
        self.file, self.lock = open(path, "ab"), threading.Lock()
        self.outcomes = {}

    def write(self, **line):
        with self.lock:
            self.file.write(json.dumps(line).encode() + b"\n")
            self.file.flush()
            os.fdatasync(self.file.fileno())

    def outcome(self, key, outcome, number=None, code=None):
        self.write(key=key, outcome=outcome, number=number)
        with self.lock:
            self.outcomes[key] = (outcome, number, code)


LEDGER = Ledger(S.path("ledger.jsonl"))
BODIES = {}
STOP = threading.Event()


def attempt(key, connection):
    """One request; ok, refused (a definite no) or unknown."""
    try:
        status, _, answer = S.apply(BODIES[key], key, connection=connection)
    except (OSError, ValueError, kopru.http.client.HTTPException):
        connection.close()
        LEDGER.outcome(key, "unknown")
        return False
    if status == 201:
        LEDGER.outcome(key, "ok", answer["number"], answer["access_code"])
        return True
    LEDGER.outcome(key, "unknown" if status == 503 else "refused")
    return False


def generate(worker):
    connection = S.connection("intake")
    chance = random.Random(SEED + worker)
    while not STOP.is_set():
        key = str(uuid.UUID(int=chance.getrandbits(128)))
        BODIES[key] = {"kind": "complaint", "text": TEXTS[chance.choice(list(TEXTS))] + " " + key,
                       "applicant": {"name": "Deneme", "email": key[:8] + "@example.org"}}
        LEDGER.write(key=key, attempt=True)
        tries = 0
        while not attempt(key, connection) and tries < 2 and not STOP.is_set():
            tries += 1
            time.sleep(0.05)
        time.sleep(0.01)


def kills_under_load():
    S.start()
    for code in TEXTS:
        S.department(code)
    S.supervise()
    workers = [threading.Thread(target=generate, args=(i,)) for i in range(4)]
    for worker in workers:
        worker.start()
    victims = [name for name in VICTIMS for _ in range(KILLS)]
    RANDOM.shuffle(victims)
    starts = {name: S.processes[name].starts for name in VICTIMS}
    for name in victims:
        time.sleep(RANDOM.uniform(0.02, 0.25))
        S.processes[name].kill()
        time.sleep(0.12)  # the supervisor brings it back
    time.sleep(1)
    STOP.set()
    for worker in workers:
        worker.join()
    for name in VICTIMS:
        assert S.processes[name].starts - starts[name] >= KILLS, (name, S.processes[name].starts)


def unknown_is_resolved_by_the_key():
    S.wait_healthy("intake")
    connection = S.connection("intake")
    unknown = [key for key, (outcome, _, _) in LEDGER.outcomes.items() if outcome != "ok"]
    for key in unknown:
        kopru.wait_until(lambda k=key: attempt(k, connection), 15, f"{key} is resolved")
    print(f"# {len(LEDGER.outcomes)} applications, {len(unknown)} unknown or refused at first, all resolved")
    assert len(LEDGER.outcomes) > 100


def database_equals_ledger():
    stored = dict(row.split("|") for row in S.rows("SELECT key, number FROM intake.application"))
    acknowledged = {key: number for key, (outcome, number, _) in LEDGER.outcomes.items() if outcome == "ok"}
    assert stored == acknowledged, (len(stored), len(acknowledged))
    with open(S.path("ledger.jsonl"), "rb") as file:
        numbers = {}
        for line in map(json.loads, file):
            if line.get("outcome") == "ok":
                numbers.setdefault(line["key"], set()).add(line["number"])
    assert all(len(given) == 1 for given in numbers.values()), "one key was given two numbers"
    assert len(set(stored.values())) == len(stored), "one number was given twice"


def streams_equal_database():
    S.wait_quiet(60)
    count = S.value("SELECT count(*) FROM intake.application")
    for stream in ("intake", "case"):
        assert S.value("SELECT count(*), count(DISTINCT application_id), count(DISTINCT event_id), max(seq), min(seq) "
                       f"FROM feed.event WHERE stream = '{stream}'") == f"{count}|{count}|{count}|{count}|1", stream
    assert S.value("SELECT count(*), count(DISTINCT application_id) FROM feed.event WHERE stream LIKE 'department/%'") \
        == f"{count}|{count}"
    assert S.value("SELECT count(*) FROM (SELECT stream FROM feed.event GROUP BY stream HAVING max(seq) <> count(*)) g") \
        == "0"
    assert S.value("SELECT count(*), count(DISTINCT application_id) FROM router.case") == f"{count}|{count}"
    assert S.value("SELECT count(*) FROM router.decision") == count
    assert S.value("SELECT count(*) FROM reporting.application WHERE department IS NOT NULL") == count
    assert S.value("SELECT count(*) FROM feed.parked") == "0"


def deliveries_equal_streams():
    for code in TEXTS:
        expected = [row for row in S.rows("SELECT event_id FROM feed.event "
                                          f"WHERE stream = 'department/{code}' ORDER BY seq")]
        kopru.wait_until(lambda c=code, e=expected: {l["event_id"] for l in S.lines(c)} == set(e), 20,
                         f"{code} has its events", lambda c=code: S.tail("department-" + c))
        first_seen = list(dict.fromkeys(line["event_id"] for line in S.lines(code)))
        assert first_seen == expected, f"{code}: out of order"


def one_notice_each():
    count = S.value("SELECT count(*) FROM intake.application")
    assert S.value("SELECT count(*), count(DISTINCT application_id) FROM notifier.notice WHERE state = 'sent'") \
        == f"{count}|{count}"
    assert len([f for f in os.listdir(S.path("outbox")) if f.endswith(".eml")]) == int(count)


for test in (kills_under_load, unknown_is_resolved_by_the_key, database_equals_ledger, streams_equal_database,
             deliveries_equal_streams, one_notice_each):
    TAP.run(test.__name__, test)
S.close()
TAP.end()
