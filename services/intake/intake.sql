-- All that intake does to the database, besides its stream (common/feed/feed.sql).

-- name: applications_insert
-- in:  arrays of one length, sorted by scope and key: $1 ids, $2 numbers, $3 key scopes, $4 keys, $5 body hashes, $6 kinds,
--      $7 channels, $8 received at, $9 legal bases, $10 due on, $11 texts, $12 subjects, $13 topics, $14 latitudes,
--      $15 longitudes, $16 addresses, $17 neighbourhoods, $18 external ids, $19 names, $20 phones, $21 e-mails, $22 addresses,
--      $23 national ids sealed, $24 and hashed, $25 anonymous, $26 hide identity, $27 languages, $28 preferences,
--      $29 e-mails verified; arrays of one length, of those that say how they came in: $30 ids, $31 entered by, $32 brought by,
--      $33 registry numbers, $34 and dates, $35 institutions, $36 reply by, $37 call ids, $38 recordings, $39 URLs, $40 inbound
--      ids; arrays of the same length as the first, in the order of the events: $41 event ids, $42 application ids, $43 times,
--      $44 payloads
-- out: seq, event id, in that order; none for an application whose key was already there: its row is left out, too
-- All rows are in before feed.append is called (it needs their ids), so rows come first, then the lock, then the events,
-- which append writes in statements of its own, with snapshots of their own. Looking the ids up in the table afterwards
-- would depend on its statistics: planned while the table was empty, it was read from end to end for each batch.
WITH stored AS (
	INSERT INTO intake.application (id, number, key_scope, key, body_hash, kind, channel, received_at, legal_basis, due_on,
	       body, subject, topic, latitude_e7, longitude_e7, address, neighbourhood, external_id, applicant_name,
	       applicant_phone, applicant_email, applicant_address, national_id_sealed, national_id_hash, anonymous,
	       hide_identity, language, prefers, email_verified, entered_by, brought_by, registry_number, registry_on,
	       sender_institution, reply_by, call_id, recording, source_url, inbound_id)
	SELECT n.*, o.entered_by, o.brought_by, o.registry_number, o.registry_on, o.sender_institution, o.reply_by, o.call_id,
	       o.recording, o.source_url, o.inbound_id
	  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::int[], $7::int[],
	       $8::timestamptz[], $9::int[], $10::date[], $11::text[], $12::text[], $13::text[], $14::int[], $15::int[],
	       $16::text[], $17::text[], $18::text[], $19::text[], $20::text[], $21::text[], $22::text[], $23::bytea[],
	       $24::bytea[], $25::boolean[], $26::boolean[], $27::text[], $28::int[], $29::boolean[])
	         AS n(id)
	  LEFT JOIN unnest($30::uuid[], $31::text[], $32::text[], $33::text[], $34::date[], $35::text[], $36::date[], $37::text[],
	                   $38::text[], $39::text[], $40::bigint[])
	         AS o(id, entered_by, brought_by, registry_number, registry_on, sender_institution, reply_by, call_id, recording,
	              source_url, inbound_id) ON o.id = n.id
	    ON CONFLICT (key_scope, key) WHERE key IS NOT NULL DO NOTHING
	RETURNING id)
SELECT a.seq, a.event_id
  FROM (SELECT array_agg('intake'::text) AS streams, array_agg(e.event_id ORDER BY e.place) AS event_ids,
               array_agg(e.application_id ORDER BY e.place) AS application_ids,
               array_agg('application.received'::text) AS kinds, array_agg(e.at ORDER BY e.place) AS times,
               array_agg(e.payload ORDER BY e.place) AS payloads
          FROM stored
          JOIN unnest($41::uuid[], $42::uuid[], $43::timestamptz[], $44::bytea[]) WITH ORDINALITY
                 AS e(event_id, application_id, at, payload, place) ON e.application_id = stored.id) AS n,
       feed.append(n.streams, n.event_ids, n.application_ids, n.kinds, n.times, n.payloads) AS a;

-- name: applications_by_key
-- in:  arrays of one length: $1 key scopes, $2 keys
-- out: place (from 1), body hash, id, number, received at, due on, head of the stream (at or after the event)
SELECT k.place::int, x.body_hash, x.id, x.number, x.received_at, x.due_on,
       (SELECT e.seq FROM feed.event AS e WHERE e.stream = 'intake' ORDER BY e.seq DESC LIMIT 1)
  FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS k(scope, key, place)
  JOIN intake.application AS x ON x.key_scope = k.scope AND x.key = k.key;

-- name: applications_by_number
-- in:  $1 numbers (NULL: none)
-- out: place (from 1), id, generation of the access code, head of the stream (at or after its event); none for what is
--      not there
SELECT n.place::int, x.id, x.access_code_generation,
       (SELECT e.seq FROM feed.event AS e WHERE e.stream = 'intake' ORDER BY e.seq DESC LIMIT 1)
  FROM unnest($1::text[]) WITH ORDINALITY AS n(number, place)
  JOIN intake.application AS x ON x.number = n.number;

-- name: applications_similar
-- in:  $1 sender's institution, $2 registry number, $3 id of the application that they are of, $4 most
-- out: number of another one of the same, the newest first
SELECT x.number FROM intake.application AS x
 WHERE x.registry_number = $2::text AND x.sender_institution = $1::text AND x.id <> $3::uuid
 ORDER BY x.received_at DESC, x.number DESC LIMIT $4::int;

-- name: numbers_take
-- in:  $1 year, $2 how many
-- out: the first serial of the block; no row when the year has not so many left
INSERT INTO intake.number_year AS y (year, next_serial) VALUES ($1::int, 1 + $2::int)
    ON CONFLICT (year) DO UPDATE SET next_serial = y.next_serial + $2::int WHERE y.next_serial + $2::int <= 10000000
RETURNING next_serial - $2::int;

-- name: api_keys
-- out: id, name, SHA-256 of the secret, rights with spaces between, role, department (NULL: none)
SELECT id, name, secret_hash, array_to_string(rights, ' '), role, department
  FROM auth.api_key WHERE revoked_at IS NULL ORDER BY id LIMIT 10000;
