#!/usr/bin/env python3
"""flow: fifty persons at once, through nginx: each applies, has it assigned, answered and closed, and reads it back at once.
limit: 180 s"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import front  # noqa: E402
import lifecycles  # noqa: E402
import system as kopru  # noqa: E402

S = kopru.System()
FRONT = front.Front(S)
TAP = kopru.Tap()


def each_sees_its_own_writes():
    """A command that names what it saw of stream "intake" never misses its case, however fast it comes."""
    S.start()
    FRONT.start()
    many = lifecycles.Lifecycles(S, FRONT.port)
    figures = many.run(50, 3)
    print(f"# {figures}")
    S.wait_quiet(60)
    lives = next(many.names)
    assert lives > 50
    assert S.value("SELECT count(*), min(version), max(version), min(state), max(state) FROM router.case") == f"{lives}|5|5|6|6"
    assert S.value("SELECT count(*), count(DISTINCT event_id), max(seq) FROM feed.event WHERE stream = 'case'") == (
        f"{lives * 4}|{lives * 4}|{lives * 4}")


try:
    TAP.run("each_sees_its_own_writes", each_sees_its_own_writes)
finally:
    S.close()
TAP.end()
