-- What reporting counts. The statements of one summary see one snapshot: snapshot_take comes first, in one transaction.
-- Months come from the tallies. Where a period ends within a month, what is missing of the month is counted in the
-- applications and added; or, when that is less, the whole month is taken and what is too much is counted and taken away.

-- name: snapshot_take
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;

-- name: month_groups
-- in:  $1 first of a month, $2 first of the month after the last
-- out: table, key, name, received, answered, open, overdue, forwarded, handed back, reopened, reacted, minutes to the reaction, in
--      working time, to the answer, in working time
-- Sums of bigint would be numeric, which is slow; as double precision they are exact up to 2^53.
SELECT dimension::int, key, max(name), sum(received), sum(answered), sum(open), sum(overdue), sum(forwarded),
       sum(handed_back), sum(reopened), sum(reacted), sum(reaction_minutes::float8)::bigint,
       sum(reaction_working_minutes::float8)::bigint, sum(answer_minutes::float8)::bigint,
       sum(answer_working_minutes::float8)::bigint
  FROM reporting.tally
 WHERE span = 2 AND starts_on >= $1::date AND starts_on < $2::date
 GROUP BY dimension, key HAVING sum(received) > 0;

-- name: month_spreads
-- in:  $1 first of a month, $2 and $3 first of the first whole year and of the year after the last, $4 first of the month after
--      the last; without a whole year $1 to $3 are one
-- out: table, key, what, buckets
SELECT dimension::int, key, what::int, buckets FROM reporting.spread
 WHERE span = 3 AND starts_on >= $2::date AND starts_on < $3::date
UNION ALL
SELECT dimension::int, key, what::int, buckets FROM reporting.spread
 WHERE span = 2 AND starts_on >= $1::date AND starts_on < $2::date
UNION ALL
SELECT dimension::int, key, what::int, buckets FROM reporting.spread
 WHERE span = 2 AND starts_on >= $3::date AND starts_on < $4::date;

-- name: edge_groups
-- in:  $1 first and $2 last day of one edge, $3 1 or -1: add or take away; $4, $5, $6 of the other
-- out: as month_groups
SELECT (CASE grouping(channel, kind, topic, department, state, neighbourhood)
          WHEN 31 THEN 1 WHEN 47 THEN 2 WHEN 55 THEN 3 WHEN 59 THEN 4 WHEN 61 THEN 5 ELSE 6 END)::int,
       coalesce(channel::text, kind::text, state::text, topic, department, neighbourhood, ''),
       CASE WHEN grouping(topic) = 0 THEN max(topic_name) WHEN grouping(department) = 0 THEN max(department_name) END,
       sum(sign), coalesce(sum(sign) FILTER (WHERE answered_at IS NOT NULL), 0),
       coalesce(sum(sign) FILTER (WHERE ended_on IS NULL), 0), coalesce(sum(sign) FILTER (WHERE overdue), 0),
       coalesce(sum(sign) FILTER (WHERE forwarded), 0), coalesce(sum(sign) FILTER (WHERE handed_back), 0),
       coalesce(sum(sign) FILTER (WHERE reopened), 0), coalesce(sum(sign) FILTER (WHERE reaction_at IS NOT NULL), 0),
       coalesce(sum(sign * reaction_minutes), 0)::bigint, coalesce(sum(sign * reaction_working_minutes), 0)::bigint,
       coalesce(sum(sign * answer_minutes), 0)::bigint, coalesce(sum(sign * answer_working_minutes), 0)::bigint
  FROM (SELECT $3::int AS sign, * FROM reporting.application WHERE received_on >= $1::date AND received_on <= $2::date
        UNION ALL
        SELECT $6::int, * FROM reporting.application WHERE received_on >= $4::date AND received_on <= $5::date) AS a
 GROUP BY GROUPING SETS ((channel), (kind), (topic), (department), (state), (neighbourhood));

-- name: edge_spreads
-- in:  as edge_groups
-- out: table, key, what, bucket, how many
SELECT (CASE grouping(channel, kind, topic, department, state, neighbourhood)
          WHEN 31 THEN 1 WHEN 47 THEN 2 WHEN 55 THEN 3 WHEN 59 THEN 4 WHEN 61 THEN 5 ELSE 6 END)::int,
       coalesce(channel::text, kind::text, state::text, topic, department, neighbourhood, ''), what, bucket::int, sum(sign)
  FROM (SELECT $3::int AS sign, * FROM reporting.application WHERE received_on >= $1::date AND received_on <= $2::date
        UNION ALL
        SELECT $6::int, * FROM reporting.application WHERE received_on >= $4::date AND received_on <= $5::date) AS a
 CROSS JOIN LATERAL (VALUES (0, reaction_bucket), (1, reaction_working_bucket), (2, answer_bucket),
                            (3, answer_working_bucket)) AS b(what, bucket)
 WHERE bucket IS NOT NULL
 GROUP BY GROUPING SETS ((channel, what, bucket), (kind, what, bucket), (topic, what, bucket), (department, what, bucket),
                         (state, what, bucket), (neighbourhood, what, bucket));

-- name: day_tallies
-- in:  $1 first day, $2 last day
-- out: day, then as month_groups from received on
SELECT starts_on, received, answered, open, overdue, forwarded, handed_back, reopened, reacted, reaction_minutes,
       reaction_working_minutes, answer_minutes, answer_working_minutes
  FROM reporting.tally
 WHERE span = 1 AND starts_on BETWEEN $1::date AND $2::date AND dimension = 0 AND received > 0;

-- name: day_spreads
-- in:  $1 first day, $2 last day
-- out: day, what, buckets
SELECT starts_on, what::int, buckets
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
--      $11 and $12 day and id of the row before the first, $13 how many, $14 outcome of its routing, or "urgent" (NULL: any)
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
   AND ($14::text IS NULL
        OR EXISTS (SELECT FROM reporting.routing AS w
                    WHERE w.application_id = a.application_id
                      AND CASE $14::text WHEN 'urgent' THEN w.urgent ELSE w.outcome = $14::text END))
 ORDER BY received_on, application_id LIMIT $13::bigint;
