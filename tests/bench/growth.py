#!/usr/bin/env python3
"""bench: how fast everything is at 0, 100,000 and 1,000,000 stored applications.

    LEVELS=0,100000,1000000 tests/run --exec "/usr/bin/python3 tests/bench/growth.py"

The applications come as in `make replay`, through nginx, and all services work on them while they come: nothing is
written past the services. At each level: lifecycles (fifty at once), intake alone, routing alone, notifier and reporting
alone, commands, and the report of the year. Writes build/growth.json; ends with 1 when a figure misses its target."""

import json
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import commands  # noqa: E402
import crowd  # noqa: E402
import front  # noqa: E402
import lifecycles  # noqa: E402
import sender  # noqa: E402
import statements  # noqa: E402
import system as kopru  # noqa: E402

LEVELS = [int(level) for level in os.environ.get("LEVELS", "0,100000,1000000").split(",")]
SECONDS = int(os.environ.get("SECONDS_EACH", "5"))
PART = int(os.environ.get("PART", "20000"))  # applications that are measured with at each level
CHUNK, ROUNDS = 100000, 5
PEOPLE = 50
REPORTS = ("/api/v1/reports/year/2020", "/api/v1/reports/summary?from=2020-01-01&to=2020-12-31")


class Growth:
    def __init__(self):
        self.system = kopru.System()
        self.front = front.Front(self.system)
        self.seeds, self.levels = 1000, []

    def start(self):
        self.system.start()
        self.front.start()
        self.lives = lifecycles.Lifecycles(self.system, self.front.port)
        os.makedirs(self.system.path("ledgers"))

    def send(self, count):
        """Sends so many; applications a second."""
        self.seeds += 1
        folder = self.system.path("ledgers", str(self.seeds))
        os.makedirs(folder)
        senders = sender.Senders(2, count, self.seeds)
        try:
            senders.ready()
            started = time.monotonic()
            senders.go(folder, self.front.port, self.lives.program)
            while not senders.done():
                time.sleep(.01)
            rate = count / (time.monotonic() - started)
            sums = senders.sums()
            assert sums[1] == count and sums[4] == 0, sums
            return round(rate)
        finally:
            senders.close()

    def stored(self):
        return int(self.system.value("SELECT coalesce(max(seq), 0) FROM feed.event WHERE stream = 'intake'"))

    def fill(self, level):
        started, before = time.monotonic(), self.stored()
        while (lacking := level - self.stored()) > 0:
            rate = self.send(min(CHUNK, lacking))
            print(f"# {self.stored()} stored, {rate} a second", flush=True)
        self.system.wait_quiet(1200)
        if level > before:
            print(f"# filled from {before} to {level} in {time.monotonic() - started:.0f} s, all consumers included", flush=True)
            self.system.sql("CHECKPOINT")

    def drained(self, consumer, stream):
        """Events a second, from the look before the cursor first moved until it is at the head."""
        query = (f"SELECT seq, (SELECT max(seq) FROM feed.event WHERE stream = '{stream}') FROM feed.cursor "
                 f"WHERE consumer = '{consumer}' AND stream = '{stream}'")

        def look():
            return [int(value) for value in self.system.value(query).split("|")]
        first, head = look()
        seq, before = first, time.monotonic()
        while seq == first < head:
            before = time.monotonic()
            seq, head = look()
        while seq < head:
            seq, head = look()
        return round((head - first) / (time.monotonic() - before))

    def parts(self):
        """Each service alone on the same applications."""
        for name in ("router", "notifier", "reporting"):
            self.system.processes[name].stop()
        seq, figures = self.stored(), {}
        figures["intake_per_s"] = self.send(PART)
        self.system.processes["router"].start()
        figures["routing_per_s"] = self.drained("router", "intake")
        self.system.wait_healthy("router")
        for name in ("notifier", "reporting"):
            self.system.processes[name].start()
            figures[name + "_events_per_s"] = self.drained(name, "case")
            self.system.wait_healthy(name)
        figures["commands_per_s"] = self.commands(seq)
        return figures

    def commands(self, seq):
        """Each of the new cases is accepted by its department, 200 commands under way."""
        rows = [row.split("|") for row in self.system.rows(
            f"SELECT application_id, department, version FROM router.case WHERE intake_seq > {seq}")]
        client, under_way = commands.Client(self.system.commands), 0
        started = time.monotonic()
        for application, department, version in rows:
            client.send("accept", application, expected_version=int(version), actor=commands.manager(department))
            under_way += 1
            if under_way == 200:
                under_way -= self.taken(client)
        while under_way:
            under_way -= self.taken(client)
        rate = len(rows) / (time.monotonic() - started)
        client.close()
        return round(rate)

    @staticmethod
    def taken(client):
        reply = client.receive()
        assert reply and commands.code(reply) == "ok", reply
        return 1

    def reports(self):
        """One person asks for the year again and again, then four at once."""
        path = next(path for path in REPORTS if self.system.request(
            "reporting", "GET", path, headers={"Authorization": "Bearer " + self.lives.program})[0] == 200)

        def ask(_):
            yield "report"
            status, answer = yield "GET", path, self.lives.program, None
            assert status == 200, answer
        one, four = crowd.Crowd(self.front.port, 1, ask), crowd.Crowd(self.front.port, 4, ask)
        one.run(2)
        return {"report_p50_ms": crowd.percentile(one.took["report"], .5),
                "report_p95_ms": crowd.percentile(one.took["report"], .95), "reports_per_s": round(four.run(2))}

    def lifecycles(self, level):
        """Rounds here and in a system that holds nothing, one after the other, so that both see the same machine."""
        self.lives.run(PEOPLE, 2)  # plans, caches
        if level == 0:
            return median(self.lives.run(PEOPLE, SECONDS) for _ in range(ROUNDS)), None, None
        empty = Growth()
        try:
            empty.start()
            empty.lives.run(PEOPLE, 2)
            ours, theirs = [], []
            for _ in range(ROUNDS):
                ours.append(self.lives.run(PEOPLE, SECONDS))
                self.system.wait_quiet(120)
                theirs.append(empty.lives.run(PEOPLE, SECONDS))
                empty.system.wait_quiet(120)
            ratio = statistics.median(one["per_s"] / other["per_s"] for one, other in zip(ours, theirs))
            return median(ours), median(theirs), round(ratio, 3)
        finally:
            empty.system.close()

    def measure(self, level):
        counted = statements.start(self.system)
        self.fill(level)
        if counted:
            statements.show(self.system)
            statements.start(self.system)
        lives, empty, ratio = self.lifecycles(level)
        figures = {"stored": level, "lifecycles": lives, "lifecycles_of_an_empty_one": empty, "ratio_to_an_empty_one": ratio}
        self.system.wait_quiet(120)
        figures.update(self.parts())
        self.system.wait_quiet(300)
        figures.update(self.reports())
        figures["rss_mib"] = {name: round(self.system.processes[name].rss_kib() / 1024, 1) for name in kopru.SERVICES}
        figures["database_mib"] = int(self.system.value("SELECT pg_database_size(current_database()) / 1048576"))
        self.levels.append(figures)
        if counted:
            statements.show(self.system)
        print(f"# at {level}: {json.dumps(figures)}", flush=True)


