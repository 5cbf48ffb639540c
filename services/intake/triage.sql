-- What a person has to look at: shown, and decided once.

-- name: triage_list
-- in:  $1 source (NULL: any), $2 ids after it, $3 most
-- out: id, source, received at, state, verdict, size, decided by, why
-- The state stands in the text: one plan is made for all parameters, and with $1 it could not be by the index of what waits.
SELECT i.id, i.source, i.received_at, i.state, i.verdict, i.raw_size, i.decided_by, i.decided_reason
  FROM intake.inbound AS i
 WHERE i.state = 'triage' AND i.id > $2::bigint
   AND ($1::text IS NULL OR i.source = $1::text OR i.source LIKE $1::text || '/%')
 ORDER BY i.id LIMIT $3::int;

-- name: triage_others
-- in:  $1 state, $2 source (NULL: any), $3 ids after it, $4 most, $5 most rows to look at
-- out: as triage_list; and when $5 rows were looked at and there may be more, a last row: the id up to which, all else NULL
WITH looked AS MATERIALIZED (
	SELECT i.id, i.source, i.received_at, i.state, i.verdict, i.raw_size, i.decided_by, i.decided_reason
	  FROM intake.inbound AS i WHERE i.id > $3::bigint ORDER BY i.id LIMIT $5::int),
found AS (
	SELECT l.* FROM looked AS l
	 WHERE l.state = $1::text AND ($2::text IS NULL OR l.source = $2::text OR l.source LIKE $2::text || '/%')
	 ORDER BY l.id LIMIT $4::int)
SELECT f.* FROM found AS f
UNION ALL
SELECT max(l.id), NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM looked AS l HAVING count(*) = $5::int
 ORDER BY 1, 2 NULLS LAST;

-- name: triage_of_case
-- in:  $1 number of an application, $2 ids after it, $3 most
-- out: as triage_list
SELECT i.id, i.source, i.received_at, i.state, i.verdict, i.raw_size, i.decided_by, i.decided_reason
  FROM intake.inbound AS i
 WHERE i.id > $2::bigint
   AND i.id IN (SELECT x.inbound_id FROM intake.application AS x WHERE x.number = $1::text
                UNION ALL
                SELECT m.inbound_id
                  FROM intake.application AS x
                  JOIN intake.draft AS d ON d.application_id = x.id
                  JOIN intake.message AS m ON m.draft_id = d.id WHERE x.number = $1::text)
 ORDER BY i.id LIMIT $3::int;

-- name: triage_row
-- in:  $1 id, $2 most bytes of what arrived
-- out: id, source, received at, state, verdict, size, decided by, why, content type, what arrived (NULL: a file), SHA-256 of the file
SELECT i.id, i.source, i.received_at, i.state, i.verdict, i.raw_size, i.decided_by, i.decided_reason, i.content_type,
       substr(i.raw, 1, $2::int), i.raw_file
  FROM intake.inbound AS i WHERE i.id = $1::bigint;

-- name: triage_messages
-- in:  $1 id of the row
-- out: type, text, what their draft became (NULL: nothing yet), number of its application (NULL: none)
SELECT m.type, m.body, d.ended_as, a.number
  FROM intake.message AS m
  LEFT JOIN intake.draft AS d ON d.id = m.draft_id
  LEFT JOIN intake.application AS a ON a.id = d.application_id AND d.ended_as <> 'triage'
 WHERE m.inbound_id = $1::bigint
 ORDER BY m.sent_at, m.external_id LIMIT 200;

-- name: triage_files
-- in:  $1 id of the row
-- out: id of the attachment (NULL: it could not be had), name, type, state, why it could not be had, size
SELECT a.id::text, a.name, a.media_type, a.state, NULL, a.size
  FROM intake.message AS m
  JOIN intake.attachment AS a ON a.message_channel = m.channel AND a.message_external_id = m.external_id
 WHERE m.inbound_id = $1::bigint
UNION ALL
SELECT NULL, w.name, w.media_type, w.state, w.reason, NULL
  FROM intake.message AS m
  JOIN intake.media AS w ON w.channel = m.channel AND w.external_id = m.external_id
 WHERE m.inbound_id = $1::bigint AND w.state NOT IN ('fetched', 'settled')
 LIMIT 200;

