-- Statements of the operator's command that look at what runs, as the owner of the database. Asked one by one, with text
-- parameters (common/db/script.h); "" stands for nothing. Times are shown in Istanbul, which is UTC+3 all year.

-- name: streams
-- out: stream, writer, head, age of the last event in seconds, consumer (none: keeps its cursor itself), cursor, lag,
--      seconds that the oldest pending event has waited, parked
-- An application may be dated back, so a received event is as old as its row.
SELECT s.name, s.writer, h.head,
       extract(epoch FROM now() - (SELECT coalesce(a.recorded_at, e.at) FROM feed.event AS e
                                     LEFT JOIN intake.application AS a ON e.stream = 'intake' AND a.id = e.application_id
                                    WHERE e.stream = s.name AND e.seq = h.head))::bigint,
       c.consumer, c.seq, h.head - c.seq,
       extract(epoch FROM now() - (SELECT coalesce(a.recorded_at, e.at) FROM feed.event AS e
                                     LEFT JOIN intake.application AS a ON e.stream = 'intake' AND a.id = e.application_id
                                    WHERE e.stream = s.name AND e.seq = c.seq + 1))::bigint,
       CASE WHEN c.consumer IS NOT NULL THEN (SELECT count(*) FROM feed.parked AS p
         WHERE p.consumer = c.consumer AND p.stream = s.name AND p.released_at IS NULL) END
  FROM feed.stream AS s
 CROSS JOIN LATERAL (SELECT coalesce((SELECT e.seq FROM feed.event AS e WHERE e.stream = s.name
                                       ORDER BY e.seq DESC LIMIT 1), 0) AS head) AS h
  LEFT JOIN feed.cursor AS c ON c.stream = s.name
 ORDER BY s.name LIKE 'department/%', s.name, c.consumer;

-- name: parked_list
-- in:  $1 consumer or "", $2 limit
-- out: consumer, stream, seq, number of the application, its id, kind of the event, how often a release failed, since,
--      "asked" when a release was asked for, later events of the application that wait, reason
-- An event that only waits for an earlier one is counted there and not shown, unless nothing is before it any more.
SELECT k.consumer, k.stream, k.seq, a.number, k.application_id, e.kind, k.failures,
       to_char(k.parked_at AT TIME ZONE 'Europe/Istanbul', 'YYYY-MM-DD"T"HH24:MI:SS"+03:00"'),
       CASE WHEN k.wanted_at IS NOT NULL THEN 'asked' END,
       (SELECT count(*) FROM feed.parked AS l
         WHERE l.application_id = k.application_id AND l.consumer || '' = k.consumer AND l.stream || '' = k.stream AND l.seq > k.seq
           AND l.released_at IS NULL AND k.application_id <> '00000000-0000-0000-0000-000000000000'),
       regexp_replace(k.reason, '[[:cntrl:]]', ' ', 'g')
  FROM feed.parked AS k
  LEFT JOIN intake.application AS a ON a.id = k.application_id
  LEFT JOIN feed.event AS e ON e.stream = k.stream AND e.seq = k.seq
 WHERE k.released_at IS NULL AND ($1::text = '' OR k.consumer = $1::text)
   AND (k.reason <> 'waits for a parked event of its application'
        OR NOT EXISTS (SELECT FROM feed.parked AS b
                        WHERE b.application_id = k.application_id AND b.consumer || '' = k.consumer AND b.stream || '' = k.stream
                          AND b.seq < k.seq AND b.released_at IS NULL))
 ORDER BY k.parked_at, k.consumer, k.stream, k.seq LIMIT $2::bigint;

-- name: parked_want
-- in:  $1 consumer, $2 stream, $3 seq, $4 application id; "" for any
-- out: consumer, stream, seq of each that is to be digested again
SELECT w.consumer, w.stream, w.seq
  FROM feed.want(nullif($1::text, ''), nullif($2::text, ''), nullif($3::text, '')::bigint, nullif($4::text, '')::uuid) AS w
 ORDER BY w.consumer, w.stream, w.seq;

