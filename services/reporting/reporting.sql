-- All that reporting does to its data.

-- name: received_upsert
-- in:  $1 application ids, $2 numbers, $3 kinds, $4 channels, $5 received at, $6 received on, $7 due on, $8 subjects,
--      $9 texts, $10 neighbourhoods, $11 access code hashes, $12 times of the events (arrays of one length, sorted by id)
-- A row that the case's event made first gets only what that event did not know.
INSERT INTO reporting.application AS a (application_id, number, kind, channel, received_at, received_on, due_on, subject, body,
                                        neighbourhood, access_code_hash, version, state, erased, changed_at)
SELECT n.id, n.number, n.kind, n.channel, n.received_at, n.received_on, n.due_on,
       CASE WHEN x.at IS NULL THEN n.subject END, CASE WHEN x.at IS NULL THEN n.body END,
       CASE WHEN x.at IS NULL THEN n.neighbourhood END, n.hash, 1, 1, x.at IS NOT NULL, n.at
  FROM unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::timestamptz[], $6::date[], $7::date[], $8::text[], $9::text[],
              $10::text[], $11::bytea[], $12::timestamptz[]) WITH ORDINALITY
         AS n(id, number, kind, channel, received_at, received_on, due_on, subject, body, neighbourhood, hash, at, place)
  LEFT JOIN reporting.erasure AS x ON x.application_id = n.id
 ORDER BY n.place
    ON CONFLICT (application_id) DO UPDATE SET access_code_hash = EXCLUDED.access_code_hash
 WHERE a.access_code_hash IS NULL;

-- name: routed_upsert
-- in:  $1 application ids, $2 numbers, $3 kinds, $4 channels, $5 received at, $6 received on, $7 due on, $8 subjects,
--      $9 texts, $10 neighbourhoods, $11 versions, $12 states, $13 departments, $14 their names, $15 topics, $16 their names,
--      $17 triage, $18 times of the events (arrays of one length, sorted by id, each id once)
INSERT INTO reporting.application AS a (application_id, number, kind, channel, received_at, received_on, due_on, subject, body,
                                        neighbourhood, version, state, department, department_name, topic, topic_name, triage,
                                        erased, changed_at)
SELECT n.id, n.number, n.kind, n.channel, n.received_at, n.received_on, n.due_on,
       CASE WHEN x.at IS NULL THEN n.subject END, CASE WHEN x.at IS NULL THEN n.body END,
       CASE WHEN x.at IS NULL THEN n.neighbourhood END, n.version, n.state, n.department, n.department_name, n.topic,
       n.topic_name, n.triage, x.at IS NOT NULL, n.at
  FROM unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::timestamptz[], $6::date[], $7::date[], $8::text[], $9::text[],
              $10::text[], $11::int[], $12::int[], $13::text[], $14::text[], $15::text[], $16::text[], $17::boolean[],
              $18::timestamptz[]) WITH ORDINALITY
         AS n(id, number, kind, channel, received_at, received_on, due_on, subject, body, neighbourhood, version, state,
              department, department_name, topic, topic_name, triage, at, place)
  LEFT JOIN reporting.erasure AS x ON x.application_id = n.id
 ORDER BY n.place
    ON CONFLICT (application_id) DO UPDATE
   SET version = EXCLUDED.version, state = EXCLUDED.state, department = EXCLUDED.department,
       department_name = EXCLUDED.department_name, topic = EXCLUDED.topic, topic_name = EXCLUDED.topic_name,
       triage = EXCLUDED.triage, changed_at = EXCLUDED.changed_at
 WHERE a.version < EXCLUDED.version;

-- name: applications_erase
-- in:  $1 application ids
UPDATE reporting.application SET subject = NULL, body = NULL, neighbourhood = NULL, erased = true
 WHERE application_id = ANY ($1::uuid[]);

-- name: erasures_insert
-- in:  $1 application ids (sorted)
INSERT INTO reporting.erasure (application_id) SELECT n.id FROM unnest($1::uuid[]) WITH ORDINALITY AS n(id, place)
 ORDER BY n.place ON CONFLICT DO NOTHING;

-- name: event_refuse
-- in:  $1 why an event cannot be digested; raises 22P02 with it, so that the event is parked with its reason
SELECT ('malformed event: ' || $1::text)::uuid;

-- name: application_hash
-- in:  $1 number, $2 a hash that opens nothing
-- out: hash of the access code, or $2: one row of one size, whether the number exists or not
SELECT coalesce((SELECT access_code_hash FROM reporting.application WHERE number = $1::text), $2::bytea);

-- name: application_track
-- in:  $1 number, $2 hash of the access code
-- out: kind, channel, received at, due on, subject, text, state, department, its name, topic, its name, triage, version,
--      erased, changed at
SELECT kind::int, channel::int, received_at, due_on, subject, body, state::int, department, department_name, topic,
       topic_name, triage, version, erased, changed_at
  FROM reporting.application WHERE number = $1::text AND access_code_hash = $2::bytea;

-- name: applications_count
-- in:  $1 first day of receipt, $2 last day
-- out: which breakdown (0 none, 1 channel, 2 kind, 3 topic, 4 department, 5 state, 6 day), value of a word or 0, code of a
--      topic or department (NULL: not routed, or none), its name, day, how many. One statement, so one snapshot.
SELECT (CASE grouping(channel, kind, topic, department, state, received_on)
          WHEN 31 THEN 1 WHEN 47 THEN 2 WHEN 55 THEN 3 WHEN 59 THEN 4 WHEN 61 THEN 5 WHEN 62 THEN 6 ELSE 0 END)::int,
       coalesce(channel, kind, state, 0)::int, coalesce(topic, department),
       CASE WHEN grouping(topic) = 0 THEN max(topic_name) WHEN grouping(department) = 0 THEN max(department_name) END,
       received_on, count(*)
  FROM reporting.application
 WHERE received_on BETWEEN $1::date AND $2::date
 GROUP BY GROUPING SETS ((), (channel), (kind), (topic), (department), (state), (received_on));

-- name: reporting_api_keys
-- out: id, name, hash of the secret, rights with spaces between, role, department (NULL: none)
SELECT id, name, secret_hash, array_to_string(rights, ' '), role, department FROM auth.api_key WHERE revoked_at IS NULL
 ORDER BY created_at LIMIT 10000;
