#!/usr/bin/env python3
"""fault: wall clocks that lie (F-060, F-062, F-063). The database keeps the true time; each service's clock in turn, or all of
them, stands a day ahead or behind, ten years ahead, in 1970, in 2038 and beyond, on 29 February, just before New Year and just
before midnight in Istanbul, and jumps from one to the other while applications go through.

What is right: received_at, the number's year, the legal date and the dates of the case are those of the database's clock, the
one of all leases, however wrong the clock of a service's machine is (common/feed/source.h, source_now()). Identifiers and log
lines may carry the wrong time: no order relies on them. Monotonic time may begin anywhere (unshare --time).

CI takes a sample by SEED; ALL=1 make fault T=clock takes every clock with every service, in about a minute. limit: 400 s"""

import collections
import datetime
import os
import random
import re
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import chain  # noqa: E402
import inject  # noqa: E402
import system as kopru  # noqa: E402

ALL = os.environ.get("ALL") == "1"
RANDOM = random.Random(int(os.environ.get("SEED", "2020")))
EVERY = (*kopru.SERVICES, "department-TEM")
# In UTC. Istanbul is three hours ahead: its midnight, and its New Year, come at 21:00.
CLOCKS = ("+1d", "-1d", "+10y", "@1970-01-01 00:00:01", "@2038-01-19 03:14:06", "@2028-02-28 20:59:59", "@2030-12-31 20:59:59",
          "@2026-06-30 20:59:59", "@2150-07-01 12:00:00", "-3600")
ISTANBUL = datetime.timezone(datetime.timedelta(hours=3))

TAP = kopru.Tap()
S = kopru.System(settings={"notifier": {"NOTIFIER_LEASE_SECONDS": "3"}})
C = chain.Chain(S)
CLOCK = {}  # service: inject.Clock
SHOWN = collections.Counter()  # service: cases in which its log had the false time
COUNT = iter(range(1, 1 << 30))


def starts():
    S.department("TEM")
    for name in EVERY:
        CLOCK[name] = inject.Clock(S.path("clock-" + name))
    for name in kopru.SERVICES:
        S.settings[name] = {**S.settings.get(name, {}), **CLOCK[name].settings}
    S.processes["department-TEM"].stop()
    S.processes["department-TEM"].environment.update(CLOCK["department-TEM"].settings)
    S.start()
    S.processes["department-TEM"].start()
    C.settle("first")
    C.wait_through("first")


def check_dates(key):
    """What the citizen was told, and what the case says, is of the true day."""
    answer = C.told[key]
    received = datetime.datetime.fromisoformat(answer["received_at"])
    away = abs((datetime.datetime.now(ISTANBUL) - received).total_seconds())
    assert away < 60, f"{key}: received_at is {answer['received_at']}"
    assert answer["number"].split("-")[1] == str(received.year), answer
    due = datetime.date.fromisoformat(answer["due_on"])
    assert 28 <= (due - received.date()).days <= 40, answer
    row = S.value("SELECT c.due_on, abs(extract(epoch FROM now() - a.received_at)) < 60, c.target_on - current_date BETWEEN 0 AND 20, "
                  "abs(extract(epoch FROM now() - e.at)) < 60 FROM intake.application a JOIN router.case c ON c.application_id = a.id "
                  f"JOIN feed.event e ON e.application_id = a.id AND e.stream = 'case' WHERE a.number = '{answer['number']}'")
    assert row == f"{answer['due_on']}|t|t|t", f"{key}: {row}, told was {answer['due_on']}"


def seconds_away(what):
    """How far from the truth a clock is that is set so."""
    if what.startswith("@"):
        instant = datetime.datetime.strptime(what, "@%Y-%m-%d %H:%M:%S").replace(tzinfo=datetime.timezone.utc)
        return instant.timestamp() - time.time()
    unit = {"d": 24 * 3600, "y": 365 * 24 * 3600}.get(what[-1])
    return int(what[:-1]) * unit if unit else int(what)


