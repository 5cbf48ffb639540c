-- What somebody has to look at (inbox), and every date that a citizen was told (promise).
-- A turn is the only writer of both, so that a row is changed where it was found (ctid). OFFSET 0 keeps it at one look by key
-- for each: joined by a plan of the first minutes, all of the table was read for every turn.

-- name: inbox_add
-- in:  $1 application ids, $2 event ids, $3 numbers, $4 departments, $5 roles, $6 what, $7 clocks, $8 stages, $9 due at, $10 at
--      (arrays of one length)
INSERT INTO reporting.inbox (application_id, event_id, number, department, role, what, clock, stage, due_at, at)
SELECT n.application_id, n.event_id, n.number, n.department, n.role, n.what, n.clock, n.stage, n.due_at, n.at
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[], $8::int[], $9::timestamptz[],
              $10::timestamptz[]) AS n(application_id, event_id, number, department, role, what, clock, stage, due_at, at)
 WHERE NOT EXISTS (SELECT FROM reporting.erasure AS x WHERE x.application_id = n.application_id OFFSET 0)
 ORDER BY n.event_id, n.role
    ON CONFLICT (event_id, role) DO NOTHING;

-- name: inbox_end
-- in:  $1 application ids, $2 what ('': whichever), $3 clocks (0: whichever), $4 at (arrays of one length)
WITH found AS MATERIALIZED (
	SELECT k.place, n.at
	  FROM unnest($1::uuid[], $2::text[], $3::int[], $4::timestamptz[]) AS n(application_id, what, clock, at)
	 CROSS JOIN LATERAL (SELECT x.ctid AS place, x.what, x.clock, x.ended_at FROM reporting.inbox AS x
	                      WHERE x.application_id = n.application_id OFFSET 0) AS k
	 WHERE k.ended_at IS NULL AND (n.what = '' OR k.what = n.what) AND (n.clock = 0 OR k.clock = n.clock))
UPDATE reporting.inbox AS i SET ended_at = f.at FROM found AS f WHERE i.ctid = f.place;

-- name: inbox_move
-- in:  $1 application ids, each once, $2 departments
WITH found AS MATERIALIZED (
	SELECT k.place, n.department
	  FROM unnest($1::uuid[], $2::text[]) AS n(application_id, department)
	 CROSS JOIN LATERAL (SELECT x.ctid AS place, x.department, x.ended_at FROM reporting.inbox AS x
	                      WHERE x.application_id = n.application_id OFFSET 0) AS k
	 WHERE k.ended_at IS NULL AND k.department <> n.department)
UPDATE reporting.inbox AS i SET department = f.department FROM found AS f WHERE i.ctid = f.place;

-- name: promises_add
-- in:  $1 application ids, $2 event ids, $3 numbers, $4 departments, $5 what, $6 promised on, $7 told at, $8 reasons (arrays of
--      one length)
INSERT INTO reporting.promise (application_id, event_id, number, department, what, promised_on, told_at, reason)
SELECT n.application_id, n.event_id, n.number, n.department, n.what, n.promised_on, n.told_at, n.reason
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::date[], $7::timestamptz[], $8::text[])
         AS n(application_id, event_id, number, department, what, promised_on, told_at, reason)
 WHERE NOT EXISTS (SELECT FROM reporting.erasure AS x WHERE x.application_id = n.application_id OFFSET 0)
 ORDER BY n.event_id, n.what
    ON CONFLICT (event_id, what) DO NOTHING;

-- name: promises_end
-- in:  $1 application ids, $2 what ('': whichever), $3 outcomes ('': kept or broken, by the day), $4 days, $5 at, $6 departments
--      (arrays of one length)
WITH found AS MATERIALIZED (
	SELECT k.place, n.outcome, n.day, n.at, n.department
	  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::date[], $5::timestamptz[], $6::text[])
	         AS n(application_id, what, outcome, day, at, department)
	 CROSS JOIN LATERAL (SELECT x.ctid AS place, x.what, x.outcome FROM reporting.promise AS x
	                      WHERE x.application_id = n.application_id OFFSET 0) AS k
	 WHERE k.outcome = 'open' AND (n.what = '' OR k.what = n.what))
