-- Telling senders their number: at most once.

-- name: told_claim
-- in:  $1 most, $2 seconds after which a sending that has no end is unknown
-- out: id of the draft, source, how its sender is told (JSON), application id, number, generation of the access code, whether a
--      message of it could not be read
-- That it is being sent is durable before it is.
WITH due AS MATERIALIZED (
	SELECT d.id FROM intake.draft AS d
	 WHERE d.state = 'done' AND d.ended_as = 'application' AND d.reply_to IS NOT NULL AND d.told = 'no'
	   AND (d.told_at IS NULL OR d.told_at <= clock_timestamp())
	 ORDER BY d.told_at NULLS FIRST LIMIT $1::int FOR UPDATE SKIP LOCKED),
sending AS (
	UPDATE intake.draft AS d SET told = 'sending', told_at = clock_timestamp() + make_interval(secs => $2::int)
	  FROM due WHERE d.id = due.id
	RETURNING d.id, d.reply_to, d.application_id)
SELECT s.id, m.source, s.reply_to::text, x.id, x.number, x.access_code_generation::int, m.unread
  FROM sending AS s
  JOIN intake.application AS x ON x.id = s.application_id
 CROSS JOIN LATERAL (
       SELECT min(split_part(i.source, '/', 1)) AS source, bool_or(n.type = 'unsupported') AS unread
         FROM intake.message AS n JOIN intake.inbound AS i ON i.id = n.inbound_id WHERE n.draft_id = s.id) AS m;

-- name: told_recover
-- out: id of each draft whose sending has no end in time: nobody knows whether its sender was told
UPDATE intake.draft AS d SET told = 'unknown'
 WHERE d.id IN (SELECT n.id FROM intake.draft AS n
                 WHERE n.state = 'done' AND n.ended_as = 'application' AND n.reply_to IS NOT NULL AND n.told = 'sending' AND n.told_at <= clock_timestamp()
                 ORDER BY n.told_at LIMIT 500 FOR UPDATE SKIP LOCKED)
RETURNING d.id;

-- name: told_finish
-- in:  arrays of one length, sorted by id: $1 ids of drafts, $2 how they were told; "no": it was not sent, and is tried again
--      after $4 seconds, for $5 seconds from its first message on; $3 the provider's ids of what was sent (NULL: not known)
-- What the provider said meanwhile stands.
UPDATE intake.draft AS d
   SET told = CASE WHEN d.told <> 'sending' THEN d.told
                   WHEN f.told = 'no' AND d.first_at < clock_timestamp() - make_interval(secs => $5::int) THEN 'failed'
                   ELSE f.told END,
       told_at = CASE WHEN d.told <> 'sending' THEN d.told_at
                      WHEN f.told = 'no' THEN clock_timestamp() + make_interval(secs => $4::int)
                      ELSE clock_timestamp() END,
       told_message_id = coalesce(f.message_id, d.told_message_id)
  FROM unnest($1::uuid[], $2::text[], $3::text[]) AS f(id, told, message_id)
 WHERE d.id = f.id AND (d.told = 'sending' OR f.message_id IS NOT NULL);
