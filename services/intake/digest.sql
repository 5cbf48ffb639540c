-- Digesting: what arrived is claimed under a lease; messages, senders, drafts and all else that was read in it are one
-- transaction with the end of its row. Effects take one lock, and each statement after it sees what others did before it: two
-- instances never make one sender, or one draft, twice.

-- name: inbound_claim
-- in:  $1 most rows, $2 most bytes together (the first row always comes), $3 seconds of the lease, $4 mails only, or all but them
-- out: id, source, source id, received at, raw (NULL: a file), SHA-256 of the file (NULL: none), size, token, attempts
-- A row that was claimed before comes alone: whatever ended its reader shall not end it again for others.
WITH due AS MATERIALIZED (
	SELECT i.id, i.next_at, i.attempts, i.raw_size
	  FROM intake.inbound AS i
	 WHERE i.state = 'stored' AND i.next_at <= clock_timestamp() AND (i.source LIKE 'email/%') = $4::boolean
	 ORDER BY i.next_at, i.id LIMIT $1::int FOR UPDATE SKIP LOCKED),
ranked AS (
	SELECT d.id, sum(d.raw_size) OVER w AS total, row_number() OVER w AS place,
	       sum((d.attempts > 0)::int) OVER w AS tried
	  FROM due AS d WINDOW w AS (ORDER BY d.next_at, d.id ROWS UNBOUNDED PRECEDING))
UPDATE intake.inbound AS i
   SET token = i.token + 1, attempts = i.attempts + 1, next_at = clock_timestamp() + make_interval(secs => $3::int)
  FROM ranked AS r
 WHERE i.id = r.id AND (r.place = 1 OR (r.total <= $2::bigint AND r.tried = 0))
RETURNING i.id, i.source, i.source_id, i.received_at, i.raw, i.raw_file, i.raw_size, i.token, i.attempts;

-- name: inbound_extend
-- in:  arrays of one length: $1 ids, $2 tokens; $3 seconds of the lease
-- Its reader is at work: nobody else begins meanwhile.
UPDATE intake.inbound AS i SET next_at = clock_timestamp() + make_interval(secs => $3::int)
  FROM unnest($1::bigint[], $2::bigint[]) AS f(id, token)
 WHERE i.id = f.id AND i.token = f.token AND i.state = 'stored';

-- name: effects_lock
SELECT pg_advisory_xact_lock(1263423570, 1)::text;

-- name: inbound_finish
-- in:  arrays of one length: $1 ids, $2 tokens, $3 states, $4 verdicts; $5 how many
-- raises KF004 when a lease is lost
WITH held AS (
	UPDATE intake.inbound AS i SET state = f.state, verdict = f.verdict, digested_at = clock_timestamp()
	  FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[]) AS f(id, token, state, verdict)
	 WHERE i.id = f.id AND i.token = f.token AND i.state = 'stored'
	RETURNING i.id)
SELECT intake.demand($5::bigint, (SELECT count(*) FROM held))::text;

-- name: inbound_fail
-- in:  $1 id, $2 token, $3 most attempts, $4 verdict of the last
-- Tried again later, and given to a person at last.
UPDATE intake.inbound AS i
   SET state = CASE WHEN i.attempts >= $3::int THEN 'triage' ELSE i.state END,
       verdict = CASE WHEN i.attempts >= $3::int THEN $4::text END,
       digested_at = CASE WHEN i.attempts >= $3::int THEN clock_timestamp() END,
       next_at = clock_timestamp() + make_interval(secs => i.attempts)
 WHERE i.id = $1::bigint AND i.token = $2::bigint AND i.state = 'stored';

-- name: inbound_postpone
-- in:  arrays of one length, sorted by id: $1 ids, $2 tokens; $3 seconds
-- What could not be read for no fault of its own (a full disk): as if it had not been tried.
UPDATE intake.inbound AS i
   SET attempts = 0, next_at = clock_timestamp() + make_interval(secs => $3::int)
  FROM unnest($1::bigint[], $2::bigint[]) AS f(id, token)
 WHERE i.id = f.id AND i.token = f.token AND i.state = 'stored';

