#!/usr/bin/env python3
"""fault: PostgreSQL with a synchronous standby (F-023 to F-028). Nothing acknowledged is lost when the primary dies and the
standby is promoted; what no standby has is never told, published or sent.

limit: 120 s"""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import cluster  # noqa: E402
import system as kopru  # noqa: E402

C = cluster.Cluster()
TAP = kopru.Tap()


def timed(what, limit, function, *arguments):
    begin = time.monotonic()
    function(*arguments)
    seconds = time.monotonic() - begin
    print(f"# {what}: {seconds:.2f} s")
    assert seconds <= limit, f"{what} took {seconds:.2f} s"


def the_pair_keeps_what_was_committed():
    C.sql("CREATE TABLE kept (n int)")
    C.sql("INSERT INTO kept VALUES (1)")
    timed("kill -9 and restart", 5, C.restart, "kill")
    C.sql("INSERT INTO kept VALUES (2)")
    timed("promotion", 5, C.promote)
    assert C.sql("SELECT array_agg(n) FROM kept") == "{1,2}"
    C.sql("INSERT INTO kept VALUES (3)")  # alone: waits for nobody
    timed("return of the old primary as standby", 10, C.rejoin)
    C.sql("INSERT INTO kept VALUES (4)")
    C.kill_primary()
    C.promote()
    assert C.sql("SELECT array_agg(n) FROM kept") == "{1,2,3,4}"
    C.rejoin()


for test in (the_pair_keeps_what_was_committed,):
    TAP.run(test.__name__, test)
C.stop()
TAP.end()
