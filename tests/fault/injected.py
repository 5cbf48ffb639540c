#!/usr/bin/env python3
"""fault: calls that fail (F-011, F-045 to F-049, F-051). Under traffic, one service at a time: writes and reads end with
ENOSPC, EIO, EINTR, EAGAIN or ECONNRESET, files cannot be opened, flushed or renamed, writes are short, memory is refused, the
disk of the database is slow, no thread can be made. A service may refuse (503) or end by itself and be started again; it never
gives a wrong answer, and afterwards everything is as the ledger says (I-01 to I-07, I-10, I-14).

CI takes a sample by SEED; ALL=1 make fault T=injected takes every case and lasts about six minutes. limit: 1200 s"""

import collections
import contextlib
import os
import random
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import chain  # noqa: E402
import inject  # noqa: E402
import system as kopru  # noqa: E402

ALL = os.environ.get("ALL") == "1"
RANDOM = random.Random(int(os.environ.get("SEED", "2020")))
EVERY = (*kopru.SERVICES, "department-TEM")
WRITES, READS = "writev,sendto,sendmsg", "readv,recvfrom,recvmsg"  # of sockets
OWN = "write,read"  # of libzmq's own descriptors, at which it aborts (F-011); and of logs and files
FILES = "openat,close,fsync,fdatasync,syncfs,rename,renameat,unlink,mkdir"
# Calls, errors, services, of how many calls one fails.
CASES = [(calls, error, name, every) for calls, errors, names, every in (
    (WRITES, ("ENOSPC", "EIO", "EINTR", "EAGAIN", "ECONNRESET"), EVERY, 3),
    (READS, ("EIO", "EINTR", "EAGAIN", "ECONNRESET"), EVERY, 3),
    (OWN, ("ENOSPC", "EIO", "EINTR", "EAGAIN"), EVERY, 7),
    (FILES, ("EIO", "ENOSPC", "EINTR"), ("notifier", "department-TEM"), 2),
    ("accept4", ("EMFILE", "ECONNABORTED", "EINTR"), ("intake", "reporting"), 2),
    ("connect,socket", ("EAGAIN", "ENOBUFS", "ECONNREFUSED"), EVERY, 2),
) for error in errors for name in names]
SHORT = ("posix/io/rw/write/reduce", "posix/io/rw/writev/reduce", "posix/io/rw/read/reduce", "posix/io/rw/readv/reduce")
MEMORY, SHARES = "libc/mm/*", (0.001, 0.005, 0.02)
CLEAN = (1, -6)  # exit 1 with a sentence, or abort(): of ours, of libzmq, of libevent

TAP = kopru.Tap()
S = kopru.System()
C = chain.Chain(S)
ENDS = []  # (service, exit code) of each that was started again
COUNT = iter(range(1, 1 << 30))


def supervise(stop):
    """As S.supervise(), but writes down how each one ended."""
    while not stop.is_set():
        for process in list(S.processes.values()):
            code = process.process.poll() if process.process else None
            if code is not None and process.revive():
                ENDS.append((process.name, code))
        time.sleep(0.05)


def starts():
    S.start()
    S.department("TEM")
    C.settle("first")
    C.wait_through("first")


def traffic(seconds=0.6):
    """Applications one after the other; any answer but a good one or "later" is an error."""
    end, keys = time.monotonic() + seconds, []
    while time.monotonic() < end or not keys:
        keys.append(f"injected-{next(COUNT)}")
        C.send(keys[-1], timeout=1)
        time.sleep(0.03)
    return keys


def after(keys, what):
    """It works again, by itself, on everything; who ended, ended cleanly."""
    begin, ended = time.monotonic(), len(ENDS)
    for name in kopru.SERVICES:
        S.wait_healthy(name)
    for key in keys:
        C.settle(key)
    C.wait_through(keys[-1], letter=False)
    unclean = [end for end in ENDS if end[1] not in CLEAN]
    assert not unclean, f"{what}: {unclean}\n{S.tail(unclean[0][0])}"
    return time.monotonic() - begin, len(ENDS) - ended


def provoke(calls, name):
    """What makes a service that has all it needs connect and accept anew."""
    if calls == "accept4":
        with contextlib.suppress(OSError, kopru.http.client.HTTPException):
            S.request(name, "GET", "/healthz")
    elif calls == "connect,socket" and name in kopru.SERVICES:
        S.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{name}'")


def failing_calls(calls, error, name, every):
    """How many calls were made to fail, as strace tells, and seconds until all was well again."""
    record = S.path("injected.trace")
    with inject.Strace(S.processes[name].process.pid, f"{calls}:error={error}:when=2+{every}", record=record):
        keys = []
        for _ in range(3):
            provoke(calls, name)
            keys += traffic(0.2)
    took, _ = after(keys, f"{name}: {calls} with {error}")
    return inject.injected(record), took


