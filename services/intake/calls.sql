-- Calls that the telephone exchange tells of, and what is known of who calls. A call waits to be made back when it was missed,
-- nobody made it back, and no call of the same number from then on was answered or became an application: one that bears its
-- id, was received about then (an exchange may count its ids from 1 again) and is not another number's.

-- name: calls_store
-- in:  $1 scope (id of the API key), $2 the body as it came, $3 its SHA-256 in hex, $4 its content type, $5 call id, $6 caller
--      (NULL: withheld), $7 started at, $8 ended at (NULL: not yet), $9 answered by, $10 missed, $11 recording
-- out: caller, started at, ended at, answered by, missed: of the call as it now stands
-- What came is stored in the same transaction as what it says. Posts come in any order: nothing is taken back, and of two
-- that say different things the one that knows the end counts.
WITH arrived AS (
	INSERT INTO intake.inbound AS i (source, source_id, content_type, raw, raw_size, state, verdict, digested_at)
	VALUES ('calls/' || $1::text, $3::text, $4::text, $2::bytea, length($2::bytea), 'done', 'call', clock_timestamp())
	    ON CONFLICT (source, source_id) DO UPDATE SET state = i.state
	RETURNING id)
INSERT INTO intake.call AS c (scope, call_id, inbound_id, caller, started_at, ended_at, answered_by, missed, recording)
SELECT $1::text, $5::text, a.id, $6::text, $7::timestamptz, $8::timestamptz, $9::text, $10::boolean, $11::text
  FROM arrived AS a
    ON CONFLICT (scope, call_id) DO UPDATE
       SET inbound_id = EXCLUDED.inbound_id,
           caller = coalesce(c.caller, EXCLUDED.caller),
           started_at = least(c.started_at, EXCLUDED.started_at),
           ended_at = greatest(c.ended_at, EXCLUDED.ended_at),
           answered_by = CASE WHEN EXCLUDED.ended_at IS NULL AND c.ended_at IS NOT NULL
                              THEN coalesce(c.answered_by, EXCLUDED.answered_by)
                              ELSE coalesce(EXCLUDED.answered_by, c.answered_by) END,
           recording = CASE WHEN EXCLUDED.ended_at IS NULL AND c.ended_at IS NOT NULL
                            THEN coalesce(c.recording, EXCLUDED.recording)
                            ELSE coalesce(EXCLUDED.recording, c.recording) END,
           missed = (c.missed OR EXCLUDED.missed) AND coalesce(c.answered_by, EXCLUDED.answered_by) IS NULL
RETURNING c.caller, c.started_at, c.ended_at, c.answered_by, c.missed;

-- name: calls_find
-- in:  $1 call id, $2 scope (NULL: whichever)
-- out: scope, caller, started at, ended at, answered by, missed, recording, called back at, called back by, number of its
--      application; the newest first, at most two
SELECT c.scope, c.caller, c.started_at, c.ended_at, c.answered_by, c.missed, c.recording, c.called_back_at, c.called_back_by,
       (SELECT x.number FROM intake.application AS x
         WHERE x.call_id = c.call_id
           AND x.received_at BETWEEN c.started_at - interval '1 day' AND c.started_at + interval '30 days'
         ORDER BY x.received_at LIMIT 1) -- not by id: the index of ids would be read from its beginning
  FROM intake.call AS c
 WHERE c.call_id = $1::text AND ($2::text IS NULL OR c.scope = $2::text)
 ORDER BY c.started_at DESC LIMIT 2;

-- name: calls_missed
-- in:  $1, $2, $3: after whom: first missed at, scope and call id of the newest (NULL: from the beginning), $4 how many
-- out: caller, how many calls, first missed at, last missed at, scope and call id of the newest, how many applications the caller
--      has (up to 1000); a row for each caller, the longest waiting first
WITH waiting AS (
	SELECT m.caller, count(*) AS calls, min(m.started_at) AS first_at, max(m.started_at) AS last_at,
	       (array_agg(m.scope ORDER BY m.started_at DESC, m.scope, m.call_id))[1] AS scope,
	       (array_agg(m.call_id ORDER BY m.started_at DESC, m.scope, m.call_id))[1] AS call_id
	  FROM intake.call AS m
	 WHERE m.missed AND m.called_back_at IS NULL AND m.caller IS NOT NULL
	   AND NOT EXISTS (SELECT FROM intake.call AS l
	                    WHERE l.caller = m.caller AND l.started_at >= m.started_at
	                      AND (l.answered_by IS NOT NULL
	                           OR EXISTS (SELECT FROM intake.application AS x
	                                       WHERE x.call_id = l.call_id
	                                         AND x.received_at BETWEEN l.started_at - interval '1 day'
	                                                                   AND l.started_at + interval '30 days'
	                                         AND (x.applicant_phone IS NULL OR x.applicant_phone = l.caller))))
	 GROUP BY m.caller)
