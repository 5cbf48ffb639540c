#!/usr/bin/env python3
"""fault: full disks and failing ones (F-034, F-040 to F-043): the data volume, the volume of the write-ahead log, the folder
of the outbox, that of the logs, and fdatasync that fails. With an external ledger: what was acknowledged is there afterwards,
what was to be sent is sent, and everything goes on by itself once there is space.

limit: 240 s. SEED makes a run repeatable. Needs root, for volumes of its own."""

import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import cluster  # noqa: E402
import load  # noqa: E402
import system as kopru  # noqa: E402

SEED = int(os.environ.get("SEED", "2020"))
GOES_ON = 10  # seconds after which work goes on, once there is space
FIRST_BACK_OFF = 10  # seconds after which a letter is tried again
TAP = kopru.Tap()


class Volume:
    """A folder of a service that is a volume of its own."""

    def __init__(self, path, kib):
        self.path = path
        C.mount(path, f"{kib}k")

    def fill(self):
        cluster.fill(os.path.join(self.path, "ballast"))

    def free(self):
        os.unlink(os.path.join(self.path, "ballast"))

    def remount(self, how):
        subprocess.run(["mount", "-o", "remount," + how, self.path], check=True)


def answers_since(count):
    return [status for _, status in LOAD.ledger.answers[count:]]


def start():
    LOAD.begin()


def outbox_is_full_and_then_read_only():
    """What could not be written down is tried again; looked at in outbox_has_everything."""
    OUTBOX.fill()
    failed = "SELECT count(*) FROM notifier.notice WHERE state = 'pending' AND attempts > 0"
    kopru.wait_until(lambda: int(S.value(failed)) > 0, 10, "letters could not be written")
    OUTBOX.free()
    OUTBOX.remount("ro")
    before = int(S.value(failed))
    kopru.wait_until(lambda: int(S.value(failed)) > before + 5, 10, "more letters could not be written")
    OUTBOX.remount("rw")
    print(f"# outbox full, then read-only: {S.value(failed)} letters wait for their next try")


def logs_are_full():
    LOGS.fill()
    accepted = LOAD.accepted()
    for name in kopru.SERVICES:
        C.terminate_backends(name)  # something to write about
    kopru.wait_until(lambda: LOAD.accepted() > accepted + 30, GOES_ON, "applications are accepted without a log")
    assert all(S.processes[name].process.poll() is None for name in kopru.SERVICES), "a service died for want of a log"
    assert all(S.processes[name].starts == 1 for name in kopru.SERVICES)
    LOGS.free()
    sizes = os.path.getsize(S.path("log", "intake.log"))
    C.terminate_backends("intake")
    kopru.wait_until(lambda: os.path.getsize(S.path("log", "intake.log")) > sizes, GOES_ON, "there are new lines")


def data_volume_is_full():
    receipt = next((number, code) for outcome, number, code in LOAD.ledger.outcomes.values() if outcome == "ok")
    C.sql("CHECKPOINT")  # so that none comes meanwhile: PostgreSQL crashes when it cannot write down how far replication is
    C.fill_disk("data")
    filled, count = time.monotonic(), len(LOAD.ledger.answers)
    kopru.wait_until(lambda: 503 in answers_since(count), 20, "intake says that it cannot", lambda: S.tail("intake"))
    said = next(at - filled for at, status in LOAD.ledger.answers[count:] if status == 503)
    status, _, _ = S.track(*receipt)
    assert status == 200, f"reading was answered {status}"
    time.sleep(1)
    C.free_disk("data")
    freed = time.monotonic()
    assert C.primary.runs(), f"PostgreSQL did not live through it:\n{C.primary.tail()}"
    seconds = LOAD.first_accepted(freed)
    answers = answers_since(count)
    print(f"# data volume full: first 503 after {said:.1f} s, {answers.count(503)} in all, reading was answered {status}; "
          f"first 2xx {seconds:.2f} s after there was space")
    assert seconds <= GOES_ON and set(answers) <= {201, 503}, set(answers)


def wal_volume_is_full():
    """PostgreSQL gives up, and stays down until there is space and it is started."""
    C.sql("SELECT pg_create_physical_replication_slot('gone', true)")  # of a standby that is gone: nothing is recycled
    C.fill_disk("wal")
    count = len(LOAD.ledger.answers)
    kopru.wait_until(lambda: not C.primary.runs(), 30, "PostgreSQL gave up", lambda: C.primary.tail())
    kopru.wait_until(lambda: 503 in answers_since(count), 20, "intake says that it cannot")
    assert "PANIC" in C.primary.tail(20000)
    C.free_disk("wal")
    C.restart("kill")
    started = time.monotonic()
    seconds = LOAD.first_accepted(started)
    C.sql("SELECT pg_drop_replication_slot('gone')")
    print(f"# volume of the write-ahead log full: PANIC; first 2xx {seconds:.2f} s after the start with space")
    assert seconds <= GOES_ON


def fdatasync_fails():
    """A failed commit is no failed application: it may be there after the recovery (I-03)."""
    kopru.need_root("strace")
    size = os.path.getsize(C.primary.log)
    pids = [option for pid in C.primary.processes() for option in ("-p", str(pid))]
    with subprocess.Popen(["strace", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=1",
                           *pids], stderr=subprocess.DEVNULL) as tracing:
        def panicked():
            with open(C.primary.log, "rb") as log:
                log.seek(size)
                return b"PANIC" in log.read()
        try:
            kopru.wait_until(panicked, 15, "PostgreSQL gives up")
        finally:
            tracing.send_signal(signal.SIGINT)
    failed = time.monotonic()
    seconds = LOAD.first_accepted(failed)
    print(f"# fdatasync failed: PANIC, first 2xx {seconds:.2f} s later")
    assert seconds <= GOES_ON


def everything_is_as_the_ledger_says():
    LOAD.stop()
    LOAD.check()


if os.geteuid() != 0:
    TAP.skip("disks", "volumes of our own need root")
    TAP.end()
C = cluster.Cluster(standby=False, disk_mib=160, wal_mib=48)
S = kopru.System(cluster=C)
OUTBOX, LOGS = Volume(S.path("outbox"), 16384), Volume(S.path("log"), 1024)
LOAD = load.Load(S, SEED, workers=3, pause=0.03)
try:
    for test in (start, outbox_is_full_and_then_read_only, logs_are_full, data_volume_is_full, wal_volume_is_full,
                 fdatasync_fails, everything_is_as_the_ledger_says):
        begin = time.monotonic()
        TAP.run(test.__name__, test)
        print(f"#   {time.monotonic() - begin:.1f} s")
finally:
    LOAD.close(C)
TAP.end()
