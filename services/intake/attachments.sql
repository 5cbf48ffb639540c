-- Rows of files that came in, and what they belong to.

-- name: attachments_room
-- out: bytes and number of what the public has uploaded and not used
SELECT coalesce(sum(size), 0)::bigint, count(*) FROM intake.attachment
 WHERE application_id IS NULL AND message_external_id IS NULL AND scope = 'public';

-- name: attachment_insert
-- in:  $1 id, $2 SHA-256, $3 that of what came, $4 size, $5 media type, $6 name (NULL: none), $7 scope, $8 state
-- out: when it was stored
INSERT INTO intake.attachment (id, sha256, original_sha256, size, media_type, name, scope, state)
VALUES ($1::uuid, $2::bytea, $3::bytea, $4::bigint, $5::text, $6::text, $7::text, $8::text)
RETURNING created_at;

-- name: attachments_by_id
-- in:  $1 ids, $2 scope
-- out: place (from 1), name, media type, size, SHA-256, state, belongs to something already, is too old; none for what is not
--      there or is another's
SELECT w.place::int, a.name, a.media_type, a.size, a.sha256, a.state,
       a.application_id IS NOT NULL OR a.message_external_id IS NOT NULL,
       a.created_at < clock_timestamp() - interval '24 hours'
  FROM unnest($1::uuid[]) WITH ORDINALITY AS w(id, place)
  JOIN intake.attachment AS a ON a.id = w.id AND a.scope = $2::text;

-- name: attachments_bind
-- in:  arrays of one length: $1 ids, $2 ids of the applications that name them, stored in this transaction if at all
-- One that is not free ends the transaction. Division by zero is how a statement can refuse.
WITH wanted AS (
	SELECT w.id, w.application_id FROM unnest($1::uuid[], $2::uuid[]) AS w(id, application_id)
	 WHERE EXISTS (SELECT FROM intake.application AS x WHERE x.id = w.application_id)),
bound AS (
	UPDATE intake.attachment AS a SET application_id = w.application_id FROM wanted AS w
	 WHERE a.id = w.id AND a.application_id IS NULL AND a.state <> 'gone'
	RETURNING a.id)
SELECT 1 / (CASE WHEN (SELECT count(*) FROM wanted) = (SELECT count(*) FROM bound) THEN 1 ELSE 0 END);

-- name: attachments_claim
-- in:  $1 ids, $2 scope, $3 application, $4 command that brings them to its case
-- out: id, name, media type, size, SHA-256, bound only now; of all, or none when one is not there, another's, too old or used
WITH free AS (
	SELECT id, application_id IS NULL AS fresh FROM intake.attachment
	 WHERE id = ANY($1::uuid[]) AND scope = $2::text AND state IN ('clean', 'quarantine') AND message_external_id IS NULL
	   AND (application_id IS NULL AND created_at > clock_timestamp() - interval '24 hours'
	        OR application_id = $3::uuid AND command_id = $4::uuid)
	 ORDER BY id FOR UPDATE)
UPDATE intake.attachment AS a SET application_id = $3::uuid, command_id = $4::uuid FROM free AS f
 WHERE a.id = f.id AND (SELECT count(*) FROM free) = cardinality($1::uuid[])
RETURNING a.id, a.name, a.media_type, a.size, a.sha256, f.fresh;

-- name: attachments_release
-- in:  $1 command that came to nothing, $2 its application
UPDATE intake.attachment SET application_id = NULL, command_id = NULL WHERE command_id = $1::uuid AND application_id = $2::uuid;

-- name: attachment_fetch
-- in:  $1 id, $2 a clerk asks, $3 the department for which is asked ("": none)
-- out: name (NULL where the asker may not see it), media type, SHA-256, state; none for what nobody named yet
SELECT CASE WHEN $2::boolean
              OR NOT x.hide_identity AND NOT x.anonymous
                 AND EXISTS (SELECT FROM router.department AS d WHERE d.code = $3::text AND NOT d.outside)
            THEN a.name END,
       a.media_type, a.sha256, a.state
  FROM intake.attachment AS a LEFT JOIN intake.application AS x ON x.id = a.application_id
 WHERE a.id = $1::uuid AND (a.application_id IS NOT NULL OR a.message_external_id IS NOT NULL) AND a.state <> 'gone';

-- name: attachments_quarantined
-- in:  $1 time and $2 id after which to look
-- out: id, when it was stored, SHA-256
SELECT id, created_at, sha256 FROM intake.attachment
 WHERE state = 'quarantine' AND (created_at, id) > ($1::timestamptz, $2::uuid)
 ORDER BY created_at, id LIMIT 20;

-- name: attachments_judge
-- in:  $1 SHA-256, $2 state that all in quarantine with these bytes are in now
UPDATE intake.attachment SET state = $2::text WHERE sha256 = $1::bytea AND state = 'quarantine';

-- name: attachments_waiting
-- out: how many are in quarantine, age of the oldest in seconds
SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::bigint
  FROM intake.attachment WHERE state = 'quarantine';

-- name: attachments_forget
-- out: how many were forgotten: uploaded, and not used for more than a day; an hour more than they can be used for
WITH old AS (
	DELETE FROM intake.attachment WHERE id IN (
		SELECT id FROM intake.attachment
		 WHERE application_id IS NULL AND message_external_id IS NULL
		   AND created_at < clock_timestamp() - interval '25 hours'
		 ORDER BY created_at LIMIT 1000)
	   AND application_id IS NULL AND message_external_id IS NULL
	RETURNING id)
SELECT count(*) FROM old;

-- name: refused_forget
-- out: how many arrivals that were refused 30 days ago were forgotten
SELECT intake.forget_refused();

-- name: files_unnamed
-- in:  $1 hashes
-- out: those that no row names
SELECT w.sha256 FROM unnest($1::bytea[]) AS w(sha256)
 WHERE NOT EXISTS (SELECT FROM intake.attachment AS a WHERE a.sha256 = w.sha256)
   AND NOT EXISTS (SELECT FROM intake.inbound AS i WHERE i.raw_file = w.sha256);
