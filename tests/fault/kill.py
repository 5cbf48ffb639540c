#!/usr/bin/env python3
"""fault: SIGKILL of each service 20 times under load. An external ledger, written before each request and after each
answer, is compared with the database, the streams, the deliveries and the notices (I-01, I-02, I-03, I-06, I-07, I-14).

limit: 400 s. KILLS (20) times each of intake, router, notifier, reporting and one department; SEED makes a run repeatable."""

import collections
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import load  # noqa: E402
import system as kopru  # noqa: E402

KILLS = int(os.environ.get("KILLS", "20"))
SEED = int(os.environ.get("SEED", "2020"))
VICTIMS = ("intake", "router", "notifier", "reporting", "department-TEM")

S = kopru.System()
TAP = kopru.Tap()
RANDOM = random.Random(SEED)
LOAD = load.Load(S, SEED)


def kills_under_load():
    S.start()
    for code in LOAD.departments:
        S.department(code)
    S.supervise()
    LOAD.start()
    victims = [name for name in VICTIMS for _ in range(KILLS)]
    RANDOM.shuffle(victims)
    starts, hits = {name: S.processes[name].starts for name in VICTIMS}, collections.Counter()
    for name in victims:
        time.sleep(RANDOM.uniform(0.02, 0.25))
        kopru.wait_until(lambda n=name: S.processes[n].kill(), 10, f"{name} is there to be killed")
        hits[name] += 1
        time.sleep(0.12)  # the supervisor brings it back
    time.sleep(1)
    LOAD.stop()
    for name in VICTIMS:
        assert S.processes[name].starts - starts[name] == hits[name] == KILLS, (name, S.processes[name].starts, hits)
    print(f"# {hits.total()} times SIGKILL at one who lived")


def unknown_is_resolved_by_the_key():
    LOAD.resolve()
    assert len(LOAD.ledger.outcomes) > 100


try:
    for name, test in (("kills_under_load", kills_under_load), ("unknown_is_resolved_by_the_key", unknown_is_resolved_by_the_key),
                       ("database_equals_ledger", LOAD.check_database), ("streams_equal_database", LOAD.check_streams),
                       ("deliveries_equal_streams", LOAD.check_deliveries), ("one_notice_each", LOAD.check_notices)):
        TAP.run(name, test)
finally:
    LOAD.stop()
    S.close()
TAP.end()
