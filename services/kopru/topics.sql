-- Statements of `kopru topics' about the models of the database and learning, as its owner; asked one by one, with text
-- parameters (common/db/script.h). "" stands for nothing. Times are shown in Istanbul, which is UTC+3 all year.

-- name: topics_today
-- out: codes of the topics valid today
SELECT t.code FROM router.topic AS t
 WHERE t.valid_from <= current_date AND (t.valid_to IS NULL OR t.valid_to > current_date) ORDER BY t.code COLLATE "C";

-- name: topics_publish
-- in:  $1 name, $2 bytes (hexadecimal), $3 figures (JSON), $4 reason, $5 by
-- out: version, version that was active before
WITH retired AS (
	UPDATE router.model AS m SET state = 'retired' WHERE m.state = 'active' RETURNING m.version)
INSERT INTO router.model (name, bytes, figures, state, reason, made_by, activated_at)
SELECT $1::text, decode($2::text, 'hex'), $3::text::jsonb, 'active', $4::text, $5::text, clock_timestamp()
  FROM (SELECT count(*) FROM retired) AS first
RETURNING version, (SELECT r.version FROM retired AS r);

-- name: topics_rollback
-- in:  $1 by, $2 reason
-- out: version and name that were active, version and name that are; no row: there is none to go back to
-- What was gone back from is never gone back to: one more step goes to the one before.
WITH active AS (
	SELECT m.version, m.name, m.activated_at FROM router.model AS m WHERE m.state = 'active'),
earlier AS (
	SELECT m.version, m.name FROM router.model AS m, active AS a
	 WHERE m.state = 'retired' AND length(m.bytes) > 0 AND m.activated_at < a.activated_at
	 ORDER BY m.activated_at DESC LIMIT 1),
away AS (
	UPDATE router.model AS m SET state = 'refused', reason = concat_ws(': ', 'rolled back by ' || $1::text, nullif($2::text, ''))
	  FROM active AS a, earlier AS e WHERE m.version = a.version AND m.state = 'active'
	RETURNING m.version, m.name),
back AS (
	UPDATE router.model AS m SET state = 'active' FROM earlier AS e, (SELECT count(*) AS gone FROM away) AS w
	 WHERE m.version = e.version AND w.gone = 1
	RETURNING m.version, m.name)
SELECT a.version, a.name, b.version, b.name FROM away AS a, back AS b;

-- name: topics_models
-- in:  $1 limit
-- out: version, name, state, made by, made at, in force since, accuracy and macro-F1 (of what was held out, else of
--      cross-validation), macro-F1 of the one it was compared with, reason; the newest first
SELECT m.version, m.name, m.state, m.made_by, to_char(m.made_at AT TIME ZONE 'Europe/Istanbul', 'YYYY-MM-DD"T"HH24:MI:SS"+03:00"'),
       to_char(m.activated_at AT TIME ZONE 'Europe/Istanbul', 'YYYY-MM-DD"T"HH24:MI:SS"+03:00"'),
       round(coalesce(m.figures->'new'->>'accuracy', m.figures->'cross_validation'->>'accuracy')::numeric, 3),
       round(coalesce(m.figures->'new'->>'macro_f1', m.figures->'cross_validation'->>'macro_f1')::numeric, 3),
       round((m.figures->'active'->>'macro_f1')::numeric, 3), m.reason
  FROM router.model AS m ORDER BY m.version DESC LIMIT $1::int;

-- name: topics_learning
-- out: active version, its name, in force since, own examples, shipped ones, asked for at, by, running since, last end,
--      outcome, reason, figures (JSON)
SELECT m.version, m.name, to_char(m.activated_at AT TIME ZONE 'Europe/Istanbul', 'YYYY-MM-DD"T"HH24:MI:SS"+03:00"'),
       (SELECT count(*) FROM router.example AS x WHERE x.application_id IS NOT NULL AND x.topic IS NOT NULL),
       (SELECT count(*) FROM router.example AS x WHERE x.source = 'shipped'),
       to_char(l.wanted_at AT TIME ZONE 'Europe/Istanbul', 'YYYY-MM-DD"T"HH24:MI:SS"+03:00"'), l.wanted_by,
       CASE WHEN l.until > now() THEN to_char(l.began_at AT TIME ZONE 'Europe/Istanbul', 'YYYY-MM-DD"T"HH24:MI:SS"+03:00"') END,
       to_char(l.ended_at AT TIME ZONE 'Europe/Istanbul', 'YYYY-MM-DD"T"HH24:MI:SS"+03:00"'), l.outcome, l.reason,
       l.figures::text
  FROM router.learning AS l LEFT JOIN router.model AS m ON m.state = 'active' WHERE l.id = 1;

-- name: topics_drift
-- out: what, part, whole, part before, whole before, "yes" when it drifts
SELECT d.what, coalesce(d.part, 0), coalesce(d.whole, 0), coalesce(d.part_before, 0), coalesce(d.whole_before, 0),
       CASE WHEN d.drifts THEN 'yes' END
  FROM router.drift AS d ORDER BY d.what;

-- name: topics_rates
-- out: topic, decided, unsure, corrected in the last seven days, and in the 28 before
SELECT nullif(r.topic, ''), r.decided, r.unsure, r.corrected, r.decided_before, r.unsure_before, r.corrected_before
  FROM router.topic_rates AS r ORDER BY r.corrected DESC, r.unsure DESC, r.topic COLLATE "C";

-- name: topics_want
-- in:  $1 by
-- out: when, in microseconds since 1970
UPDATE router.learning AS l SET wanted_at = clock_timestamp(), wanted_by = $1::text WHERE l.id = 1
RETURNING (extract(epoch FROM l.wanted_at) * 1000000)::bigint;

-- name: topics_outcome
-- in:  $1 when it was asked for, in microseconds since 1970
-- out: outcome, reason of a training that began after it; no row: not yet
SELECT l.outcome, l.reason FROM router.learning AS l
 WHERE l.id = 1 AND l.ended_at >= l.began_at AND l.holder IS NULL
   AND (extract(epoch FROM l.began_at) * 1000000)::bigint >= $1::bigint;
