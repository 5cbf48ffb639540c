-- All that reporting does to its data.

-- name: received_upsert
-- in:  $1 application ids, $2 numbers, $3 kinds, $4 channels, $5 received at, $6 received on, $7 due on, $8 subjects,
--      $9 texts, $10 neighbourhoods, $11 access code hashes, $12 times of the events (arrays of one length, sorted by id);
--      $13 today
-- A row that a case's event made first gets only what that event did not know.
INSERT INTO reporting.application AS a (application_id, number, kind, channel, received_at, received_on, due_on, subject, body,
                                        neighbourhood, access_code_hash, version, state, erased, changed_at, overdue)
SELECT n.id, n.number, n.kind, n.channel, n.received_at, n.received_on, n.due_on,
       CASE WHEN x.at IS NULL THEN n.subject END, CASE WHEN x.at IS NULL THEN n.body END,
       CASE WHEN x.at IS NULL THEN n.neighbourhood END, n.hash, 1, 1, x.at IS NOT NULL, n.at, n.due_on < $13::date
  FROM unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::timestamptz[], $6::date[], $7::date[], $8::text[], $9::text[],
              $10::text[], $11::bytea[], $12::timestamptz[]) WITH ORDINALITY
         AS n(id, number, kind, channel, received_at, received_on, due_on, subject, body, neighbourhood, hash, at, place)
  LEFT JOIN reporting.erasure AS x ON x.application_id = n.id
 ORDER BY n.place
    ON CONFLICT (application_id) DO UPDATE
   SET access_code_hash = EXCLUDED.access_code_hash, subject = coalesce(a.subject, EXCLUDED.subject),
       body = coalesce(a.body, EXCLUDED.body), neighbourhood = coalesce(a.neighbourhood, EXCLUDED.neighbourhood)
 WHERE a.access_code_hash IS NULL;

-- name: case_upsert
-- in:  arrays of one length, sorted by id, each id once: $1 application ids, $2 numbers, $3 kinds, $4 channels, $5 received at,
--      $6 received on, $7 due on, $8 subjects, $9 texts, $10 neighbourhoods, $11 versions, $12 states, $13 departments,
--      $14 their names, $15 in English, $16 topics, $17 their names, $18 leading numbers, $19 triage, $20 outside,
--      $21 with the arbiter, $22 final answer owed, $23 target on, $24 times of the events, $25 opened on (NULL: unless this
--      opened it again), $26 ended on (NULL: open), $27 handed back, $28 forwarded, $29 reopened, $30 first reaction at, $31 minutes until then, $32 working,
--      $33 bucket, $34 working, $35 first answer at, $36 minutes until then, $37 working, $38 bucket, $39 working;
--      $40 today
-- A row only moves forward; what happened first stays first.
INSERT INTO reporting.application AS a (application_id, number, kind, channel, received_at, received_on, due_on, subject, body,
	neighbourhood, version, state, department, department_name, department_name_en, topic, topic_name, merged_into, triage,
	outside, with_arbiter, final_owed, target_on, changed_at, opened_on, ended_on, handed_back, forwarded, reopened,
	reaction_at, reaction_minutes, reaction_working_minutes, reaction_bucket, reaction_working_bucket,
	answered_at, answer_minutes, answer_working_minutes, answer_bucket, answer_working_bucket, overdue, erased)
