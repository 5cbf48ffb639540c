#!/usr/bin/python3
"""fault: two of each service behind nginx, under load: whichever is killed, asked to end or frozen, the other one goes on within
5 s; when all are killed, one of each is enough; a second one on the same endpoint is refused with a sentence. Nothing is lost,
doubled or out of order, no letter is sent twice (I-01, I-07, I-10, I-14).

limit: 240 s. RATE (40) applications a second"""

import concurrent.futures
import os
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import system as kopru  # noqa: E402
import takeover  # noqa: E402

RATE = float(os.environ.get("RATE", "40"))
FROZEN_SECONDS, END_SECONDS, DEAD = 6, 10, 20
TAP = kopru.Tap()


def turns(name):
    text = W.system.request(name, "GET", "/metrics")[2].decode()
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith("kopru_turns_events_total{"))


def active(service):
    """The instance that does the work just now; intakes all do."""
    names = W.system.names(service)
    if service == "intake":
        return names[0]
    before = {name: turns(name) for name in names}
    time.sleep(.5)
    return max(names, key=lambda name: turns(name) - before[name])


def ended(name, since):
    """Exit code, and after how many seconds."""
    return W.process(name).process.wait(END_SECONDS), time.monotonic() - since


def start(*names):
    since = time.monotonic()
    for name in names:
        W.process(name).start()
    for name in names:
        W.system.wait_healthy(name)
        print(f"# {name} is well again {time.monotonic() - since:.2f} s after its start")


def they_start_among_the_sockets_of_the_dead():
    for name in ("intake", "reporting", "notifier", "feed-intake", "feed-router", "command-router"):
        for number in range(DEAD):
            with socket.socket(socket.AF_UNIX) as dead:
                dead.bind(W.system.path(f"{name}-dead{number}.sock"))
    W.start()
    found = W.moved(time.monotonic(), 20)
    assert len(found) == len(W.marks()) + 2, found


def the_other_one_takes_over_from_the_killed():
    for service in kopru.SERVICES:
        name = active(service)
        W.kill(name)
        try:
            W.taken_over(f"{name} killed", time.monotonic())
        finally:
            start(name)


def the_other_one_takes_over_from_the_frozen():
    names = [active(service) for service in kopru.SERVICES]
    since = time.monotonic()
    for name in names:
        W.process(name).kill(signal.SIGSTOP)
    try:
        W.taken_over("all active ones frozen", since)
        time.sleep(max(0, since + FROZEN_SECONDS - time.monotonic()))
    finally:
        for name in names:
            W.process(name).kill(signal.SIGCONT)
    W.taken_over("all thawed", time.monotonic())


def who_is_asked_to_end_ends_and_the_other_one_takes_over():
    names = [active(service) for service in kopru.SERVICES]
    since = time.monotonic()
    for name in names:
        W.process(name).kill(signal.SIGTERM)
    try:
        with concurrent.futures.ThreadPoolExecutor(len(names)) as waiting:
            ends = {name: waiting.submit(ended, name, since) for name in names}
            W.taken_over("all active ones asked to end", since)
        for name in names:
            code, seconds = ends[name].result()
            print(f"# {name} ended {seconds:.2f} s after it was asked to")
            assert code == 0, f"{name} ended with {code}: {W.system.tail(name)}"
    finally:
        start(*names)


def one_of_each_is_enough():
    names = [name for service in kopru.SERVICES for name in W.system.names(service)]
    for name in names:
        W.kill(name)
    time.sleep(1)
    since = time.monotonic()
    start(*(name for name in names if name.endswith("-2")))
    try:
        W.taken_over("one of each, after all were killed", since)
    finally:
        start(*(name for name in names if name.endswith("-1")))


def a_second_one_on_the_same_endpoint_says_so_and_stops():
    for service in kopru.SERVICES:
        first = W.process(service + "-1")
        done = subprocess.run(first.command, env=first.environment, capture_output=True, text=True, timeout=10, check=False)
        said = done.stdout + done.stderr
        assert done.returncode == 1 and ("already" in said or "in use by another process" in said), (done.returncode, said)
        assert W.system.request(service + "-1", "GET", "/healthz")[0] == 200
    W.taken_over("after second ones were refused", time.monotonic())


def all_comes_to_an_end():
    W.finish()


def nothing_is_lost_doubled_or_out_of_order():
    found = W.verdict()
    print(f"# {found.count()}; {found.figures}")
    assert found.clean(), "\n".join(found.sentences())
    assert found.figures["accepted"] > 200 and found.figures["commands"] > 10 and found.figures["letters"] > 50
    print("# " + W.system.kopru("reconcile").replace("\n", "\n# "))
    assert W.system.value("SELECT count(*) FROM feed.parked") == "0"


def reads_of_what_was_just_written_do_not_wait_for_long():
    took = sorted(came - asked for asked, came, status in W.reader.seen if status == 200)
    refused = [status for _, _, status in W.reader.seen if status != 200]
    print(f"# {len(took)} reads after a write: median {took[len(took) // 2]:.3f} s, 90 % below {took[len(took) * 9 // 10]:.3f} s; "
          f"others {sorted(map(str, set(refused)))} ({len(refused)})")
    assert took[len(took) * 9 // 10] < 1


W = takeover.Pairs(5, RATE)
try:
    for test in (they_start_among_the_sockets_of_the_dead, the_other_one_takes_over_from_the_killed,
                 the_other_one_takes_over_from_the_frozen, who_is_asked_to_end_ends_and_the_other_one_takes_over,
                 one_of_each_is_enough, a_second_one_on_the_same_endpoint_says_so_and_stops, all_comes_to_an_end,
                 nothing_is_lost_doubled_or_out_of_order, reads_of_what_was_just_written_do_not_wait_for_long):
        TAP.run(test.__name__, test)
finally:
    W.close(keep=bool(TAP.failed))
    if TAP.failed:
        print(f"# ledgers and logs: {W.system.folder}")
TAP.end()
