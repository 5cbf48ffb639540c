-- Sending: what is due is claimed under a lease, and its end is recorded by whoever still holds the lease.

-- name: notices_claim
-- in:  $1 most notices, $2 seconds of the lease, $3 domains of recipients, $4 true: only those, false: all but those,
--      $5 domains with a limit of their own and $6 these limits (arrays of one length), $7 most of any other domain,
--      $8 provider, $9 domain after which the round begins, $10 count what an address got today up to so many (0: not)
-- out: id, lease token, attempts, resend, application id, number, channel, template, language, address, fields, created at,
--      now, address verified, opted out, how many other letters and how many other neutral messages went to the address today
-- A notice under way is due again when its lease ends, so next_at is the end of the lease. An earlier unfinished notice of
-- the same application to the same address goes first (R-22). Domains are found by skipping through the index, each has its
-- limit, and the round goes on where it stopped: a full domain costs the others nothing (I-11). OFFSET 0 keeps the look at an
-- application's others at one by key for each notice.
WITH RECURSIVE waiting(domain) AS (
	(SELECT n.domain FROM notifier.notice AS n WHERE n.state IN ('pending', 'sending', 'unknown') ORDER BY n.domain LIMIT 1)
	UNION ALL
	SELECT (SELECT n.domain FROM notifier.notice AS n
	         WHERE n.state IN ('pending', 'sending', 'unknown') AND n.domain > w.domain ORDER BY n.domain LIMIT 1)
	  FROM waiting AS w WHERE w.domain IS NOT NULL),
round AS MATERIALIZED (
	SELECT w.domain, coalesce(l.most, $7::int) AS most
	  FROM waiting AS w
	  LEFT JOIN unnest($5::text[], $6::int[]) AS l(domain, most) ON l.domain = w.domain
	 WHERE w.domain IS NOT NULL AND (w.domain = ANY ($3::text[])) = $4::boolean AND coalesce(l.most, $7::int) > 0
	 ORDER BY w.domain <= $9::text, w.domain),
due AS MATERIALIZED (
	SELECT q.id FROM round AS r
	 CROSS JOIN LATERAL (
	       SELECT n.id FROM notifier.notice AS n
	        WHERE n.domain = r.domain AND n.state IN ('pending', 'unknown') AND n.next_at <= now()
	          AND NOT EXISTS (
	              SELECT FROM notifier.notice AS e
	               WHERE e.application_id = n.application_id AND e.address = n.address AND e.id <> n.id
	                 AND (e.version, e.template <> 'confirm', e.id) < (n.version, n.template <> 'confirm', n.id)
	                 AND (e.state IN ('pending', 'sending') OR (e.state = 'unknown' AND e.next_at < 'infinity')) OFFSET 0)
	        ORDER BY n.next_at LIMIT r.most FOR UPDATE OF n SKIP LOCKED) AS q
	 LIMIT $1::int),
claimed AS (
	UPDATE notifier.notice AS n
	   SET state = 'sending', reason = NULL, attempts = n.attempts + 1, lease_token = n.lease_token + 1,
	       resends = n.resends + (n.state = 'unknown')::int, attempted_at = clock_timestamp(),
	       lease_until = clock_timestamp() + make_interval(secs => $2::int),
	       next_at = clock_timestamp() + make_interval(secs => $2::int)
	  FROM due
	 WHERE n.id = due.id
	RETURNING n.*),
stored AS (
	INSERT INTO notifier.attempt (notice_id, token, provider, resend, started_at)
	SELECT c.id, c.lease_token, $8::text, c.resends > 0, c.attempted_at FROM claimed AS c)
SELECT c.id, c.lease_token, c.attempts, c.resends > 0, c.application_id, c.number, c.channel, c.template, c.language,
       c.address, c.fields::text, c.created_at, clock_timestamp(), a.verified_at IS NOT NULL OR c.person <> 'applicant',
       a.opted_out_at IS NOT NULL AND c.person = 'applicant', b.letters::int, b.confirms::int
  FROM claimed AS c
  LEFT JOIN notifier.address AS a ON a.application_id = c.application_id AND a.address = c.address
 CROSS JOIN LATERAL (
       SELECT count(*) AS letters, count(*) FILTER (WHERE t.template = 'confirm') AS confirms
         FROM (SELECT o.template FROM notifier.notice AS o
                WHERE c.person = 'applicant' AND o.person = 'applicant' AND lower(o.address) = lower(c.address)
                  AND o.id <> c.id AND o.state IN ('sending', 'sent', 'unknown')
                  AND o.attempted_at >= date_trunc('day', now() AT TIME ZONE 'Europe/Istanbul') AT TIME ZONE 'Europe/Istanbul'
                LIMIT $10::int) AS t) AS b
 ORDER BY c.version, c.id;

