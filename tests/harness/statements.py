"""statements: what took the database's time, when its cluster counts that:

    tests/run --set "shared_preload_libraries='pg_stat_statements'" --exec "/usr/bin/python3 tests/bench/replay.py"
"""

QUERY = r"""SELECT round(total_exec_time::numeric / 1000, 1), calls, round(mean_exec_time::numeric, 2), rows, rolname,
  substr(regexp_replace(query, '\s+', ' ', 'g'), 1, 90)
  FROM pg_stat_statements AS s JOIN pg_roles AS r ON r.oid = s.userid
 WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY total_exec_time DESC LIMIT 20"""


def start(system):
    """Counts from now on; false when the cluster does not."""
    if "pg_stat_statements" not in system.value("SHOW shared_preload_libraries"):
        return False
    system.sql("CREATE EXTENSION IF NOT EXISTS pg_stat_statements; SELECT pg_stat_statements_reset()")
    return True


def show(system):
    print("\n   total s     calls  mean ms   rows  role       statement")
    for row in system.rows(QUERY):
        seconds, calls, mean, count, role, query = row.split("|", 5)
        print(f"{seconds:>10}{calls:>10}{mean:>9}{count:>8}  {role:10} {query}", flush=True)
