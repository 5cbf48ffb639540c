#!/usr/bin/env python3
"""fault: the router is killed twice while it moves deadlines after the calendar has changed, and two routers do it at once: each
deadline moves exactly once, with one event in each stream, and none is forgotten (I-05, I-07, I-14). limit: 180 s"""

import datetime
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import deadlines  # noqa: E402
import system as kopru  # noqa: E402

TAP = kopru.Tap()
CASES = 4000
FIRST = datetime.date(2028, 3, 6)  # ahead of any clock: nothing is escalated meanwhile
WHY = ("--reason", "Deneme", "--by", "Deneme")


def due_days(system):
    return dict(row.split("|") for row in system.rows("SELECT application_id, due_on FROM router.case"))


def suspend(system):
    """A suspension that moves all: what it moves, as the oracle of tests/unit/calendar_oracle.py is not needed here: the
    operator's command says it beforehand."""
    import json
    before = due_days(system)
    foreseen = json.loads(system.kopru("calendar", "add", "2028-03-28..2028-03-30", "suspension", "Deneme", *WHY, "--json",
                                       "--limit", str(2 * CASES)))
    numbers = dict(row.split("|") for row in system.rows("SELECT number, application_id FROM router.case"))
    wanted = {numbers[m["number"]]: (m["from"], m["to"]) for m in foreseen["moves"]}
    assert len(wanted) == foreseen["deadlines"] > CASES // 2, foreseen["deadlines"]
    assert all(before[case] == old < new for case, (old, new) in wanted.items())
    return wanted


def moved(system):
    return int(system.value("SELECT count(*) FROM router.deadline_move"))


def wait_for_more(system, than):
    kopru.wait_until(lambda: moved(system) > than, 60, f"more than {than} have moved", lambda: system.tail("router"))
    return moved(system)


def killed_twice():
    system = kopru.System()
    try:
        deadlines.seed(system, CASES, FIRST, 20)
        wanted = suspend(system)
        seen = 0
        for _ in range(2):
            system.start("router")
            seen = wait_for_more(system, seen)
            system.processes["router"].kill()
            seen = moved(system)
            assert 0 < seen < len(wanted) and not deadlines.marked(system, 2), f"it was not killed amid: {seen} of {len(wanted)}"
        system.start("router")
        kopru.wait_until(lambda: deadlines.marked(system, 2), 90, "all have moved", lambda: system.tail("router"))
        deadlines.check_moved_once(system, 2, wanted)
        assert system.value("SELECT moved FROM router.calendar WHERE version = 2") == str(len(wanted))
        time.sleep(2)
        assert moved(system) == len(wanted)
    finally:
        system.close()


def two_at_once():
    system = kopru.System(instances=2)
    try:
        deadlines.seed(system, CASES, FIRST, 20)
        wanted = suspend(system)
        system.start("router")
        kopru.wait_until(lambda: deadlines.marked(system, 2), 90, "all have moved", lambda: system.tail("router"))
        time.sleep(2)
        deadlines.check_moved_once(system, 2, wanted)
    finally:
        system.close()


TAP.run("a router that is killed twice moves each deadline once", killed_twice)
TAP.run("two routers move each deadline once", two_at_once)
TAP.end()
