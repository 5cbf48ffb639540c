#!/usr/bin/python3
"""fault: a seeded run against everything at once. Applicants, clerks, departments and a mail server write down what they saw
while a nemesis kills, stops, cuts, fills and promotes; afterwards each application that was ever sent has exactly one name, and
only good ones occur (I-01, I-02, I-03, I-05 to I-10, I-12 to I-14, I-18).

limit: 300 s. SEED (3) and MINUTES (0.5) choose the run, RATE (50) applications a second, RECORD=1 adds its line to results.tsv.
A failed run (any with KEEP=1) keeps its folder and says where it is and how to repeat it: make fault SEED=3 MINUTES=0.5"""

import datetime
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "harness"))
import nemesis  # noqa: E402
import system as kopru  # noqa: E402
import verdict  # noqa: E402
import world  # noqa: E402

SEED = int(os.environ.get("SEED", "3"))
MINUTES = float(os.environ.get("MINUTES", "0.5"))
RATE = float(os.environ.get("RATE", "50"))
RESULTS = os.path.join(HERE, "results.tsv")
WARM_SECONDS, MORE_KIB, MORE_DESCRIPTORS = 3, 8 * 1024, 24
LETTERS_SHARE = .6  # of the applications: 7 of 10 give an address, and most mail faults only delay a letter
REPORTS = re.compile(r"AddressSanitizer|LeakSanitizer|runtime error:|Assertion .* failed")
COLUMNS = ("commit", "date", "seed", "minutes", "accepted", "commands_done", "deliveries", "letters_taken", *verdict.GOOD,
           *verdict.BAD, "sigkills", "stops", "terms", "db_crashes", "promotions", "disk_full", "other_faults",
           "slowest_progress_s", "first_2xx_after_promotion_s", "verdict")
EXPLAINED = "# A line is one run of make fault SEED= MINUTES= RECORD=1 at a commit: what was done in it; the applications by their " \
    "names (ok, unknown-...) and the faults found (lost ... unresolved); the faults that took place" \
    " (signals: to Köprü's own programs); seconds from healing until the " \
    "slowest of all moved (at most 10), from a promotion to the first 2xx (at most 5); ok when nothing was wrong.\n"
TAP = kopru.Tap()
W = world.World(SEED, RATE, instances=2)
N = nemesis.Nemesis(W, SEED)
STATE = {"baseline": {}, "verdict": None}


def the_world_goes_round():
    W.start()
    took, late = W.progress(time.monotonic(), 20)
    assert not late, late
    time.sleep(WARM_SECONDS)
    STATE["baseline"] = W.resources()
    print(f"# everything moves after {took:.1f} s")


def the_nemesis_is_survived():
    N.run(MINUTES * 60)
    W.log("the nemesis has ended")
    print(f"# {dict(N.seen)}; {W.counts}; slowest {W.worst}")
    assert not W.faults, W.faults
    assert not W.unexplained(), "\n".join(W.unexplained())


def all_comes_to_an_end():
    W.finish()


def memory_and_descriptors_are_back():
    resources = W.resources()
    for name, before in STATE["baseline"].items():
        memory, descriptors = resources[name]
        print(f"# {name}: {before[0]} to {memory} KiB, {before[1]} to {descriptors} descriptors")
        assert memory <= before[0] + MORE_KIB and descriptors <= before[1] + MORE_DESCRIPTORS, name
    assert not W.unexplained(), "\n".join(W.unexplained())


def each_application_has_a_good_name():
    found = STATE["verdict"] = W.verdict()
    print(f"# {found.count()}; {found.figures}")
    assert found.clean(), "\n".join(found.sentences())
    assert found.figures["accepted"] > RATE * MINUTES * 60 / 10 and found.figures["commands"] > 10
    assert found.figures["letters"] > found.figures["accepted"] * LETTERS_SHARE, found.figures


def the_operator_sees_nothing_wrong():
    print("# " + W.system.kopru("reconcile").replace("\n", "\n# "))
    wrong = W.doctor()
    assert not wrong, wrong
    assert W.system.value("SELECT count(*) FROM feed.parked") == "0", "something is parked"
    for name in os.listdir(W.system.path("log")):
        with open(W.system.path("log", name), encoding="utf-8", errors="replace") as log:
            said = REPORTS.search(log.read())
        assert not said, f"{name}: {said.group(0)}"


def record():
    """Adds the line of this run, below the lines that say what the columns are."""
    commit = subprocess.run(["git", "-C", HERE, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    found = STATE["verdict"] or verdict.Verdict()
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%MZ")
    figures = [found.figures.get(name, 0) for name in ("accepted", "commands", "delivered", "letters")]
    worst = [f"{W.worst.get(kind, (0,))[0]:.2f}" for kind in ("progress", "promotion")]
    with open(RESULTS, "a", encoding="utf-8") as file:
        if not file.tell():
            file.write(EXPLAINED + "\t".join(COLUMNS) + "\n")
        file.write("\t".join(map(str, (commit.stdout.strip() or "-", now, SEED, f"{MINUTES:g}", *figures, *found.count().values(),
                                       *W.counts.values(), *worst, "failed" if TAP.failed else "ok"))) + "\n")


try:
    for test in (the_world_goes_round, the_nemesis_is_survived, all_comes_to_an_end, memory_and_descriptors_are_back,
                 each_application_has_a_good_name, the_operator_sees_nothing_wrong):
        TAP.run(test.__name__, test)
        if TAP.failed and test is the_world_goes_round:
            break
    if os.environ.get("RECORD"):
        record()
finally:
    kept = bool(TAP.failed or os.environ.get("KEEP"))
    W.close(kept)
    if kept:
        print(f"# ledgers and logs: {W.system.folder}; again: make fault SEED={SEED} MINUTES={MINUTES:g}")
TAP.end()
