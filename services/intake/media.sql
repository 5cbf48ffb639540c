-- Files of messages: what is wanted from a provider is claimed under a lease, and its end is recorded by whoever still holds it.

-- name: media_claim
-- in:  arrays of one length: $1 channels, $2 most of each; $3 seconds of the lease, $4 days that files are asked for
-- out: channel, message's external id, media id, media type, SHA-256 as the provider says, name, token, attempts (this included),
--      whether it is asked for once more after this
UPDATE intake.media AS m
   SET token = m.token + 1, attempts = m.attempts + 1, next_at = clock_timestamp() + make_interval(secs => $3::int)
  FROM (SELECT w.channel, w.external_id, w.media_id
          FROM unnest($1::int[], $2::int[]) AS c(channel, most)
         CROSS JOIN LATERAL (
               SELECT n.channel, n.external_id, n.media_id FROM intake.media AS n
                WHERE n.state = 'wanted' AND n.channel = c.channel AND n.next_at <= clock_timestamp()
                ORDER BY n.next_at
                LIMIT c.most
                  FOR UPDATE SKIP LOCKED) AS w) AS due
  JOIN intake.message AS s ON s.channel = due.channel AND s.external_id = due.external_id
  JOIN intake.inbound AS i ON i.id = s.inbound_id
 WHERE m.channel = due.channel AND m.external_id = due.external_id AND m.media_id = due.media_id
RETURNING m.channel::int, m.external_id, m.media_id, m.media_type, m.sha256, m.name, m.token, m.attempts,
          i.received_at > clock_timestamp() - make_interval(days => $4::int);

-- name: media_fetched_store
-- in:  $1 channel, $2 message's external id, $3 media id, $4 token, $5 id of the attachment, $6 SHA-256 of what is kept,
--      $7 of what came, $8 size, $9 media type, $10 name, $11 scope, $12 state
-- out: the attachment's id; no row when the lease was lost: another has it, or will
WITH held AS (
	UPDATE intake.media
	   SET state = 'fetched', reason = NULL, attachment_id = $5::uuid, next_at = clock_timestamp()
	 WHERE channel = $1::int AND external_id = $2::text AND media_id = $3::text AND token = $4::bigint AND state = 'wanted'
	RETURNING channel, external_id)
INSERT INTO intake.attachment (id, sha256, original_sha256, size, media_type, name, scope, state, message_channel,
       message_external_id)
SELECT $5::uuid, $6::bytea, $7::bytea, $8::bigint, $9::text, $10::text, $11::text, $12::text, held.channel, held.external_id
  FROM held
RETURNING id;

-- name: media_ended
-- in:  $1 channel, $2 message's external id, $3 media id, $4 token, $5 state ("wanted": once more), $6 reason, $7 seconds until then
UPDATE intake.media
   SET state = $5::text, reason = $6::text, next_at = clock_timestamp() + make_interval(secs => $7::int)
 WHERE channel = $1::int AND external_id = $2::text AND media_id = $3::text AND token = $4::bigint AND state = 'wanted';

-- name: media_backlog
-- out: how many are wanted, age of the oldest in seconds since its message arrived
SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(i.received_at)), 0)::bigint
  FROM intake.media AS m
  JOIN intake.message AS s ON s.channel = m.channel AND s.external_id = m.external_id
  JOIN intake.inbound AS i ON i.id = s.inbound_id
 WHERE m.state = 'wanted';

-- name: media_late_claim
-- in:  $1 most, $2 seconds until those of drafts that are not done are looked at again, and of the lease
-- out: of each that its case has to be told of: channel, message's external id, media id, token, source, application id, head of the
--      stream (at or after its event), id, name, media type, size, SHA-256 of the file
-- What came in time is bound by who named it, an application or a draft that is done; nothing can name what is unbound then.
WITH looked AS MATERIALIZED (
	SELECT m.channel, m.external_id, m.media_id, m.attachment_id, i.source, d.application_id, a.name, a.media_type, a.size, a.sha256,
	       CASE WHEN a.application_id IS NOT NULL OR d.id IS NULL THEN 'settled'
	            WHEN d.state <> 'done' THEN 'wait'
	            WHEN d.ended_as IN ('application', 'reply', 'addition') AND s.deleted_at IS NULL
	                 AND a.state IN ('clean', 'quarantine') THEN 'tell'
	            ELSE 'settled' END AS what
	  FROM intake.media AS m
	  JOIN intake.message AS s ON s.channel = m.channel AND s.external_id = m.external_id
	  JOIN intake.inbound AS i ON i.id = s.inbound_id
	  JOIN intake.attachment AS a ON a.id = m.attachment_id
	  LEFT JOIN intake.draft AS d ON d.id = s.draft_id
	 WHERE m.state = 'fetched' AND m.next_at <= clock_timestamp()
	 ORDER BY m.next_at LIMIT $1::int FOR UPDATE OF m SKIP LOCKED),
bound AS (
	UPDATE intake.attachment AS a SET application_id = l.application_id
	  FROM looked AS l WHERE l.what = 'settled' AND a.id = l.attachment_id AND a.application_id IS NULL AND l.application_id IS NOT NULL),
moved AS (
	UPDATE intake.media AS m
	   SET state = CASE l.what WHEN 'settled' THEN 'settled' ELSE 'fetched' END,
	       token = m.token + (l.what = 'tell')::int, next_at = clock_timestamp() + make_interval(secs => $2::int)
	  FROM looked AS l
	 WHERE m.channel = l.channel AND m.external_id = l.external_id AND m.media_id = l.media_id
	RETURNING m.channel, m.external_id, m.media_id, m.token)
SELECT l.channel::int, l.external_id, l.media_id, moved.token, l.source, l.application_id,
       (SELECT e.seq FROM feed.event AS e WHERE e.stream = 'intake' ORDER BY e.seq DESC LIMIT 1),
       l.attachment_id, l.name, l.media_type, l.size, l.sha256
  FROM looked AS l JOIN moved USING (channel, external_id, media_id)
 WHERE l.what = 'tell';

-- name: media_late_settle
-- in:  $1 channel, $2 message's external id, $3 media id, $4 token, $5 application id, $6 why a person has to look at it (NULL: need
--      not)
WITH held AS (
	UPDATE intake.media SET state = 'settled'
	 WHERE channel = $1::int AND external_id = $2::text AND media_id = $3::text AND token = $4::bigint AND state = 'fetched'
	RETURNING channel, external_id, attachment_id),
bound AS (
	UPDATE intake.attachment AS a SET application_id = $5::uuid
	  FROM held WHERE a.id = held.attachment_id AND a.application_id IS NULL)
UPDATE intake.inbound AS i SET state = 'triage', verdict = $6::text
  FROM held JOIN intake.message AS s USING (channel, external_id)
 WHERE $6::text IS NOT NULL AND i.id = s.inbound_id AND i.state = 'done';
