#!/usr/bin/python3
"""bench: a million open deadlines, and the calendar changes: how long until all have moved that move, what intake's answers take
meanwhile, and how long the look for what is due takes. Prints one JSON line.

    tests/run --exec "tests/bench/deadlines.py [DEADLINES [holiday|suspension]]"
"""
import datetime
import json
import os
import re
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import deadlines  # noqa: E402
import system as kopru  # noqa: E402

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 1000000
KIND = sys.argv[2] if len(sys.argv) > 2 else "holiday"
DAYS = 60
POSTS_A_SECOND = 50
LIMIT_S = 900


class Citizens:
    """Applies so many times a second over four connections; what each answer took."""

    def __init__(self, system):
        self.system, self.took, self.going = system, [], True
        self.threads = [threading.Thread(target=self.apply) for _ in range(4)]
        for thread in self.threads:
            thread.start()

    def apply(self):
        connection = self.system.connection("intake")
        while self.going:
            begun = time.monotonic()
            status, _, answer = self.system.apply({"kind": "complaint", "text": "Sokağımızda çöp toplanmadı.",
                                                   "applicant": {"name": "Deneme Şahıs"}}, connection=connection)
            assert status == 201, answer
            self.took.append(time.monotonic() - begun)
            time.sleep(max(0.0, 4 / POSTS_A_SECOND - self.took[-1]))

    def milliseconds(self):
        """p50 and p99 since the last time."""
        took, self.took = sorted(self.took), []
        return [round(1000 * took[len(took) * share // 100], 1) for share in (50, 99)]

    def stop(self):
        self.going = False
        for thread in self.threads:
            thread.join()


def look_ms(system):
    """The router's look for clocks with something to tell, as the server explains it: the median of five."""
    with open(os.path.join(kopru.TOP, "services/router/clocks.sql"), encoding="utf-8") as file:
        text = re.search(r"-- name: clocks_due\n(.*?);", file.read(), re.S).group(1)
    text = "\n".join(line for line in text.split("\n") if not line.startswith("--"))
    text = text.replace("$1", "(now() + interval '30 days 1 minute')").replace("$2", "200")
    plans = [json.loads(system.sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {text}"))[0] for _ in range(5)]
    return sorted(plan["Execution Time"] for plan in plans)[2]


def free_day(system, first):
    """The first working day from first on that is no holiday yet."""
    taken = set(system.rows("SELECT day FROM router.holiday"))
    while first.weekday() > 4 or first.isoformat() in taken:
        first += datetime.timedelta(days=1)
    return first.isoformat()


def measure(system):
    system.start("intake", "router")
    status, _, answer = system.apply({"kind": "complaint", "text": "Sokağımızda çöp toplanmadı, konteyner taşıyor.",
                                      "applicant": {"name": "Deneme Şahıs", "email": "deneme@example.org"}})
    assert status == 201, answer
    kopru.wait_until(lambda: system.value("SELECT count(*) FROM router.case") == "1", 30, "it is routed")
    routed = int(system.value("SELECT max(seq) FROM feed.event WHERE stream = 'case'"))
    today = datetime.date.fromisoformat(system.value("SELECT (now() AT TIME ZONE 'Europe/Istanbul')::date"))
    deadlines.seed(system, COUNT, today - datetime.timedelta(days=DAYS - 1), DAYS, routed_seq=routed)
    result = {"deadlines": COUNT, "kind": KIND, "look_ms": round(look_ms(system), 2)}
    day = free_day(system, today + datetime.timedelta(days=5))
    citizens = Citizens(system)
    time.sleep(10)
    result["post_ms_before"] = citizens.milliseconds()
    begun = time.monotonic()
    foreseen = json.loads(system.kopru("calendar", "add", day, KIND, "Deneme", "--reason", "Deneme", "--by", "Deneme", "--json",
                                       "--limit", "0"))
    result["foreseen"], result["foresee_and_save_s"] = foreseen["deadlines"], round(time.monotonic() - begun, 2)
    try:
        kopru.wait_until(lambda: deadlines.marked(system, 2), LIMIT_S, "all have moved", lambda: system.tail("router"))
        result["post_ms_meanwhile"] = citizens.milliseconds()
    finally:
        citizens.stop()
    seconds = "round(extract(epoch FROM {})::numeric, 2)"
    moved, whole, moving = system.value(
        f"SELECT c.moved, {seconds.format('c.recomputed_at - c.made_at')}, {seconds.format('max(m.moved_at) - min(m.moved_at)')} "
        "FROM router.calendar c JOIN router.deadline_move m ON m.calendar_version = c.version WHERE c.version = 2 "
        "GROUP BY c.version").split("|")
    result.update(moved=int(moved), until_recomputed_s=float(whole), moving_s=float(moving),
                  moved_a_second=round(int(moved) / max(float(moving), 0.01)), look_ms_after=round(look_ms(system), 2),
                  router_mib=round(system.processes["router"].rss_kib() / 1024, 1))
    return result


def main():
    system = kopru.System()
    try:
        print(json.dumps(measure(system)))
    finally:
        system.close()


main()