def calls_end_with_errors():
    slowest, before, hits, idle, count = 0, len(ENDS), collections.Counter(), [], 0
    for calls, error, name, every in CASES if ALL else RANDOM.sample(CASES, len(CASES)):
        if not ALL and hits[calls]:
            continue  # of each kind one that hit
        failed, took = failing_calls(calls, error, name, every)
        count, slowest = count + 1, max(slowest, took)
        hits[calls] += failed
        if not failed:
            idle.append(f"{name} {calls} {error}")
        if ALL:
            print(f"# {name}: every {every} of {calls} with {error}: {failed} failed, well after {took:.1f} s, "
                  f"ends {ENDS[before:]}", flush=True)
    print(f"# {count} cases of failing calls: {dict(hits)} calls failed; at work again after at most {slowest:.1f} s, "
          f"{len(ENDS) - before} ended by themselves; in {len(idle)} the call did not come: {', '.join(idle) or 'none'}")
    assert all(hits[calls] for calls, *_ in CASES), f"of one kind nothing was injected: {hits}"
    assert slowest < 15, slowest


def restart(name, environment):
    process = S.processes[name]
    process.wanted = False
    process.kill()
    process.process.wait()
    process.environment = environment
    process.start()
    if name in kopru.SERVICES:
        S.wait_healthy(name)


def with_libfiu(name, points):
    """Restarts a service so that its calls can be made to fail, and makes them fail at each point in turn."""
    fiu, process = inject.Fiu(S.folder), S.processes[name]
    original = process.environment
    restart(name, {**original, **fiu.settings})
    try:
        for point, probability in points:
            pid = process.process.pid
            assert fiu.fail(pid, point, probability), f"libfiu does not take hold of {name}"
            keys = traffic()
            fiu.heal(pid, point)
            after(keys, f"{name}: {point} {probability}")
    finally:
        restart(name, original)


def writes_and_reads_are_short():
    for name in EVERY if ALL else RANDOM.sample(EVERY, 2):
        with_libfiu(name, [(point, 0.5) for point in (SHORT if ALL else RANDOM.sample(SHORT, 1))])


def memory_is_refused():
    before = len(ENDS)
    names = EVERY if ALL else ["department-TEM", *RANDOM.sample(kopru.SERVICES, 2)]
    for name in names:
        with_libfiu(name, [(MEMORY, share) for share in (SHARES * 3 if ALL else RANDOM.sample(SHARES, 1))])
    lines = S.lines("TEM")
    incomplete = [line["seq"] for line in lines if set(line) != set(lines[0])]
    assert not incomplete, f"fields are missing in the department's lines {incomplete}"
    print(f"# memory refused in {', '.join(names)}: {len(ENDS) - before} ended by themselves")


def nothing_is_lost_doubled_or_out_of_order():
    print(f"# {C.settle_all()} applications had no good answer yet")
    figures = C.check(90)
    print(f"# {figures['stored']} applications, {C.repeats} lines that the department got again")


def a_slow_disk_costs_only_time():
    """Each flush of intake's backends and of the walwriter takes 40 ms longer."""
    pids = S.rows("SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter' "
                  f"OR (datname = '{S.database}' AND usename IN ('intake', 'router'))")
    tracers = [inject.Strace(int(pid), "fdatasync,fsync:delay_exit=40000", tid=int(pid)) for pid in pids]
    try:
        took = []
        for number in range(10):
            begin = time.monotonic()
            assert C.send(f"slow-{number}") == 201
            took.append(time.monotonic() - begin)
        C.wait_through("slow-9")
    finally:
        for tracer in tracers:
            tracer.close()
    print(f"# each flush 40 ms slower: accepted after {min(took) * 1000:.0f} to {max(took) * 1000:.0f} ms")
    assert sorted(took)[5] >= 0.04, "the flush was not made slower: nothing was tested"
    assert max(took) < 2, took


def without_threads_it_refuses_to_start():
    """RLIMIT_NPROC does not hold for root, so they run as a user that nobody is."""
    user = "64999"
    for name in kopru.SERVICES:
        command = ["prlimit", "--nproc=1", "setpriv", "--reuid", user, "--regid", user, "--clear-groups",
                   os.path.join(kopru.BUILD, "kopru-" + name)]
        folder = kopru.tempfile.mkdtemp(prefix="kopru-threads.", dir="/tmp")
        try:
            kopru.shutil.copytree(S.path("secrets"), folder + "/secrets")
            os.mkdir(folder + "/outbox")
            subprocess.run(["chown", "-R", f"{user}:{user}", folder], check=True)
            environment = {setting: value.replace(S.folder, folder) for setting, value in S.environment(name).items()}
            done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=15, check=False, cwd="/")
        finally:
            kopru.shutil.rmtree(folder)
        assert done.returncode == 1 and "thread" in done.stderr, f"{name}: {done.returncode}: {done.stderr}"


REASON = inject.missing("strace", "fiu-run", "setpriv", "prlimit")
if REASON:
    S.close()
    TAP.skip("injected", REASON)
    TAP.end()
STOP = threading.Event()
try:
    TAP.run(starts.__name__, starts)
    threading.Thread(target=supervise, args=(STOP,), daemon=True).start()
    for test in (calls_end_with_errors, writes_and_reads_are_short, memory_is_refused, a_slow_disk_costs_only_time,
                 nothing_is_lost_doubled_or_out_of_order, without_threads_it_refuses_to_start):
        TAP.run(test.__name__, test)
finally:
    STOP.set()
    time.sleep(0.1)
    S.close()
TAP.end()
