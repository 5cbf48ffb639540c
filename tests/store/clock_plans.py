#!/usr/bin/python3
"""store: the look for clocks with something to tell reads only what is due, however many deadlines are open: its plan and its
time, planned while the tables were empty and again once they are large. ROWS=1000000 fills a million. limit: 180 s"""
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "harness"))
import system as kopru  # noqa: E402

ROWS = int(os.environ.get("ROWS", "150000"))
DUE = 50
MILLISECONDS = 100  # of a look; the promised figure, 10 ms at a million, is measured with ROWS=1000000
TAP = kopru.Tap()
S = kopru.System()
FILL = f"""
INSERT INTO router.case (application_id, number, version, state, department, triage, received_at, due_on, intake_seq, clocked)
SELECT lpad(n::text, 32, 'a')::uuid, 'N' || n, 2, CASE WHEN n % 5 = 0 THEN 5 ELSE 2 END, 'TEM', false, now(), current_date, n,
       n > {DUE} FROM generate_series(1, {ROWS}) AS n;
INSERT INTO router.clock (application_id, kind, legal_basis, started_at, started_on, due_at, stage, next_at, calendar_version)
SELECT lpad(n::text, 32, 'a')::uuid, 1, 1, now(), current_date, now() + interval '30 days', 0,
       CASE WHEN n <= {DUE} THEN now() - interval '1 minute' ELSE now() + n * interval '1 minute' END, 1
  FROM generate_series(1, {ROWS}) AS n;
"""


def statement(name):
    text = open(os.path.join(kopru.TOP, "services/router/clocks.sql"), encoding="utf-8").read()
    return re.search(rf"-- name: {name}\n(?:--[^\n]*\n)*(.*?);", text, re.S).group(1)


def plan(name, *values):
    types = "timestamptz, int" if len(values) == 2 else "int"
    rows = S.rows(f"SET ROLE router; PREPARE look ({types}) AS {statement(name)}; EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "
                  f"EXECUTE look ({', '.join(values)}); RESET ROLE")
    text = "\n".join(rows)
    return json.loads(text[text.index("["):text.rindex("]") + 1])[0]


def nodes(node):
    yield node
    for child in node.get("Plans", []):
        yield from nodes(child)


def check(name, *values):
    best = None
    for _ in range(3):
        told = plan(name, *values)
        for node in nodes(told["Plan"]):
            assert node["Node Type"] != "Seq Scan", (name, node)
            assert node["Actual Rows"] * node["Actual Loops"] <= 4 * DUE, (name, node)
        best = min(best or 1e9, told["Execution Time"])
    assert best < MILLISECONDS, (name, best)
    print(f"# {name}: {best:.2f} ms at {ROWS} open clocks")


def clocks_are_removed_by_key():
    """Planned as the router does, while there are five clocks and again when there are many."""
    remove, asked = statement("clocks_remove"), 500
    few, rest = FILL.replace(f"(1, {ROWS})", "(1, 5)"), FILL.replace(f"(1, {ROWS})", f"(6, {ROWS})")
    ids = f"(SELECT array_agg(lpad((n * 7)::text, 32, 'a')::uuid) FROM generate_series(1, {asked}) AS n)"
    execute = "EXECUTE remove(pg_temp.ids(), pg_temp.kinds())"
    explain = "SAVEPOINT before; EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + execute + "; ROLLBACK TO before; "
    rows = S.rows(f"BEGIN; CREATE FUNCTION pg_temp.ids() RETURNS uuid[] LANGUAGE sql AS $$ SELECT {ids} $$; "
                  f"CREATE FUNCTION pg_temp.kinds() RETURNS int[] LANGUAGE sql AS $$ SELECT array_fill(1, ARRAY[{asked}]) $$; "
                  f"SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; {few} ANALYZE router.clock; "
                  f"PREPARE remove (uuid[], int[]) AS {remove}; {execute}; {rest} {explain} "
                  f"ANALYZE router.clock; {explain} COMMIT")
    told = json.loads("[" + "\n".join(rows).replace("]\n[", "],\n[") + "]")
    for one in told:
        for node in nodes(one[0]["Plan"]):
            removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Join Filter", 0)
            assert (node["Actual Rows"] + removed) * node["Actual Loops"] <= 4 * asked, node
        assert one[0]["Plan"]["Shared Hit Blocks"] + one[0]["Plan"]["Shared Read Blocks"] < 20 * asked, one[0]["Plan"]
    print("# clocks_remove: " + ", ".join(f"{one[0]['Execution Time']:.2f} ms" for one in told))


def the_look_reads_what_is_due():
    S.sql("ANALYZE router.clock; ANALYZE router.case")
    check("clocks_due", "now()", "200")
    check("cases_unclocked", "200")


def nothing_due_costs_nothing():
    S.sql(f"UPDATE router.clock SET next_at = next_at + interval '1 year' WHERE next_at <= now()")
    check("clocks_due", "now()", "200")


try:
    for test in (clocks_are_removed_by_key, the_look_reads_what_is_due, nothing_due_costs_nothing):
        TAP.run(test.__name__, test)
finally:
    S.close()
TAP.end()