-- name: triage_look
-- in:  $1 id of the row, $2 number of an application (NULL: none), $3 decision, $4 text (NULL: none), $5 why (NULL: not said)
-- out: state, whether a draft of it waits for the decision, id of the application (NULL: there is none), whether just this was
--      decided before, who decided (NULL: nobody), what, what became of it (NULL: nothing yet), number of its application
SELECT i.state,
       EXISTS (SELECT FROM intake.message AS m JOIN intake.draft AS d ON d.id = m.draft_id
                WHERE m.inbound_id = i.id AND d.ended_as = 'triage'),
       x.id,
       coalesce(i.decided_by IS NOT NULL AND i.decided_reason IS NOT DISTINCT FROM $5::text AND i.verdict = 'decided: ' || $3::text
       AND ($3::text = 'dismiss' OR (b.decided = $3::text AND b.target IS NOT DISTINCT FROM x.id
                                     AND ($4::text IS NULL OR b.body = $4::text))), false),
       i.decided_by, substr(i.verdict, length('decided: ') + 1), b.ended_as, b.number
  FROM intake.inbound AS i
  LEFT JOIN intake.application AS x ON x.number = $2::text
  LEFT JOIN LATERAL (
       SELECT d.decided, d.target, d.ended_as, m.body, y.number
         FROM intake.message AS m
         JOIN intake.draft AS d ON d.id = m.draft_id
         LEFT JOIN intake.application AS y ON y.id = coalesce(d.application_id, d.target)
        WHERE m.inbound_id = i.id AND d.decided IS NOT NULL
        ORDER BY m.sent_at, m.external_id LIMIT 1) AS b ON true
 WHERE i.id = $1::bigint;

-- name: triage_decide
-- in:  $1 id of the row, $2 decision, $3 id of the application that it belongs to (NULL: none), $4 text for what has no message
--      (NULL: none), $5 who decides, $6 why (NULL: not said), $7 id of a new draft, $8 channel of a new message
-- out: the id, when it was still to be decided
-- Whatever waits with it in the same draft is decided with it. The drafts are taken up as any other, and made what was decided.
WITH decided AS (
	UPDATE intake.inbound AS i
	   SET state = CASE WHEN $2::text = 'dismiss' THEN 'ignored' ELSE 'done' END, verdict = 'decided: ' || $2::text,
	       decided_by = $5::text, decided_reason = $6::text, digested_at = clock_timestamp()
	 WHERE i.id = $1::bigint AND i.state = 'triage'
	RETURNING i.id, i.received_at),
drafts AS MATERIALIZED (
	SELECT DISTINCT d.id FROM decided AS i
	  JOIN intake.message AS m ON m.inbound_id = i.id
	  JOIN intake.draft AS d ON d.id = m.draft_id WHERE d.ended_as = 'triage'),
taken_up AS (
	UPDATE intake.draft AS d
	   SET state = CASE WHEN $2::text = 'dismiss' THEN 'done' ELSE 'closing' END,
	       ended_as = CASE WHEN $2::text = 'dismiss' THEN 'nothing' END, decided = $2::text, decisions = d.decisions + 1,
	       target = $3::uuid, application_id = NULL, attempts = 0, token = d.token + 1, next_at = clock_timestamp()
	  FROM drafts AS n WHERE d.id = n.id),
others AS (
	UPDATE intake.inbound AS i
	   SET state = CASE WHEN $2::text = 'dismiss' THEN 'ignored' ELSE 'done' END, verdict = 'decided: ' || $2::text,
	       decided_by = $5::text, decided_reason = $6::text, digested_at = clock_timestamp()
	 WHERE i.state = 'triage' AND i.id <> $1::bigint
	   AND i.id IN (SELECT m.inbound_id FROM drafts AS n JOIN intake.message AS m ON m.draft_id = n.id)),
made AS (
	INSERT INTO intake.draft (id, channel, state, first_at, next_at, decided, target)
	SELECT $7::uuid, $8::int, 'closing', i.received_at, clock_timestamp(), $2::text, $3::uuid
	  FROM decided AS i WHERE $4::text IS NOT NULL),
written AS (
	INSERT INTO intake.message (channel, external_id, inbound_id, draft_id, sent_at, type, body)
	SELECT $8::int, 'inbound-' || i.id, i.id, $7::uuid, i.received_at, 'text', $4::text
	  FROM decided AS i WHERE $4::text IS NOT NULL)
SELECT id FROM decided;
