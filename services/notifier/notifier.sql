-- All that the notifier does to its data.

-- name: notices_insert
-- in:  $1 ids, $2 event ids, $3 application ids, $4 numbers, $5 channels, $6 templates, $7 languages, $8 addresses,
--      $9 states, $10 reasons, $11 receipt days, $12 last days, $13 legal bases, $14 department names, $15 triage,
--      $16 generations of the access code (arrays of one length, sorted by event id)
-- out: state of each notice that is new
INSERT INTO notifier.notice (id, event_id, application_id, number, person, channel, template, language, address,
                             fields, state, reason, finished_at)
SELECT n.id, n.event_id, n.application_id, n.number, 'applicant', n.channel, n.template, n.language, n.address,
       jsonb_build_object('received_on', n.received_on, 'due_on', n.due_on, 'legal_basis', n.legal_basis,
                          'department_name', n.department_name, 'triage', n.triage, 'generation', n.generation),
       n.state, n.reason, CASE WHEN n.state = 'none' THEN now() END
  FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
              $9::text[], $10::text[], $11::date[], $12::date[], $13::int[], $14::text[], $15::boolean[], $16::int[])
         WITH ORDINALITY AS n(id, event_id, application_id, number, channel, template, language, address,
                              state, reason, received_on, due_on, legal_basis, department_name, triage, generation, place)
 ORDER BY n.place
    ON CONFLICT (event_id, person, channel, template) DO NOTHING
RETURNING state;

-- name: notices_erase
-- in:  $1 application ids
-- out: id, number of each notice that may have been delivered. Whoever holds a lease on one has lost it.
UPDATE notifier.notice
   SET address = NULL, fields = '{}', lease_token = lease_token + 1,
       state = CASE WHEN state IN ('pending', 'sending') THEN 'none' ELSE state END,
       reason = CASE WHEN state IN ('pending', 'sending') THEN 'erased' ELSE reason END,
       finished_at = coalesce(finished_at, now())
 WHERE application_id = ANY ($1::uuid[])
RETURNING id, number;

-- name: notices_claim
-- in:  $1 most notices, $2 seconds of the lease
-- out: id, lease token, attempts, application id, number, channel, template, language, address, receipt day, last day,
--      legal basis, department name, triage, generation, created at
-- A notice under way is due again when its lease ends, so next_at is the end of the lease.
WITH due AS MATERIALIZED (
	SELECT id FROM notifier.notice
	 WHERE state IN ('pending', 'sending') AND next_at <= now()
	 ORDER BY next_at LIMIT $1::int FOR UPDATE SKIP LOCKED)
UPDATE notifier.notice AS n
   SET state = 'sending', attempts = n.attempts + 1, lease_token = n.lease_token + 1,
       lease_until = clock_timestamp() + make_interval(secs => $2::int),
       next_at = clock_timestamp() + make_interval(secs => $2::int)
  FROM due
 WHERE n.id = due.id
RETURNING n.id, n.lease_token, n.attempts, n.application_id, n.number, n.channel, n.template, n.language, n.address,
          (n.fields ->> 'received_on')::date, (n.fields ->> 'due_on')::date, (n.fields ->> 'legal_basis')::int,
          n.fields ->> 'department_name', (n.fields ->> 'triage')::boolean, (n.fields ->> 'generation')::int, n.created_at;

-- name: notices_finish
-- in:  $1 ids, $2 lease tokens, $3 states, $4 reasons, $5 seconds until the next attempt (arrays of one length, sorted by id)
-- out: id, state of each notice whose lease still held; an id that is missing went to another or was erased
UPDATE notifier.notice AS n
   SET state = f.state, reason = f.reason, lease_until = NULL,
       next_at = CASE WHEN f.state = 'pending' THEN clock_timestamp() + make_interval(secs => f.wait) ELSE n.next_at END,
       finished_at = CASE WHEN f.state <> 'pending' THEN clock_timestamp() END
  FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::int[]) AS f(id, token, state, reason, wait)
 WHERE n.id = f.id AND n.lease_token = f.token AND n.state = 'sending'
RETURNING n.id, n.state;

-- name: notices_erased
-- in:  $1 ids
-- out: id, number of those whose application was erased meanwhile
SELECT id, number FROM notifier.notice WHERE id = ANY ($1::uuid[]) AND channel = 'email' AND address IS NULL;

-- name: notices_waiting
-- out: how many notices are neither sent nor given up, age of the oldest in seconds (0 when there is none)
SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::bigint
  FROM notifier.notice WHERE state IN ('pending', 'sending');

-- name: event_refuse
-- in:  $1 why an event cannot be digested; raises 22P02 with it, so that the event is parked with its reason
SELECT ('malformed event: ' || $1::text)::uuid;
