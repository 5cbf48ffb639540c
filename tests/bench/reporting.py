#!/usr/bin/env python3
"""bench: how long reporting takes over APPLICATIONS (1,000,000) applications of one year, made by SQL: the summary of that
year and of a crooked period, the year's report, a page of a list, and whole exports with the memory that they take.
Prints a table and writes build/bench-reporting.json."""

import json
import os
import statistics
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import system as kopru  # noqa: E402

APPLICATIONS = int(os.environ.get("APPLICATIONS", "1000000"))
CHUNK = 20000
# Two in three answered within some weeks; 95 topics of 30 departments, 60 neighbourhoods.
ROWS = """
INSERT INTO reporting.application (application_id, number, kind, channel, received_at, received_on, due_on, subject, body,
  neighbourhood, version, state, department, department_name, topic, topic_name, changed_at, ended_on, reaction_at,
  reaction_minutes, reaction_working_minutes, reaction_bucket, reaction_working_bucket, answered_at, answer_minutes,
  answer_working_minutes, answer_bucket, answer_working_bucket)
SELECT gen_random_uuid(), 'HM-2020-' || lpad((i % 10000000)::text, 7, '0') || '-0', 1 + i % 6, 1 + i % 13, at,
       (at + interval '3 hours')::date, (at + interval '30 days')::date, 'Çöp', 'Sokağımızda çöp toplanmadı.',
       'Mahalle ' || (i * 7) % 60, 4, CASE WHEN i % 3 > 0 THEN 5 ELSE 3 END, 'D' || i % 30, 'Müdürlük ' || i % 30,
       'T-' || i % 95, 'Konu ' || i % 95, at, CASE WHEN i % 3 > 0 THEN (at + took)::date END, at + took / 9,
       m / 9, m / 36, least(50 + ln(greatest(m / 9, 50) / 50.0) / ln(1.04), 383)::int,
       least(50 + ln(greatest(m / 36, 50) / 50.0) / ln(1.04), 383)::int,
       CASE WHEN i % 3 > 0 THEN at + took END, CASE WHEN i % 3 > 0 THEN m END, CASE WHEN i % 3 > 0 THEN m / 4 END,
       CASE WHEN i % 3 > 0 THEN least(50 + ln(greatest(m, 50) / 50.0) / ln(1.04), 383)::int END,
       CASE WHEN i % 3 > 0 THEN least(50 + ln(greatest(m / 4, 50) / 50.0) / ln(1.04), 383)::int END
  FROM (SELECT i, '2020-01-01'::timestamptz + i * ('366 days'::interval / {total}) AS at,
               (60 + power(random(), 3) * 60 * 24 * 45)::int AS m
          FROM generate_series({first}, {last}) AS i) AS g
 CROSS JOIN LATERAL (SELECT m * interval '1 minute' AS took) AS t"""


def resident_mib(process):
    with open(f"/proc/{process.process.pid}/status", encoding="ascii") as file:
        return int(next(line for line in file if line.startswith("VmRSS")).split()[1]) / 1024


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


class Bench:
    def __init__(self):
        self.system = kopru.System()
        self.result = {"applications": APPLICATIONS}

    def fill(self):
        started = time.monotonic()
        for first in range(0, APPLICATIONS, CHUNK):
            self.system.sql(ROWS.format(first=first, last=min(first + CHUNK, APPLICATIONS) - 1, total=APPLICATIONS))
        self.system.sql("VACUUM ANALYZE reporting.application, reporting.tally, reporting.spread, reporting.backlog")
        self.result["fill_seconds"] = round(time.monotonic() - started, 1)

    def get(self, path):
        return self.system.request("reporting", "GET", path, headers={"Authorization": "Bearer " + self.key})

    def times(self, name, path, rounds=30):
        samples = []
        pids = [self.system.processes["reporting"].process.pid] + self.system.value(
            "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity WHERE usename = 'reporting'").split()
        cpu = cpu_seconds(pids)
        for _ in range(rounds):
            started = time.monotonic()
            status, _, answer = self.get(path)
            samples.append((time.monotonic() - started) * 1000)
            assert status == 200, (path, status, answer)
        cpu = (cpu_seconds(pids) - cpu) / rounds * 1000
        self.result[name] = {"median_ms": round(statistics.median(samples), 1), "max_ms": round(max(samples), 1),
                             "min_ms": round(min(samples), 1), "cpu_ms": round(cpu, 1)}
        print(f"{name:<28} median {statistics.median(samples):8.1f} ms   min {min(samples):8.1f} ms   max "
              f"{max(samples):8.1f} ms   of processor time {cpu:8.1f} ms", flush=True)

    def export(self, name, path):
        most, done = [0.0], threading.Event()

        def watch():
            while not done.wait(0.05):
                most[0] = max(most[0], resident_mib(self.system.processes["reporting"]))

        watcher = threading.Thread(target=watch)
        watcher.start()
        connection = self.system.connection("reporting", timeout=600)
        started, slowest, size = time.monotonic(), 0.0, 0
        connection.request("GET", path, headers={"Authorization": "Bearer " + self.key})
        fetched = {}

        def fetch():
            response = connection.getresponse()
            fetched["status"], fetched["size"] = response.status, 0
            while piece := response.read(1 << 20):
                fetched["size"] += len(piece)

        reader = threading.Thread(target=fetch)
        reader.start()
        while reader.is_alive():  # somebody tracks meanwhile
            asked = time.monotonic()
            self.system.track("HM-2020-0000001-0", "0" * 26)
            slowest = max(slowest, time.monotonic() - asked)
            time.sleep(0.01)
        done.set()
        watcher.join()
        size = fetched["size"]
        assert fetched["status"] == 200
        self.result[name] = {"seconds": round(time.monotonic() - started, 1), "mib": round(size / 2**20, 1),
                             "resident_mib": round(most[0], 1), "slowest_tracking_ms": round(slowest * 1000, 1)}
        print(f"{name:<28} {self.result[name]}", flush=True)

    def run(self):
        self.fill()
        print(f"filled {APPLICATIONS} in {self.result['fill_seconds']} s", flush=True)
        self.system.start("reporting")
        self.key = self.system.api_key("bench", "reports")
        year = "from=2020-01-01&to=2020-12-31"
        self.times("summary of the year", f"/api/v1/reports/summary?{year}")
        self.times("summary, crooked", "/api/v1/reports/summary?from=2020-02-10&to=2020-11-20", 10)
        self.times("year's report", "/api/v1/reports/year/2020")
        self.times("page of a list", f"/api/v1/reports/list?{year}&topic=T-7&measure=open")
        self.export("whole list as CSV", f"/api/v1/reports/list?{year}&format=csv")
        self.export("whole list as XLSX", f"/api/v1/reports/list?{year}&format=xlsx")
        with open(os.path.join(kopru.BUILD, "bench-reporting.json"), "w", encoding="utf-8") as file:
            json.dump(self.result, file, indent=1)


BENCH = Bench()
try:
    BENCH.run()
finally:
    BENCH.system.close()