SELECT w.caller, w.calls, w.first_at, w.last_at, w.scope, w.call_id,
       (SELECT count(*) FROM (SELECT FROM intake.application AS x WHERE x.applicant_phone = w.caller LIMIT 1000) AS n)
  FROM waiting AS w
 WHERE $1::timestamptz IS NULL OR (w.first_at, w.scope, w.call_id) > ($1::timestamptz, $2::text, $3::text)
 ORDER BY w.first_at, w.scope, w.call_id LIMIT $4::int;

-- name: calls_waiting
-- out: how many callers wait to be called back, for how many seconds the first of them
SELECT count(DISTINCT m.caller), coalesce(extract(epoch FROM clock_timestamp() - min(m.started_at)), 0)::bigint
  FROM intake.call AS m
 WHERE m.missed AND m.called_back_at IS NULL AND m.caller IS NOT NULL
   AND NOT EXISTS (SELECT FROM intake.call AS l
                    WHERE l.caller = m.caller AND l.started_at >= m.started_at
                      AND (l.answered_by IS NOT NULL
                           OR EXISTS (SELECT FROM intake.application AS x
                                       WHERE x.call_id = l.call_id
                                         AND x.received_at BETWEEN l.started_at - interval '1 day'
                                                                   AND l.started_at + interval '30 days'
                                         AND (x.applicant_phone IS NULL OR x.applicant_phone = l.caller))));

-- name: calls_settle
-- out: nothing; writes down which missed calls wait no more, so that they are not looked at again and again
UPDATE intake.call AS m
   SET called_back_at = clock_timestamp(), called_back_by = coalesce(s.who, 'application')
  FROM (SELECT c.scope, c.call_id, l.answered_by AS who
          FROM intake.call AS c
          JOIN LATERAL (SELECT l.answered_by FROM intake.call AS l
                         WHERE l.caller = c.caller AND l.started_at >= c.started_at
                           AND (l.answered_by IS NOT NULL
                                OR EXISTS (SELECT FROM intake.application AS x
                                            WHERE x.call_id = l.call_id
                                              AND x.received_at BETWEEN l.started_at - interval '1 day'
                                                                        AND l.started_at + interval '30 days'
                                              AND (x.applicant_phone IS NULL OR x.applicant_phone = l.caller)))
                         ORDER BY l.started_at LIMIT 1) AS l ON true
         WHERE c.missed AND c.called_back_at IS NULL
         ORDER BY c.started_at LIMIT 500
           FOR UPDATE OF c SKIP LOCKED) AS s
 WHERE m.scope = s.scope AND m.call_id = s.call_id AND m.called_back_at IS NULL;

-- name: calls_called_back
-- in:  $1 call id, $2 scope (NULL: whichever), $3 who
-- out: how many calls there are of that id, whether it was missed, who had made it back before (NULL: nobody), how many calls of
--      the caller, up to this one, wait no more by this
WITH named AS (
	SELECT c.scope, c.call_id, c.caller, c.started_at, c.missed, c.called_back_by
	  FROM intake.call AS c WHERE c.call_id = $1::text AND ($2::text IS NULL OR c.scope = $2::text)),
marked AS (
	UPDATE intake.call AS m
	   SET called_back_at = clock_timestamp(), called_back_by = $3::text
	  FROM named AS n
	 WHERE (SELECT count(*) FROM named) = 1 AND n.missed AND n.called_back_by IS NULL
	   AND m.missed AND m.called_back_at IS NULL
	   AND (m.caller = n.caller AND m.started_at <= n.started_at OR m.scope = n.scope AND m.call_id = n.call_id)
	RETURNING m.scope)
SELECT (SELECT count(*) FROM named), n.missed, n.called_back_by, (SELECT count(*) FROM marked)
  FROM named AS n LIMIT 1;

-- name: applicants_earlier
-- in:  $1 phone (E.164), $2 hash of the national id, $3 e-mail address; two of them NULL; $4 how many
-- out: number, kind, channel, subject, topic, received at, due on, how many there are (up to 1000); the newest first
SELECT e.number, e.kind, e.channel, e.subject, e.topic, e.received_at, e.due_on, count(*) OVER ()
  FROM ((SELECT x.number, x.kind, x.channel, x.subject, x.topic, x.received_at, x.due_on FROM intake.application AS x
          WHERE x.applicant_phone = $1::text ORDER BY x.received_at DESC LIMIT 1000)
        UNION ALL
        (SELECT x.number, x.kind, x.channel, x.subject, x.topic, x.received_at, x.due_on FROM intake.application AS x
          WHERE x.national_id_hash = $2::bytea ORDER BY x.received_at DESC LIMIT 1000)
        UNION ALL
        (SELECT x.number, x.kind, x.channel, x.subject, x.topic, x.received_at, x.due_on FROM intake.application AS x
          WHERE lower(x.applicant_email COLLATE "C") = lower($3::text COLLATE "C")
          ORDER BY x.received_at DESC LIMIT 1000)) AS e
 ORDER BY e.received_at DESC, e.number DESC LIMIT $4::int;