-- name: senders_store
-- in:  arrays of one length, a row for each sender: $1 channels, $2 ids for those who are new, $3 names, $4 phones, $5 e-mails;
--      arrays of one length, a row for each key: $6 places of their senders (from 1), $7 keys, $8 ranks (0: best);
--      $9 of each sender: the provider says that all his keys are one person's
-- All keys of a sender are one contact's from now on: that of the best key that was known. A key of digits may be a number, which
-- passes to whoever gets it next: it says who somebody is only where he, or its contact, has no other kind of key; and those
-- stay whose they are, unless the provider says otherwise.
WITH keys AS MATERIALIZED (
	SELECT s.channel, s.id, s.name, s.phone, s.email, s.joins, s.place, k.key, k.rank, c.contact_id,
	       k.key !~ '^[0-9]+$' AS is_own
	  FROM unnest($6::int[], $7::text[], $8::int[]) AS k(place, key, rank)
	  JOIN unnest($1::int[], $2::uuid[], $3::text[], $4::text[], $5::text[], $9::boolean[]) WITH ORDINALITY
	           AS s(channel, id, name, phone, email, joins, place) ON s.place = k.place
	  LEFT JOIN intake.contact_key AS c ON c.channel = s.channel AND c.external_id = k.key),
known AS (
	SELECT k.place, k.contact_id, k.is_own, k.rank
	  FROM keys AS k
	 WHERE k.contact_id IS NOT NULL
	   AND (k.is_own OR k.joins OR NOT EXISTS (SELECT FROM keys AS o WHERE o.place = k.place AND o.is_own)
	        OR NOT EXISTS (SELECT FROM intake.contact_key AS o
	                        WHERE o.contact_id = k.contact_id AND o.external_id !~ '^[0-9]+$'))),
chosen AS MATERIALIZED (
	SELECT DISTINCT ON (k.place) k.place, k.channel, k.name, k.phone, k.email, coalesce(c.contact_id, k.id) AS id,
	       c.contact_id IS NULL AS is_new
	  FROM keys AS k
	  LEFT JOIN known AS c ON c.place = k.place
	 ORDER BY k.place, c.is_own DESC NULLS LAST, c.rank),
made AS (
	INSERT INTO intake.contact (id, channel, name, phone, email)
	SELECT c.id, c.channel, c.name, c.phone, c.email FROM chosen AS c WHERE c.is_new),
renewed AS (
	UPDATE intake.contact AS t
	   SET name = coalesce(c.name, t.name), phone = coalesce(c.phone, t.phone), email = coalesce(c.email, t.email)
	  FROM (SELECT DISTINCT ON (c.id) c.* FROM chosen AS c WHERE NOT c.is_new ORDER BY c.id, c.place DESC) AS c
	 WHERE t.id = c.id AND (coalesce(c.name, t.name), coalesce(c.phone, t.phone), coalesce(c.email, t.email))
	       IS DISTINCT FROM (t.name, t.phone, t.email))
INSERT INTO intake.contact_key AS t (channel, external_id, contact_id)
SELECT DISTINCT ON (k.channel, k.key) k.channel, k.key, c.id
  FROM keys AS k JOIN chosen AS c ON c.place = k.place
 WHERE k.contact_id IS NULL OR k.joins OR NOT k.is_own
 ORDER BY k.channel, k.key, c.place DESC
    ON CONFLICT (channel, external_id) DO UPDATE SET contact_id = excluded.contact_id
 WHERE t.contact_id <> excluded.contact_id;

-- name: messages_store
-- in:  arrays of one length, no message twice: $1 channels, $2 external ids, $3 inbound ids, $4 keys of their senders (NULL:
--      nobody), $5 sent at, $6 types, $7 subjects, $8 texts, $9 latitudes, $10 longitudes, $11 addresses, $12 external ids that
--      they answer (with newlines between), $13 numbers that they name, $14 e-mails verified, $15 kinds, $16 URLs
-- A message that was there stays as it is, unless only its edit or deletion was.
INSERT INTO intake.message AS m (channel, external_id, inbound_id, contact_id, sent_at, type, subject, body, latitude_e7,
       longitude_e7, address, answers, quoted_number, email_verified, kind, source_url)
