-- Drafts: those that are due are claimed under a lease, which fixes their messages; what each becomes is decided outside and
-- committed under the token.

-- name: drafts_claim
-- in:  $1 most drafts, $2 seconds of the lease, $3 seconds that files are waited for
-- out: id, channel, has a contact, token, attempts, first at, what a clerk decided (NULL: nobody had to), the application that it
--      belongs to by that (NULL: none), how often he decided, head of the stream
-- After effects_lock: no message comes to a draft while it is claimed.
UPDATE intake.draft AS d
   SET state = 'closing', token = d.token + 1, attempts = d.attempts + 1,
       next_at = clock_timestamp() + make_interval(secs => $2::int)
  FROM (SELECT n.id FROM intake.draft AS n
         WHERE n.state <> 'done' AND n.next_at <= clock_timestamp()
           AND (n.token > 0 OR n.next_at < clock_timestamp() - make_interval(secs => $3::int)
                OR NOT EXISTS (SELECT FROM intake.message AS m
                                 JOIN intake.media AS w ON w.channel = m.channel AND w.external_id = m.external_id
                                WHERE m.draft_id = n.id AND w.state = 'wanted'))
         ORDER BY n.next_at LIMIT $1::int FOR UPDATE SKIP LOCKED) AS due
 WHERE d.id = due.id
RETURNING d.id, d.channel, d.contact_id IS NOT NULL, d.token, d.attempts, d.first_at, d.decided, d.target, d.decisions,
       (SELECT e.seq FROM feed.event AS e WHERE e.stream = 'intake' ORDER BY e.seq DESC LIMIT 1);

-- name: drafts_messages
-- in:  $1 ids of drafts
-- out: place of the draft (from 1), external id, inbound id, source, received at, type, subject, text, latitude, longitude, address,
--      kind, URL, e-mail verified; in the order in which they were sent
SELECT n.place::int, m.external_id, m.inbound_id, i.source, i.received_at, m.type, m.subject, m.body, m.latitude_e7, m.longitude_e7,
       m.address, m.kind::int, m.source_url, m.email_verified
  FROM unnest($1::uuid[]) WITH ORDINALITY AS n(id, place)
  JOIN intake.message AS m ON m.draft_id = n.id
  JOIN intake.inbound AS i ON i.id = m.inbound_id
 WHERE m.deleted_at IS NULL
 ORDER BY n.place, m.sent_at, m.external_id;

-- name: drafts_people
-- in:  $1 ids of drafts
-- out: place of the draft (from 1), name, phone, e-mail of its sender
SELECT n.place::int, c.name, c.phone, c.email
  FROM unnest($1::uuid[]) WITH ORDINALITY AS n(id, place)
  JOIN intake.draft AS d ON d.id = n.id
  JOIN intake.contact AS c ON c.id = d.contact_id;

-- name: drafts_files
-- in:  $1 ids of drafts
-- out: place of the draft (from 1), id (NULL: it could not be had), name, type, size, SHA-256
SELECT n.place::int, a.id, a.name, a.media_type, a.size, a.sha256
  FROM unnest($1::uuid[]) WITH ORDINALITY AS n(id, place)
  JOIN intake.message AS m ON m.draft_id = n.id AND m.deleted_at IS NULL
  JOIN intake.attachment AS a ON a.message_channel = m.channel AND a.message_external_id = m.external_id
 WHERE a.state IN ('clean', 'quarantine')
UNION ALL
SELECT n.place::int, NULL, NULL, NULL, NULL, NULL
  FROM unnest($1::uuid[]) WITH ORDINALITY AS n(id, place)
  JOIN intake.message AS m ON m.draft_id = n.id AND m.deleted_at IS NULL
  JOIN intake.media AS w ON w.channel = m.channel AND w.external_id = m.external_id
 WHERE w.state NOT IN ('fetched', 'settled')
 ORDER BY 1, 2;

