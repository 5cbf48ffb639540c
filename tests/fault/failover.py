#!/usr/bin/env python3
"""fault: PostgreSQL with a synchronous standby (F-023 to F-028). Nothing acknowledged is lost when the primary dies and the
standby is promoted; what no standby has is never told, published or sent (I-01, I-03, I-08).

limit: 240 s. SEED makes a run repeatable."""

import os
import sys
import threading
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import cluster  # noqa: E402
import load  # noqa: E402
import system as kopru  # noqa: E402

SEED = int(os.environ.get("SEED", "2020"))
FIRST_ANSWER = 5  # seconds from a promotion to the first application that is accepted
GIVES_UP = 12  # seconds after which intake has answered, whatever the database does
DIVERGED = 3  # exit code of kopru-department
GHOST = {"kind": "complaint", "text": "çöp toplanmadı, hayalet", "applicant": {"name": "Deneme", "email": "hayalet@example.org"}}

C = cluster.Cluster()
S = kopru.System(cluster=C, instances=2)
LOAD = load.Load(S, SEED)
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


def start():
    LOAD.begin()


def primary_dies_and_the_standby_takes_its_place():
    for place in (1, 2):
        before = LOAD.accepted()
        C.kill_primary()
        killed = time.monotonic()
        time.sleep(1)  # until somebody notices
        C.promote()
        promoted = time.monotonic()
        seconds = LOAD.first_accepted(promoted)
        print(f"# promotion {place}: first 2xx {seconds:.2f} s after it, {seconds + promoted - killed:.2f} s after the death")
        assert seconds <= FIRST_ANSWER, f"first 2xx only {seconds:.2f} s after the promotion"
        C.rejoin()
        kopru.wait_until(lambda b=before: LOAD.accepted() > b + 50, 20, "applications go on")


def frozen_standby_is_no_success():
    C.freeze_standby()
    frozen = time.monotonic()
    kopru.wait_until(lambda: any(at > frozen + .2 and status == 503 for at, status in list(LOAD.ledger.answers)), GIVES_UP,
                     "intake says that it does not know", lambda: S.tail("intake"))
    time.sleep(.5)
    late = [at for at, status in LOAD.ledger.answers if at > frozen + .2 and status == 201]
    waited = [at - frozen for at, status in LOAD.ledger.answers if at > frozen + .2 and status == 503]
    open_sessions = C.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
    C.thaw_standby()
    thawed = time.monotonic()
    assert not late, f"{len(late)} applications were accepted while the standby was frozen"
    print(f"# frozen standby: first 503 after {min(waited):.1f} s, {open_sessions} sessions waited, first 2xx "
          f"{LOAD.first_accepted(thawed):.2f} s after the thaw")
    assert LOAD.first_accepted(thawed) <= FIRST_ANSWER


def everything_is_as_the_ledger_says():
    LOAD.stop()
    LOAD.check()


def ask(key, instance="intake"):
    """The status of the answer, 0 for none."""
    connection = S.connection(instance, GIVES_UP)
    try:
        return S.apply(GHOST, key, connection=connection)[0]
    except OSError:
        return 0
    finally:
        connection.close()


def enter_in_ledger(*keys):
    for key in keys:
        LOAD.ledger.outcomes[key] = ("ok", S.value(f"SELECT number FROM intake.application WHERE key = '{key}'"), "")


def command(id_, number, key):
    """A note of a clerk; the status of the answer, 0 for none."""
    body = {"id": id_, "number": number, "action": "note", "expected_version": 2, "text": "hayalet"}
    try:
        return S.request("intake", "POST", "/api/v1/commands", body, {"Authorization": "Bearer " + key})[0]
    except OSError:
        return 0


def cancelled_wait_is_unknown_whoever_asks():
    """F-024: the wait of a commit is cancelled: success, with a warning. The row can be seen, and no standby has it. Then
    (F-027) the standby is promoted, without it: nobody has been told of it, and no department has heard of it."""
    stop, cancelled, answers, replies = threading.Event(), [], [], []
    id_, clerk = str(uuid.UUID(int=SEED)), S.api_key("clerk", "cases", "--role", "clerk")
    number = next(number for outcome, number, _ in LOAD.ledger.outcomes.values() if outcome == "ok")
    note = f"SELECT count(*) FROM router.command WHERE id = '{id_}'"

    def cancel():
        while not stop.wait(.1):
            cancelled.append(C.cancel_waiting_commits())
    C.cut_standby()
    cancelling = threading.Thread(target=cancel)
    cancelling.start()
    try:
        end = time.monotonic() + 4
        while time.monotonic() < end:
            answers += [ask("ghost", "intake-1"), ask("ghost", "intake-2")]
            replies.append(command(id_, number, clerk))
        try:
            S.kopru("key", "create", "ghost", "--rights", "reports")
            operator = "told that it was done"
        except AssertionError as refusal:
            operator = str(refusal)
        noted = S.value(note)
        seen = S.rows("SELECT event_id FROM feed.event WHERE application_id = "
                      "(SELECT id FROM intake.application WHERE key = 'ghost')")
    finally:
        stop.set()
        cancelling.join()
    print(f"# {sum(cancelled)} waits were cancelled; the ghost has {len(seen)} events and was asked for {len(answers)} times; "
          f"its command is there: {noted}, asked for {len(replies)} times")
    assert sum(cancelled) and seen and noted == "1", "the rows can be seen"
    C.promote()
    assert S.value("SELECT count(*) FROM intake.application WHERE key = 'ghost'") == "0"
    C.rejoin()
    assert set(answers) == {503} and not set(replies) & {200}, (answers, replies)
    assert "not known whether" in operator, operator
    assert S.value(note) == "0"
    told = {line["event_id"] for code in LOAD.departments for line in S.lines(code)}
    assert not set(seen) & told, "a department was given what no longer exists"
    kopru.wait_until(lambda: ask("ghost") == 201, 15, "the ghost is accepted", lambda: S.tail("intake"))
    enter_in_ledger("ghost")