UPDATE reporting.promise AS p
   SET outcome = CASE WHEN f.outcome <> '' THEN f.outcome WHEN f.day <= p.promised_on THEN 'kept' ELSE 'broken' END,
       ended_at = f.at, department = f.department
  FROM found AS f WHERE p.ctid = f.place;

-- name: promises_move
-- in:  $1 application ids, each once, $2 departments that have to keep what is open
WITH found AS MATERIALIZED (
	SELECT k.place, n.department
	  FROM unnest($1::uuid[], $2::text[]) AS n(application_id, department)
	 CROSS JOIN LATERAL (SELECT x.ctid AS place, x.department, x.outcome FROM reporting.promise AS x
	                      WHERE x.application_id = n.application_id OFFSET 0) AS k
	 WHERE k.outcome = 'open' AND k.department IS DISTINCT FROM n.department)
UPDATE reporting.promise AS p SET department = f.department FROM found AS f WHERE p.ctid = f.place;

-- name: ledger_erase
-- in:  $1 application ids
WITH gone AS (DELETE FROM reporting.inbox AS i WHERE i.application_id = ANY ($1::uuid[]))
DELETE FROM reporting.promise AS p WHERE p.application_id = ANY ($1::uuid[]);

-- name: case_promises
-- in:  $1 number
-- out: what, promised on, told at, reason, outcome, ended at; in order
SELECT p.what, p.promised_on, p.told_at, p.reason, p.outcome, p.ended_at
  FROM reporting.application AS a
 CROSS JOIN LATERAL (SELECT x.* FROM reporting.promise AS x WHERE x.application_id = a.application_id OFFSET 0) AS p
 WHERE a.number = $1::text
 ORDER BY p.told_at, p.what LIMIT 200;

-- name: inbox_page
-- in:  $1 department (NULL: any), $2 role (NULL: any), $3 whether a page is asked that follows a row, which is: $4 0 of a page, 1
--      of an escalation, $5 at, $6 event id, $7 role; $8 limit
-- out: how many there are in all, number, department, role, what, clock, stage, due at, at, event id, topic's name, state, name of the
--      department, in English; a row without a number says only how many
WITH open AS MATERIALIZED (
	SELECT i.*, CASE WHEN i.what = 'page' THEN 0 ELSE 1 END AS rank
	  FROM reporting.inbox AS i
	 WHERE i.ended_at IS NULL AND ($1::text IS NULL OR i.department = $1::text) AND ($2::text IS NULL OR i.role = $2::text))
SELECT c.count, o.number, o.department, o.role, o.what, o.clock::int, o.stage::int, o.due_at, o.at, o.event_id, a.topic_name,
       a.state::int, a.department_name, a.department_name_en
  FROM (SELECT count(*) AS count FROM open) AS c
  LEFT JOIN LATERAL (
       SELECT x.* FROM open AS x
        WHERE NOT $3::bool OR x.rank > $4::int
           OR (x.rank = $4::int AND (x.at, x.event_id, x.role) < ($5::timestamptz, $6::uuid, $7::text))
        ORDER BY x.rank, x.at DESC, x.event_id DESC, x.role DESC LIMIT $8::bigint) AS o ON true
  LEFT JOIN LATERAL (SELECT y.topic_name, y.state, y.department_name, y.department_name_en FROM reporting.application AS y
                      WHERE y.application_id = o.application_id OFFSET 0) AS a ON true
 ORDER BY o.rank, o.at DESC, o.event_id DESC, o.role DESC;

-- name: promises_kept
-- in:  $1 from, $2 to, $3 today
-- out: department (NULL: none), kept, broken (those that nobody answered until today among them), open, moved, void; of what was
--      promised for these days
SELECT d.department, count(*) FILTER (WHERE p.outcome = 'kept'),
       count(*) FILTER (WHERE p.outcome = 'broken' OR (p.outcome = 'open' AND p.promised_on < $3::date)),
       count(*) FILTER (WHERE p.outcome = 'open' AND p.promised_on >= $3::date),
       count(*) FILTER (WHERE p.outcome = 'moved'), count(*) FILTER (WHERE p.outcome = 'void')
  FROM reporting.promise AS p CROSS JOIN LATERAL (SELECT p.department) AS d
 WHERE p.promised_on BETWEEN $1::date AND $2::date
 GROUP BY d.department ORDER BY d.department NULLS LAST;
