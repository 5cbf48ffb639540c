-- All that reporting does to find applications about the same matter. A row of "shown" is one of reporting.likeness_shown.

-- name: likeness_insert
-- in:  $1 application ids, $2 received at, $3 topics, $4 neighbourhoods, $5 streets (with spaces between), $6 latitudes,
--      $7 longitudes, $8 cells, $9 hidden (arrays of one length, sorted by id)
INSERT INTO reporting.likeness (application_id, received_at, topic, neighbourhood, streets, latitude_e7, longitude_e7, cell, hidden)
SELECT n.id, n.received_at, n.topic, n.neighbourhood, string_to_array(n.streets, ' '), n.latitude, n.longitude, n.cell, n.hidden
  FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::int[], $7::int[], $8::bigint[], $9::bool[])
         WITH ORDINALITY AS n(id, received_at, topic, neighbourhood, streets, latitude, longitude, cell, hidden, place)
 WHERE NOT EXISTS (SELECT FROM reporting.erasure AS x WHERE x.application_id = n.id)
 ORDER BY n.place
    ON CONFLICT (application_id) DO NOTHING;

-- name: likeness_move
-- in:  $1 application ids, each once, $2 topics
-- Found by key, whatever the plan was made on, and changed where it lies: as in ledger.sql.
WITH found AS MATERIALIZED (
	SELECT k.place, n.topic
	  FROM unnest($1::uuid[], $2::text[]) AS n(id, topic)
	 CROSS JOIN LATERAL (SELECT x.ctid AS place, x.topic FROM reporting.likeness AS x WHERE x.application_id = n.id OFFSET 0) AS k
	 WHERE k.topic <> n.topic)
UPDATE reporting.likeness AS l SET topic = f.topic FROM found AS f WHERE l.ctid = f.place;

-- name: marks_insert
-- in:  $1 marks, $2 application ids
INSERT INTO reporting.person_mark (mark, application_id)
SELECT n.mark, n.id FROM unnest($1::bytea[], $2::uuid[]) AS n(mark, id)
 WHERE NOT EXISTS (SELECT FROM reporting.erasure AS x WHERE x.application_id = n.id)
 ORDER BY n.mark, n.id
    ON CONFLICT DO NOTHING;

-- name: likeness_erase
-- in:  $1 application ids
DELETE FROM reporting.likeness WHERE application_id = ANY ($1::uuid[]);

-- name: marks_erase
-- in:  $1 application ids
DELETE FROM reporting.person_mark WHERE application_id = ANY ($1::uuid[]);

-- name: similar_base
-- in:  $1 number, $2 department for which is asked ("": for all)
-- out: may it be seen? (no row: there is none), is it one of ours that asks?, then as shown (NULL: nothing is known to compare)
SELECT $2::text = '' OR reporting.is_theirs(a.application_id, $2::text),
       $2::text = '' OR EXISTS (SELECT FROM router.department AS d WHERE d.code = $2::text AND NOT d.outside), v.*
  FROM reporting.application AS a
  LEFT JOIN LATERAL (
       SELECT x.* FROM reporting.likeness_shown AS x WHERE x.application_id = a.application_id OFFSET 0) AS v ON true
 WHERE a.number = $1::text;

-- name: similar_spot
-- in:  $1 application id, $2 topic, $3 from, $4 to, exclusive, $5 cells, $6 box, $7 circle (of reporting.is_in), $8 department
--      ("": all), $9 how many at most
-- out: shown, how many there are (up to $9), when the first of these was received; the newest 200
-- Of this topic: by the index likeness_cell, of each cell no more than is asked for; and what is only counted is not looked up.
WITH near AS MATERIALIZED (
	SELECT k.application_id, k.received_at
	  FROM unnest($5::bigint[]) AS c(cell)
	 CROSS JOIN LATERAL (
	       SELECT l.application_id, l.received_at FROM reporting.likeness AS l
	        WHERE l.cell = c.cell AND l.topic = $2::text AND l.received_at >= $3::timestamptz AND l.received_at < $4::timestamptz
	          AND reporting.is_in(l.latitude_e7, l.longitude_e7, $6::int[], $7::bigint[])
	        ORDER BY l.received_at DESC LIMIT $9::int + 1) AS k
	 WHERE k.application_id <> $1::uuid
	 ORDER BY k.received_at DESC LIMIT $9::int),
