#!/usr/bin/env python3
"""fault: death at every system call (F-002 to F-006). One accept, one decision, one letter, one reading and one delivery
is made while one thread of its process is killed at its Nth call of one name; then the process is started again, the sender
repeats with its key, and all is compared with the ledger (I-01, I-02, I-06, I-07, I-10, I-14). Which calls there are is
recorded first, from one that is left alone.

CI takes a sample by SEED. ALL=1 make fault T=syscalls takes every call of both threads, N = 1, 2, ... until two runs did
not reach it; it lasts about two minutes (169 deaths here). limit: 900 s"""

import itertools
import os
import random
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import chain  # noqa: E402
import inject  # noqa: E402
import mail  # noqa: E402
import system as kopru  # noqa: E402

ALL = os.environ.get("ALL") == "1"
RANDOM = random.Random(int(os.environ.get("SEED", "2020")))
SAMPLE = 2  # of each thread, when not all
LOOP, BUS = "loop", "ZMQbg/IO/0"
PLACES = [(name, thread) for name in (*kopru.SERVICES, "department-TEM") for thread in (LOOP, BUS)]
MAIL_PLACE = ("mail", LOOP)

TAP = kopru.Tap()
S = kopru.System(settings={"notifier": {"NOTIFIER_LEASE_SECONDS": "3"}})
C = chain.Chain(S)
COUNT = itertools.count(1)
KILLS = {}  # (process, thread): [(call, N)]


def thread_of(process, thread):
    return process.pid if thread == LOOP else inject.threads(process.pid)[thread]


def is_dead(victim):
    return victim.process.poll() is not None


def one(name, thread, rule, **record):
    """One application, all the way; whether the process died of the rule. It is up again afterwards."""
    victim, key = S.processes[name], f"{name}-{thread}-{next(COUNT)}"
    process = victim.process
    with inject.Strace(process.pid, rule, tid=thread_of(process, thread), **record):
        if C.send(key, timeout=3) == 201:
            end = time.monotonic() + 3
            while not is_dead(victim) and time.monotonic() < end and not C.is_through(key):
                time.sleep(0.02)
            if not is_dead(victim):
                time.sleep(0.12)  # acknowledgements come after the effects
    died = is_dead(victim)
    if died:
        assert victim.process.returncode == -signal.SIGKILL, (name, rule, victim.process.returncode, S.tail(name))
        victim.revive()
        if name in kopru.SERVICES:
            S.wait_healthy(name)
    C.settle(key)
    C.wait_through(key, letter=not died or name != "notifier")  # a letter under way waits for the end of its lease
    return died


def kill_at(place, run, call, n):
    died = run(*place, f"{call}:signal=KILL:when={n}")
    if died:
        KILLS[place].append(f"{call} {n}")
    return died


def kill_at_each(place, run, call):
    """N = 1, 2, ... until two in a row were not reached: what happens beside makes calls, too."""
    missed = 0
    for n in itertools.count(1):
        missed = 0 if kill_at(place, run, call, n) else missed + 1
        if missed == 2:
            return


def sweep(place, run):
    begin, record = time.monotonic(), S.path("calls")
    assert not run(*place, inject.CALLS, record=record)
    calls = inject.calls_recorded(record)
    KILLS[place] = []
    if ALL:
        for call in sorted(calls):
            kill_at_each(place, run, call)
    else:
        for call, n in RANDOM.sample([(call, n) for call in sorted(calls) for n in range(1, calls[call] + 1)], SAMPLE):
            kill_at(place, run, call, n)
    print(f"# {place[0]}, {place[1]}: {sum(calls.values())} calls of {len(calls)} names, killed at {len(KILLS[place])}, "
          f"{time.monotonic() - begin:.1f} s: {', '.join(KILLS[place])}", flush=True)
    assert KILLS[place] or not ALL, f"{place} never died"


def starts():
    S.start()
    S.department("TEM")
    C.settle("first")
    C.wait_through("first")


def dies_at_each_call():
    for place in PLACES:
        sweep(place, one)
    count = sum(map(len, KILLS.values()))
    print(f"# {count} deaths in all")
    assert count >= SAMPLE * len(KILLS) / 2, f"only {KILLS}: the sample is not of their calls"


def nothing_is_lost_doubled_or_out_of_order():
    figures = C.check()
    print(f"# {figures['stored']} applications, {C.repeats} lines that the department got again and acknowledged")


def one_letter(name, thread, rule, **record):
    """One letter to the mail server; every second one is a letter of law."""
    victim = MAIL.processes["notifier"]
    notice = mail.notices(MAIL, 1, "example.org", ("received", "answered")[next(COUNT) % 2])[0]

    def under_way():
        return MAIL.value(f"SELECT count(*) FROM notifier.notice WHERE id = '{notice}' AND state IN ('pending', 'sending')") == "1"
    with inject.Strace(victim.process.pid, rule, tid=victim.process.pid, **record):
        end = time.monotonic() + 3
        while not is_dead(victim) and time.monotonic() < end and under_way():
            time.sleep(0.02)
    died = is_dead(victim)
    if died:
        victim.revive()
        MAIL.wait_healthy("notifier")
    return died


def letters_by_mail_are_sent_once_or_counted():
    MAIL.start("notifier")
    sweep(MAIL_PLACE, one_letter)
    kopru.wait_until(lambda: MAIL.value("SELECT count(*) FROM notifier.notice WHERE state IN ('pending', 'sending') "
                                        "OR (state = 'unknown' AND next_at < 'infinity')") == "0", 30, "nothing is under way",
                     lambda: MAIL.tail("notifier"))
    taken, states = M.taken(), {}
    for row in MAIL.rows("SELECT id, state, policy, resends FROM notifier.notice"):
        notice, state, policy, resends = row.split("|")
        times = taken[mail.message_id(notice)]
        assert state in ("sent", "unknown"), row
        # Sent says that it was taken. Unknown says that nobody knows, and only a letter of law is repeated, once.
        assert times <= 1 + int(resends) and int(resends) <= (policy == "at_least_once"), (row, times)
        assert state == "unknown" or times >= 1, (row, times)
        states[policy, state] = states.get((policy, state), 0) + 1
    print(f"# by mail: {states}, taken {sum(taken.values())}")


REASON = inject.missing("strace")
if REASON:
    S.close()
    TAP.skip("syscalls", REASON)
    TAP.end()
FOLDER = kopru.tempfile.mkdtemp(prefix="kopru-mail.", dir="/tmp")
M = mail.Server(FOLDER, tls=False)
MAIL = kopru.System(settings={"notifier": {
    "NOTIFIER_PROVIDER": "smtp", "NOTIFIER_SMTP": f"smtp://127.0.0.1:{M.ports[0]}", "NOTIFIER_SMTP_TLS": "off", "NOTIFIER_LEASE_SECONDS": "3",
    "NOTIFIER_SETTLE_SECONDS": "1", "NOTIFIER_DOMAIN_MINUTE": "0"}})
try:
    for test in (starts, dies_at_each_call, nothing_is_lost_doubled_or_out_of_order, letters_by_mail_are_sent_once_or_counted):
        TAP.run(test.__name__, test)
finally:
    for system in (S, MAIL):
        system.close()
    M.close()
    kopru.shutil.rmtree(FOLDER, ignore_errors=True)
TAP.end()
