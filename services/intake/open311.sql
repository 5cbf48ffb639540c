-- All that intake does for Open311.

-- name: open311_topics
-- out: code, name, in English, category, name of the department, in English, keywords with ", " between, target in working days
SELECT t.code, t.name_tr, t.name_en, t.category_tr, d.name_tr, d.name_en, array_to_string(t.keywords, ', '), t.target_working_days
  FROM router.topic AS t JOIN router.department AS d ON d.code = t.department
 WHERE t.open311 AND t.valid_from <= current_date AND (t.valid_to IS NULL OR t.valid_to > current_date)
 ORDER BY t.code LIMIT 1000;

-- name: open311_token
-- in:  $1 number
-- out: the number, when it came over Open311
SELECT number FROM intake.application WHERE number = $1::text AND channel = 13;

-- name: open311_recent
-- in:  $1 key scope, $2 key, $3 microseconds
-- out: the key, when its application is not older
SELECT key FROM intake.application
 WHERE key_scope = $1::text AND key = $2::text AND recorded_at > clock_timestamp() - $3::bigint * interval '1 microsecond';

-- name: open311_media_want
-- in:  $1 inbound id, $2 URL
INSERT INTO intake.open311_media (inbound_id, url) VALUES ($1::bigint, $2::text) ON CONFLICT DO NOTHING;
