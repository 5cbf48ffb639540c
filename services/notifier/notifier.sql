-- All that the notifier does to its data; sending has its own file, sending.sql.

-- name: addresses_learn
-- in:  $1 application ids, $2 addresses, $3 numbers, $4 proven by the event (arrays of one length)
-- Locks each row, known or not, so that whoever proves an address meanwhile waits, and finds what is held.
INSERT INTO notifier.address AS a (application_id, address, number, verified_at, verified_by)
SELECT n.application_id, n.address, min(n.number), CASE WHEN bool_or(n.verified) THEN now() END,
       CASE WHEN bool_or(n.verified) THEN 'event' END
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::boolean[]) AS n(application_id, address, number, verified)
 GROUP BY n.application_id, n.address
 ORDER BY n.application_id, n.address
    ON CONFLICT (application_id, address) DO UPDATE
   SET verified_at = coalesce(a.verified_at, excluded.verified_at), verified_by = coalesce(a.verified_by, excluded.verified_by);

-- name: notices_insert
-- in:  $1 ids, $2 event ids, $3 application ids, $4 versions, $5 numbers, $6 channels, $7 templates, $8 policies,
--      $9 languages, $10 addresses, $11 states, $12 reasons, $13 fields (arrays of one length, sorted by event id)
-- out: state of each notice that is new
INSERT INTO notifier.notice (id, event_id, application_id, version, number, person, channel, template, policy, language,
                             address, fields, state, reason, finished_at)
SELECT n.id, n.event_id, n.application_id, n.version, n.number, 'applicant', n.channel, n.template, n.policy, n.language,
       n.address, n.fields::jsonb, s.state, s.reason, CASE WHEN s.state = 'none' THEN now() END
  FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
              $10::text[], $11::text[], $12::text[], $13::text[])
         WITH ORDINALITY AS n(id, event_id, application_id, version, number, channel, template, policy, language,
                              address, state, reason, fields, place)
  LEFT JOIN LATERAL (SELECT x.opted_out_at, x.bounced_at, x.verified_at FROM notifier.address AS x
                      WHERE x.application_id = n.application_id AND x.address = n.address OFFSET 0) AS a ON true
 CROSS JOIN LATERAL (
       SELECT CASE WHEN n.state <> 'pending' THEN n.state
                   WHEN a.opted_out_at IS NOT NULL OR a.bounced_at IS NOT NULL THEN 'none'
                   WHEN a.verified_at IS NULL THEN 'held' ELSE 'pending' END AS state,
              CASE WHEN n.state <> 'pending' THEN n.reason WHEN a.opted_out_at IS NOT NULL THEN 'opted out'
                   WHEN a.bounced_at IS NOT NULL THEN 'address bounced'
                   WHEN a.verified_at IS NULL THEN 'address not verified' END AS reason) AS s
 ORDER BY n.place
    ON CONFLICT (event_id, person, channel, template) DO NOTHING
RETURNING state;

-- name: confirms_ensure
-- in:  $1 application ids
-- out: id of each neutral message that is new: one, ever, for an address of an application with something held for it
-- OFFSET 0 keeps it at one look by key for each application: else all that is held would be gone through, whosever it is.
INSERT INTO notifier.notice (id, event_id, application_id, version, number, person, channel, template, policy, language,
                             address, fields, state)
SELECT DISTINCT ON (n.application_id, n.address)
       gen_random_uuid(), n.event_id, n.application_id, n.version, n.number, n.person, n.channel, 'confirm', 'at_most_once',
       n.language, n.address, jsonb_build_object('received_on', n.fields -> 'received_on'), 'pending'
  FROM (SELECT DISTINCT u.id FROM unnest($1::uuid[]) AS u(id)) AS w
 CROSS JOIN LATERAL (SELECT x.* FROM notifier.notice AS x WHERE x.application_id = w.id OFFSET 0) AS n
 WHERE n.state = 'held'
   AND NOT EXISTS (SELECT FROM notifier.notice AS c
                    WHERE c.application_id = n.application_id AND c.address = n.address AND c.template = 'confirm' OFFSET 0)
 ORDER BY n.application_id, n.address, n.version, n.id
    ON CONFLICT DO NOTHING
RETURNING id;

-- name: notices_release
-- in:  $1 application ids
-- out: id of each notice that waited for its address to be verified, and now goes out
-- Not by the index of what is held, for the same reason.
UPDATE notifier.notice AS n
   SET state = 'pending', reason = NULL, next_at = clock_timestamp()
 WHERE n.id = ANY (ARRAY (
       SELECT h.id
         FROM (SELECT DISTINCT u.id FROM unnest($1::uuid[]) AS u(id)) AS w
        CROSS JOIN LATERAL (SELECT x.* FROM notifier.notice AS x WHERE x.application_id = w.id OFFSET 0) AS h
        WHERE h.state = 'held'
          AND EXISTS (SELECT FROM notifier.address AS a
                       WHERE a.application_id = h.application_id AND a.address = h.address AND a.verified_at IS NOT NULL
                      OFFSET 0)))
   AND n.state || '' = 'held'