def wrong_lines(name, what):
    """How many lines of its log carry the time that was set, give or take half an hour."""
    count, now, away = 0, time.time(), seconds_away(what)
    for stamp in re.findall(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d+Z ", S.tail(name, 100000), re.M):
        written = datetime.datetime.fromisoformat(stamp).replace(tzinfo=datetime.timezone.utc).timestamp()
        count += abs(written - now - away) < 1800
    return count


def show_their_time(names, what, before):
    """A clock that was not wrong would prove nothing: each says something, for the loss of its session if for nothing else."""
    services = [name for name in names if name in kopru.SERVICES and wrong_lines(name, what) == before[name]]
    for name in services:
        S.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{name}' AND datname = '{S.database}'")
    for name in services:
        kopru.wait_until(lambda n=name: wrong_lines(n, what) > before[n], 10, f"{name} has the time {what}",
                         lambda n=name: S.tail(n, 1500))
        S.wait_healthy(name)
    SHOWN.update(name for name in names if wrong_lines(name, what) > before[name])


def set_clock(names, what):
    for name in names:
        CLOCK[name].set(what)


def through(names, what, restarted):
    """Two applications under that clock: it jumps while they run, or they were started with it."""
    before = {name: wrong_lines(name, what) for name in names}
    set_clock(names, what)
    if restarted:
        for name in names:
            S.processes[name].kill()
            S.processes[name].process.wait()
            S.processes[name].revive()
        for name in set(names) & set(kopru.SERVICES):
            S.wait_healthy(name)
    for _ in range(2):
        key = f"clock-{next(COUNT)}"
        assert C.send(key) == 201, f"{names} at {what}: not accepted\n{S.tail('intake')}"
        C.wait_through(key)
        check_dates(key)
    for name in EVERY:
        assert S.processes[name].process.poll() is None, f"{name} ended at {what}: {S.tail(name)}"
    show_their_time(names, what, before)
    set_clock(names, None)


def wrong_clocks_give_no_wrong_date():
    cases = [(names, what, restarted) for names in [(name,) for name in EVERY] + [EVERY] for what in CLOCKS
             for restarted in (False, True)]
    if not ALL:  # all at once and intake alone, jumping to each; and others
        cases = [(EVERY, what, False) for what in RANDOM.sample(CLOCKS, 3)] + \
            [(("intake",), "@1970-01-01 00:00:01", True), (("router",), "+10y", True)] + RANDOM.sample(cases, 3)
    for names, what, restarted in cases:
        try:
            through(names, what, restarted)
        except AssertionError as error:
            raise AssertionError(f"{names} at {what}{', started with it' if restarted else ''}: {error}") from error
    print(f"# {len(cases)} wrong clocks: dates of {next(COUNT) - 1} applications are the true ones; logs show the false time "
          f"{dict(SHOWN)} times")
    assert set(kopru.SERVICES) <= set(SHOWN), SHOWN


def no_lease_is_stolen():
    """A second notifier a day ahead stands beside the first: no letter is sent twice, none is taken over."""
    environment = {**S.environment("notifier"), "NOTIFIER_LISTEN": f"unix:{S.path('notifier-2.sock')}"}
    second = kopru.Process("notifier-2", [os.path.join(kopru.BUILD, "kopru-notifier")], environment, S.path("log", "notifier-2.log"))
    set_clock(("notifier",), "+1d")
    S.processes["notifier-2"] = second
    second.start()
    try:
        for _ in range(10):
            key = f"clock-{next(COUNT)}"
            C.settle(key)
            C.wait_through(key)
    finally:
        second.stop()
        del S.processes["notifier-2"]
        set_clock(("notifier",), None)
    stolen = S.value("SELECT count(*) FROM notifier.attempt WHERE reason LIKE '%lease ended%'")
    assert stolen == "0", f"{stolen} leases were ended by another one's clock"
    assert S.value("SELECT count(*) FROM notifier.notice WHERE attempts > 1") == "0"


def figures_are_right_again():
    """What reporting took in under a wrong clock counts as it should once the clock is right."""
    set_clock(("reporting",), "+10y")
    key = f"clock-{next(COUNT)}"
    C.settle(key)
    C.wait_through(key)
    time.sleep(2.5)  # reporting looks every two seconds at what is overdue
    set_clock(("reporting",), None)
    bearer = S.api_key("clock", "reports")
    today = datetime.datetime.now(ISTANBUL).date().isoformat()

    count = int(S.value("SELECT count(*) FROM intake.application"))
    status, _, answer = S.request("reporting", "GET", f"/api/v1/reports/summary?from={today}&to={today}",
                                  headers={"Authorization": "Bearer " + bearer})
    assert status == 200, answer
    assert answer["total"] == count, answer
    assert sum(row["overdue"] for row in answer["by_department"]) == 0, answer["by_department"]


def monotonic_time_may_begin_anywhere():
    """A restored machine: monotonic time begins near zero, or is far ahead."""
    kopru.need_root("unshare")
    if not os.path.exists("/proc/self/ns/time"):
        raise kopru.Skip("this kernel has no namespaces of time")
    with open("/proc/uptime", encoding="ascii") as uptime:
        behind = -int(float(uptime.read().split()[0])) + 5
    for offset in (behind, 400 * 24 * 3600):
        for name in EVERY:
            process = S.processes[name]
            original = process.command
            process.command = ["unshare", "--time", "--monotonic", str(offset), "--boottime", str(offset), "--", *original]
            process.kill()
            process.process.wait()
            process.revive()
            process.command = original
        for name in kopru.SERVICES:
            S.wait_healthy(name)
        key = f"clock-{next(COUNT)}"
        C.settle(key)
        C.wait_through(key)
        check_dates(key)
    for name in EVERY:
        S.processes[name].kill(signal.SIGKILL)
        S.processes[name].process.wait()
        S.processes[name].revive()


def nothing_is_lost_doubled_or_out_of_order():
    figures = C.check()
    print(f"# {figures['stored']} applications, {C.repeats} lines that the department got again")


REASON = "" if inject.glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1") else "faketime is not installed"
if REASON:
    S.close()
    TAP.skip("clock", REASON)
    TAP.end()
try:
    for test in (starts, wrong_clocks_give_no_wrong_date, no_lease_is_stolen, figures_are_right_again,
                 monotonic_time_may_begin_anywhere, nothing_is_lost_doubled_or_out_of_order):
        TAP.run(test.__name__, test)
finally:
    S.close()
TAP.end()
