-- What the router says to the database about learning (learning.h).

-- name: examples_put
-- in:  $1 application ids, $2 sources, $3 topics, $4 what the decisions had said, $5 model versions (arrays of one length)
-- The last word counts; that a decision was kept is only said where nobody has said anything (looked at before: a conflict
-- locks the row even when nothing is changed).
INSERT INTO router.example AS x (application_id, source, topic, said, model_version)
SELECT n.application_id, n.source, n.topic, n.said, n.model_version
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::int[])
         AS n(application_id, source, topic, said, model_version)
 WHERE n.source <> 'kept' OR NOT EXISTS (SELECT FROM router.example AS y WHERE y.application_id = n.application_id)
 ORDER BY n.application_id
ON CONFLICT (application_id) WHERE application_id IS NOT NULL DO UPDATE
   SET source = EXCLUDED.source, topic = EXCLUDED.topic, said = EXCLUDED.said, model_version = EXCLUDED.model_version,
       made_at = now()
 WHERE EXCLUDED.source <> 'kept';

-- name: learning_take
-- in:  $1 holder, $2 seconds of the lease, $3 days from one training to the next, $4 own examples that are enough,
--      $5 version in force, 0: none or a file's, $6 version that could not be loaded, -1: none
-- out: version that is active, 0: none; no row: there is nothing to learn now, somebody else learns, or he who asks does not
--      have the active model yet
-- One that never comes to an end is begun five times, then once an hour.
UPDATE router.learning AS l
   SET holder = $1::uuid, until = clock_timestamp() + make_interval(secs => $2::int), began_at = clock_timestamp(),
       attempts = l.attempts + 1
 WHERE l.id = 1 AND coalesce(l.until < clock_timestamp(), true)
   AND (l.attempts < 5 OR l.began_at < clock_timestamp() - interval '1 hour')
   AND coalesce((SELECT m.version FROM router.model AS m WHERE m.state = 'active'), 0) IN ($5::int, $6::int)
   AND (l.wanted_at IS NOT NULL
        OR (coalesce(l.ended_at < clock_timestamp() - make_interval(days => $3::int), true)
            AND EXISTS (SELECT FROM router.example AS x
                         WHERE x.application_id IS NOT NULL AND x.made_at >= coalesce(l.began_at, '-infinity'))
            AND EXISTS (SELECT FROM router.example AS x WHERE x.application_id IS NOT NULL AND x.topic IS NOT NULL
                        OFFSET $4::int - 1 LIMIT 1)))
RETURNING coalesce((SELECT m.version FROM router.model AS m WHERE m.state = 'active'), 0);

-- name: learning_renew
-- in:  $1 holder, $2 seconds of the lease
-- out: one row when it is still his
UPDATE router.learning AS l SET until = clock_timestamp() + make_interval(secs => $2::int)
 WHERE l.id = 1 AND l.holder = $1::uuid
RETURNING 1;

-- name: examples_shipped
-- in:  $1 id to go on after, $2 limit
-- out: id, topic, text
SELECT x.id, x.topic, x.text FROM router.example AS x
 WHERE x.source = 'shipped' AND x.id > $1::bigint ORDER BY x.id LIMIT $2::int;

-- name: examples_own
-- in:  $1 time and $2 id to go on before, $3 months, $4 limit
-- out: time, id, topic, payload of ApplicationRouted (or of what is left of it); the newest first
SELECT x.made_at, x.id, x.topic, e.payload
  FROM (SELECT y.made_at, y.id, y.topic, y.application_id FROM router.example AS y
         WHERE y.application_id IS NOT NULL AND y.topic IS NOT NULL AND (y.made_at, y.id) < ($1::timestamptz, $2::bigint)
           AND y.made_at > now() - make_interval(months => $3::int)
         ORDER BY y.made_at DESC, y.id DESC LIMIT $4::int) AS x
  LEFT JOIN LATERAL (SELECT z.routed_seq FROM router.case AS z WHERE z.application_id = x.application_id OFFSET 0) AS c ON true
  LEFT JOIN LATERAL (SELECT z.payload FROM feed.event AS z WHERE z.stream = 'case' AND z.seq = c.routed_seq OFFSET 0) AS e
    ON true
 ORDER BY x.made_at DESC, x.id DESC;

-- name: learning_end
-- in:  $1 holder, $2 outcome, $3 reason, $4 figures (JSON; NULL: none)
-- raises KF004 when the lease is another's
WITH ended AS (
	UPDATE router.learning AS l
	   SET holder = NULL, until = NULL, attempts = 0, ended_at = now(), outcome = $2::text, reason = $3::text,
	       figures = $4::text::jsonb, wanted_at = CASE WHEN l.wanted_at > l.began_at THEN l.wanted_at END
	 WHERE l.id = 1 AND l.holder = $1::uuid
	RETURNING 1)
SELECT router.demand(1, (SELECT count(*) FROM ended));

-- name: model_retire
-- in:  $1 version that was compared with, 0: none
-- raises KF004 when another one is active now
WITH retired AS (
	UPDATE router.model AS m SET state = 'retired' WHERE m.state = 'active' RETURNING m.version)
SELECT router.demand($1::int, coalesce((SELECT r.version FROM retired AS r), 0));

-- name: model_add
-- in:  $1 name, $2 bytes, $3 figures (JSON), $4 state, $5 reason, $6 made by
-- out: version
INSERT INTO router.model (name, bytes, figures, state, reason, made_by, activated_at)
VALUES ($1::text, $2::bytea, $3::text::jsonb, $4::text, $5::text, $6::text, CASE WHEN $4::text = 'active' THEN now() END)
RETURNING version;

-- name: models_thin
-- in:  $1 how many keep their bytes
-- Of those that are neither in force nor among the newest, what they were stays, without their bytes.
UPDATE router.model AS m SET bytes = ''
 WHERE m.state <> 'active' AND length(m.bytes) > 0
   AND m.version NOT IN (SELECT n.version FROM router.model AS n ORDER BY n.version DESC LIMIT $1::int);

-- name: drift
-- out: what, how many of how many, now and before, whether it drifts
SELECT d.what, d.part, d.whole, d.part_before, d.whole_before, d.drifts FROM router.drift AS d ORDER BY d.what;
