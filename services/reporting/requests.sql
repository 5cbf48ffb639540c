-- All that reporting does for Open311.

-- name: requests_insert
-- in:  $1 application ids, $2 numbers, $3 versions, $4 states, $5 status, $6 topics, $7 departments, $8 received at, $9 times of
--      the events, $10 expected on, $11 neighbourhoods, $12 latitudes, $13 longitudes (arrays of one length, sorted by id)
INSERT INTO reporting.public_request (application_id, number, version, state, status, topic, department, received_at, updated_at,
                                      expected_on, neighbourhood, latitude_e7, longitude_e7)
SELECT n.id, n.number, n.version, n.state, n.status, n.topic, n.department, n.received_at, n.at, n.expected_on, n.neighbourhood,
       n.latitude, n.longitude
  FROM unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::int[], $6::text[], $7::text[], $8::timestamptz[],
              $9::timestamptz[], $10::date[], $11::text[], $12::int[], $13::int[]) WITH ORDINALITY
         AS n(id, number, version, state, status, topic, department, received_at, at, expected_on, neighbourhood, latitude,
              longitude, place)
 WHERE NOT EXISTS (SELECT FROM reporting.erasure AS x WHERE x.application_id = n.id)
 ORDER BY n.place
    ON CONFLICT (application_id) DO NOTHING;

-- name: requests_move
-- in:  $1 application ids, each once, $2 versions, $3 states, $4 status, $5 topics, $6 departments, $7 times of the events,
--      $8 expected on (arrays of one length)
-- Found by key, whatever the plan was made on, and changed where it lies: as in ledger.sql.
WITH found AS MATERIALIZED (
	SELECT k.place, n.*
	  FROM unnest($1::uuid[], $2::int[], $3::int[], $4::int[], $5::text[], $6::text[], $7::timestamptz[], $8::date[])
	         AS n(id, version, state, status, topic, department, at, expected_on)
	 CROSS JOIN LATERAL (SELECT x.ctid AS place, x.version AS before FROM reporting.public_request AS x
	                      WHERE x.application_id = n.id OFFSET 0) AS k
	 WHERE k.before < n.version)
UPDATE reporting.public_request AS r
   SET version = n.version, state = n.state, status = n.status, topic = n.topic, department = n.department,
       expected_on = n.expected_on,
       updated_at = CASE WHEN r.status = 2 AND n.status = 2
                           OR (r.state, r.status, r.topic, r.department, r.expected_on)
                              IS NOT DISTINCT FROM (n.state, n.status, n.topic, n.department, n.expected_on)
                         THEN r.updated_at ELSE n.at END
  FROM found AS n WHERE r.ctid = n.place;

-- name: requests_erase
-- in:  $1 application ids
DELETE FROM reporting.public_request WHERE application_id = ANY ($1::uuid[]);

-- name: requests_received
-- in:  $1 topics (NULL: all), $2 status, $3 received from, $4 to, exclusive, $5 box, $6 circle (of reporting.is_in), $7 offset,
--      $8 count, $9 with moves?
-- out: number, state, status, topic, its name, in English, name of the department, in English, received at, updated at,
--      expected on, neighbourhood, latitude, longitude, moves (of reporting.moves_of); newest first
-- By the index public_request_received, one look for each topic and status, of which none reads more than is asked for. For how
-- the limits are written see requests_updated.
SELECT v.number, v.state::int, v.status::int, v.topic, v.topic_tr, v.topic_en, v.department_tr, v.department_en, v.received_at,
       v.updated_at, v.expected_on, v.neighbourhood, v.latitude_e7, v.longitude_e7,
       CASE WHEN $9::bool THEN reporting.moves_of(v.application_id) END
  FROM (SELECT k.application_id, k.received_at
          FROM router.topic AS t CROSS JOIN unnest($2::int[]) AS s(status)
         CROSS JOIN LATERAL (
               SELECT r.application_id, r.received_at FROM reporting.public_request AS r
                WHERE r.topic = t.code AND r.status = s.status
                  AND r.received_at >= $3::timestamptz
                  AND (r.received_at, r.application_id) < ($4::timestamptz, '00000000-0000-0000-0000-000000000000'::uuid)
                  AND reporting.is_in(r.latitude_e7, r.longitude_e7, $5::int[], $6::bigint[])
                ORDER BY r.received_at DESC, r.application_id LIMIT $7::int + $8::int) AS k
         WHERE t.open311 AND ($1::text[] IS NULL OR t.code = ANY ($1::text[]))
         ORDER BY k.received_at DESC, k.application_id OFFSET $7::int LIMIT $8::int) AS page
 CROSS JOIN LATERAL (
       SELECT x.* FROM reporting.public_request_shown AS x WHERE x.application_id = page.application_id OFFSET 0) AS v
 ORDER BY page.received_at DESC, page.application_id;

