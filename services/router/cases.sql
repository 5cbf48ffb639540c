-- What the router says to the database about cases and commands (the rest: router.sql).

-- name: cases_wanted
-- in:  $1 application ids, $2 limit
-- out: the cases of these, of those that lead them and of those that are merged into them, by application id: id, number,
--      version, state, department, topic, triage, received at, due on, target on, kind, channel, legal basis, hand-backs,
--      with arbiter, arbiter due on, final owed, extended, answers, merged into, state before, draft (text, drafted by,
--      approved by), question (text, answer by, remind on), payload of ApplicationRouted, promised on, fee told on, fee due on,
--      version since which only the router's clock spoke
-- A row without routed_seq is an older version's, until cases_complete: then its event is looked for.
-- OFFSET 0 keeps it at one look by key for each: a plan made while the tables were small merged whole tables instead.
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
SELECT c.application_id, c.number, c.version, c.state, c.department, c.topic, c.triage, c.received_at, c.due_on,
       c.target_on, c.kind, c.channel, c.legal_basis, c.hand_backs, c.with_arbiter, c.arbiter_due_on, c.final_owed,
       c.extended, c.answers, c.merged_into, c.state_before, d.text, d.drafted_by, d.approved_by, q.text, q.answer_by,
       q.remind_on, e.payload, c.promised_on, c.fee_told_on, c.fee_due_on,
       CASE WHEN c.escalated_version = c.version THEN c.changed_version ELSE c.version END
  FROM wanted AS w
 CROSS JOIN LATERAL (SELECT x.* FROM router.case AS x WHERE x.application_id = w.id OFFSET 0) AS c
  LEFT JOIN LATERAL (SELECT x.* FROM router.draft AS x WHERE x.application_id = w.id OFFSET 0) AS d ON true
  LEFT JOIN LATERAL (SELECT x.* FROM router.question AS x WHERE x.application_id = w.id OFFSET 0) AS q ON true
 CROSS JOIN LATERAL (SELECT coalesce(c.routed_seq, (SELECT min(x.seq) FROM feed.event AS x WHERE x.stream = 'case'
                        AND x.application_id = c.application_id)) AS seq OFFSET 0) AS r
  LEFT JOIN LATERAL (SELECT x.payload FROM feed.event AS x WHERE x.stream = 'case' AND x.seq = r.seq OFFSET 0) AS e ON true
 ORDER BY c.application_id
 LIMIT $2::bigint;

-- name: parts_wanted
-- in:  $1 application ids
-- out: application id, number, department, task, answered
SELECT p.application_id, p.number, p.department, p.task, p.answered
  FROM router.part AS p WHERE p.application_id = ANY ($1::uuid[])
 ORDER BY p.application_id, p.number;

-- name: commands_wanted
-- in:  $1 ids
-- out: id, meaning, code, text, version, seq
SELECT c.id, c.meaning, c.code, c.text, c.version, c.seq FROM router.command AS c WHERE c.id = ANY ($1::uuid[]);

-- name: cases_lock
-- in:  $1 application ids
-- in one order for everybody, so that two writers do not wait for each other
SELECT count(*) FROM (SELECT 1 FROM router.case AS c WHERE c.application_id = ANY ($1::uuid[])
                       ORDER BY c.application_id FOR NO KEY UPDATE) AS locked;

-- name: cases_change
-- in:  $1 application ids, $2 versions as read, $3 new versions, $4 states, $5 departments, $6 topics, $7 triage,
--      $8 due on, $9 kinds, $10 channels, $11 legal bases, $12 hand-backs, $13 with arbiter, $14 arbiter due on,
--      $15 final owed, $16 extended, $17 answers, $18 merged into, $19 states before, $20 target on, $21 promised on,
--      $22 fees told on, $23 fees due on, $24 versions since which only the router's clock spoke (arrays of one length)
-- raises KF004 when a row is not at the version that was read
WITH changed AS (
	UPDATE router.case AS c
	   SET version = n.version, state = n.state, department = n.department, topic = n.topic, triage = n.triage,
	       due_on = n.due_on, kind = n.kind, channel = n.channel, legal_basis = n.legal_basis,
	       hand_backs = n.hand_backs, with_arbiter = n.with_arbiter, arbiter_due_on = n.arbiter_due_on,
	       final_owed = n.final_owed, extended = n.extended, answers = n.answers, merged_into = n.merged_into,
	       state_before = n.state_before, target_on = n.target_on, promised_on = n.promised_on,
	       fee_told_on = n.fee_told_on, fee_due_on = n.fee_due_on, clocked = true,
	       changed_version = n.changed_version,
	       escalated_version = CASE WHEN n.changed_version < n.version THEN n.version END, changed_at = now()
	  FROM unnest($1::uuid[], $2::int[], $3::int[], $4::int[], $5::text[], $6::text[], $7::bool[], $8::date[],
	              $9::int[], $10::int[], $11::int[], $12::int[], $13::bool[], $14::date[], $15::bool[], $16::bool[],
	              $17::int[], $18::uuid[], $19::int[], $20::date[], $21::date[], $22::date[], $23::date[], $24::int[])
	         AS n(application_id, old_version, version, state, department, topic, triage, due_on, kind, channel,
	              legal_basis, hand_backs, with_arbiter, arbiter_due_on, final_owed, extended, answers, merged_into,
	              state_before, target_on, promised_on, fee_told_on, fee_due_on, changed_version)
	 WHERE c.application_id = ANY ($1::uuid[]) -- by key, whatever the plan was made on
	   AND c.application_id = n.application_id AND c.version = n.old_version
	RETURNING 1)
