-- All that intake does for Open311.

-- name: open311_topics
-- out: code, name, in English, category, name of the department, in English, keywords with ", " between, target in working days
SELECT t.code, t.name_tr, t.name_en, t.category_tr, d.name_tr, d.name_en, array_to_string(t.keywords, ', '), t.target_working_days
  FROM router.topics_on(current_date) AS t JOIN router.departments_on(current_date) AS d ON d.code = t.department
 WHERE t.open311
 ORDER BY t.code LIMIT 1000;

-- name: open311_token
-- in:  $1 number
-- out: the number, when it came over Open311
SELECT number FROM intake.application WHERE number = $1::text AND channel = 13;

-- name: open311_recent
-- in:  $1 key scope, $2 key, $3 microseconds
-- out: the key, when its application is not older
SELECT key FROM intake.application
 WHERE key_scope = $1::text AND key = $2::text AND recorded_at > clock_timestamp() - $3::bigint * interval '1 microsecond';

-- name: open311_media_want
-- in:  $1 inbound id, $2 URL
INSERT INTO intake.open311_media (inbound_id, url) VALUES ($1::bigint, $2::text) ON CONFLICT DO NOTHING;

-- name: open311_media_claim
-- in:  $1 seconds of the lease, $2 hosts that nothing is to be fetched from now
-- out: inbound id, token, attempts (this included), URL, application id, head of the stream (at or after its event), state of the
--      file (NULL: not fetched yet), its id, type, size, SHA-256, host of the URL; at most one row
UPDATE intake.open311_media AS m
   SET token = m.token + 1, attempts = m.attempts + CASE WHEN a.state = 'quarantine' THEN 0 ELSE 1 END, next_at = clock_timestamp() + make_interval(secs => $1::int)
  FROM (SELECT d.inbound_id, x.id AS application_id
          FROM intake.open311_media AS d JOIN intake.application AS x ON x.inbound_id = d.inbound_id
         WHERE d.state IN ('wanted', 'kept') AND d.next_at <= clock_timestamp()
           AND (d.state = 'kept' OR lower(split_part(split_part(d.url, '/', 3), '?', 1)) <> ALL ($2::text[]))
         ORDER BY d.next_at LIMIT 1 FOR UPDATE OF d SKIP LOCKED) AS due
  LEFT JOIN intake.open311_media AS o ON o.inbound_id = due.inbound_id
  LEFT JOIN intake.attachment AS a ON a.id = o.attachment_id
 WHERE m.inbound_id = due.inbound_id
RETURNING m.inbound_id, m.token, m.attempts, m.url, due.application_id,
          (SELECT e.seq FROM feed.event AS e WHERE e.stream = 'intake' ORDER BY e.seq DESC LIMIT 1),
          a.state, a.id, a.media_type, a.size, a.sha256, lower(split_part(split_part(m.url, '/', 3), '?', 1));

-- name: open311_media_keep
-- in:  $1 inbound id, $2 token, $3 id of the attachment, $4 SHA-256 of what is kept, $5 of what came, $6 size, $7 media type,
--      $8 state, $9 application id
-- Without effect when the lease was lost: another has it, or will.
WITH held AS (
	UPDATE intake.open311_media SET state = 'kept', attachment_id = $3::uuid, next_at = clock_timestamp(), attempts = 0
	 WHERE inbound_id = $1::bigint AND token = $2::bigint AND state = 'wanted'
	RETURNING inbound_id)
INSERT INTO intake.attachment (id, sha256, original_sha256, size, media_type, scope, state, application_id)
SELECT $3::uuid, $4::bytea, $5::bytea, $6::bigint, $7::text, 'open311', $8::text, $9::uuid FROM held;

-- name: open311_media_end
-- in:  $1 inbound id, $2 token, $3 state, $4 verdict of the inbound row (NULL: as it is), $5 seconds until it is due again
WITH held AS (
	UPDATE intake.open311_media SET state = $3::text, next_at = clock_timestamp() + make_interval(secs => $5::int)
	 WHERE inbound_id = $1::bigint AND token = $2::bigint AND state IN ('wanted', 'kept')
	RETURNING inbound_id)
UPDATE intake.inbound AS i SET verdict = $4::text FROM held WHERE i.id = held.inbound_id AND $4::text IS NOT NULL;

-- name: open311_media_backlog
-- out: how many wait, age of the oldest in seconds; what no application came for within a day is given up
WITH orphans AS (
	UPDATE intake.open311_media AS m SET state = 'failed'
	  FROM intake.inbound AS i
	 WHERE m.state = 'wanted' AND m.next_at < clock_timestamp() - interval '1 day' AND i.id = m.inbound_id
	   AND NOT EXISTS (SELECT FROM intake.application AS x WHERE x.inbound_id = m.inbound_id))
SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(i.received_at)), 0)::bigint
  FROM intake.open311_media AS m JOIN intake.inbound AS i ON i.id = m.inbound_id
 WHERE m.state IN ('wanted', 'kept');