theirs AS MATERIALIZED (
	SELECT n.application_id, n.received_at FROM near AS n
	 WHERE $8::text = '' OR reporting.is_theirs(n.application_id, $8::text))
SELECT v.*, (SELECT count(*) FROM theirs), (SELECT min(received_at) FROM theirs)
  FROM (SELECT t.application_id, t.received_at FROM theirs AS t ORDER BY t.received_at DESC LIMIT 200) AS found
 CROSS JOIN LATERAL (
       SELECT x.* FROM reporting.likeness_shown AS x WHERE x.application_id = found.application_id OFFSET 0) AS v
 ORDER BY found.received_at DESC;

-- name: similar_spot_others
-- in:  $1 application id, $2 topic, $3 from, $4 to, exclusive, $5 cells, $6 box, $7 circle, $8 department ("": all)
-- out: shown: of all topics but this, and of none; the newest 20 of each in a cell, the newest 200 of all
SELECT v.*
  FROM (SELECT k.application_id, k.received_at
          FROM (SELECT t.code FROM router.topic AS t WHERE t.code <> $2::text UNION ALL SELECT '') AS t(topic)
         CROSS JOIN unnest($5::bigint[]) AS c(cell)
         CROSS JOIN LATERAL (
               SELECT l.application_id, l.received_at FROM reporting.likeness AS l
                WHERE l.cell = c.cell AND l.topic = t.topic AND l.received_at >= $3::timestamptz AND l.received_at < $4::timestamptz
                  AND reporting.is_in(l.latitude_e7, l.longitude_e7, $6::int[], $7::bigint[])
                ORDER BY l.received_at DESC LIMIT 20) AS k
         WHERE k.application_id <> $1::uuid
         ORDER BY k.received_at DESC LIMIT 200) AS found
 CROSS JOIN LATERAL (
       SELECT x.* FROM reporting.likeness_shown AS x WHERE x.application_id = found.application_id OFFSET 0) AS v
 WHERE $8::text = '' OR reporting.is_theirs(v.application_id, $8::text)
 ORDER BY found.received_at DESC;

-- name: similar_since
-- in:  $1 application id, $2 topic, $3 from, $4 to, exclusive, $5 cells, $6 box, $7 circle
-- out: when the first of that topic at the spot was received
SELECT min(k.received_at)
  FROM unnest($5::bigint[]) AS c(cell)
 CROSS JOIN LATERAL (
       SELECT l.received_at FROM reporting.likeness AS l
        WHERE l.cell = c.cell AND l.topic = $2::text AND l.received_at >= $3::timestamptz AND l.received_at < $4::timestamptz
          AND reporting.is_in(l.latitude_e7, l.longitude_e7, $6::int[], $7::bigint[]) AND l.application_id <> $1::uuid
        ORDER BY l.received_at LIMIT 1) AS k;

-- name: similar_quarter
-- in:  $1 application id, $2 neighbourhood, $3 topic, $4 from, $5 to, exclusive, $6 one of these streets (with spaces between;
--      NULL: any), $7 only those without a point?, $8 department ("": all), $9 how many at most
-- out: as similar_spot; streets are looked for among the newest 3,000
WITH near AS MATERIALIZED (
	SELECT k.application_id, k.received_at
	  FROM (SELECT l.application_id, l.received_at, l.streets, l.cell FROM reporting.likeness AS l
	         WHERE l.neighbourhood = $2::text AND l.topic = $3::text
	           AND l.received_at >= $4::timestamptz AND l.received_at < $5::timestamptz
	         ORDER BY l.received_at DESC LIMIT 3000) AS k
	 WHERE k.application_id <> $1::uuid AND ($6::text IS NULL OR k.streets && string_to_array($6::text, ' '))
	   AND (k.cell IS NULL OR NOT $7::bool)
	 ORDER BY k.received_at DESC LIMIT $9::int),