def what_a_lossy_promotion_lost_is_not_passed_over():
    """F-028: a standby that nobody waited for is promoted, and does not have the last of it: a department that does stops
    loudly, and is given nothing of the other history."""
    C.primary.set(synchronous_standby_names="''")
    kopru.wait_until(lambda: C.sql("SHOW synchronous_standby_names") == "", 5, "commits wait for nobody")
    C.cut_standby()
    before = len(S.lines("TEM"))
    kopru.wait_until(lambda: ask("lost") == 201, 10, "it is accepted")
    kopru.wait_until(lambda: len(S.lines("TEM")) == before + 1, 10, "the department has it")
    department = S.processes["department-TEM"]
    kopru.wait_until(lambda: cursor("TEM") == before + 1, 5, "the department's cursor is behind it")
    C.promote()
    C.rejoin()
    S.wait_healthy("intake")
    kopru.wait_until(lambda: ask("other") == 201, 15, "another one is accepted")
    kopru.wait_until(lambda: department.process.poll() == DIVERGED, 15, "the department stops", lambda: S.tail("department-TEM"))
    department.start()
    kopru.wait_until(lambda: department.process.poll() == DIVERGED, 15, "it stops again", lambda: S.tail("department-TEM"))
    assert "feed.diverged" in S.tail("department-TEM")
    assert len(S.lines("TEM")) == before + 1, "it was given something of the other history"
    print("# lossy promotion: the department that had more stopped, twice; the services go on")
    S.wait_quiet()


def cursor(code):
    with open(S.path("departments", code + ".cursor"), encoding="ascii") as file:
        return int(file.read().split()[1])


def old_primary_that_comes_back_is_not_used():
    """F-026: it takes writes, and stands first in the connection strings or last."""
    for place in (1, 2):
        C.promote()
        old = C.start_old()
        rows = "SELECT (SELECT count(*) FROM intake.application), (SELECT sum(seq) FROM feed.event), (SELECT max(at) FROM feed.proof)"
        before = C.sql(rows, S.database, server=old)
        for name in kopru.SERVICES:
            C.terminate_backends(name)  # now they look for a server
        kopru.wait_until(lambda p=place: ask(f"split-{p}-1") == 201, 10, "it is accepted")
        for name in kopru.SERVICES:  # and those that have never seen a newer one
            for instance in S.names(name):
                S.processes[instance].stop()
            if name == "intake":  # the new primary is there, and full for a while
                C.sql("ALTER ROLE intake CONNECTION LIMIT 0")
                threading.Timer(1, C.sql, ["ALTER ROLE intake CONNECTION LIMIT -1"]).start()
            S.start(name)
        kopru.wait_until(lambda p=place: ask(f"split-{p}-2") == 201, 10, "it is accepted")
        S.kopru("key", "create", f"split-{place}", "--rights", "reports")
        assert C.sql(rows, S.database, server=old) == before, "the old primary was written to"
        C.rejoin()
        assert S.value(f"SELECT count(*) FROM auth.api_key WHERE name = 'split-{place}'") == "1"
        enter_in_ledger(f"split-{place}-1", f"split-{place}-2")


def one_session_that_moves_takes_the_others_with_it():
    """The two lose each other, not the services: the standby is promoted, and sessions with the old primary stay up. As soon as
    one connection of a program knows of the newer one, none of them works with the old one any more."""
    for place, moved in (("writers", ("intake", "router")), ("readers", ("intake-reader", "router cases"))):
        S.wait_healthy("intake")
        S.wait_healthy("router")
        S.wait_quiet()  # nothing that only the old primary will have
        sides = "SELECT string_agg(DISTINCT application_name, ',' ORDER BY application_name) FROM pg_stat_activity " \
                "WHERE usename IN ('intake', 'router')"
        old, names = C.split(), ("intake,intake-arrivals,intake-reader,intake-work,"
                                 "router,router cases,router learner,router reader")
        assert C.sql(sides, server=old) == names
        for name in (*moved, "kopru-notifier", "kopru-reporting", "kopru-reporting-track", "kopru-reporting-reports"):
            C.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{name}'", server=old)
        begin = time.monotonic()
        kopru.wait_until(lambda o=old: C.sql(sides, server=o) == "", 5, "nobody is with the old primary",
                         lambda o=old: C.sql(sides, server=o))
        kopru.wait_until(lambda n=names: C.sql(sides) == n, 5, "all are with the new one", lambda: C.sql(sides))
        print(f"# {place} first: all are with the new primary after {time.monotonic() - begin:.2f} s")
        kopru.wait_until(lambda p=place: ask("moved-" + p) == 201, 10, "it is accepted")
        C.rejoin()
        enter_in_ledger("moved-" + place)


try:
    for test in (the_pair_keeps_what_was_committed, start, primary_dies_and_the_standby_takes_its_place,
                 frozen_standby_is_no_success, everything_is_as_the_ledger_says, cancelled_wait_is_unknown_whoever_asks,
                 old_primary_that_comes_back_is_not_used, one_session_that_moves_takes_the_others_with_it,
                 everything_is_as_the_ledger_says, what_a_lossy_promotion_lost_is_not_passed_over):
        begin = time.monotonic()
        TAP.run(test.__name__, test)
        print(f"#   {time.monotonic() - begin:.1f} s")
finally:
    LOAD.close(C)
TAP.end()
