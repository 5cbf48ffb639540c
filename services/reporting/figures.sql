-- What reporting counts. The statements of one summary see one snapshot: snapshot_take comes first, in one transaction.
-- Months that lie whole in the period come from the tallies; what is left at its edges is counted in the applications.

-- name: snapshot_take
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;

-- name: month_groups
-- in:  $1 first of a month, $2 first of the month after the last
-- out: table, key, name, received, answered, open, overdue, forwarded, handed back, reopened, reacted, minutes to the reaction, in
--      working time, to the answer, in working time
SELECT dimension::int, key, max(name), sum(received)::bigint, sum(answered)::bigint, sum(open)::bigint, sum(overdue)::bigint,
       sum(forwarded)::bigint, sum(handed_back)::bigint, sum(reopened)::bigint, sum(reacted)::bigint,
       sum(reaction_minutes)::bigint, sum(reaction_working_minutes)::bigint, sum(answer_minutes)::bigint,
       sum(answer_working_minutes)::bigint
  FROM reporting.tally
 WHERE span = 2 AND starts_on >= $1::date AND starts_on < $2::date
 GROUP BY dimension, key HAVING sum(received) > 0;

-- name: month_spreads
-- in:  $1 first of a month, $2 first of the month after the last
-- out: table, key, what, arrays in PostgreSQL's binary form, one after the other
SELECT dimension::int, key, what::int, string_agg(array_send(buckets), '')
  FROM reporting.spread
 WHERE span = 2 AND starts_on >= $1::date AND starts_on < $2::date
 GROUP BY dimension, key, what;

-- name: edge_groups
-- in:  $1 first day, $2 day after the first edge, $3 first day of the second edge, $4 last day
-- out: as month_groups
SELECT g.dimension, g.key, max(g.name), count(*), count(answered_at), count(*) FILTER (WHERE ended_on IS NULL),
       count(*) FILTER (WHERE overdue), count(*) FILTER (WHERE forwarded), count(*) FILTER (WHERE handed_back),
       count(*) FILTER (WHERE reopened), count(reaction_at), coalesce(sum(reaction_minutes), 0)::bigint,
       coalesce(sum(reaction_working_minutes), 0)::bigint, coalesce(sum(answer_minutes), 0)::bigint,
       coalesce(sum(answer_working_minutes), 0)::bigint
  FROM reporting.application AS a
 CROSS JOIN LATERAL (VALUES (1, a.channel::text, NULL), (2, a.kind::text, NULL), (3, coalesce(a.topic, ''), a.topic_name),
                            (4, coalesce(a.department, ''), a.department_name), (5, a.state::text, NULL),
                            (6, coalesce(a.neighbourhood, ''), NULL)) AS g(dimension, key, name)
 WHERE (a.received_on >= $1::date AND a.received_on < $2::date) OR (a.received_on >= $3::date AND a.received_on <= $4::date)
 GROUP BY g.dimension, g.key;

-- name: edge_spreads
-- in:  as edge_groups
-- out: table, key, what, bucket, how many
SELECT g.dimension, g.key, b.what, b.bucket::int, count(*)
  FROM reporting.application AS a
 CROSS JOIN LATERAL (VALUES (0, a.reaction_bucket), (1, a.reaction_working_bucket), (2, a.answer_bucket),
                            (3, a.answer_working_bucket)) AS b(what, bucket)
 CROSS JOIN LATERAL (VALUES (1, a.channel::text), (2, a.kind::text), (3, coalesce(a.topic, '')),
                            (4, coalesce(a.department, '')), (5, a.state::text),
                            (6, coalesce(a.neighbourhood, ''))) AS g(dimension, key)
 WHERE ((a.received_on >= $1::date AND a.received_on < $2::date) OR (a.received_on >= $3::date AND a.received_on <= $4::date))
   AND b.bucket IS NOT NULL
 GROUP BY g.dimension, g.key, b.what, b.bucket;

-- name: day_tallies
-- in:  $1 first day, $2 last day
-- out: day, then as month_groups from received on
SELECT starts_on, received, answered, open, overdue, forwarded, handed_back, reopened, reacted, reaction_minutes,
       reaction_working_minutes, answer_minutes, answer_working_minutes
  FROM reporting.tally
 WHERE span = 1 AND starts_on BETWEEN $1::date AND $2::date AND dimension = 0 AND received > 0;

-- name: day_spreads
-- in:  $1 first day, $2 last day
-- out: day, what, array in PostgreSQL's binary form
SELECT starts_on, what::int, array_send(buckets)
  FROM reporting.spread WHERE span = 1 AND starts_on BETWEEN $1::date AND $2::date AND dimension = 0;

-- name: backlog_days
-- in:  $1 first day, $2 last day
-- out: day (NULL: all days before the first), by how much the number of open applications grew
SELECT CASE WHEN day >= $1::date THEN day END AS on_day, sum(growth)::bigint
  FROM reporting.backlog WHERE day <= $2::date
 GROUP BY 1;

-- name: year_channels_of
-- in:  $1 first day of a year, $2 first day of the next
-- out: first of a month, channel, received, answered, forwarded, minutes to the answers
SELECT starts_on, key::int, received, answered, forwarded, answer_minutes
  FROM reporting.tally
 WHERE span = 2 AND dimension = 1 AND starts_on >= $1::date AND starts_on < $2::date AND received > 0;

-- name: applications_list
-- in:  $1 first day, $2 last day, $3 channels (NULL: any, as all that follows), $4 kind, $5 state, $6 topic ('' none),
--      $7 department ('' none), $8 neighbourhood ('' none), $9 measure, $10 day at whose end it was open,
--      $11 and $12 day and id of the row before the first, $13 how many
-- out: id, number, received on, received at, kind, channel, topic, its name, department, its name, neighbourhood, state, due on,
--      overdue, forwarded, handed back, reopened, first reaction at, first answer at, minutes to the reaction, in working time,
--      to the answer, in working time
SELECT application_id, number, received_on, received_at, kind::int, channel::int, topic, topic_name, department,
       department_name, neighbourhood, state::int, due_on, overdue, forwarded, handed_back, reopened, reaction_at, answered_at,
       reaction_minutes, reaction_working_minutes, answer_minutes, answer_working_minutes
  FROM reporting.application AS a
 WHERE received_on BETWEEN $1::date AND $2::date
   AND (received_on, application_id) > ($11::date, $12::uuid)
   AND ($3::int[] IS NULL OR channel = ANY ($3::int[]))
   AND ($4::int IS NULL OR kind = $4::int)
   AND ($5::int IS NULL OR state = $5::int)
   AND ($6::text IS NULL OR coalesce(topic, '') = $6::text)
   AND ($7::text IS NULL OR coalesce(department, '') = $7::text)
   AND ($8::text IS NULL OR coalesce(neighbourhood, '') = $8::text)
   AND CASE $9::int WHEN 1 THEN answered_at IS NOT NULL WHEN 2 THEN ended_on IS NULL WHEN 3 THEN overdue WHEN 4 THEN forwarded
                    WHEN 5 THEN handed_back WHEN 6 THEN reopened WHEN 7 THEN reaction_at IS NOT NULL ELSE true END
   AND ($10::date IS NULL
        OR (coalesce(opened_on, received_on) <= $10::date AND (ended_on IS NULL OR ended_on > $10::date))
        OR (reopened AND EXISTS (SELECT FROM reporting.earlier_span AS s
                                  WHERE s.application_id = a.application_id AND s.opened_on <= $10::date
                                    AND s.ended_on > $10::date)))
 ORDER BY received_on, application_id LIMIT $13::bigint;