SELECT n.id, n.number, n.kind, n.channel, n.received_at, n.received_on, n.due_on,
       CASE WHEN x.at IS NULL THEN n.subject END, CASE WHEN x.at IS NULL THEN n.body END,
       CASE WHEN x.at IS NULL THEN n.neighbourhood END,
       n.version, n.state, n.department, n.department_name, n.department_name_en, n.topic, n.topic_name, n.merged_into, n.triage,
       n.outside, n.with_arbiter, n.final_owed, n.target_on, n.at,
       greatest(n.opened_on, CASE WHEN n.opened_on IS NOT NULL THEN n.received_on END),
       greatest(n.ended_on, CASE WHEN n.ended_on IS NOT NULL THEN n.received_on END), n.handed_back, n.forwarded, n.reopened,
       n.reaction_at, n.reaction_minutes, n.reaction_working_minutes, n.reaction_bucket, n.reaction_working_bucket,
       n.answered_at, n.answer_minutes, n.answer_working_minutes, n.answer_bucket, n.answer_working_bucket,
       n.ended_on IS NULL AND n.due_on < $40::date, x.at IS NOT NULL
  FROM unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::timestamptz[], $6::date[], $7::date[], $8::text[], $9::text[],
              $10::text[], $11::int[], $12::int[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[], $18::text[],
              $19::boolean[], $20::boolean[], $21::boolean[], $22::boolean[], $23::date[], $24::timestamptz[], $25::date[],
              $26::date[], $27::boolean[], $28::boolean[], $29::boolean[], $30::timestamptz[], $31::int[], $32::int[],
              $33::int[], $34::int[], $35::timestamptz[], $36::int[], $37::int[], $38::int[], $39::int[]) WITH ORDINALITY
         AS n(id, number, kind, channel, received_at, received_on, due_on, subject, body, neighbourhood, version, state,
              department, department_name, department_name_en, topic, topic_name, merged_into, triage, outside, with_arbiter,
              final_owed, target_on, at, opened_on, ended_on, handed_back, forwarded, reopened, reaction_at, reaction_minutes,
              reaction_working_minutes, reaction_bucket, reaction_working_bucket, answered_at, answer_minutes,
              answer_working_minutes, answer_bucket, answer_working_bucket, place)
  LEFT JOIN reporting.erasure AS x ON x.application_id = n.id
 ORDER BY n.place
    ON CONFLICT (application_id) DO UPDATE
   SET version = EXCLUDED.version, state = EXCLUDED.state, due_on = EXCLUDED.due_on, department = EXCLUDED.department,
       department_name = EXCLUDED.department_name, department_name_en = EXCLUDED.department_name_en, topic = EXCLUDED.topic,
       topic_name = EXCLUDED.topic_name, merged_into = EXCLUDED.merged_into, triage = EXCLUDED.triage,
       outside = EXCLUDED.outside, with_arbiter = EXCLUDED.with_arbiter, final_owed = EXCLUDED.final_owed,
       target_on = EXCLUDED.target_on, changed_at = EXCLUDED.changed_at,
       opened_on = CASE WHEN a.ended_on IS NOT NULL AND EXCLUDED.ended_on IS NULL
                        THEN greatest(EXCLUDED.opened_on, a.ended_on) ELSE a.opened_on END,
       ended_on = CASE WHEN EXCLUDED.ended_on IS NULL THEN NULL
                       ELSE coalesce(a.ended_on, greatest(EXCLUDED.ended_on, a.opened_on)) END,
       overdue = EXCLUDED.overdue, handed_back = a.handed_back OR EXCLUDED.handed_back,
       forwarded = a.forwarded OR EXCLUDED.forwarded, reopened = a.reopened OR EXCLUDED.reopened,
       reaction_at = coalesce(a.reaction_at, EXCLUDED.reaction_at),
       reaction_minutes = coalesce(a.reaction_minutes, EXCLUDED.reaction_minutes),
       reaction_working_minutes = coalesce(a.reaction_working_minutes, EXCLUDED.reaction_working_minutes),
       reaction_bucket = coalesce(a.reaction_bucket, EXCLUDED.reaction_bucket),
       reaction_working_bucket = coalesce(a.reaction_working_bucket, EXCLUDED.reaction_working_bucket),
       answered_at = coalesce(a.answered_at, EXCLUDED.answered_at),
       answer_minutes = coalesce(a.answer_minutes, EXCLUDED.answer_minutes),
       answer_working_minutes = coalesce(a.answer_working_minutes, EXCLUDED.answer_working_minutes),
       answer_bucket = coalesce(a.answer_bucket, EXCLUDED.answer_bucket),
       answer_working_bucket = coalesce(a.answer_working_bucket, EXCLUDED.answer_working_bucket)
 WHERE a.version < EXCLUDED.version;

