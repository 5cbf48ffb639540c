#!/usr/bin/env python3
"""flow: a crowd with long texts while the database stands still: early refusals, bounded memory, nothing lost. I-15
run: alone"""

import os
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import system as kopru  # noqa: E402

CROWD = 300
ROOM_KIB = 64 * 1024
ASAN = "asan" in kopru.BUILD  # keeps 256 MiB of what was freed

S = kopru.System()
TAP = kopru.Tap()
BODY = {"kind": "complaint", "text": "😀" * 9990}


def starts():
    S.start("intake")


def a_crowd_finds_the_database_standing_still():
    answers, lock = [], threading.Lock()
    holder = subprocess.Popen([S.psql, "-X", "-q", "-A", "-t", "-d", kopru.conninfo_with(S.admin, dbname=S.database)],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    holder.stdin.write("BEGIN; LOCK TABLE intake.application; SELECT 'held';\n")
    holder.stdin.flush()
    assert holder.stdout.readline() == "held\n"

    def apply():
        status, headers, answer = S.apply(BODY)
        with lock:
            answers.append((status, headers.get("Retry-After"), answer))
    threads = [threading.Thread(target=apply) for _ in range(CROWD)]
    for thread in threads:
        thread.start()
    # The refused ones are told at once, while the others still wait.
    kopru.wait_until(lambda: len(answers) > CROWD // 2, 30, "most are refused", lambda: S.tail("intake"))
    holder.communicate("COMMIT;\n")
    for thread in threads:
        thread.join()

    stored = [answer["number"] for status, _, answer in answers if status == 201]
    refused = [retry for status, retry, _ in answers if status == 503]
    assert len(stored) + len(refused) == CROWD and stored, {status for status, _, _ in answers}
    assert all(refused), "503 without Retry-After"
    assert len(set(stored)) == len(stored)
    numbers = set(S.rows("SELECT number FROM intake.application"))
    assert set(stored) <= numbers, set(stored) - numbers


def its_memory_was_bounded():
    used = S.processes["intake"].rss_kib()
    assert ASAN or used <= ROOM_KIB, f"{used} KiB resident at its highest, {ROOM_KIB} are allowed"


def it_goes_on():
    status, _, answer = S.apply(BODY)
    assert status == 201, answer
    codes = S.close()
    assert set(codes.values()) == {0}, codes


for test in (starts, a_crowd_finds_the_database_standing_still, its_memory_was_bounded, it_goes_on):
    TAP.run(test.__name__, test)
TAP.end()