RETURNING n.id;

-- name: addresses_erase
-- in:  $1 application ids
DELETE FROM notifier.address WHERE application_id = ANY ($1::uuid[]);

-- name: notices_erase
-- in:  $1 application ids
-- out: id, number of each notice that may have been delivered. Whoever holds a lease on one has lost it.
WITH erased AS (
	UPDATE notifier.notice
	   SET address = NULL, fields = '{}', lease_token = lease_token + 1,
	       state = CASE WHEN state IN ('pending', 'held', 'sending') THEN 'none' ELSE state END,
	       reason = CASE WHEN state IN ('pending', 'held', 'sending') THEN 'erased' WHEN state = 'none' THEN reason END,
	       next_at = CASE WHEN state = 'unknown' THEN 'infinity' ELSE next_at END,
	       finished_at = coalesce(finished_at, now())
	 WHERE application_id = ANY ($1::uuid[])
	RETURNING id, number),
forgotten AS (
	UPDATE notifier.attempt AS t SET reason = NULL FROM erased WHERE t.notice_id = erased.id)
SELECT id, number FROM erased;

-- name: addresses_find
-- in:  $1 number
-- out: application id, address of each address that was given with it
SELECT application_id, address FROM notifier.address WHERE number = $1::text ORDER BY address LIMIT 16;

-- name: address_verify
-- in:  $1 application id, $2 address
UPDATE notifier.address SET verified_at = coalesce(verified_at, now()), verified_by = coalesce(verified_by, 'link')
 WHERE application_id = $1::uuid AND address = $2::text;

-- name: address_opt_out
-- in:  $1 application id, $2 address
UPDATE notifier.address SET opted_out_at = coalesce(opted_out_at, now())
 WHERE application_id = $1::uuid AND address = $2::text;

-- name: notices_silence
-- in:  $1 application id, $2 address
-- out: id of each notice that will not go out
UPDATE notifier.notice SET state = 'none', reason = 'opted out', finished_at = now()
 WHERE application_id = $1::uuid AND address = $2::text AND state IN ('pending', 'held')
RETURNING id;

-- name: addresses_bounce
-- in:  arrays of one length: $1 ids of the notices that came back for good, $2 applications, $3 statuses (NULL: none was given)
-- Locks the addresses first, as addresses_learn does: what is decided meanwhile waits, and is silenced below.
UPDATE notifier.address AS a SET bounced_at = coalesce(a.bounced_at, now()), bounce_status = coalesce(r.status, a.bounce_status)
  FROM (SELECT n.application_id, n.address, max(u.status) AS status
          FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS u(id, application_id, status)
          JOIN notifier.notice AS n ON n.id = u.id AND n.application_id = u.application_id
         GROUP BY n.application_id, n.address ORDER BY n.application_id, n.address) AS r
 WHERE a.application_id = r.application_id AND a.address = r.address;

-- name: notices_return
-- in:  arrays of one length: $1 ids, $2 applications, $3 statuses (NULL: none was given)
-- out: id of each letter that came back and was not known to have
UPDATE notifier.notice AS n
   SET state = 'failed', reason = 'the letter came back' || coalesce(' (' || r.status || ')', ''), returned_at = now(),
       next_at = CASE WHEN n.state = 'unknown' THEN 'infinity' ELSE n.next_at END, finished_at = coalesce(n.finished_at, now())
  FROM (SELECT DISTINCT ON (u.id) u.id, u.application_id, u.status
          FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS u(id, application_id, status) ORDER BY u.id, u.status) AS r
 WHERE n.id = r.id AND n.application_id = r.application_id AND n.state IN ('sending', 'sent', 'unknown') AND n.returned_at IS NULL
RETURNING n.id;

-- name: notices_bounced_silence
-- in:  $1 ids of notices that came back for good
-- out: id of each other notice that will not go out, because it would come back, too
UPDATE notifier.notice AS n SET state = 'none', reason = 'address bounced', finished_at = now()
  FROM (SELECT DISTINCT a.application_id, a.address
          FROM notifier.notice AS b JOIN notifier.address AS a ON a.application_id = b.application_id AND a.address = b.address
         WHERE b.id = ANY ($1::uuid[]) AND a.bounced_at IS NOT NULL) AS r
 WHERE n.application_id = r.application_id AND n.address = r.address AND n.state IN ('pending', 'held')
RETURNING n.id;

-- name: event_refuse
-- in:  $1 why an event cannot be digested; raises 22P02 with it, so that the event is parked with its reason
SELECT ('malformed event: ' || $1::text)::uuid;