-- name: requests_updated
-- in:  $1 topics (NULL: all), $2 status, $3 updated from, $4 to, exclusive, $5 box, $6 circle, $7 offset, $8 count, $9 with moves?,
--      $10 received from, $11 to, exclusive
-- out: as requests_received, longest unchanged first: whoever follows changes page by page misses none
-- Two plain limits of one column are taken for a narrow range, of which all would be read and sorted. Written like this, they
-- are not, and rows are read in the order of public_request_updated, none beyond the page.
SELECT v.number, v.state::int, v.status::int, v.topic, v.topic_tr, v.topic_en, v.department_tr, v.department_en, v.received_at,
       v.updated_at, v.expected_on, v.neighbourhood, v.latitude_e7, v.longitude_e7,
       CASE WHEN $9::bool THEN reporting.moves_of(v.application_id) END
  FROM (SELECT k.application_id, k.updated_at
          FROM router.topic AS t CROSS JOIN unnest($2::int[]) AS s(status)
         CROSS JOIN LATERAL (
               SELECT r.application_id, r.updated_at FROM reporting.public_request AS r
                WHERE r.topic = t.code AND r.status = s.status
                  AND r.updated_at >= $3::timestamptz
                  AND (r.updated_at, r.application_id) < ($4::timestamptz, '00000000-0000-0000-0000-000000000000'::uuid)
                  AND CASE WHEN r.received_at >= $10::timestamptz THEN r.received_at < $11::timestamptz ELSE false END
                  AND reporting.is_in(r.latitude_e7, r.longitude_e7, $5::int[], $6::bigint[])
                ORDER BY r.updated_at, r.application_id LIMIT $7::int + $8::int) AS k
         WHERE t.open311 AND ($1::text[] IS NULL OR t.code = ANY ($1::text[]))
         ORDER BY k.updated_at, k.application_id OFFSET $7::int LIMIT $8::int) AS page
 CROSS JOIN LATERAL (
       SELECT x.* FROM reporting.public_request_shown AS x WHERE x.application_id = page.application_id OFFSET 0) AS v
 ORDER BY page.updated_at, page.application_id;

-- name: requests_named
-- in:  $1 numbers, $2 with moves?
-- out: as requests_received
SELECT v.number, v.state::int, v.status::int, v.topic, v.topic_tr, v.topic_en, v.department_tr, v.department_en, v.received_at,
       v.updated_at, v.expected_on, v.neighbourhood, v.latitude_e7, v.longitude_e7,
       CASE WHEN $2::bool THEN reporting.moves_of(v.application_id) END
  FROM (SELECT DISTINCT n.number FROM unnest($1::text[]) AS n(number)) AS asked
 CROSS JOIN LATERAL (SELECT x.* FROM reporting.public_request_shown AS x WHERE x.number = asked.number OFFSET 0) AS v
 ORDER BY v.received_at DESC, v.application_id;

-- name: updates_between
-- in:  $1 from, $2 to, exclusive, $3 topics (NULL: all), $4 offset, $5 count
-- out: number, version, at, state, oldest first; what moved a request that is shown
-- Of topics with few requests each is looked at, so that the rare one does not have all moves read; else moves are, in their order.
WITH few AS MATERIALIZED (
	SELECT x.application_id, x.number
	  FROM router.topic AS t
	 CROSS JOIN LATERAL (
	       SELECT q.application_id, q.number FROM reporting.public_request AS q
	        WHERE q.topic = t.code AND q.status IN (1, 2) LIMIT 5001) AS x
	 WHERE $3::text[] IS NOT NULL AND t.open311 AND t.code = ANY ($3::text[]) LIMIT 5001),
found AS MATERIALIZED (SELECT count(*) AS count FROM few)
SELECT u.number, u.version, u.at, u.state::int
  FROM ((SELECT r.number, h.version, h.at, h.state, h.application_id
           FROM few AS r
          CROSS JOIN LATERAL (
                SELECT y.* FROM reporting.history AS y WHERE y.application_id = r.application_id OFFSET 0) AS h
          WHERE $3::text[] IS NOT NULL AND (SELECT found.count FROM found) <= 5000
            AND h.visible AND h.at >= $1::timestamptz AND h.at < $2::timestamptz AND reporting.moves(h.event)
          ORDER BY h.at, h.application_id, h.version LIMIT $4::int + $5::int)
         UNION ALL
        (SELECT r.number, h.version, h.at, h.state, h.application_id
           FROM reporting.history AS h
          CROSS JOIN LATERAL (
                SELECT x.number FROM reporting.public_request AS x JOIN router.topic AS t ON t.code = x.topic AND t.open311
                 WHERE x.application_id = h.application_id AND x.status > 0 AND ($3::text[] IS NULL OR x.topic = ANY ($3::text[]))
                OFFSET 0) AS r
          WHERE ($3::text[] IS NULL OR (SELECT found.count FROM found) > 5000)
            AND h.visible AND h.at >= $1::timestamptz AND h.at < $2::timestamptz AND reporting.moves(h.event)
          ORDER BY h.at, h.application_id, h.version LIMIT $4::int + $5::int)) AS u
 ORDER BY u.at, u.application_id, u.version OFFSET $4::int LIMIT $5::int;

-- name: updates_named
-- in:  $1 numbers
-- out: as updates_between, at most 1,000
SELECT r.number, h.version, h.at, h.state::int
  FROM (SELECT DISTINCT n.number FROM unnest($1::text[]) AS n(number)) AS asked
 CROSS JOIN LATERAL (
       SELECT x.number, x.application_id FROM reporting.public_request_shown AS x WHERE x.number = asked.number OFFSET 0) AS r
 CROSS JOIN LATERAL (SELECT y.* FROM reporting.history AS y WHERE y.application_id = r.application_id OFFSET 0) AS h
 WHERE h.visible AND reporting.moves(h.event)
 ORDER BY h.at, h.application_id, h.version LIMIT 1000;
