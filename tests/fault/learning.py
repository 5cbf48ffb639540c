#!/usr/bin/python3
"""fault: the router is killed while it trains, while it publishes and while it exchanges models, under load: the training
happens again, no model is half, no application is lost, doubled or undecided (I-06, I-14). limit: 120 s"""

import os
import random
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import lessons  # noqa: E402
import system as kopru  # noqa: E402

COUNT, SWAPS, SEED = 180, 4, int(os.environ.get("SEED", "2026"))
S = kopru.System()
L = lessons.Lessons(S)
TAP = kopru.Tap()
RANDOM = random.Random(SEED)
GOING = threading.Event()
ACCEPTED, FAILURES, ANSWERS = [], [], []


def citizens():
    number = 500000
    while not GOING.is_set():
        number += 1
        try:
            ACCEPTED.append(L.apply(lessons.TOPICS[number % 3], number))
        except Exception as failure:  # intake is never killed here: each is the test's failure
            FAILURES.append(failure)
        time.sleep(.02)


CITIZENS = threading.Thread(target=citizens, daemon=True)


def kill():
    starts = S.processes["router"].starts
    assert S.processes["router"].kill(), "nobody was there to be killed"
    kopru.wait_until(lambda: S.processes["router"].starts > starts, 5, "it is started again")


def learn():
    """In the background; what came of it goes to ANSWERS."""
    thread = threading.Thread(target=lambda: ANSWERS.append(L.learn(seconds=60)))
    thread.start()
    return thread


def count(event):
    with open(S.path("log", "router.log"), encoding="utf-8") as log:
        return sum(f"event={event} " in line for line in log)


def consistent():
    """One model is active at most, and all are whole."""
    for version, size in (row.split("|") for row in S.rows("SELECT version, length(bytes) FROM router.model ORDER BY version")):
        path = S.path(f"{version}.model")
        with open(path, "wb") as out:
            out.write(bytes.fromhex(S.value(f"SELECT encode(bytes, 'hex') FROM router.model WHERE version = {version}")))
        assert int(size) > 0, version
        S.kopru("topics", "explain", "çukur asfalt", "--model", path)
    assert S.value("SELECT count(*) FROM router.model WHERE state = 'active'") == "1", S.rows("SELECT version, state FROM router.model")


def killed_while_it_trains():
    S.start("intake", "router")
    S.supervise()
    L.correct_many(L.apply_many(COUNT))
    CITIZENS.start()
    S.kopru("topics", "learn", "--texts", lessons.shipped(S.folder, 600), "--wait", "0")
    kopru.wait_until(lambda: count("learning.began") == 1, 20, "it trains", lambda: S.tail("router"))
    kill()
    assert count("learning.ended") == 0 and S.value("SELECT count(*) FROM router.model") == "0"
    kopru.wait_until(lambda: count("learning.ended") == 1, 40, "it trains again", lambda: S.tail("router"))
    assert count("learning.began") == 2 and S.value("SELECT outcome FROM router.learning") == "published"
    consistent()


def killed_while_it_publishes():
    lock = subprocess.Popen([S.psql, "-X", "-q", "-d", kopru.conninfo_with(S.admin, dbname=S.database)], stdin=subprocess.PIPE,
                            text=True)
    lock.stdin.write("BEGIN; LOCK TABLE router.model IN SHARE MODE;\n")
    lock.stdin.flush()
    thread = learn()
    waits = ("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'router' "
             "AND wait_event_type = 'Lock' AND query LIKE '%router.model%'")
    kopru.wait_until(lambda: S.value(waits) == "1", 30, "it publishes", lambda: S.tail("router"))
    kill()
    lock.stdin.write("COMMIT;\n")
    lock.stdin.close()
    lock.wait(10)
    thread.join(70)
    # whole, by the dead one's transaction or by the next training; never half
    assert len(ANSWERS) == 1 and ANSWERS[0]["outcome"] == "published", ANSWERS
    consistent()
    L.await_version(S.value("SELECT version FROM router.model WHERE state = 'active'"))


def killed_while_it_exchanges_models():
    path = S.path("1.model")
    for _ in range(SWAPS):
        S.kopru("topics", "publish", path, "--by", "test", "--yes")
        time.sleep(RANDOM.uniform(0, .6))
        kill()
    L.await_version(S.value("SELECT max(version) FROM router.model"))
    assert L.metric("kopru_router_model_refused") == {"router": 0}
    consistent()


def nothing_is_lost():
    GOING.set()
    CITIZENS.join(20)
    L.await_routed()
    assert not FAILURES, FAILURES[0]
    accepted = S.value("SELECT count(*), count(DISTINCT number) FROM intake.application")
    assert accepted == f"{len(ACCEPTED) + COUNT}|{len(ACCEPTED) + COUNT}", (accepted, len(ACCEPTED))
    decided = S.value("SELECT count(*), count(DISTINCT application_id) FROM router.decision")
    assert decided == accepted, (decided, accepted)
    dense = S.value("SELECT max(seq) - count(*), min(seq) FROM feed.event WHERE stream = 'case'")
    assert dense == "0|1", dense
    by = S.rows("SELECT DISTINCT coalesce(model_version, 0) FROM router.decision ORDER BY 1")
    print(f"# {len(ACCEPTED)} applications meanwhile, decided by model versions {', '.join(by)}")
    assert len(by) > 2, by


try:
    for name, test in (("killed while it trains", killed_while_it_trains),
                       ("killed while it publishes", killed_while_it_publishes),
                       ("killed while it exchanges models", killed_while_it_exchanges_models),
                       ("nothing is lost", nothing_is_lost)):
        TAP.run(name, test)
finally:
    GOING.set()
    S.close()
TAP.end()
