-- What the router says to the database when the calendar has changed.

-- name: calendars_all
-- out: first version, version that has it no more (0: none), day, kind
SELECT d.version_from, coalesce(d.version_to, 0), d.day, d.kind FROM router.calendar_day AS d;

-- name: calendars_newest
-- out: the newest version (0: none), its reason, whether one is not recomputed yet
SELECT coalesce(n.version, 0), coalesce(n.reason, ''),
       EXISTS (SELECT FROM router.calendar AS c WHERE c.recomputed_at IS NULL)
  FROM (SELECT 1) AS one(n)
  LEFT JOIN (SELECT c.version, c.reason FROM router.calendar AS c ORDER BY c.version DESC LIMIT 1) AS n ON true;

-- name: clock_groups
-- in:  $1 clock, $2 legal basis, $3 first day, $4 extended, $5 due at, $6 calendar version, of the last group that is known;
--      $7 limit
-- out: the next groups of deadlines that are due together, in this order; each by one look into the index
WITH RECURSIVE g AS (
	(SELECT c.kind, c.legal_basis, c.started_on, c.extended, c.due_at, c.calendar_version, 1 AS place
	   FROM router.clock AS c
	  WHERE (c.kind, c.legal_basis, c.started_on, c.extended, c.due_at, c.calendar_version)
	          > ($1::int::smallint, $2::int::smallint, $3::date, $4::bool, $5::timestamptz, $6::int) AND c.kind <= 2
	  ORDER BY c.kind, c.legal_basis, c.started_on, c.extended, c.due_at, c.calendar_version
	  LIMIT 1)
	UNION ALL
	SELECT x.kind, x.legal_basis, x.started_on, x.extended, x.due_at, x.calendar_version, g.place + 1
	  FROM g
	 CROSS JOIN LATERAL (
		SELECT c.kind, c.legal_basis, c.started_on, c.extended, c.due_at, c.calendar_version
		  FROM router.clock AS c
		 WHERE (c.kind, c.legal_basis, c.started_on, c.extended, c.due_at, c.calendar_version)
		         > (g.kind, g.legal_basis, g.started_on, g.extended, g.due_at, g.calendar_version) AND c.kind <= 2
		 ORDER BY c.kind, c.legal_basis, c.started_on, c.extended, c.due_at, c.calendar_version
		 LIMIT 1) AS x
	 WHERE g.place < $7::int)
SELECT g.kind, g.legal_basis, g.started_on, g.extended, g.due_at, g.calendar_version FROM g ORDER BY g.place;

-- name: clocks_of_group
-- in:  $1 clock, $2 legal basis, $3 first day, $4 extended, $5 due at, $6 calendar version, $7 the last application that is
--      known, $8 limit
-- out: the next ones: application, version of its case, started at; terms of law that stand are left out: they begin anew
SELECT c.application_id, k.version, c.started_at
  FROM (SELECT x.* FROM router.clock AS x
         WHERE x.kind = $1::int::smallint AND x.legal_basis = $2::int::smallint AND x.started_on = $3::date
           AND x.extended = $4::bool AND x.due_at = $5::timestamptz AND x.calendar_version = $6::int
           AND x.application_id > $7::uuid AND (x.kind = 2 OR x.stopped_at IS NULL)
         ORDER BY x.application_id
         LIMIT $8::int) AS c
 CROSS JOIN LATERAL (SELECT x.version FROM router.case AS x WHERE x.application_id = c.application_id OFFSET 0) AS k
 ORDER BY c.application_id;

-- name: moves_add
-- in:  $1 calendar versions, $2 application ids, $3 clocks, $4 due before, $5 due since (arrays of one length)
-- after the row of the case was locked. Moved again under one version: from where it was first
INSERT INTO router.deadline_move AS m (calendar_version, application_id, kind, old_due_at, new_due_at)
SELECT n.calendar_version, n.application_id, n.kind, n.old_due_at, n.new_due_at
  FROM unnest($1::int[], $2::uuid[], $3::int[], $4::timestamptz[], $5::timestamptz[])
         AS n(calendar_version, application_id, kind, old_due_at, new_due_at)
 ORDER BY n.calendar_version, n.application_id, n.kind
ON CONFLICT (calendar_version, application_id, kind) DO UPDATE
   SET new_due_at = EXCLUDED.new_due_at, moved_at = EXCLUDED.moved_at;

-- name: recomputed
-- in:  $1 version
-- all up to it are done: what is open lies where it puts it
UPDATE router.calendar AS c
   SET recomputed_at = coalesce(c.recomputed_at, now()),
       moved = (SELECT count(*) FROM router.deadline_move AS m WHERE m.calendar_version = c.version)
 WHERE c.version = $1::int OR (c.version < $1::int AND c.recomputed_at IS NULL);