-- name: notices_finish
-- in:  $1 ids, $2 lease tokens, $3 states, $4 reasons, $5 seconds until the next attempt, $6 outcomes of the attempts,
--      $7 attempts that do not count (0 or 1; arrays of one length, sorted by id), $8 seconds until what is unknown is repeated
-- out: id, state of each notice whose lease still held; an id that is missing went to another or was erased
-- A late answer still settles what was called unknown when the lease ended.
WITH ends AS MATERIALIZED (
	SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::int[], $6::text[], $7::int[])
	           AS f(id, token, state, reason, wait, outcome, uncounted)),
tried AS (
	UPDATE notifier.attempt AS t SET ended_at = clock_timestamp(), outcome = f.outcome, reason = f.reason
	  FROM ends AS f WHERE t.notice_id = f.id AND t.token = f.token)
UPDATE notifier.notice AS n
   SET state = f.state, reason = f.reason, lease_until = NULL, attempts = n.attempts - f.uncounted,
       next_at = CASE WHEN f.state = 'pending' THEN clock_timestamp() + make_interval(secs => f.wait)
                      WHEN f.state = 'unknown' AND n.policy = 'at_least_once' AND n.resends = 0
                      THEN clock_timestamp() + make_interval(secs => $8::int)
                      WHEN f.state = 'unknown' THEN 'infinity'
                      ELSE n.next_at END,
       finished_at = CASE WHEN f.state NOT IN ('pending', 'held') THEN clock_timestamp() END
  FROM ends AS f
 WHERE n.id = f.id AND n.lease_token = f.token AND n.state IN ('sending', 'unknown') AND n.address IS NOT NULL
RETURNING n.id, n.state;

-- name: notices_extend
-- in:  $1 ids, $2 lease tokens (arrays of one length, sorted by id), $3 seconds from now
UPDATE notifier.notice AS n
   SET lease_until = clock_timestamp() + make_interval(secs => $3::int), next_at = clock_timestamp() + make_interval(secs => $3::int)
  FROM unnest($1::uuid[], $2::bigint[]) AS h(id, token)
 WHERE n.id = h.id AND n.lease_token = h.token AND n.state = 'sending';

-- name: notices_recover
-- in:  $1 seconds until what is unknown is repeated
-- out: state of each notice whose lease ended while it was under way
-- Whoever had it is gone, perhaps between the last byte and the answer. A file of the same name is simply written again.
WITH ended AS MATERIALIZED (
	SELECT n.id, n.lease_token, coalesce(t.provider, 'file') AS provider
	  FROM notifier.notice AS n
	  LEFT JOIN notifier.attempt AS t ON t.notice_id = n.id AND t.token = n.lease_token
	 WHERE n.state = 'sending' AND n.next_at <= now()
	 ORDER BY n.next_at LIMIT 500 FOR UPDATE OF n SKIP LOCKED),
tried AS (
	UPDATE notifier.attempt AS t
	   SET ended_at = clock_timestamp(), outcome = 'unknown', reason = 'the lease ended while it was under way'
	  FROM ended AS e WHERE t.notice_id = e.id AND t.token = e.lease_token)
UPDATE notifier.notice AS n
   SET state = CASE WHEN e.provider = 'file' THEN 'pending' ELSE 'unknown' END,
       reason = 'the lease ended while it was under way', lease_until = NULL,
       next_at = CASE WHEN e.provider = 'file' THEN clock_timestamp()
                      WHEN n.policy = 'at_least_once' AND n.resends = 0
                      THEN clock_timestamp() + make_interval(secs => $1::int)
                      ELSE 'infinity' END,
       finished_at = CASE WHEN e.provider <> 'file' THEN clock_timestamp() END
  FROM ended AS e
 WHERE n.id = e.id
RETURNING n.state;

-- name: notices_give_up
-- in:  $1 days that a notice waits for its address to be verified
-- out: id of each that waited for too long
UPDATE notifier.notice
   SET state = 'none', reason = 'address was not verified in time', finished_at = now()
 WHERE id IN (SELECT id FROM notifier.notice
               WHERE state = 'held' AND created_at < now() - make_interval(days => $1::int)
               ORDER BY created_at LIMIT 500 FOR UPDATE SKIP LOCKED)
RETURNING id;

-- name: notices_erased
-- in:  $1 ids
-- out: id, number of those whose application was erased meanwhile
SELECT id, number FROM notifier.notice WHERE id = ANY ($1::uuid[]) AND channel = 'email' AND address IS NULL;

-- name: notices_waiting
-- out: how many notices are neither sent nor given up, age of the oldest in seconds (0 when there is none), how many
--      wait for their address to be verified, how many are unknown
SELECT (SELECT count(*) FROM notifier.notice WHERE state IN ('pending', 'sending')),
       (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::bigint
          FROM notifier.notice WHERE state IN ('pending', 'sending')),
       (SELECT count(*) FROM notifier.notice WHERE state = 'held'),
       (SELECT count(*) FROM notifier.notice WHERE state = 'unknown');
