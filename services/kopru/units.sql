-- Statements of `kopru topics add', `change', `retire', `list' and of `kopru department change', `retire', as the owner of the
-- database; asked one by one, with text parameters (common/db/script.h). "" stands for nothing.

-- name: topics_list
-- in:  $1 day or "" (today)
-- out: code, Turkish name, department, competence, shared with, target days, target minutes, priority, emergency, basket,
--      "yes" over Open311, since, until, keywords
SELECT t.code, t.name_tr, t.department, t.competence, t.shared_with, t.target_working_days, t.target_working_minutes,
       t.priority, t.emergency, t.basket, CASE WHEN t.open311 THEN 'yes' END, t.valid_from, b.valid_to,
       array_to_string(t.keywords, ', ')
  FROM router.topics_on(coalesce(nullif($1::text, '')::date, current_date)) AS t
  JOIN router.topic AS b ON b.code = t.code
 ORDER BY t.code;

-- name: units_unknown
-- in:  $1 department or "", $2 who has a part or "", $3 day
-- out: those of them that are no unit on that day
SELECT w.code FROM (VALUES ($1::text), ($2::text)) AS w(code)
 WHERE w.code <> '' AND NOT EXISTS (SELECT FROM router.departments_on($3::date) AS d WHERE d.code = w.code);

-- name: topic_add
-- in:  $1 fields (a JSON object with the columns of router.topic)
-- out: code; no row when it is there already, or was once
INSERT INTO router.topic SELECT * FROM jsonb_populate_record(NULL::router.topic, $1::jsonb)
ON CONFLICT (code) DO NOTHING
RETURNING code;

-- name: topic_later
-- in:  $1 code, $2 day
-- out: why it cannot be changed from that day on; no row when it can
SELECT format('it changes again on %s', min(x.valid_from)) FROM router.topic_change AS x
 WHERE x.code = $1::text AND x.valid_from > $2::date HAVING count(*) > 0
UNION ALL
SELECT 'there is no such topic on that day'
 WHERE NOT EXISTS (SELECT FROM router.topics_on($2::date) AS t WHERE t.code = $1::text);

-- name: topic_change
-- in:  $1 code, $2 day, $3 fields that are another from then on (a JSON object)
-- out: code
INSERT INTO router.topic_change AS c
SELECT n.* FROM router.topics_on($2::date) AS t
 CROSS JOIN LATERAL jsonb_populate_record(t, $3::jsonb || jsonb_build_object('valid_from', $2::date, 'valid_to', NULL)) AS n
 WHERE t.code = $1::text
ON CONFLICT (code, valid_from) DO UPDATE
  SET name_tr = EXCLUDED.name_tr, name_en = EXCLUDED.name_en, category_tr = EXCLUDED.category_tr,
      department = EXCLUDED.department, competence = EXCLUDED.competence,
      target_working_days = EXCLUDED.target_working_days, priority = EXCLUDED.priority, keywords = EXCLUDED.keywords,
      open311 = EXCLUDED.open311, shared_with = EXCLUDED.shared_with, emergency = EXCLUDED.emergency,
      basket = EXCLUDED.basket, target_working_minutes = EXCLUDED.target_working_minutes
RETURNING c.code;

-- name: topic_needed
-- in:  $1 code
-- out: rules in force that name it
SELECT format('rule %s', r.code) FROM router.rule AS r JOIN router.rules AS v ON v.version = r.version AND v.state = 'active'
 WHERE r.conditions->'topics' ? $1::text OR r.outcome->>'topic' = $1::text
 ORDER BY r.code;

-- name: topic_retire
-- in:  $1 code, $2 day
-- out: name; no row when there is none that is in force before that day
UPDATE router.topic AS t SET valid_to = $2::date
 WHERE t.code = $1::text AND t.valid_from < $2::date AND (t.valid_to IS NULL OR t.valid_to > $2::date)
RETURNING t.name_tr;

-- name: department_later
-- in:  $1 code, $2 day
-- out: why it cannot be changed from that day on; no row when it can
SELECT format('it changes again on %s', min(x.valid_from)) FROM router.department_change AS x
 WHERE x.code = $1::text AND x.valid_from > $2::date HAVING count(*) > 0
UNION ALL
SELECT 'there is no such department on that day'
 WHERE NOT EXISTS (SELECT FROM router.departments_on($2::date) AS d WHERE d.code = $1::text);

-- name: department_change
-- in:  $1 code, $2 day, $3 fields that are another from then on (a JSON object)
-- out: code
INSERT INTO router.department_change AS c
SELECT n.* FROM router.departments_on($2::date) AS d
 CROSS JOIN LATERAL jsonb_populate_record(d, $3::jsonb || jsonb_build_object('valid_from', $2::date, 'valid_to', NULL)) AS n
 WHERE d.code = $1::text
ON CONFLICT (code, valid_from) DO UPDATE
  SET name_tr = EXCLUDED.name_tr, name_en = EXCLUDED.name_en, outside = EXCLUDED.outside, phone = EXCLUDED.phone,
      letter_tr = EXCLUDED.letter_tr
RETURNING c.code;

-- name: department_needed
-- in:  $1 code, $2 day
-- out: what points to it on that day or later
SELECT 'everything that no rule knows' WHERE $1::text = 'HM'
UNION ALL
(SELECT format('topic %s', t.code) FROM router.topics_on($2::date) AS t
  WHERE t.department = $1::text OR t.shared_with = $1::text ORDER BY t.code)
UNION ALL
(SELECT format('topic %s from %s on', x.code, x.valid_from) FROM router.topic_change AS x JOIN router.topic AS t ON t.code = x.code
  WHERE x.valid_from > $2::date AND (t.valid_to IS NULL OR t.valid_to > x.valid_from)
    AND (x.department = $1::text OR x.shared_with = $1::text) ORDER BY x.code)
UNION ALL
(SELECT format('rule %s', r.code) FROM router.rule AS r JOIN router.rules AS v ON v.version = r.version AND v.state = 'active'
  WHERE r.outcome->>'department' = $1::text OR r.conditions->'street_owners' ? $1::text ORDER BY r.code)
UNION ALL
(SELECT format('street %s', s.name_tr) FROM router.street AS s
  WHERE s.owner = $1::text AND (s.valid_to IS NULL OR s.valid_to > $2::date) ORDER BY s.name_tr);

-- name: department_retire
-- in:  $1 code, $2 day
-- out: name; no row when there is none that is in force before that day
UPDATE router.department AS d SET valid_to = $2::date
 WHERE d.code = $1::text AND d.valid_from < $2::date AND (d.valid_to IS NULL OR d.valid_to > $2::date)
RETURNING d.name_tr;