SELECT n.channel, n.external_id, n.inbound_id, k.contact_id, n.sent_at, n.type, n.subject, n.body, n.latitude_e7,
       n.longitude_e7, n.address, string_to_array(n.answers, E'\n'), n.quoted_number, n.email_verified, n.kind, n.source_url
  FROM unnest($1::int[], $2::text[], $3::bigint[], $4::text[], $5::timestamptz[], $6::text[], $7::text[], $8::text[],
              $9::int[], $10::int[], $11::text[], $12::text[], $13::text[], $14::boolean[], $15::int[], $16::text[])
           AS n(channel, external_id, inbound_id, key, sent_at, type, subject, body, latitude_e7, longitude_e7, address,
                answers, quoted_number, email_verified, kind, source_url)
  LEFT JOIN intake.contact_key AS k ON k.channel = n.channel AND k.external_id = n.key
    ON CONFLICT (channel, external_id) DO UPDATE
       SET inbound_id = excluded.inbound_id, contact_id = excluded.contact_id, sent_at = excluded.sent_at,
           type = excluded.type, subject = excluded.subject,
           body = CASE WHEN m.edited_at IS NULL THEN excluded.body ELSE m.body END, latitude_e7 = excluded.latitude_e7,
           longitude_e7 = excluded.longitude_e7, address = excluded.address, answers = excluded.answers,
           quoted_number = excluded.quoted_number, email_verified = excluded.email_verified, kind = excluded.kind,
           source_url = excluded.source_url
     WHERE m.type IN ('edit', 'deletion');

-- name: messages_edit
-- in:  arrays of one length: $1 channels, $2 external ids of the messages, $3 inbound ids, $4 edited at, $5 texts, $6 ids for new
--      drafts; $7 what stands before the text of a late one
-- Only what is newer counts. An edit that comes before its message waits for it. While the draft is open, or a person has to look
-- at it, the text is another. What was made something already does not change: a late edit is a message of its own, in a draft of
-- its own, which answers that message, whose edited_at then says which edits are older.
WITH edits AS MATERIALIZED (
	SELECT DISTINCT ON (n.channel, n.external_id) n.*
	  FROM unnest($1::int[], $2::text[], $3::bigint[], $4::timestamptz[], $5::text[], $6::uuid[])
	           AS n(channel, external_id, inbound_id, edited_at, body, draft_id)
	 ORDER BY n.channel, n.external_id, n.edited_at DESC),
closed AS MATERIALIZED (
	SELECT e.*, m.contact_id, d.reply_to,
	       coalesce(m.edited_at, '-infinity') < e.edited_at AND m.deleted_at IS NULL AND e.body IS NOT NULL
	       AND (e.body IS DISTINCT FROM m.body OR m.edited_at IS NOT NULL) AS counts
	  FROM edits AS e
	  JOIN intake.message AS m ON m.channel = e.channel AND m.external_id = e.external_id
	  JOIN intake.draft AS d ON d.id = m.draft_id
	 WHERE d.state <> 'open' AND NOT (d.state = 'done' AND d.ended_as = 'triage' AND d.application_id IS NULL)),
drafted AS (
	INSERT INTO intake.draft (id, channel, contact_id, state, next_at, reply_to)
	SELECT c.draft_id, c.channel, c.contact_id, 'closing', clock_timestamp(), c.reply_to FROM closed AS c WHERE c.counts),
written AS (
	INSERT INTO intake.message (channel, external_id, inbound_id, contact_id, draft_id, sent_at, type, body, answers)
	SELECT c.channel, c.external_id || '/edit/' || (extract(epoch FROM c.edited_at) * 1000000)::bigint, c.inbound_id, c.contact_id,
	       c.draft_id, c.edited_at, 'text', $7::text || c.body, ARRAY[split_part(c.external_id, ' ', 1)]
	  FROM closed AS c WHERE c.counts),
noted AS (
	UPDATE intake.message AS m SET edited_at = c.edited_at
	  FROM closed AS c WHERE c.counts AND m.channel = c.channel AND m.external_id = c.external_id),