theirs AS MATERIALIZED (
	SELECT n.application_id, n.received_at FROM near AS n
	 WHERE $8::text = '' OR reporting.is_theirs(n.application_id, $8::text))
SELECT v.*, (SELECT count(*) FROM theirs), (SELECT min(received_at) FROM theirs)
  FROM (SELECT t.application_id, t.received_at FROM theirs AS t ORDER BY t.received_at DESC LIMIT 200) AS found
 CROSS JOIN LATERAL (
       SELECT x.* FROM reporting.likeness_shown AS x WHERE x.application_id = found.application_id OFFSET 0) AS v
 ORDER BY found.received_at DESC;

-- name: similar_quarter_others
-- in:  $1 application id, $2 neighbourhood, $3 topics, $4 from, $5 to, exclusive, $6 only those without a point?, $7 department
--      ("": all)
-- out: shown: the newest 200 of these topics
SELECT v.*
  FROM (SELECT k.application_id, k.received_at
          FROM (SELECT DISTINCT n.topic FROM unnest($3::text[]) AS n(topic)) AS t
         CROSS JOIN LATERAL (
               SELECT l.application_id, l.received_at FROM reporting.likeness AS l
                WHERE l.neighbourhood = $2::text AND l.topic = t.topic
                  AND l.received_at >= $4::timestamptz AND l.received_at < $5::timestamptz AND (l.cell IS NULL OR NOT $6::bool)
                ORDER BY l.received_at DESC LIMIT 100) AS k
         WHERE k.application_id <> $1::uuid
         ORDER BY k.received_at DESC LIMIT 200) AS found
 CROSS JOIN LATERAL (
       SELECT x.* FROM reporting.likeness_shown AS x WHERE x.application_id = found.application_id OFFSET 0) AS v
 WHERE $7::text = '' OR reporting.is_theirs(v.application_id, $7::text)
 ORDER BY found.received_at DESC;

-- name: similar_person
-- in:  $1 application id, $2 from, $3 to, exclusive, $4 department ("": all)
-- out: shown: what bears one of its marks, the newest first; ids grow with time
-- A mark of a call centre is of thousands. Asked for by equality, all of them would be read and sorted; written like this, the
-- index is read backwards, no more than is asked for.
SELECT v.*
  FROM (SELECT DISTINCT o.application_id
          FROM reporting.person_mark AS m
         CROSS JOIN LATERAL (
               SELECT p.application_id FROM reporting.person_mark AS p
                WHERE p.mark >= m.mark AND p.mark <= m.mark ORDER BY p.mark DESC, p.application_id DESC LIMIT 200) AS o
         WHERE m.application_id = $1::uuid AND o.application_id <> $1::uuid) AS found
 CROSS JOIN LATERAL (
       SELECT x.* FROM reporting.likeness_shown AS x WHERE x.application_id = found.application_id OFFSET 0) AS v
 WHERE v.received_at >= $2::timestamptz AND v.received_at < $3::timestamptz
   AND ($4::text = '' OR reporting.is_theirs(v.application_id, $4::text))
 ORDER BY v.received_at DESC LIMIT 200;

-- name: similar_named
-- in:  $1 numbers, $2 department ("": all)
-- out: shown
SELECT v.*
  FROM (SELECT DISTINCT n.number FROM unnest($1::text[]) AS n(number)) AS asked
 CROSS JOIN LATERAL (SELECT x.application_id FROM reporting.application AS x WHERE x.number = asked.number OFFSET 0) AS a
 CROSS JOIN LATERAL (
       SELECT x.* FROM reporting.likeness_shown AS x WHERE x.application_id = a.application_id OFFSET 0) AS v
 WHERE $2::text = '' OR reporting.is_theirs(v.application_id, $2::text)
 ORDER BY v.received_at LIMIT 100;

-- name: incident_members
-- in:  $1 number of the leading case
-- out: number, version, channel, state, received at; as many as one case may lead
SELECT number, version, channel::int, state::int, received_at FROM reporting.application
 WHERE merged_into = $1::text ORDER BY received_at, application_id LIMIT 200;
