-- Statements of the operator's command, as the owner of the database.

-- name: departments_load
-- in:  $1 codes, $2 Turkish names, $3 English names, $4 outside (arrays)
-- out: code of each new one; the names of those that are there stay
INSERT INTO router.department (code, name_tr, name_en, outside)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bool[])
ON CONFLICT (code) DO NOTHING
RETURNING code;

-- name: department_streams_load
-- in:  $1 codes
INSERT INTO feed.stream (name, writer)
SELECT 'department/' || d.code, 'router' FROM unnest($1::text[]) AS d(code)
ON CONFLICT (name) DO NOTHING;

-- name: topics_load
-- in:  $1 codes, $2 Turkish names, $3 English names, $4 categories, $5 departments, $6 competences,
--      $7 target working days, $8 priorities, $9 keywords (folded, separated by commas), $10 over Open311?, $11 who has a
--      part in it, $12 what to call at once, $13 baskets, $14 target working minutes (0: none) (arrays)
-- out: code of each that is new or another now
INSERT INTO router.topic AS t (code, name_tr, name_en, category_tr, department, competence, target_working_days,
                               priority, keywords, open311, shared_with, emergency, basket, target_working_minutes)
SELECT n.code, n.name_tr, n.name_en, n.category_tr, n.department, n.competence, n.days, n.priority,
       string_to_array(n.keywords, ','), n.open311, nullif(n.shared_with, ''), n.emergency, n.basket,
       nullif(n.minutes, 0)
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[], $8::text[], $9::text[],
              $10::bool[], $11::text[], $12::text[], $13::text[], $14::int[])
         AS n(code, name_tr, name_en, category_tr, department, competence, days, priority, keywords, open311, shared_with,
              emergency, basket, minutes)
ON CONFLICT (code) DO UPDATE
  SET name_tr = EXCLUDED.name_tr, name_en = EXCLUDED.name_en, category_tr = EXCLUDED.category_tr,
      department = EXCLUDED.department, competence = EXCLUDED.competence,
      target_working_days = EXCLUDED.target_working_days, priority = EXCLUDED.priority, keywords = EXCLUDED.keywords,
      open311 = EXCLUDED.open311, shared_with = EXCLUDED.shared_with, emergency = EXCLUDED.emergency,
      basket = EXCLUDED.basket, target_working_minutes = EXCLUDED.target_working_minutes
  WHERE (t.name_tr, t.name_en, t.category_tr, t.department, t.competence, t.target_working_days, t.priority, t.keywords,
         t.open311, t.shared_with, t.emergency, t.basket, t.target_working_minutes)
        IS DISTINCT FROM (EXCLUDED.name_tr, EXCLUDED.name_en, EXCLUDED.category_tr, EXCLUDED.department,
        EXCLUDED.competence, EXCLUDED.target_working_days, EXCLUDED.priority, EXCLUDED.keywords, EXCLUDED.open311,
        EXCLUDED.shared_with, EXCLUDED.emergency, EXCLUDED.basket, EXCLUDED.target_working_minutes)
RETURNING code;