-- name: steps_insert
-- in:  arrays of one length, sorted by id and version: $1 application ids, $2 versions, $3 times, $4 events, $5 visible, $6 states,
--      $7 types and $8 roles of who acted, $9 their departments, $10 departments, $11 their names, $12 in English, $13 texts,
--      $14 internal texts, $15 names, $16 references, $17 codes, $18 days, $19 due on
INSERT INTO reporting.history (application_id, version, at, event, visible, state, actor_type, actor_role, actor_department,
                               department, department_name, department_name_en, body, internal, name, reference, code, day, due_on)
SELECT n.id, n.version, n.at, n.event, n.visible, n.state, n.actor_type, n.actor_role, n.actor_department, n.department,
       n.department_name, n.department_name_en, CASE WHEN x.at IS NULL THEN n.body END,
       CASE WHEN x.at IS NULL THEN n.internal END, CASE WHEN x.at IS NULL THEN n.name END,
       CASE WHEN x.at IS NULL THEN n.reference END, n.code, n.day, n.due_on
  FROM unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::text[], $5::boolean[], $6::int[], $7::int[], $8::int[], $9::text[],
              $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::int[],
              $18::date[], $19::date[]) WITH ORDINALITY
         AS n(id, version, at, event, visible, state, actor_type, actor_role, actor_department, department, department_name,
              department_name_en, body, internal, name, reference, code, day, due_on, place)
  LEFT JOIN reporting.erasure AS x ON x.application_id = n.id
 ORDER BY n.place
    ON CONFLICT (application_id, version) DO NOTHING;

-- name: part_upsert
-- in:  $1 application id, $2 number, $3 version of the event, $4 department, $5 its name, $6 task, $7 answered at, $8 answer
INSERT INTO reporting.part AS p (application_id, number, version, department, department_name, task, answered_at, answer)
SELECT $1::uuid, $2::int, $3::int, $4::text, $5::text, CASE WHEN x.at IS NULL THEN $6::text END, $7::timestamptz,
       CASE WHEN x.at IS NULL THEN $8::text END
  FROM (SELECT) AS one LEFT JOIN reporting.erasure AS x ON x.application_id = $1::uuid
    ON CONFLICT (application_id, number) DO UPDATE
   SET version = EXCLUDED.version, department = EXCLUDED.department, department_name = EXCLUDED.department_name,
       task = coalesce(EXCLUDED.task, p.task), answered_at = EXCLUDED.answered_at, answer = EXCLUDED.answer
 WHERE p.version < EXCLUDED.version;

-- name: origin_insert
-- in:  $1 application id, $2 entered by, $3 registry number, $4 and date, $5 institution, $6 reply by
INSERT INTO reporting.origin (application_id, entered_by, registry_number, registry_on, sender_institution, reply_by)
SELECT $1::uuid, $2::text, $3::text, $4::date, $5::text, $6::date
 WHERE NOT EXISTS (SELECT FROM reporting.erasure AS x WHERE x.application_id = $1::uuid)
    ON CONFLICT (application_id) DO NOTHING;

-- name: file_insert
-- in:  $1 application id, $2 version of the event, $3 place, $4 id, $5 name, $6 media type, $7 size
INSERT INTO reporting.file (application_id, version, place, id, name, media_type, size)
SELECT $1::uuid, $2::int, $3::int, $4::uuid, $5::text, $6::text, $7::bigint
 WHERE NOT EXISTS (SELECT FROM reporting.erasure AS x WHERE x.application_id = $1::uuid)
    ON CONFLICT (application_id, version, place) DO NOTHING;

-- name: origins_erase
-- in:  $1 application ids
DELETE FROM reporting.origin WHERE application_id = ANY ($1::uuid[]);

