-- All that the router says to the database, besides common/feed/feed.sql.

-- name: departments_valid
-- in:  $1 day
-- out: code, Turkish name, English name, outside, phone, letter; those valid on the day that have a stream
SELECT d.code, d.name_tr, d.name_en, d.outside, d.phone, d.letter_tr
  FROM router.departments_on($1::date) AS d
  JOIN feed.stream AS s ON s.name = 'department/' || d.code
 ORDER BY d.code COLLATE "C";

-- name: topics_valid
-- in:  $1 day
-- out: code, Turkish name, department, target working days, keywords (joined by newlines), English name, who has a part in
--      it, what to call at once, basket, target working minutes (0: none); those valid on the day
SELECT t.code, t.name_tr, t.department, t.target_working_days, array_to_string(t.keywords, E'\n'), t.name_en,
       coalesce(t.shared_with, ''), t.emergency, t.basket, coalesce(t.target_working_minutes, 0)
  FROM router.topics_on($1::date) AS t
 ORDER BY t.code COLLATE "C";

-- name: calendar_days
-- out: day, kind, version; of the calendar's newest version, or the holidays of before there were versions (0). All in one
--      look: days of one version under the number of another would move nothing, or twice
SELECT d.day, d.kind, (SELECT max(c.version) FROM router.calendar AS c)
  FROM router.calendar_day AS d WHERE d.version_to IS NULL
UNION ALL
SELECT h.day, CASE WHEN h.half THEN 'half_holiday' ELSE 'holiday' END, 0 FROM router.holiday AS h
 WHERE NOT EXISTS (SELECT FROM router.calendar)
 ORDER BY 1, 2;

-- name: cases_open
-- in:  $1 application ids, $2 numbers, $3 states, $4 departments, $5 topics, $6 triage, $7 received at, $8 due on,
--      $9 target on, $10 seqs of stream "intake", $11 kinds, $12 channels, $13 legal bases (arrays of one length)
-- after feed_append of their events, in the same order: the stream is locked, and its head is the last of them
INSERT INTO router.case (application_id, number, version, state, department, topic, triage, received_at, due_on,
       target_on, intake_seq, kind, channel, legal_basis, routed_seq, clocked)
SELECT n.application_id, n.number, 2, n.state, n.department, n.topic, n.triage, n.received_at, n.due_on, n.target_on,
       n.intake_seq, n.kind, n.channel, n.legal_basis, h.seq - cardinality($1::uuid[]) + n.place, true
  FROM unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::text[], $6::bool[], $7::timestamptz[], $8::date[],
              $9::date[], $10::bigint[], $11::int[], $12::int[], $13::int[]) WITH ORDINALITY
         AS n(application_id, number, state, department, topic, triage, received_at, due_on, target_on, intake_seq,
              kind, channel, legal_basis, place),
       (SELECT e.seq FROM feed.event AS e WHERE e.stream = 'case' ORDER BY e.seq DESC LIMIT 1) AS h(seq)
 ORDER BY n.application_id;

-- name: decisions_add
-- in:  $1 ids of the received events, $2 application ids, $3 departments, $4 topics, $5 candidates (JSON), $6 versions of the
--      model, $7 and of the rules (0: none), $8 outcomes, $9 thousandths of confidence, $10 rules, $11 neighbourhoods,
--      $12 owners of streets, $13 reasons in Turkish, $14 and English ('': none) (arrays of one length)
INSERT INTO router.decision (received_event_id, application_id, department, topic, candidates, model_version, rules_version,
       outcome, confidence, rule, neighbourhood, street_owner, reason_tr, reason_en)
SELECT n.event_id, n.application_id, n.department, n.topic, n.candidates::jsonb, nullif(n.model, 0), nullif(n.rules, 0),
       n.outcome, n.confidence, nullif(n.rule, ''), nullif(n.neighbourhood, ''), nullif(n.street_owner, ''), n.reason_tr,
       n.reason_en
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::int[], $7::int[], $8::text[], $9::int[],
              $10::text[], $11::text[], $12::text[], $13::text[], $14::text[])
         AS n(event_id, application_id, department, topic, candidates, model, rules, outcome, confidence, rule,
              neighbourhood, street_owner, reason_tr, reason_en)
 ORDER BY n.event_id;
