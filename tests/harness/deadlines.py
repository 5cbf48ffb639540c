"""Open cases with their clocks, made by SQL as the router would have made them, and what a change of the calendar did to them."""

LAWS = {"3071": 1, "4982": 2}


def seed(system, count, first_day, days, share_4982=0.1, routed_seq=0):
    """count cases of department TEM, received over so many days from first_day (a date) on, each with the law's clock as
    version 1 of the calendar gives it; due days are asked of `kopru calendar due'. What has passed of a term was told.
    routed_seq: where their application stands in stream "case"; 0: nowhere, as when it was erased."""
    import datetime
    table = {}
    for law in LAWS:
        lines = "".join(f"{law} {first_day + datetime.timedelta(days=i)}\n" for i in range(days))
        path = system.path(f"questions-{law}")
        with open(path, "w", encoding="ascii") as file:
            file.write(lines)
        table[law] = system.kopru("calendar", "due", "--version", "1", "--batch", path).split()
    values = ",".join(f"({i}, date '{first_day + datetime.timedelta(days=i)}', date '{table['3071'][i]}', date '{table['4982'][i]}')"
                      for i in range(days))
    system.sql(f"""
CREATE TEMPORARY TABLE day AS SELECT * FROM (VALUES {values}) AS v(i, started_on, petition, information);
CREATE TEMPORARY TABLE seeded AS
SELECT g.n, ('00000000-0000-4000-8000-' || lpad(to_hex(g.n), 12, '0'))::uuid AS id, d.started_on,
       CASE WHEN x.information THEN d.information ELSE d.petition END AS due_on,
       CASE WHEN x.information THEN 2 ELSE 1 END AS basis,
       (d.started_on + make_interval(secs => 32400 + g.n % 28800)) AT TIME ZONE 'Europe/Istanbul' AS received_at
  FROM generate_series(1, {count}) AS g(n)
 CROSS JOIN LATERAL (SELECT (g.n * 1103515245::bigint + 12345) % 1000 < {int(share_4982 * 1000)} AS information) AS x
  JOIN day AS d ON d.i = g.n % {days};
INSERT INTO router.case (application_id, number, version, state, department, triage, received_at, due_on, intake_seq, routed_seq,
       kind, channel, legal_basis, clocked)
SELECT id, 'HM-2020-' || lpad(n::text, 7, '0') || '-0', 2, 2, 'TEM', false, received_at, due_on, 1000000000 + n, {routed_seq}, 1, 1, basis, true FROM seeded;
INSERT INTO router.clock (application_id, kind, legal_basis, started_at, started_on, due_at, stage, next_at, calendar_version)
SELECT s.id, 1, s.basis, s.received_at, s.started_on, (s.due_on + 1)::timestamp AT TIME ZONE 'Europe/Istanbul', p.stage,
       CASE WHEN p.stage < 200 THEN now() + interval '30 days' + s.n * interval '1 millisecond' END, 1
  FROM seeded AS s
 CROSS JOIN LATERAL (
	SELECT coalesce(max(x), 0) AS stage FROM unnest(ARRAY[50, 75, 90, 100, 110, 150, 200]) AS x
	 WHERE s.started_on + 1 + (s.due_on - s.started_on) * x / 100.0 * interval '1 day' <= now()) AS p;
ANALYZE router.case, router.clock;
""")


def marked(system, version):
    return system.value(f"SELECT recomputed_at IS NOT NULL FROM router.calendar WHERE version = {version}") == "t"


def check_moved_once(system, version, wanted):
    """Each of the wanted ({application id: (old day, new day)}) exactly once: the case, its clock, the list, one event in each
    stream, one command that was done; and nobody else."""
    rows = system.rows(f"""
SELECT m.application_id, (m.old_due_at - interval '1 microsecond')::date, (m.new_due_at - interval '1 microsecond')::date,
       c.due_on, (k.due_at - interval '1 microsecond')::date, k.calendar_version, c.version,
       (SELECT count(*) FROM feed.event e WHERE e.stream = 'case' AND e.kind = 'deadline.moved'
                                            AND e.application_id = m.application_id),
       (SELECT count(*) FROM router.command o WHERE o.application_id = m.application_id AND o.code = 1)
  FROM router.deadline_move m JOIN router.case c USING (application_id)
  JOIN router.clock k ON k.application_id = m.application_id AND k.kind = m.kind
 WHERE m.calendar_version = {version}""")
    found = {}
    for row in rows:
        case, old, new, due_on, clock_on, clock_version, case_version, events, commands = row.split("|")
        assert case not in found and (due_on, clock_on, clock_version) == (new, new, str(version)), row
        assert (case_version, events, commands) == ("3", "1", "1"), row
        found[case] = (old, new)
    assert found == wanted, (len(found), len(wanted), set(found.items()) ^ set(wanted.items()))
    for stream in ("case", "department/TEM"):
        told = system.value("SELECT count(*) || '|' || count(DISTINCT application_id) || '|' || coalesce(max(seq) - min(seq) + 1, 0) "
                            f"FROM feed.event WHERE stream = '{stream}' AND kind = 'deadline.moved'")
        assert told == f"{len(wanted)}|{len(wanted)}|{len(wanted)}", (stream, told)