-- name: holidays_load
-- in:  $1 days, $2 Turkish names, $3 half days? (arrays)
-- out: day of each that is new or another now; none when the calendar has versions: then `kopru calendar' changes it
INSERT INTO router.holiday AS h (day, name_tr, half)
SELECT * FROM unnest($1::date[], $2::text[], $3::bool[]) WHERE NOT EXISTS (SELECT FROM router.calendar)
ON CONFLICT (day, name_tr) DO UPDATE SET half = EXCLUDED.half WHERE h.half <> EXCLUDED.half
RETURNING day;

-- name: calendar_begin
-- the first version of the calendar, from the holidays, when there is none
WITH made AS (
	INSERT INTO router.calendar (version, reason, made_by, moved, recomputed_at)
	SELECT 1, 'The first calendar', 'kopru demo', 0, now() WHERE NOT EXISTS (SELECT FROM router.calendar)
	RETURNING version)
INSERT INTO router.calendar_day (version_from, day, kind, name_tr)
SELECT m.version, h.day, CASE WHEN h.half THEN 'half_holiday' ELSE 'holiday' END, h.name_tr
  FROM made AS m, router.holiday AS h;

-- name: texts_forget
-- in:  $1 topics, $2 texts (arrays of one length)
-- Shipped texts that are not among these.
DELETE FROM router.example AS x
 WHERE x.source = 'shipped'
   AND NOT EXISTS (SELECT FROM unnest($1::text[], $2::text[]) AS n(topic, text) WHERE n.topic = x.topic AND n.text = x.text);

-- name: texts_load
-- in:  $1 topics, $2 texts (arrays of one length)
-- out: id of each new one
INSERT INTO router.example (source, topic, text)
SELECT 'shipped', n.topic, n.text FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS n(topic, text, place) ORDER BY n.place
ON CONFLICT (topic, md5(text)) WHERE source = 'shipped' DO NOTHING
RETURNING id;

-- name: department_add
-- in:  $1 code, $2 Turkish name, $3 English name, $4 outside
-- out: code; no row when it is there already
INSERT INTO router.department (code, name_tr, name_en, outside) VALUES ($1::text, $2::text, $3::text, $4::bool)
ON CONFLICT (code) DO NOTHING
RETURNING code;

-- name: contact_add
-- in:  $1 department ('': the whole municipality), $2 role, $3 address
-- out: whether there is such a department
WITH known AS MATERIALIZED (
	SELECT $1::text = '' OR EXISTS (SELECT FROM router.department AS d WHERE d.code = $1::text) AS is),
added AS (
	INSERT INTO notifier.staff (department, role, address)
	SELECT $1::text, $2::text, $3::text FROM known AS k WHERE k.is
	    ON CONFLICT DO NOTHING)
SELECT k.is FROM known AS k;

-- name: contact_remove
-- in:  $1 department ('': the whole municipality), $2 role, $3 address
-- out: its address; no row when it was not there
DELETE FROM notifier.staff AS s
 WHERE s.department = $1::text AND s.role = $2::text AND lower(s.address) = lower($3::text)
RETURNING s.address;

-- name: contacts
-- out: department, role, address
SELECT s.department, s.role, s.address FROM notifier.staff AS s ORDER BY s.department, s.role, s.address;

-- name: departments
-- out: code, Turkish name, English name, outside, valid keys, topics, events
SELECT d.code, d.name_tr, d.name_en, d.outside,
       (SELECT count(*) FROM feed.peer AS p WHERE p.name = 'department/' || d.code AND p.revoked_at IS NULL),
       (SELECT count(*) FROM router.topics_on(current_date) AS t WHERE t.department = d.code),
       coalesce((SELECT e.seq FROM feed.event AS e WHERE e.stream = 'department/' || d.code
                  ORDER BY e.seq DESC LIMIT 1), 0)
  FROM router.departments_on(current_date) AS d ORDER BY d.code;

-- name: department_peer_add
-- in:  $1 public key, $2 code
-- out: name, valid keys that it had before; no row when there is no such department
INSERT INTO feed.peer AS n (public_key, name)
SELECT $1::text, 'department/' || d.code FROM router.department AS d WHERE d.code = $2::text AND d.valid_to IS NULL
ON CONFLICT (public_key) DO UPDATE SET name = n.name
RETURNING n.name, (SELECT count(*) FROM feed.peer AS p WHERE p.name = 'department/' || $2::text
                      AND p.revoked_at IS NULL AND p.public_key <> $1::text);

-- name: service_peer_add
-- in:  $1 public key, $2 name of the service
-- out: name, valid keys that it had before
INSERT INTO feed.peer AS n (public_key, name) VALUES ($1::text, 'service/' || $2::text)
ON CONFLICT (public_key) DO UPDATE SET name = n.name
RETURNING n.name, (SELECT count(*) FROM feed.peer AS p WHERE p.name = 'service/' || $2::text
                      AND p.revoked_at IS NULL AND p.public_key <> $1::text);

-- name: peer_revoke
-- in:  $1 name, $2 public key
-- out: public key; no row when it was not valid
UPDATE feed.peer SET revoked_at = now() WHERE name = $1::text AND public_key = $2::text AND revoked_at IS NULL
RETURNING public_key;

-- name: peers
-- out: name, public key, made at, revoked at (NULL: valid); of each name the valid ones first, the oldest of them first
SELECT name, public_key, created_at, revoked_at FROM feed.peer ORDER BY name, revoked_at NULLS FIRST, created_at;

-- name: api_key_add
-- in:  $1 id, $2 name, $3 SHA-256 of the secret, $4 rights, $5 role, $6 department (NULL: none)
-- out: id; no row when there is no such department, or the id is taken
INSERT INTO auth.api_key AS k (id, name, secret_hash, rights, role, department)
SELECT $1::text, $2::text, $3::bytea, $4::text[], $5::text, $6::text
 WHERE $6::text IS NULL OR EXISTS (SELECT FROM router.department AS d WHERE d.code = $6::text AND d.valid_to IS NULL)
ON CONFLICT (id) DO UPDATE SET name = k.name WHERE k.secret_hash = EXCLUDED.secret_hash
RETURNING id;

-- name: api_keys
-- out: id, name, rights, role, department (NULL: none), made at, revoked at (NULL: valid)
SELECT id, name, array_to_string(rights, ','), role, department, created_at, revoked_at
  FROM auth.api_key ORDER BY created_at;

-- name: api_key_revoke
-- in:  $1 id
-- out: name; no row when it was not valid
UPDATE auth.api_key SET revoked_at = now() WHERE id = $1::text AND revoked_at IS NULL RETURNING name;
