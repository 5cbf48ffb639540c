-- How applications were routed: reporting.routing.

-- name: routings_insert
-- in:  arrays of one length: $1 application ids, $2 outcomes, $3 baskets, $4 urgent, $5 thousandths of confidence, $6 rules,
--      $7 versions of the rules, $8 models, $9 reasons in Turkish, $10 and English, $11 candidates, $12 matters (JSON),
--      $13 what to call, $14 phones of institutions
INSERT INTO reporting.routing (application_id, outcome, basket, urgent, confidence, rule, rules_version, model, reason_tr,
       reason_en, candidates, matters, emergency, institution_phone)
SELECT n.id, n.outcome, n.basket, n.urgent, n.confidence, n.rule, n.rules_version, n.model, n.reason_tr, n.reason_en,
       n.candidates::jsonb, n.matters::jsonb, n.emergency, n.phone
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::boolean[], $5::int[], $6::text[], $7::int[], $8::text[], $9::text[],
              $10::text[], $11::text[], $12::text[], $13::text[], $14::text[])
         AS n(id, outcome, basket, urgent, confidence, rule, rules_version, model, reason_tr, reason_en, candidates, matters,
              emergency, phone)
 WHERE NOT EXISTS (SELECT FROM reporting.erasure AS x WHERE x.application_id = n.id)
 ORDER BY n.id
    ON CONFLICT (application_id) DO NOTHING;

-- name: routings_erase
-- in:  $1 application ids
DELETE FROM reporting.routing WHERE application_id = ANY ($1::uuid[]);

-- name: case_routing
-- in:  $1 number
-- out: outcome, basket, urgent, confidence, rule, version of the rules, model, reason in Turkish, in English, what to call,
--      phone of the institution
SELECT w.outcome, w.basket, w.urgent, w.confidence, w.rule, w.rules_version, w.model, w.reason_tr, w.reason_en, w.emergency,
       w.institution_phone
  FROM reporting.application AS a
 CROSS JOIN LATERAL (SELECT x.* FROM reporting.routing AS x WHERE x.application_id = a.application_id OFFSET 0) AS w
 WHERE a.number = $1::text;

-- name: case_candidates
-- in:  $1 number
-- out: is it one of several matters (else a candidate), topic, its name, in English, department, its name, in English, score,
--      words (joined by newlines); in order
SELECT c.matter, c.one ->> 'topic', t.name_tr, t.name_en, c.one ->> 'department', d.name_tr, d.name_en,
       (c.one ->> 'score')::int,
       (SELECT string_agg(s.word, E'\n' ORDER BY s.place)
          FROM jsonb_array_elements_text(c.one -> 'words') WITH ORDINALITY AS s(word, place))
  FROM reporting.application AS a
 CROSS JOIN LATERAL (SELECT x.* FROM reporting.routing AS x WHERE x.application_id = a.application_id OFFSET 0) AS w
 CROSS JOIN LATERAL (SELECT false AS matter, x.one, x.place
                       FROM jsonb_array_elements(w.candidates) WITH ORDINALITY AS x(one, place)
                      UNION ALL
                     SELECT true, x.one, x.place FROM jsonb_array_elements(w.matters) WITH ORDINALITY AS x(one, place)) AS c
  LEFT JOIN router.topic AS t ON t.code = c.one ->> 'topic'
  LEFT JOIN router.department AS d ON d.code = c.one ->> 'department'
 WHERE a.number = $1::text
 ORDER BY c.matter, c.place;