told AS (
	UPDATE intake.inbound AS i
	   SET verdict = CASE WHEN c.counts THEN 'an edit of what was taken already: added to it'
	                      ELSE 'an edit of what was taken already: it says nothing new' END
	  FROM closed AS c WHERE i.id = c.inbound_id AND i.verdict = 'edit')
INSERT INTO intake.message AS m (channel, external_id, inbound_id, sent_at, type, body, edited_at)
SELECT e.channel, e.external_id, e.inbound_id, e.edited_at, 'edit', e.body, e.edited_at
  FROM edits AS e
 WHERE NOT EXISTS (SELECT FROM closed AS c WHERE c.channel = e.channel AND c.external_id = e.external_id)
    ON CONFLICT (channel, external_id) DO UPDATE SET body = excluded.body, edited_at = excluded.edited_at
 WHERE coalesce(m.edited_at, '-infinity') < excluded.edited_at;

-- name: messages_delete
-- in:  arrays of one length: $1 channels, $2 external ids of the messages, $3 inbound ids, $4 deleted at
-- What was made something already stays.
WITH deletions AS MATERIALIZED (
	SELECT DISTINCT ON (n.channel, n.external_id) n.*
	  FROM unnest($1::int[], $2::text[], $3::bigint[], $4::timestamptz[]) AS n(channel, external_id, inbound_id, deleted_at)
	 ORDER BY n.channel, n.external_id, n.deleted_at),
closed AS MATERIALIZED (
	SELECT n.channel, n.external_id, n.inbound_id
	  FROM deletions AS n
	  JOIN intake.message AS m ON m.channel = n.channel AND m.external_id = n.external_id
	  JOIN intake.draft AS d ON d.id = m.draft_id
	 WHERE d.state <> 'open'),
told AS (
	UPDATE intake.inbound AS i
	   SET verdict = 'a deletion of what was taken already',
	       state = CASE WHEN EXISTS (SELECT FROM deletions AS n WHERE n.inbound_id = i.id AND NOT EXISTS (
	                                 SELECT FROM closed AS c WHERE c.channel = n.channel AND c.external_id = n.external_id))
	                    THEN i.state ELSE 'ignored' END
	 WHERE i.verdict = 'deletion' AND i.id IN (SELECT c.inbound_id FROM closed AS c))
INSERT INTO intake.message AS m (channel, external_id, inbound_id, sent_at, type, deleted_at)
SELECT n.channel, n.external_id, n.inbound_id, n.deleted_at, 'deletion', n.deleted_at
  FROM deletions AS n
 WHERE NOT EXISTS (SELECT FROM closed AS c WHERE c.channel = n.channel AND c.external_id = n.external_id)
    ON CONFLICT (channel, external_id) DO UPDATE SET deleted_at = excluded.deleted_at
 WHERE m.deleted_at IS NULL;

-- name: drafts_grow
-- in:  arrays of one length: $1 channels, $2 external ids of messages, $3 inbound ids, $4 ids for new drafts, $5 received at,
--      $6 milliseconds until a draft is idle, $7 alone, $8 how their senders can be told (JSON; NULL: not)
-- Only messages that are new with this row and were not taken back belong to a draft: the open one of their sender, or one of
-- their own. Who never stops writing makes an application after eight times the idle time. They are found by their key before anything else is asked of them: a plan made while the table was empty began with
-- all that have no draft.
WITH known AS MATERIALIZED (
	SELECT n.*, m.contact_id, n.alone OR m.contact_id IS NULL AS lone,
	       m.inbound_id = n.inbound_id AND m.draft_id IS NULL AND m.deleted_at IS NULL AS is_new
	  FROM unnest($1::int[], $2::text[], $3::bigint[], $4::uuid[], $5::timestamptz[], $6::bigint[], $7::boolean[], $8::text[])
	           WITH ORDINALITY AS n(channel, external_id, inbound_id, draft_id, received_at, idle, alone, reply_to, place)
	  JOIN intake.message AS m ON m.channel = n.channel AND m.external_id = n.external_id),