def median(rounds):
    rounds = list(rounds)
    return {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}


def verdict(levels):
    last = levels[-1]
    stored = f", {last['stored']} stored"
    rows = [("lifecycles a second" + stored, last["lifecycles"]["per_s"], ">=", 300),
            ("95 of 100 requests, ms" + stored, last["lifecycles"]["request_p95_ms"], "<=", 100),
            ("report of the year, ms" + stored, last["report_p50_ms"], "<=", 50)]
    if levels[0]["stored"] == 0:
        rows.insert(0, ("lifecycles a second, none stored", levels[0]["lifecycles"]["per_s"], ">=", 300))
    if last["ratio_to_an_empty_one"]:
        rows.insert(2, (f"lifecycles{stored} ÷ none stored, in pairs", last["ratio_to_an_empty_one"], ">=", .9))
    rows += [(f"{name}, MiB at its highest", value, "<=", 64) for name, value in last["rss_mib"].items()]
    print()
    met = True
    for name, value, sign, limit in rows:
        holds = value >= limit if sign == ">=" else value <= limit
        met = met and holds
        print(f"{name:60}{value:>10} {sign} {limit:<6} {'met' if holds else 'NOT MET'}")
    return met


def show(levels):
    print(f"\n{'stored':30}" + "".join(f"{level['stored']:>12}" for level in levels))
    for name in levels[0]:
        if name == "lifecycles":
            for part in levels[0][name]:
                print(f"{'lifecycles ' + part:30}" + "".join(f"{level[name][part]:>12}" for level in levels))
        elif name not in ("stored", "rss_mib", "lifecycles_of_an_empty_one"):
            print(f"{name:30}" + "".join(f"{level[name] if level[name] is not None else '-':>12}" for level in levels))


def main():
    growth = Growth()
    try:
        growth.start()
        for level in LEVELS:
            growth.measure(level)
    finally:
        growth.system.close()
    show(growth.levels)
    with open(os.path.join(kopru.TOP, "build/growth.json"), "w", encoding="utf-8") as out:
        json.dump({"levels": growth.levels}, out, indent=2)
        out.write("\n")
    met = verdict(growth.levels)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