-- name: files_erase
-- in:  $1 application ids
DELETE FROM reporting.file WHERE application_id = ANY ($1::uuid[]);

-- name: applications_erase
-- in:  $1 application ids
UPDATE reporting.application SET subject = NULL, body = NULL, neighbourhood = NULL, erased = true
 WHERE application_id = ANY ($1::uuid[]);

-- name: steps_erase
-- in:  $1 application ids
UPDATE reporting.history SET body = NULL, internal = NULL, name = NULL, reference = NULL WHERE application_id = ANY ($1::uuid[]);

-- name: parts_erase
-- in:  $1 application ids
UPDATE reporting.part SET task = NULL, answer = NULL WHERE application_id = ANY ($1::uuid[]);

-- name: neighbourhoods_forget
-- A neighbourhood of nobody is a text of somebody who was erased.
WITH gone AS (DELETE FROM reporting.tally WHERE dimension = 6 AND received = 0)
DELETE FROM reporting.spread AS s
 WHERE s.dimension = 6
   AND NOT EXISTS (SELECT FROM reporting.tally AS t WHERE t.dimension = 6 AND t.key = s.key AND t.received > 0);

-- name: erasures_insert
-- in:  $1 application ids (sorted)
INSERT INTO reporting.erasure (application_id) SELECT n.id FROM unnest($1::uuid[]) WITH ORDINALITY AS n(id, place)
 ORDER BY n.place ON CONFLICT DO NOTHING;

-- name: event_refuse
-- in:  $1 why an event cannot be digested; raises 22P02 with it, so that the event is parked with its reason
SELECT ('malformed event: ' || $1::text)::uuid;

-- name: overdue_mark
-- in:  $1 today
-- out: how many became overdue; at most 1,000 at once
WITH late AS (SELECT application_id FROM reporting.application
               WHERE ended_on IS NULL AND NOT overdue AND due_on < $1::date
               ORDER BY due_on LIMIT 1000),
     marked AS (UPDATE reporting.application AS a SET overdue = true FROM late AS l
                 WHERE a.application_id = l.application_id AND a.ended_on IS NULL AND NOT a.overdue RETURNING 1)
SELECT count(*) FROM marked;

-- name: application_hash
-- in:  $1 number, $2 a hash that opens nothing
-- out: hash of the access code, or $2: one row of one size, whether the number exists or not
SELECT coalesce((SELECT access_code_hash FROM reporting.application WHERE number = $1::text), $2::bytea);

-- name: application_track
-- in:  $1 number, $2 hash of the access code
-- out: kind, channel, received at, due on, subject, text, state, department, its name, topic, its name, triage, version,
--      erased, changed at, name of the department in English, final answer owed, what to call at once, phone of the institution
SELECT kind::int, channel::int, received_at, due_on, subject, body, state::int, department, department_name, topic,
       topic_name, triage, version, erased, changed_at, department_name_en, final_owed, nullif(w.emergency, ''),
       CASE WHEN outside THEN nullif(w.institution_phone, '') END
  FROM reporting.application AS a LEFT JOIN reporting.routing AS w USING (application_id)
 WHERE number = $1::text AND access_code_hash = $2::bytea;

-- name: application_steps
-- in:  $1 number, $2 hash of the access code
-- out: event, at, state, name of the department, in English, text, name, reference, code, day, due on; what the citizen may see,
--      the last thousand, in order
-- OFFSET 0, here and below, keeps it at a look by key: joined by a plan of the first minutes it read the whole history.
SELECT * FROM (
	SELECT h.event, h.at, h.state::int, h.department_name, h.department_name_en, h.body, h.name, h.reference, h.code, h.day,
	       h.due_on, h.version
	  FROM reporting.application AS a
	 CROSS JOIN LATERAL (SELECT x.* FROM reporting.history AS x WHERE x.application_id = a.application_id OFFSET 0) AS h
	 WHERE a.number = $1::text AND a.access_code_hash = $2::bytea AND h.visible
	 ORDER BY h.version DESC LIMIT 1000) AS last
 ORDER BY version;