SELECT router.demand(cardinality($1::uuid[]), (SELECT count(*) FROM changed));

-- name: drafts_put
-- in:  $1 application ids, $2 texts, $3 drafted by, $4 approved by (arrays of one length)
INSERT INTO router.draft AS d (application_id, text, drafted_by, approved_by)
SELECT n.application_id, n.text, n.drafted_by, n.approved_by
  FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::bytea[]) AS n(application_id, text, drafted_by, approved_by)
 ORDER BY n.application_id
ON CONFLICT (application_id) DO UPDATE
   SET text = EXCLUDED.text, drafted_by = EXCLUDED.drafted_by, approved_by = EXCLUDED.approved_by;

-- name: drafts_remove
-- in:  $1 application ids
DELETE FROM router.draft AS d WHERE d.application_id = ANY ($1::uuid[]);

-- name: questions_put
-- in:  $1 application ids, $2 texts, $3 answer by, $4 remind on (arrays of one length)
INSERT INTO router.question AS q (application_id, text, answer_by, remind_on)
SELECT n.application_id, n.text, n.answer_by, n.remind_on
  FROM unnest($1::uuid[], $2::text[], $3::date[], $4::date[]) AS n(application_id, text, answer_by, remind_on)
 ORDER BY n.application_id
ON CONFLICT (application_id) DO UPDATE
   SET text = EXCLUDED.text, answer_by = EXCLUDED.answer_by, remind_on = EXCLUDED.remind_on;

-- name: questions_remove
-- in:  $1 application ids
DELETE FROM router.question AS q WHERE q.application_id = ANY ($1::uuid[]);

-- name: parts_remove
-- in:  $1 application ids
DELETE FROM router.part AS p WHERE p.application_id = ANY ($1::uuid[]);

-- name: parts_put
-- in:  $1 application ids, $2 numbers, $3 departments, $4 tasks, $5 answered (arrays of one length)
-- after parts_remove
INSERT INTO router.part (application_id, number, department, task, answered)
SELECT n.application_id, n.number, n.department, n.task, n.answered
  FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::bool[])
         AS n(application_id, number, department, task, answered)
 ORDER BY n.application_id, n.number;

-- name: commands_add
-- in:  $1 ids, $2 application ids, $3 actions, $4 meanings, $5 codes, $6 texts, $7 versions, $8 places of their last
--      events among those of stream "case" that this transaction appended, from 1; 0: none (arrays of one length),
--      $9 how many it appended
-- raises KF004 when one of them was decided on elsewhere; after feed_append, which holds the stream
WITH head AS MATERIALIZED (
	SELECT coalesce((SELECT e.seq FROM feed.event AS e WHERE e.stream = 'case' ORDER BY e.seq DESC LIMIT 1), 0)
	         - $9::bigint AS seq),
added AS (
	INSERT INTO router.command (id, application_id, action, meaning, code, text, version, seq)
	SELECT n.id, n.application_id, n.action, n.meaning, n.code, n.text, n.version,
	       CASE WHEN n.place = 0 THEN 0 ELSE h.seq + n.place END
	  FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::bytea[], $5::int[], $6::text[], $7::int[], $8::int[])
	         AS n(id, application_id, action, meaning, code, text, version, place), head AS h
	 ORDER BY n.id
	ON CONFLICT (id) DO NOTHING
	RETURNING 1)
SELECT router.demand(cardinality($1::uuid[]), (SELECT count(*) FROM added));

-- name: questions_due
-- in:  $1 today, $2 limit
-- out: application id, version, remind on, answer by: those to be reminded of and those that nobody answered in time
SELECT q.application_id, c.version, q.remind_on, q.answer_by
  FROM (SELECT a.application_id, a.remind_on, a.answer_by FROM
               (SELECT x.* FROM router.question AS x WHERE x.answer_by < $1::date ORDER BY x.answer_by LIMIT $2::int) AS a
        UNION
        SELECT b.application_id, b.remind_on, b.answer_by FROM
               (SELECT x.* FROM router.question AS x WHERE x.remind_on IS NOT NULL AND x.remind_on <= $1::date
                 ORDER BY x.remind_on LIMIT $2::int) AS b) AS q
 CROSS JOIN LATERAL (SELECT x.version FROM router.case AS x WHERE x.application_id = q.application_id OFFSET 0) AS c;

-- name: arbiter_overdue
-- in:  $1 today
-- out: how many cases the arbiter should have decided on before today, the earliest such day (NULL: none)
SELECT count(*), min(c.arbiter_due_on) FROM router.case AS c WHERE c.with_arbiter AND c.arbiter_due_on < $1::date
   AND c.merged_into IS NULL;

-- name: commands_forget
-- in:  $1 before, $2 limit
-- the oldest, as they lie
DELETE FROM router.command AS c
 WHERE c.id = ANY (ARRAY(SELECT o.id FROM router.command AS o WHERE o.decided_at < $1::timestamptz LIMIT $2::bigint));

-- name: cases_complete
-- rows that an older version wrote get the place of their routing
UPDATE router.case AS c SET routed_seq = (SELECT min(e.seq) FROM feed.event AS e
                                           WHERE e.stream = 'case' AND e.application_id = c.application_id)
 WHERE c.routed_seq IS NULL;
