#!/usr/bin/env python3
"""bench: the year 2020 of the article, replayed: 67,910 applications through the doors of their channels to real departments:
webhooks for WhatsApp, Facebook and Instagram, a mailbox, a file for CİMER, the desk for all else.

    SEED=2020 COUNT=67910 KILLS=0 tests/run --exec "/usr/bin/python3 tests/bench/replay.py"

KILLS: so many times a service, one after the other, is killed (SIGKILL) on the way and started again.
Prints the conservation table and writes build/replay.json. Ends with 1 when anything was lost, doubled or out of order,
or when a figure misses its target."""

import collections
import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import checker  # noqa: E402
import replay  # noqa: E402
import statements  # noqa: E402
import system as kopru  # noqa: E402
import year  # noqa: E402

SECONDS, RSS_MIB, SHOWN, KILL_SECONDS = 90, 64, 20, 1
CHANNEL_NAMES = ("desk", "petition", "letter", "phone", "email", "official_document", "cimer", "whatsapp", "facebook",
                 "instagram", "x", "web", "open311", "telegram")  # by their numbers in proto/kopru/v1, from 1


def conservation(evidence):
    """A row for each channel: stored, routed, delivered, noticed."""
    delivered = {event.application for events in evidence.handled.values() for event in events}
    noticed = {notice[0] for notice in evidence.notices}
    routed = {event.application: event.id for event in evidence.streams["case"] if event.kind == "application.routed"}
    rows = collections.defaultdict(lambda: [0, 0, 0, 0])
    for application, _, _, channel in evidence.stored:
        row = rows[CHANNEL_NAMES[int(channel) - 1]]
        row[0] += 1
        row[1] += application in routed
        row[2] += application in delivered
        row[3] += routed.get(application) in noticed
    return rows


def show_table(evidence, findings):
    rows = conservation(evidence)
    print(f"\n{'':20}{'stored':>9}{'routed':>9}{'delivered':>11}{'noticed':>9}")
    for family, channels in year.FAMILIES.items():
        for channel in channels:
            stored, routed, delivered, noticed = rows[channel]
            print(f"  {channel:18}{stored:9}{routed:9}{delivered:11}{noticed:9}")
        stored, routed, delivered, noticed = (sum(rows[channel][i] for channel in channels) for i in range(4))
        print(f"{family:20}{stored:9}{routed:9}{delivered:11}{noticed:9}")
    print()
    print("  ".join(f"{name} {value}" for name, value in findings.figures.items()))
    print("  ".join(f"{name} {value}" for name, value in findings.count().items()))
    for name in ("lost", "duplicated", "misordered"):
        for sentence in getattr(findings, name)[:SHOWN]:
            print(f"  {name}: {sentence}")


def show_report(play):
    """The reports of the years as the mayor gets them; the article's figures beside them. False when they differ."""
    article = dict(zip(("service_desk", "whatsapp_and_social_media", "cimer"), (
        sum(year.MIX[channel] for channel in channels) for channels in year.FAMILIES.values())))
    groups, total = play.report()
    print(f"\nGET /api/v1/reports/year/{year.YEAR} and this year's\n  {'':30}{'applications':>13}{'answered':>10}{'forwarded':>11}{'article':>9}")
    same, whole = True, total == year.TOTAL
    for group, channels in groups.items():
        sums = {name: sum(counts[name] for counts in channels.values()) for name in replay.COUNTED}
        said = article.get(group) if whole else None
        for name, counts in [(group, sums)] + [("  " + name, counts) for name, counts in channels.items() if counts["count"]]:
            print(f"  {name:30}{counts['count']:>13}{counts['answered']:>10}{counts['forwarded']:>11}"
                  f"{said if said is not None and name == group else '':>9}")
        same = same and said in (None, sums["count"])
    print(f"  {'all':30}{total:>13}{'':>21}{year.TOTAL if whole else '':>9}")
    return same


class Nemesis(threading.Thread):
    """Kills one service after the other, each KILL_SECONDS; the system starts them again."""

    def __init__(self, system, kills):
        super().__init__(daemon=True)
        self.system, self.kills, self.over = system, kills, threading.Event()

    def run(self):
        self.system.supervise()
        for i in range(self.kills):
            if self.over.wait(KILL_SECONDS):
                return
            self.system.processes[kopru.SERVICES[i % len(kopru.SERVICES)]].kill()


def verdict(result):
    rows = [("seconds", result["seconds"], SECONDS)]
    rows += [(name, result[name], 0) for name in ("lost", "duplicated", "misordered")]
    rows += [(f"{name}, MiB at its highest", value, RSS_MIB) for name, value in result["rss_mib"].items()]
    print()
    for name, value, limit in rows:
        print(f"{name:32}{value:>10} <= {limit:<6} {'met' if value <= limit else 'NOT MET'}")
    return all(value <= limit for _, value, limit in rows) and result["accepted"] == result["applications"]


def main():
    begun = time.monotonic()
    total, seed = int(os.environ.get("COUNT", year.TOTAL)), int(os.environ.get("SEED", year.SEED))
    play = replay.Replay(total, seed)
    try:
        play.start()
        counted = statements.start(play.system)
        nemesis = Nemesis(play.system, int(os.environ.get("KILLS", "0")))
        nemesis.start()
        play.run()
        nemesis.over.set()
        if counted:
            statements.show(play.system)
        rss = play.rss()
        evidence = play.evidence()
        findings = checker.check(evidence)
        show_table(evidence, findings)
        print("\nkopru reconcile, from the database alone:\n" + play.system.kopru("reconcile"))
        same = show_report(play)
    finally:
        codes = play.close()
    latencies = play.latencies
    result = {"applications": total, "seed": seed, **findings.figures, **findings.count(), "seconds": round(play.seconds, 1),
              "per_second": round(total / play.seconds), "p50_ms": round(latencies[len(latencies) // 2], 2),
              "p99_ms": round(latencies[int(len(latencies) * .99)], 2), "repeated": play.senders.sums()[2],
              "sent_again": play.senders.sums()[3], "events_handled": sum(map(len, evidence.handled.values())),
              "letters": evidence.letters,
              "killed": sum(play.system.processes[name].starts - 1 for name in kopru.SERVICES), "rss_mib": rss, "whole_seconds": round(time.monotonic() - begun, 1)}
    os.makedirs(os.path.join(kopru.TOP, "build"), exist_ok=True)
    with open(os.path.join(kopru.TOP, "build/replay.json"), "w", encoding="utf-8") as out:
        json.dump(result, out, indent=2)
        out.write("\n")
    met = verdict(result)
    if total == year.TOTAL:
        met = met and same
        print(f"{'report as in the article':32}{'yes' if same else 'no':>10}    {'':6} {'met' if same else 'NOT MET'}")
    print(f"\nwhole, from the first line to here: {result['whole_seconds']} s; ends of services: "
          f"{set(codes[name] for name in kopru.SERVICES)}; figures in build/replay.json")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