-- name: parked_outcome
-- in:  $1 consumers, $2 streams, $3 seqs (arrays of one length)
-- out: consumer, stream, seq, what became of it, why
SELECT k.consumer, k.stream, k.seq,
       CASE WHEN k.released_at IS NOT NULL THEN 'released'
            WHEN k.wanted_at IS NULL THEN 'parked again'
            WHEN EXISTS (SELECT FROM feed.parked AS b
                          WHERE b.application_id = k.application_id AND b.consumer || '' = k.consumer AND b.stream || '' = k.stream
                            AND b.seq < k.seq AND b.released_at IS NULL AND b.wanted_at IS NULL
                            AND b.application_id <> '00000000-0000-0000-0000-000000000000') THEN 'waits'
            ELSE 'asked' END,
       CASE WHEN k.released_at IS NULL AND k.wanted_at IS NULL THEN regexp_replace(k.reason, '[[:cntrl:]]', ' ', 'g') END
  FROM feed.parked AS k
  JOIN unnest($1::text[], $2::text[], $3::bigint[]) AS n(consumer, stream, seq)
    ON n.consumer = k.consumer AND n.stream = k.stream AND n.seq = k.seq
 ORDER BY k.consumer, k.stream, k.seq;

-- name: application_find
-- in:  $1 id or number
-- out: id, number
SELECT a.id, a.number FROM intake.application AS a
 WHERE a.number = $1::text
    OR a.id = CASE WHEN $1::text ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN $1::text::uuid END;

-- name: doctor_session
-- in:  $1 from how many seconds on something waits too long
SELECT set_config('kopru.doctor_age', $1::text, false), set_config('statement_timeout', '20s', false),
       set_config('lock_timeout', '5s', false);

-- name: doctor_place
-- out: microseconds since 1970, folder of the data, "" when the session comes over the network
SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
       CASE WHEN inet_server_addr() IS NULL THEN current_setting('data_directory') ELSE '' END;

-- name: notices_list
-- in:  $1 state, $2 number; "" for any, $3 limit
-- out: id, number, template, language, masked address, state, attempts, made at, next attempt at, finished at, reason
-- A mail server's words may quote an address: it is taken out.
SELECT n.id, n.number, n.template, n.language,
       CASE WHEN n.address IS NOT NULL THEN left(n.address, 1) || '***@' || split_part(n.address, '@', 2) END,
       n.state, n.attempts,
       to_char(n.created_at AT TIME ZONE 'Europe/Istanbul', 'YYYY-MM-DD"T"HH24:MI:SS"+03:00"'),
       CASE WHEN n.state IN ('pending', 'sending') OR n.state = 'unknown' AND isfinite(n.next_at)
            THEN to_char(n.next_at AT TIME ZONE 'Europe/Istanbul', 'YYYY-MM-DD"T"HH24:MI:SS"+03:00"') END,
       to_char(n.finished_at AT TIME ZONE 'Europe/Istanbul', 'YYYY-MM-DD"T"HH24:MI:SS"+03:00"'),
       regexp_replace(regexp_replace(n.reason, '[^[:space:]<>@,;:]+@[^[:space:]<>@,;:]+', '***@***', 'g'), '[[:cntrl:]]', ' ', 'g')
  FROM notifier.notice AS n
 WHERE ($1::text = '' OR n.state = $1::text)
   AND ($2::text = '' OR n.application_id = (SELECT a.id FROM intake.application AS a WHERE a.number = $2::text))
 ORDER BY n.created_at DESC, n.id LIMIT $3::bigint;

-- name: notices_retry
-- in:  $1 id, $2 state; one of the two is "", $3 limit
-- out: id, number, template of each that will be tried again
WITH tried AS MATERIALIZED (
	SELECT r.id FROM notifier.retry(ARRAY(SELECT n.id FROM notifier.notice AS n
	                                       WHERE CASE WHEN $1::text <> '' THEN n.id = $1::text::uuid ELSE n.state = $2::text END
	                                       ORDER BY n.created_at LIMIT $3::bigint)) AS r(id))
SELECT n.id, n.number, n.template FROM notifier.notice AS n JOIN tried USING (id) ORDER BY n.number, n.id;

-- name: media_retry
-- in:  $1 limit
-- out: source, time of receipt, id of the inbound row, why it was given up, of each file that is asked for again
-- Once, where its message is older than intake waits.
WITH given_up AS MATERIALIZED (
	SELECT m.channel, m.external_id, m.media_id, m.reason, i.id, i.source, i.received_at
	  FROM intake.media AS m
	  JOIN intake.message AS s ON s.channel = m.channel AND s.external_id = m.external_id
	  JOIN intake.inbound AS i ON i.id = s.inbound_id
	 WHERE m.state = 'failed' ORDER BY i.received_at DESC LIMIT $1::bigint FOR UPDATE OF m SKIP LOCKED),