new AS MATERIALIZED (SELECT k.* FROM known AS k WHERE k.is_new),
grown AS (
	INSERT INTO intake.draft AS d (id, channel, contact_id, first_at, next_at, reply_to)
	SELECT (array_agg(n.draft_id ORDER BY n.place))[1], n.channel, n.contact_id, min(n.received_at),
	       greatest(max(n.received_at) + max(n.idle) * interval '1 millisecond',
	                clock_timestamp() + least(max(n.idle), 5000) * interval '1 millisecond'),
	       ((array_agg(n.reply_to ORDER BY n.place DESC) FILTER (WHERE n.reply_to IS NOT NULL))[1])::jsonb
	  FROM new AS n WHERE NOT n.lone GROUP BY n.channel, n.contact_id
	    ON CONFLICT (contact_id) WHERE state = 'open' DO UPDATE
	   SET next_at = greatest(d.next_at, least(excluded.next_at, d.first_at + 8 * interval '1 millisecond' *
	                                           (SELECT max(n) FROM unnest($6::bigint[]) AS n))),
	       reply_to = coalesce(excluded.reply_to, d.reply_to),
	       first_at = least(d.first_at, excluded.first_at)
	RETURNING id, contact_id),
lone AS (
	INSERT INTO intake.draft (id, channel, contact_id, state, first_at, next_at, reply_to)
	SELECT n.draft_id, n.channel, n.contact_id, 'closing', n.received_at, clock_timestamp(), n.reply_to::jsonb
	  FROM new AS n WHERE n.lone)
UPDATE intake.message AS m SET draft_id = coalesce(g.id, n.draft_id)
  FROM new AS n
  LEFT JOIN grown AS g ON g.contact_id = n.contact_id AND NOT n.lone
 WHERE m.channel = n.channel AND m.external_id = n.external_id;

-- name: media_want
-- in:  arrays of one length: $1 channels, $2 external ids of messages, $3 inbound ids, $4 media ids, $5 types, $6 SHA-256 as
--      the provider says, $7 names
INSERT INTO intake.media (channel, external_id, media_id, media_type, sha256, name)
SELECT n.channel, n.external_id, n.media_id, n.media_type, n.sha256, n.name
  FROM unnest($1::int[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[])
           AS n(channel, external_id, inbound_id, media_id, media_type, sha256, name)
  JOIN intake.message AS m ON m.channel = n.channel AND m.external_id = n.external_id
 WHERE m.inbound_id = n.inbound_id AND m.deleted_at IS NULL
    ON CONFLICT DO NOTHING;

-- name: attachments_add
-- in:  arrays of one length: $1 channels, $2 external ids of messages, $3 inbound ids, $4 ids, $5 SHA-256 of what is kept, $6 and
--      of what came, $7 sizes, $8 types by content, $9 names, $10 sources, $11 states
INSERT INTO intake.attachment (id, sha256, original_sha256, size, media_type, name, scope, state, message_channel,
       message_external_id)
SELECT n.id, n.sha256, n.original_sha256, n.size, n.media_type, n.name, n.scope, n.state, n.channel, n.external_id
  FROM unnest($1::int[], $2::text[], $3::bigint[], $4::uuid[], $5::bytea[], $6::bytea[], $7::bigint[], $8::text[], $9::text[],
              $10::text[], $11::text[])
           AS n(channel, external_id, inbound_id, id, sha256, original_sha256, size, media_type, name, scope, state)
  JOIN intake.message AS m ON m.channel = n.channel AND m.external_id = n.external_id
 WHERE m.inbound_id = n.inbound_id;

-- name: told_settle
-- in:  arrays of one length: $1 ids of drafts, $2 what the provider says of the message to their sender
-- Never back: sent, delivered, read; failed is the end, unless it was delivered.
UPDATE intake.draft AS d SET told = n.status, told_at = clock_timestamp()
  FROM (SELECT DISTINCT ON (s.id) s.id, s.status, array_position(ARRAY['sent', 'failed', 'delivered', 'read'], s.status) AS rank
          FROM unnest($1::uuid[], $2::text[]) AS s(id, status)
         ORDER BY s.id, array_position(ARRAY['sent', 'failed', 'delivered', 'read'], s.status) DESC) AS n
 WHERE d.id = n.id AND d.told NOT IN ('no', 'failed') AND n.rank IS NOT NULL
   AND coalesce(array_position(ARRAY['sent', 'failed', 'delivered', 'read'], d.told), 0) < n.rank;
