-- What the router says to the database about clocks.

-- name: clocks_wanted
-- in:  $1 application ids, $2 limit
-- out: the clocks of the cases that cases_wanted gives: application id, kind, legal basis, started at, started on, due at,
--      extended, stopped at, stage, next at, calendar version
WITH asked AS MATERIALIZED (
	SELECT DISTINCT a.id FROM unnest($1::uuid[]) AS a(id)),
wanted AS MATERIALIZED (
	SELECT a.id FROM asked AS a
	UNION
	SELECT c.merged_into FROM asked AS a
	 CROSS JOIN LATERAL (SELECT x.merged_into FROM router.case AS x WHERE x.application_id = a.id OFFSET 0) AS c
	 WHERE c.merged_into IS NOT NULL
	UNION
	SELECT c.application_id FROM asked AS a
	 CROSS JOIN LATERAL (SELECT x.application_id FROM router.case AS x WHERE x.merged_into = a.id OFFSET 0) AS c)
SELECT k.application_id, k.kind, k.legal_basis, k.started_at, k.started_on, k.due_at, k.extended, k.stopped_at, k.stage,
       k.next_at, k.calendar_version
  FROM wanted AS w
 CROSS JOIN LATERAL (SELECT x.* FROM router.clock AS x WHERE x.application_id = w.id OFFSET 0) AS k
 LIMIT $2::bigint;

-- name: clocks_put
-- in:  $1 application ids, $2 kinds, $3 legal bases, $4 started at, $5 started on, $6 due at, $7 extended, $8 stopped at,
--      $9 stages, $10 next at, $11 calendar versions (arrays of one length)
-- after the row of the case was locked, or inserted
INSERT INTO router.clock AS k (application_id, kind, legal_basis, started_at, started_on, due_at, extended, stopped_at, stage,
       next_at, calendar_version)
SELECT n.application_id, n.kind, n.legal_basis, n.started_at, n.started_on, n.due_at, n.extended, n.stopped_at, n.stage,
       n.next_at, n.calendar_version
  FROM unnest($1::uuid[], $2::int[], $3::int[], $4::timestamptz[], $5::date[], $6::timestamptz[], $7::bool[],
              $8::timestamptz[], $9::int[], $10::timestamptz[], $11::int[])
         AS n(application_id, kind, legal_basis, started_at, started_on, due_at, extended, stopped_at, stage, next_at,
              calendar_version)
 ORDER BY n.application_id, n.kind
ON CONFLICT (application_id, kind) DO UPDATE
   SET legal_basis = EXCLUDED.legal_basis, started_at = EXCLUDED.started_at, started_on = EXCLUDED.started_on,
       due_at = EXCLUDED.due_at, extended = EXCLUDED.extended, stopped_at = EXCLUDED.stopped_at, stage = EXCLUDED.stage,
       next_at = EXCLUDED.next_at, calendar_version = EXCLUDED.calendar_version;

-- name: clocks_remove
-- in:  $1 application ids, $2 kinds (arrays of one length)
-- after the row of the case was locked: nobody else changes its clocks meanwhile, so that they are taken where they were found
-- (ctid). Joined with the arrays, a plan of the first minutes read all clocks.
WITH found AS MATERIALIZED (
	SELECT k.place
	  FROM unnest($1::uuid[], $2::int[]) AS n(application_id, kind)
	 CROSS JOIN LATERAL (SELECT x.ctid AS place, x.kind FROM router.clock AS x
	                      WHERE x.application_id = n.application_id OFFSET 0) AS k
	 WHERE k.kind = n.kind)
DELETE FROM router.clock AS k USING found AS f WHERE k.ctid = f.place;

-- name: clocks_due
-- in:  $1 now, $2 limit
-- out: clocks that have something to tell, longest due first: application id, kind, legal basis, started at, started on,
--      due at, extended, stopped at, stage, next at, calendar version, version and state of the case
SELECT k.application_id, k.kind, k.legal_basis, k.started_at, k.started_on, k.due_at, k.extended, k.stopped_at, k.stage,
       k.next_at, k.calendar_version, c.version, c.state
  FROM (SELECT x.* FROM router.clock AS x WHERE x.next_at IS NOT NULL AND x.next_at <= $1::timestamptz
         ORDER BY x.next_at LIMIT $2::int) AS k
 CROSS JOIN LATERAL (SELECT x.version, x.state FROM router.case AS x WHERE x.application_id = k.application_id OFFSET 0) AS c
 ORDER BY k.next_at;

-- name: clocks_forget
-- in:  $1 application ids
-- of cases that an older version ended, which knows no clocks
DELETE FROM router.clock AS k
 WHERE k.application_id = ANY ($1::uuid[])
   AND EXISTS (SELECT FROM router.case AS c WHERE c.application_id = k.application_id AND c.state NOT IN (1, 2, 3, 4, 9, 11));

-- name: cases_unclocked
-- in:  $1 limit
-- out: open cases of older versions: application id, version, state, topic, received at, due on, target on, legal basis,
--      with arbiter, arbiter due on, extended, changed at
SELECT c.application_id, c.version, c.state, c.topic, c.received_at, c.due_on, c.target_on, c.legal_basis, c.with_arbiter,
       c.arbiter_due_on, c.extended, c.changed_at
  FROM router.case AS c WHERE NOT c.clocked AND c.state IN (1, 2, 3, 4, 9, 11)
 ORDER BY c.application_id LIMIT $1::int;

-- name: cases_clocked
-- in:  $1 application ids, $2 versions (arrays of one length)
-- before their clocks are put; raises KF004 when a case has gone on meanwhile
WITH changed AS (
	UPDATE router.case AS c SET clocked = true
	  FROM unnest($1::uuid[], $2::int[]) AS n(application_id, version)
	 WHERE c.application_id = ANY ($1::uuid[]) AND c.application_id = n.application_id AND c.version = n.version
	RETURNING 1)
SELECT router.demand(cardinality($1::uuid[]), (SELECT count(*) FROM changed));