wanted AS (
	UPDATE intake.media AS m SET state = 'wanted', attempts = 0, next_at = clock_timestamp() FROM given_up AS g
	 WHERE m.channel = g.channel AND m.external_id = g.external_id AND m.media_id = g.media_id AND m.state = 'failed'
	RETURNING m.channel, m.external_id, m.media_id)
SELECT g.source, to_char(g.received_at AT TIME ZONE 'Europe/Istanbul', 'YYYY-MM-DD"T"HH24:MI:SS"+03:00"'), g.id, g.reason
  FROM given_up AS g JOIN wanted USING (channel, external_id, media_id) ORDER BY g.id;

-- name: replay_reporting
SELECT reporting.rebuild();

-- name: replay_progress
-- out: events that reporting has handled, events that there are
SELECT coalesce(sum(c.seq), 0), coalesce(sum(coalesce((SELECT e.seq FROM feed.event AS e WHERE e.stream = c.stream
                                                         ORDER BY e.seq DESC LIMIT 1), 0)), 0)
  FROM feed.cursor AS c WHERE c.consumer = 'reporting';

-- name: case_show
-- in:  $1 number
-- out: number, state, version, department, its name, topic, received at, due on, target on, waits for; no row when there is
--      no such application. Nothing of what was written and nobody's name.
SELECT a.number, coalesce(c.state, 1), coalesce(c.version, 1), c.department, d.name_tr, c.topic,
       to_char(a.received_at AT TIME ZONE 'Europe/Istanbul', 'YYYY-MM-DD"T"HH24:MI:SS"+03:00"'), coalesce(c.due_on, a.due_on),
       c.target_on,
       CASE WHEN c.application_id IS NULL THEN 'to be routed' WHEN c.with_arbiter THEN 'the arbiter, until ' || c.arbiter_due_on
            WHEN q.answer_by IS NOT NULL THEN 'the citizen, until ' || q.answer_by
            WHEN c.final_owed THEN 'the final answer' WHEN c.triage AND c.state = 1 THEN 'the desk' END
  FROM intake.application AS a
  LEFT JOIN router.case AS c ON c.application_id = a.id
  LEFT JOIN router.department AS d ON d.code = c.department
  LEFT JOIN router.question AS q ON q.application_id = a.id
 WHERE a.number = $1::text;

-- name: case_events
-- in:  $1 number
-- out: version, at, event, role of the actor, his department, whose the case is after it
SELECT h.version, to_char(h.at AT TIME ZONE 'Europe/Istanbul', 'YYYY-MM-DD"T"HH24:MI:SS"+03:00"'), h.event, h.actor_role,
       h.actor_department, h.department
  FROM reporting.history AS h JOIN intake.application AS a ON a.id = h.application_id
 WHERE a.number = $1::text ORDER BY h.version;

-- name: case_notices
-- in:  $1 number
-- out: template, state, finished at, reason
SELECT n.template, n.state, to_char(n.finished_at AT TIME ZONE 'Europe/Istanbul', 'YYYY-MM-DD"T"HH24:MI:SS"+03:00"'),
       regexp_replace(regexp_replace(n.reason, '[^[:space:]<>@,;:]+@[^[:space:]<>@,;:]+', '***@***', 'g'), '[[:cntrl:]]', ' ', 'g')
  FROM notifier.notice AS n JOIN intake.application AS a ON a.id = n.application_id
 WHERE a.number = $1::text ORDER BY n.created_at, n.id;

-- name: case_parked
-- in:  $1 number
-- out: consumer, stream, seq, "asked" when a release was asked for
SELECT k.consumer, k.stream, k.seq, CASE WHEN k.wanted_at IS NOT NULL THEN 'asked' END
  FROM feed.parked AS k JOIN intake.application AS a ON a.id = k.application_id
 WHERE a.number = $1::text AND k.released_at IS NULL ORDER BY k.consumer, k.stream, k.seq;

-- name: import_begin
-- in:  $1 source, $2 SHA-256 of the file in hex, $3 its size
-- out: id of its row; its verdict is told at the end
INSERT INTO intake.inbound AS i (source, source_id, content_type, raw_size, state, verdict, digested_at)
VALUES ($1::text, $2::text, 'text/csv', $3::bigint, 'done', 'import began', now())
ON CONFLICT (source, source_id) DO UPDATE SET verdict = 'import began', digested_at = now(), attempts = i.attempts + 1
RETURNING id;

