-- What officials are told, and summed up to them when it is much.

-- name: staff_insert
-- in:  $1 event ids, $2 application ids, $3 versions, $4 numbers, $5 departments, $6 roles (with commas), $7 templates,
--      $8 never to be summed up, $9 fields (arrays of one length), $10 most letters to one address within an hour
-- out: how many letters, how many are left to a summary, how many events nobody is told of
WITH wanted AS MATERIALIZED (
	SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bool[],
	                     $9::text[]) WITH ORDINALITY
	           AS n(event_id, application_id, version, number, department, roles, template, urgent, fields, place)),
told AS MATERIALIZED (
	SELECT w.*, s.address, row_number() OVER (PARTITION BY s.address ORDER BY w.place) AS nth
	  FROM wanted AS w
	 CROSS JOIN LATERAL (SELECT DISTINCT lower(x.address) AS address FROM notifier.staff AS x
	                      WHERE x.department IN (w.department, '') AND x.role = ANY (string_to_array(w.roles, ','))) AS s),
sent AS MATERIALIZED (
	SELECT a.address, c.count
	  FROM (SELECT DISTINCT t.address FROM told AS t) AS a
	 CROSS JOIN LATERAL (
	       SELECT count(*) FROM (
	              SELECT FROM notifier.notice AS o
	               WHERE lower(o.address) = a.address AND o.person <> 'applicant' AND o.state <> 'none'
	                 AND o.created_at > now() - interval '1 hour' LIMIT $10::int) AS o) AS c),
inserted AS (
	INSERT INTO notifier.notice (id, event_id, application_id, version, number, person, channel, template, policy, language,
	                             address, fields, state, reason, finished_at)
	SELECT gen_random_uuid(), t.event_id, t.application_id, t.version, t.number, 'staff:' || t.address, 'email', t.template,
	       'at_least_once', 'tr', t.address, t.fields::jsonb, CASE WHEN l.summed THEN 'none' ELSE 'pending' END,
	       CASE WHEN l.summed THEN 'waits for the summary' END, CASE WHEN l.summed THEN now() END
	  FROM told AS t JOIN sent AS s ON s.address = t.address
	 CROSS JOIN LATERAL (SELECT NOT t.urgent AND s.count + t.nth > $10::int AS summed) AS l
	 ORDER BY t.place, t.address
	    ON CONFLICT (event_id, person, channel, template) DO NOTHING
	RETURNING state)
SELECT (SELECT count(*) FROM inserted WHERE state = 'pending'), (SELECT count(*) FROM inserted WHERE state = 'none'),
       (SELECT count(*) FROM wanted AS w WHERE NOT EXISTS (SELECT FROM told AS t WHERE t.place = w.place));

-- name: staff_sum_up
-- in:  $1 seconds that the oldest waits, $2 most numbers that are named
-- out: how many summaries
WITH locked AS MATERIALIZED (
	SELECT n.* FROM notifier.notice AS n
	 WHERE n.state = 'none' AND n.reason = 'waits for the summary' AND n.address IS NOT NULL
	   FOR UPDATE SKIP LOCKED),
waiting AS MATERIALIZED (
	SELECT n.id, n.event_id, n.application_id, n.version, n.number, n.person, n.address,
	       row_number() OVER (PARTITION BY n.person ORDER BY n.created_at, n.id) AS nth,
	       min(n.created_at) OVER (PARTITION BY n.person) AS since,
	       n.number || ': %' || coalesce(n.fields ->> 'stage', '') AS line
	  FROM locked AS n),
due AS MATERIALIZED (
	SELECT * FROM waiting WHERE since <= now() - make_interval(secs => $1::int)),
summed AS (
	UPDATE notifier.notice AS n SET reason = 'in a summary' FROM due AS d WHERE n.id = d.id),
inserted AS (
	INSERT INTO notifier.notice (id, event_id, application_id, version, number, person, channel, template, policy, language,
	                             address, fields, state)
	SELECT gen_random_uuid(), f.event_id, f.application_id, f.version, f.number, f.person, 'email', 'staff_summary',
	       'at_least_once', 'tr', f.address,
	       jsonb_build_object('count', g.count, 'text', g.lines), 'pending'
	  FROM (SELECT d.person, count(*)::int AS count,
	               string_agg(d.line, E'\n' ORDER BY d.nth) FILTER (WHERE d.nth <= $2::int) AS lines
	          FROM due AS d GROUP BY d.person) AS g
	  JOIN due AS f ON f.person = g.person AND f.nth = 1
	 ORDER BY f.person
	    ON CONFLICT (event_id, person, channel, template) DO NOTHING
	RETURNING 1)
SELECT count(*) FROM inserted;
