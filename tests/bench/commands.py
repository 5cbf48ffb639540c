#!/usr/bin/python3
"""bench: commands a second over ipc, so many at once, each on a case of its own: accept, answer, close; prints one JSON line.

    tests/run --exec "tests/bench/commands.py [CASES [PARALLEL]]"
"""
import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import commands  # noqa: E402
import system as kopru  # noqa: E402

CASES = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
PARALLEL = int(sys.argv[2]) if len(sys.argv) > 2 else 50
MANAGER = commands.manager("TEM")
STEPS = (("accept", {}), ("answer", {"text": "Konteyner boşaltıldı, temizlik yapıldı."}), ("close", {}))


def applications(system, count):
    """So many cases of TEM, entered over eight connections."""
    def enter(share):
        connection = system.connection("intake")
        for _ in range(share):
            status, _, answer = system.apply({"kind": "complaint", "text": "Sokağımızda çöp toplanmadı, konteyner taşıyor.",
                                              "applicant": {"name": "Deneme Şahıs", "email": "deneme@example.org"}},
                                             connection=connection)
            assert status == 201, answer
    threads = [threading.Thread(target=enter, args=(count // 8 + 1,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kopru.wait_until(lambda: int(system.value("SELECT count(*) FROM router.case")) >= count, 120, "all are routed")
    return system.rows(f"SELECT application_id FROM router.case LIMIT {count}")


def run(client, cases):
    """Seconds of each command; PARALLEL cases at a time, each its three steps one after the other."""
    waiting, begun, took = {}, {}, []
    left = iter(cases)

    def send(case, step):
        id_ = client.send(STEPS[step][0], case, STEPS[step][1], expected_version=2 + step, actor=MANAGER)
        waiting[id_], begun[id_] = (case, step), time.monotonic()

    for case in [next(left) for _ in range(PARALLEL)]:
        send(case, 0)
    while waiting:
        reply = client.receive()
        assert commands.code(reply) == "ok", reply
        case, step = waiting.pop(reply.id)
        took.append(time.monotonic() - begun.pop(reply.id))
        if step + 1 < len(STEPS):
            send(case, step + 1)
        else:
            following = next(left, None)
            if following:
                send(following, 0)
    return took


def main():
    system = kopru.System()
    try:
        system.start("intake", "router")
        cases = applications(system, CASES)
        client = commands.Client(system.commands)
        before = time.monotonic()
        took = sorted(run(client, cases))
        seconds = time.monotonic() - before
        print(json.dumps({"commands": len(took), "parallel": PARALLEL, "per_s": round(len(took) / seconds),
                          "p50_ms": round(1000 * took[len(took) // 2], 1),
                          "p95_ms": round(1000 * took[len(took) * 95 // 100], 1),
                          "router_rss_mib": round(system.processes["router"].rss_kib() / 1024, 1)}))
    finally:
        system.close()


main()