-- name: import_refused
-- in:  $1 source, $2 size of the file
-- Another mapping may make the same file good later, so its hash is no key here.
INSERT INTO intake.inbound (source, source_id, content_type, raw_size, state, verdict, digested_at)
VALUES ($1::text, gen_random_uuid()::text, 'text/csv', $2::bigint, 'refused', 'refused: no file of this source, or columns are missing', now());

-- name: import_end
-- in:  $1 id, $2 verdict
UPDATE intake.inbound SET verdict = $2::text, digested_at = now() WHERE id = $1::bigint;

-- name: import_cases
-- in:  $1 numbers (array), $2 ids of commands (array)
-- out: number, state, version, department, "t" when it came in so lately that the router remembers what was commanded, "t" when one
--      of the commands was done with it, SHA-256 of its answers in hex as far as they are known
SELECT c.number, c.state, c.version, c.department, a.recorded_at > now() - interval '25 days',
       EXISTS (SELECT FROM router.command AS d WHERE d.id = ANY($2::uuid[]) AND d.application_id = c.application_id AND d.code = 1),
       (SELECT coalesce(string_agg(encode(sha256(convert_to(replace(h.body, E'\r', ''), 'UTF8')), 'hex'), ' '), '')
          FROM reporting.history AS h
         WHERE h.application_id = c.application_id AND h.event = 'case.answered' AND h.body IS NOT NULL)
  FROM router.case AS c JOIN intake.application AS a ON a.id = c.application_id
 WHERE a.number = ANY($1::text[]);