-- name: application_files
-- in:  $1 number, $2 hash of the access code
-- out: version of the event that brought it, id, name, media type, size; in order
SELECT f.version, f.id, f.name, f.media_type, f.size
  FROM reporting.application AS a
 CROSS JOIN LATERAL (SELECT x.* FROM reporting.file AS x WHERE x.application_id = a.application_id OFFSET 0) AS f
 WHERE a.number = $1::text AND a.access_code_hash = $2::bytea
 ORDER BY f.version, f.place LIMIT 1000;

-- name: case_files
-- in:  $1 number
-- out: as application_files
SELECT f.version, f.id, f.name, f.media_type, f.size
  FROM reporting.application AS a
 CROSS JOIN LATERAL (SELECT x.* FROM reporting.file AS x WHERE x.application_id = a.application_id OFFSET 0) AS f
 WHERE a.number = $1::text
 ORDER BY f.version, f.place LIMIT 1000;

-- name: case_origin
-- in:  $1 number
-- out: entered by, registry number, and date, institution, reply by
SELECT o.entered_by, o.registry_number, o.registry_on, o.sender_institution, o.reply_by
  FROM reporting.application AS a
 CROSS JOIN LATERAL (SELECT x.* FROM reporting.origin AS x WHERE x.application_id = a.application_id OFFSET 0) AS o
 WHERE a.number = $1::text;

-- name: case_facts
-- in:  $1 number, $2 the department for which is asked ("": none)
-- out: version, state, kind, channel, received at, due on, target on, department, its name, in English, topic, its name, number of
--      the leading case, neighbourhood, subject, text, triage, outside, with the arbiter, final answer owed, overdue, handed
--      back, forwarded, reopened, erased, changed at, first reaction at, first answer at, is it one of ours that asks?
SELECT version, state::int, kind::int, channel::int, received_at, due_on, target_on, department, department_name,
       department_name_en, topic, topic_name, merged_into, neighbourhood, subject, body, triage, outside, with_arbiter,
       final_owed, overdue, handed_back, forwarded, reopened, erased, changed_at, reaction_at, answered_at,
       EXISTS (SELECT FROM router.department AS d WHERE d.code = $2::text AND NOT d.outside)
  FROM reporting.application WHERE number = $1::text;

-- name: case_steps
-- in:  $1 number
-- out: as application_steps up to version, then: visible, internal text, type and role of who acted, their department,
--      department; the last thousand, in order
SELECT * FROM (
	SELECT h.event, h.at, h.state::int, h.department_name, h.department_name_en, h.body, h.name, h.reference, h.code, h.day,
	       h.due_on, h.version, h.visible, h.internal, h.actor_type::int, h.actor_role::int, h.actor_department, h.department
	  FROM reporting.application AS a
	 CROSS JOIN LATERAL (SELECT x.* FROM reporting.history AS x WHERE x.application_id = a.application_id OFFSET 0) AS h
	 WHERE a.number = $1::text
	 ORDER BY h.version DESC LIMIT 1000) AS last
 ORDER BY version;

-- name: case_parts
-- in:  $1 number
-- out: number, department, its name, task, answered at, answer
SELECT p.number, p.department, p.department_name, p.task, p.answered_at, p.answer
  FROM reporting.application AS a
 CROSS JOIN LATERAL (SELECT x.* FROM reporting.part AS x WHERE x.application_id = a.application_id OFFSET 0) AS p
 WHERE a.number = $1::text
 ORDER BY p.number;

-- name: reporting_api_keys
-- out: id, name, hash of the secret, rights with spaces between, role, department (NULL: none)
SELECT id, name, secret_hash, array_to_string(rights, ' '), role, department FROM auth.api_key WHERE revoked_at IS NULL
 ORDER BY created_at LIMIT 10000;
