-- Statements of `kopru rules ...`, as the owner of the database; asked one by one, with text parameters. Days are counted
-- from 1970-01-01; 0: open.

-- name: rules_departments
-- out: code, valid from, valid to; those that have a stream
SELECT d.code, d.valid_from - DATE '1970-01-01', coalesce(d.valid_to - DATE '1970-01-01', 0)
  FROM router.department AS d
  JOIN feed.stream AS s ON s.name = 'department/' || d.code
 ORDER BY d.code COLLATE "C";

-- name: rules_topics
-- out: code, department as of today, valid from, valid to
SELECT t.code,
       coalesce((SELECT x.department FROM router.topic_change AS x
                  WHERE x.code = t.code AND x.valid_from <= (now() AT TIME ZONE 'Europe/Istanbul')::date
                  ORDER BY x.valid_from DESC LIMIT 1), t.department),
       t.valid_from - DATE '1970-01-01', coalesce(t.valid_to - DATE '1970-01-01', 0)
  FROM router.topic AS t
 ORDER BY t.code COLLATE "C";

-- name: rules_area_rows
-- out: code, name, other names (one a line), "t" when a neighbourhood, shape or "", valid from, valid to
SELECT a.code, a.name_tr, array_to_string(a.names, E'\n'), a.kind = 'neighbourhood', coalesce(a.shape::text, ''),
       a.valid_from - DATE '1970-01-01', coalesce(a.valid_to - DATE '1970-01-01', 0)
  FROM router.area AS a
 ORDER BY a.code COLLATE "C";

-- name: rules_calendar
-- out: day, kind; of the newest version, or the holidays of before there were versions
SELECT d.day - DATE '1970-01-01', d.kind FROM router.calendar_day AS d WHERE d.version_to IS NULL
UNION ALL
SELECT h.day - DATE '1970-01-01', CASE WHEN h.half THEN 'half_holiday' ELSE 'holiday' END FROM router.holiday AS h
 WHERE NOT EXISTS (SELECT FROM router.calendar)
 ORDER BY 1, 2;

-- name: rules_versions
-- out: version, state, rules, made by, made at, activated at, reason
SELECT r.version, r.state, (SELECT count(*) FROM router.rule AS x WHERE x.version = r.version), r.made_by,
       to_char(r.made_at AT TIME ZONE 'Europe/Istanbul', 'YYYY-MM-DD"T"HH24:MI:SS"+03:00"'),
       to_char(r.activated_at AT TIME ZONE 'Europe/Istanbul', 'YYYY-MM-DD"T"HH24:MI:SS"+03:00"'), r.reason
  FROM router.rules AS r
 ORDER BY r.version DESC;

-- name: rules_history
-- out: at, how, version, before, made by, reason of the version, decisions that it was replayed over, that would have moved
SELECT to_char(c.at AT TIME ZONE 'Europe/Istanbul', 'YYYY-MM-DD"T"HH24:MI:SS"+03:00"'), c.how, c.version, c.before,
       c.made_by, r.reason, r.replay ->> 'decisions', r.replay ->> 'moved'
  FROM router.rules_change AS c
  JOIN router.rules AS r ON r.version = c.version
 ORDER BY c.id DESC;

-- name: rules_active
-- out: version of the active set; none: no row
SELECT r.version FROM router.rules AS r WHERE r.state = 'active';

-- name: rules_state
-- in:  $1 version
-- out: its state; none: no row
SELECT r.state FROM router.rules AS r WHERE r.version = $1::int;

-- name: rules_before
-- in:  $1 version
-- out: what was active before it when it was last activated, "" for nothing; no row when it never was
SELECT c.before FROM router.rules_change AS c
 WHERE c.version = $1::int AND c.how = 'activate'
 ORDER BY c.id DESC LIMIT 1;

-- name: rules_of
-- in:  $1 version
-- out: code, owner, reason, valid from, valid to, conditions, outcome
SELECT r.code, r.owner, r.reason, r.valid_from - DATE '1970-01-01', coalesce(r.valid_to - DATE '1970-01-01', 0),
       r.conditions::text, r.outcome::text
  FROM router.rule AS r WHERE r.version = $1::int
 ORDER BY r.code COLLATE "C";

-- name: rules_add
-- in:  $1 reason, $2 made by, $3 rules (JSON: a list of the rules as their columns are called)
-- out: the new version
WITH made AS (
	INSERT INTO router.rules (state, reason, made_by) VALUES ('draft', $1::text, $2::text) RETURNING version),
added AS (
	INSERT INTO router.rule (version, code, owner, reason, valid_from, valid_to, conditions, outcome)
	SELECT m.version, n.code, n.owner, n.reason, n.valid_from, n.valid_to, n.conditions, n.outcome
	  FROM made AS m, jsonb_to_recordset($3::jsonb) AS n(code text, owner text, reason text, valid_from date, valid_to date,
	       conditions jsonb, outcome jsonb))
SELECT m.version FROM made AS m;

-- name: rules_set_active
-- in:  $1 version, $2 which was active before (0: none), $3 how, $4 by, $5 replay or ""
SELECT router.rules_activate($1::int, $2::int, $3::text, $4::text, nullif($5::text, '')::jsonb);

-- name: rules_replay_session
-- A replay reads only, and stands in nobody's way for long.
SELECT set_config('default_transaction_read_only', 'on', false), set_config('statement_timeout', '10s', false),
       set_config('lock_timeout', '1s', false);

-- name: rules_decisions
-- in:  $1 only events of stream "intake" before this one (0: from the newest on), $2 days, $3 limit
-- out: seq, payload (hex), number, department, topic, rule, first candidate's topic, seconds since the decision is out of
--      the days (below 0: it is in them); the newest first; payload "" where nothing was decided
SELECT e.seq, CASE WHEN d.received_event_id IS NULL THEN '' ELSE encode(e.payload, 'hex') END, c.number, d.department,
       d.topic, d.rule, d.candidates -> 0 ->> 'topic',
       extract(epoch FROM now() - make_interval(days => $2::int) - d.decided_at)::bigint
  FROM (SELECT x.seq, x.event_id, x.application_id, x.payload FROM feed.event AS x
         WHERE x.stream = 'intake' AND ($1::bigint = 0 OR x.seq < $1::bigint)
         ORDER BY x.seq DESC LIMIT $3::int) AS e
  LEFT JOIN LATERAL (SELECT y.* FROM router.decision AS y WHERE y.received_event_id = e.event_id OFFSET 0) AS d ON true
  LEFT JOIN LATERAL (SELECT z.number FROM router.case AS z WHERE z.application_id = e.application_id OFFSET 0) AS c ON true
 ORDER BY e.seq DESC;