-- name: cimer_answers
-- in:  $1 number of the channel, $2 first day of answers or "", $3 number of one application (CİMER's or ours) or ""
-- out: CİMER's number, ours, version of the answer, when it was given, event, text, "t" when it was handed in
-- The last final answer of each that stands; of an old system's cases nothing goes back. One of a reopened case is none.
SELECT f.external_id, f.number, f.version, to_char(f.at AT TIME ZONE 'Europe/Istanbul', 'YYYY-MM-DD"T"HH24:MI:SS"+03:00"'), f.event,
       f.body, EXISTS (SELECT FROM intake.handed_in AS d WHERE d.application_id = f.id AND d.version = f.version)
  FROM (SELECT DISTINCT ON (a.id) a.id, a.external_id, a.number, h.version, h.at, h.event, h.body
          FROM intake.application AS a JOIN reporting.history AS h ON h.application_id = a.id
         WHERE a.channel = $1::int AND a.external_id IS NOT NULL
           AND coalesce(a.key_scope, '') NOT LIKE 'import/%'
           AND ($3::text = '' OR a.external_id = $3::text OR a.number = $3::text)
           AND h.event IN ('case.answered', 'case.rejected', 'case.forwarded', 'case.reopened')
         ORDER BY a.id, h.version DESC) AS f
 WHERE f.event <> 'case.reopened' AND f.body IS NOT NULL
   AND ($2::text = '' OR f.at >= ($2::text || 'T00:00:00+03:00')::timestamptz)
   AND ($3::text <> '' OR NOT EXISTS (SELECT FROM intake.handed_in AS d WHERE d.application_id = f.id AND d.version = f.version))
 ORDER BY f.at, f.number;

-- name: cimer_hand_in
-- in:  $1 our number, $2 version of the answer, $3 who did it
-- out: our number, "t" when it was marked now, "f" when it was before; no row when there is no such answer
WITH found AS (SELECT a.id, a.number, h.version FROM intake.application AS a JOIN reporting.history AS h ON h.application_id = a.id
                WHERE a.number = $1::text AND h.version = $2::int
                  AND h.event IN ('case.answered', 'case.rejected', 'case.forwarded')),
     marked AS (INSERT INTO intake.handed_in (application_id, version, handed_in_by)
                SELECT id, version, $3::text FROM found ON CONFLICT DO NOTHING RETURNING application_id)
SELECT f.number, EXISTS (SELECT FROM marked) FROM found AS f;

-- name: channels
-- in:  $1 seconds from which on something waits too long
-- out: source, state, last arrival that was taken, how many were refused in the last hour, how many wait, age of the oldest in
--      seconds, how many lie in triage, senders of whom nobody knows whether they were told, configured, last error, when
-- Sources are found by skipping through the index of arrivals. A mailbox is looked into every 5 minutes at least, 10 when it fails.
WITH RECURSIVE arrived(source) AS (
	(SELECT i.source FROM intake.inbound AS i ORDER BY i.source LIMIT 1)
	UNION ALL
	SELECT (SELECT i.source FROM intake.inbound AS i WHERE i.source > a.source ORDER BY i.source LIMIT 1)
	  FROM arrived AS a WHERE a.source IS NOT NULL),
sources AS (
	SELECT source FROM arrived WHERE source IS NOT NULL UNION SELECT name FROM intake.source
	UNION SELECT source FROM intake.channel_error UNION SELECT 'email/' || name FROM intake.mailbox),
waiting AS (
	SELECT i.source, count(*) AS backlog, extract(epoch FROM now() - min(i.received_at))::bigint AS oldest
	  FROM intake.inbound AS i WHERE i.state = 'stored' GROUP BY i.source),
triage AS (SELECT i.source, count(*) AS count FROM intake.inbound AS i WHERE i.state = 'triage' GROUP BY i.source),
unknown AS (
	SELECT n.source, count(*) AS count FROM intake.draft AS d
	  JOIN (VALUES (8, 'whatsapp'), (9, 'messenger'), (10, 'instagram'), (14, 'telegram')) AS n(channel, source) USING (channel)
	 WHERE d.told = 'unknown' GROUP BY n.source),
found AS (
	SELECT s.source, (SELECT i.received_at FROM intake.inbound AS i WHERE i.source = s.source AND i.state <> 'refused'
	                   ORDER BY i.received_at DESC LIMIT 1) AS last_at,
	       (SELECT max(i.received_at) FROM intake.inbound AS i
	         WHERE i.source = s.source AND i.state = 'refused' AND i.received_at > now() - interval '1 day') AS refused_at,
	       (SELECT count(*) FROM intake.inbound AS i
	         WHERE i.source = s.source AND i.state = 'refused' AND i.received_at > now() - interval '1 hour') AS refused,
	       coalesce(w.backlog, 0) AS backlog, w.oldest, coalesce(t.count, 0) AS triage, coalesce(u.count, 0) AS unknown,
	       c.name IS NOT NULL AS configured, CASE WHEN m.error IS NULL AND l.unseen THEN 'nobody looks into it' ELSE coalesce(m.error, e.error) END AS error,
	       CASE WHEN m.error IS NOT NULL THEN m.error_at WHEN l.unseen THEN l.at ELSE e.at END AS error_at,
	       m.error IS NOT NULL OR l.unseen OR (c.name IS NOT NULL AND m.name IS NULL AND e.at > now() - interval '10 minutes') AS broken
	  FROM sources AS s
	  LEFT JOIN waiting AS w ON w.source = s.source
	  LEFT JOIN triage AS t ON t.source = s.source
	  LEFT JOIN unknown AS u ON u.source = s.source
	  LEFT JOIN intake.source AS c ON c.name = s.source
	  LEFT JOIN intake.channel_error AS e ON e.source = s.source
	  LEFT JOIN intake.mailbox AS m ON 'email/' || m.name = s.source
	 CROSS JOIN LATERAL (SELECT coalesce(greatest(m.looked_at, m.error_at), c.configured_at) AS at) AS a
	 CROSS JOIN LATERAL (SELECT a.at, c.name LIKE 'email/%' AND a.at < now() - interval '10 minutes'
	                            AND coalesce(m.leased_until < now(), true) AS unseen) AS l)
SELECT f.source, CASE WHEN f.broken THEN 'error' WHEN f.configured AND f.refused_at > coalesce(f.last_at, '-infinity') THEN 'refused'
                      WHEN f.oldest >= $1::bigint THEN 'late' ELSE 'well' END,
       to_char(f.last_at AT TIME ZONE 'Europe/Istanbul', 'YYYY-MM-DD"T"HH24:MI:SS"+03:00"'), f.refused, f.backlog, f.oldest, f.triage, f.unknown,
       CASE WHEN f.configured THEN 'yes' END,
       regexp_replace(f.error, '[[:cntrl:]]', ' ', 'g'),
       to_char(f.error_at AT TIME ZONE 'Europe/Istanbul', 'YYYY-MM-DD"T"HH24:MI:SS"+03:00"')
  FROM found AS f ORDER BY f.source;