-- name: drafts_targets
-- in:  $1 ids of drafts, $2 most of a sender's applications
-- out: place of the draft (from 1), how (1: of a message that it answers, 2: named by a sender who has to do with it, 3: named by
--      another, 4: of another's message that it answers, 5: of its sender), application id (NULL: not one yet), head of the stream (at or after its event); of each how the
--      nearest or newest first
-- A sender has to do with what came from him, or bears his verified e-mail address or his phone; nobody of whose mail servers that
-- are believed do not vouch for has. That a message is answered proves nothing about who answers it.
SELECT t.place::int, t.how, t.application_id,
       (SELECT e.seq FROM feed.event AS e WHERE e.stream = 'intake' ORDER BY e.seq DESC LIMIT 1)
  FROM (SELECT n.place,
               CASE WHEN r.contact_id = d.contact_id OR (m.email_verified AND lower(c.email) = lower(x.applicant_email))
                      OR starts_with(m.external_id, r.external_id || '/edit/')
                    THEN 1 ELSE 4 END AS how, r.application_id, a.nearness AS nearness
          FROM unnest($1::uuid[]) WITH ORDINALITY AS n(id, place)
          JOIN intake.draft AS d ON d.id = n.id
          JOIN intake.message AS m ON m.draft_id = n.id
          LEFT JOIN intake.contact AS c ON c.id = d.contact_id
         CROSS JOIN LATERAL unnest(m.answers) WITH ORDINALITY AS a(answered, nearness)
         CROSS JOIN LATERAL ( -- of its own, or a plan made while the table was empty reads all of the channel for each
               SELECT o.application_id, q.contact_id, q.external_id
                 FROM intake.message AS q JOIN intake.draft AS o ON o.id = q.draft_id
                WHERE q.channel = m.channel AND split_part(q.external_id, ' ', 1) = a.answered AND o.id <> n.id
                  AND (o.application_id IS NOT NULL OR o.state <> 'done') OFFSET 0) AS r
          LEFT JOIN intake.application AS x ON x.id = r.application_id
        UNION ALL -- it answers what told him
        SELECT n.place, 1, o.application_id, a.nearness
          FROM unnest($1::uuid[]) WITH ORDINALITY AS n(id, place)
          JOIN intake.draft AS d ON d.id = n.id
          JOIN intake.message AS m ON m.draft_id = n.id
         CROSS JOIN LATERAL unnest(m.answers) WITH ORDINALITY AS a(answered, nearness)
         CROSS JOIN LATERAL (
               SELECT p.application_id FROM intake.draft AS p
                WHERE p.told_message_id = a.answered AND p.channel = d.channel AND p.contact_id = d.contact_id
                  AND p.ended_as = 'application' OFFSET 0) AS o
        UNION ALL
        SELECT n.place,
               CASE WHEN (EXISTS (SELECT FROM intake.draft AS o WHERE o.contact_id = d.contact_id AND o.application_id = x.id)
                          AND (m.email_verified OR NOT EXISTS (
                               SELECT FROM intake.contact_key AS k
                                WHERE k.contact_id = d.contact_id AND starts_with(k.external_id, 'unproven:'))))
                      OR (m.email_verified AND lower(c.email) = lower(x.applicant_email))
                      OR (d.channel <> 5 AND c.phone = x.applicant_phone)
                    THEN 2 ELSE 3 END, x.id, 0
          FROM unnest($1::uuid[]) WITH ORDINALITY AS n(id, place)
          JOIN intake.draft AS d ON d.id = n.id
          JOIN intake.message AS m ON m.draft_id = n.id AND m.deleted_at IS NULL
          JOIN intake.application AS x ON x.number = m.quoted_number
          LEFT JOIN intake.contact AS c ON c.id = d.contact_id
        UNION ALL
        SELECT n.place, 5, o.application_id, o.age
          FROM unnest($1::uuid[]) WITH ORDINALITY AS n(id, place)
          JOIN intake.draft AS d ON d.id = n.id
         CROSS JOIN LATERAL (
               SELECT p.application_id, row_number() OVER (ORDER BY p.first_at DESC) AS age
                 FROM intake.draft AS p
                WHERE p.contact_id = d.contact_id AND p.ended_as = 'application' AND p.first_at < d.first_at
                ORDER BY p.first_at DESC LIMIT $2::int) AS o) AS t
 ORDER BY t.place, t.how, t.nearness;

-- name: drafts_finish
-- in:  arrays of one length, sorted by id: $1 ids, $2 tokens, $3 what they ended as, $4 application ids (NULL: none), $5 verdicts of
--      those that a person has to look at; $6 ids of the files that replies and additions brought
-- out: id of each whose lease held
-- A file that was fetched after the draft was read is bound by nobody here: its case has not heard of it (media_late_claim).
WITH ended AS (
	UPDATE intake.draft AS d SET state = 'done', ended_as = f.ended_as, application_id = f.application_id
	  FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::uuid[]) AS f(id, token, ended_as, application_id)
	 WHERE d.id = f.id AND d.token = f.token AND d.state = 'closing'
	RETURNING d.id, d.ended_as, d.application_id),
bound AS (
	UPDATE intake.attachment AS a SET application_id = e.application_id
	  FROM ended AS e JOIN intake.message AS m ON m.draft_id = e.id
	 WHERE a.message_channel = m.channel AND a.message_external_id = m.external_id AND a.application_id IS NULL
	   AND e.application_id IS NOT NULL AND e.ended_as <> 'triage'
	   AND (a.id = ANY ($6::uuid[])
	        OR NOT EXISTS (SELECT FROM intake.media AS w
	                        WHERE w.channel = m.channel AND w.external_id = m.external_id AND w.attachment_id = a.id))),
triaged AS (
	UPDATE intake.inbound AS i SET state = 'triage', verdict = v.verdict
	  FROM ended AS e
	  JOIN unnest($1::uuid[], $5::text[]) AS v(id, verdict) ON v.id = e.id
	  JOIN intake.message AS m ON m.draft_id = e.id
	 WHERE e.ended_as = 'triage' AND i.id = m.inbound_id AND i.state = 'done')
SELECT id FROM ended;

-- name: drafts_release
-- in:  arrays of one length, sorted by id: $1 ids, $2 tokens, $3 seconds until they are tried again, $4 it counts as an attempt
-- What could not be decided for want of the router or of a place to store it does not count.
UPDATE intake.draft AS d
   SET attempts = d.attempts - (NOT f.counts)::int, next_at = clock_timestamp() + make_interval(secs => f.wait)
  FROM unnest($1::uuid[], $2::bigint[], $3::int[], $4::boolean[]) AS f(id, token, wait, counts)
 WHERE d.id = f.id AND d.token = f.token AND d.state = 'closing';
