-- What `kopru reconcile' asks, from top to bottom, in one snapshot. Plain scans and anti-joins over all there is: about half a
-- minute for a million applications.

-- name: reconcile_begin
BEGIN ISOLATION LEVEL REPEATABLE READ;

-- name: reconcile_session
-- Memory for whole tables; plans are made once and for long, so that compiling them does not pay.
SELECT set_config('work_mem', '256MB', true), set_config('jit', 'off', true), set_config('statement_timeout', '0', true);

-- name: reconcile_events
-- All events, without their content. The version is the fourth field of a packed Event, as all our packers write it: id and
-- application (18 bytes each), number, version; NULL when the bytes are others.
CREATE TEMP TABLE reconcile_event ON COMMIT DROP AS
SELECT e.application_id, e.event_id, e.seq, e.stream, e.kind,
       CASE WHEN length(h.head) > 42 AND get_byte(h.head, 36) = 26 AND get_byte(h.head, 37) < 40
             AND length(h.head) > 40 + get_byte(h.head, 37) AND get_byte(h.head, 38 + get_byte(h.head, 37)) = 32
            THEN (get_byte(h.head, 39 + get_byte(h.head, 37)) & 127)
                 | CASE WHEN get_byte(h.head, 39 + get_byte(h.head, 37)) > 127
                        THEN get_byte(h.head, 40 + get_byte(h.head, 37)) << 7 ELSE 0 END END AS version
  FROM feed.event AS e, LATERAL (SELECT substring(e.payload FROM 1 FOR 82) AS head OFFSET 0) AS h;

-- name: reconcile_events_erased
-- What was put in the place of an erased event need not say its version: by its place it is the next one.
UPDATE reconcile_event AS e SET version = n.place + CASE WHEN e.stream = 'case' THEN 1 ELSE 0 END
  FROM (SELECT x.stream, x.seq, row_number() OVER (PARTITION BY x.stream, x.application_id ORDER BY x.seq) AS place
          FROM reconcile_event AS x
         WHERE (x.stream, x.application_id) IN (SELECT y.stream, y.application_id FROM reconcile_event AS y
                                                 WHERE y.version IS NULL AND y.kind = 'erased' AND y.stream IN ('intake', 'case'))) AS n
 WHERE e.stream = n.stream AND e.seq = n.seq AND e.version IS NULL AND e.kind = 'erased';

-- name: reconcile_copies_erased
-- A department's copy has the id of the event in "case".
UPDATE reconcile_event AS e SET version = c.version
  FROM reconcile_event AS c
 WHERE e.version IS NULL AND e.kind = 'erased' AND e.stream LIKE 'department/%' AND c.stream = 'case' AND c.event_id = e.event_id;

-- name: reconcile_events_count
ANALYZE reconcile_event;

-- name: reconcile_order
-- Of each application in each stream: is every version the next one (in "case"), or at least a later one (a department sees
-- only its own part)? A version that cannot be read counts as wrong. Letters that came back (stream "bounce") are no versions
-- of an application; whether one is missing is still seen.
CREATE TEMP TABLE reconcile_misordered ON COMMIT DROP AS
SELECT DISTINCT o.application_id, o.stream
  FROM (SELECT e.application_id, e.stream, e.version,
               lag(e.version, 1, CASE WHEN e.stream = 'intake' THEN 0 ELSE 1 END)
                 OVER (PARTITION BY e.stream, e.application_id ORDER BY e.seq) AS before
          FROM reconcile_event AS e WHERE e.stream <> 'bounce') AS o
 WHERE o.version IS NULL OR o.before IS NULL
    OR CASE WHEN o.stream LIKE 'department/%' THEN o.version <= o.before ELSE o.version <> o.before + 1 END;

-- name: reconcile_applications
-- How much there is of each application.
CREATE TEMP TABLE reconcile_application ON COMMIT DROP AS
SELECT n.id, sum(n.accepted)::int AS accepted, sum(n.received)::int AS received, sum(n.erased)::int AS erased,
       sum(n.decisions)::int AS decisions, sum(n.cases)::int AS cases, sum(n.routed)::int AS routed,
       sum(n.delivered)::int AS delivered, sum(n.notices)::int AS notices, max(n.received_seq) AS received_seq,
       max(n.routed_seq) AS routed_seq
  FROM (SELECT a.id, 1 AS accepted, 0 AS received, 0 AS erased, 0 AS decisions, 0 AS cases, 0 AS routed, 0 AS delivered,
               0 AS notices, NULL::bigint AS received_seq, NULL::bigint AS routed_seq
          FROM intake.application AS a
        UNION ALL
        SELECT e.application_id, 0, 1, (e.kind = 'erased')::int, 0, 0, 0, 0, 0, e.seq, NULL
          FROM reconcile_event AS e WHERE e.stream = 'intake'
        UNION ALL
        SELECT d.application_id, 0, 0, 0, 1, 0, 0, 0, 0, NULL, NULL FROM router.decision AS d
        UNION ALL
        SELECT c.application_id, 0, 0, 0, 0, 1, 0, 0, 0, NULL, NULL FROM router.case AS c
        UNION ALL
        SELECT e.application_id, 0, 0, 0, 0, 0, 1, 0, 0, NULL, e.seq
          FROM reconcile_event AS e WHERE e.stream = 'case' AND e.version = 2
        UNION ALL
        SELECT e.application_id, 0, 0, 0, 0, 0, 0, 1, 0, NULL, NULL
          FROM reconcile_event AS e WHERE e.stream LIKE 'department/%' AND e.version = 2
        UNION ALL
        SELECT DISTINCT e.application_id, 0, 0, 0, 0, 0, 0, 0, 1, NULL::bigint, NULL::bigint
          FROM notifier.notice AS n JOIN reconcile_event AS e ON e.event_id = n.event_id
         WHERE e.stream = 'case' AND e.version = 2) AS n
 GROUP BY n.id;

-- name: reconcile_verdicts
-- What is missing and neither on its way nor parked is lost.
CREATE TEMP TABLE reconcile_verdict ON COMMIT DROP AS
SELECT v.id, v.accepted, v.received, v.decisions, v.cases, v.routed, v.delivered, v.notices,
       v.complete, v.parked, v.accepted > 0 AND NOT v.complete AND NOT v.parked AND v.ahead AS waiting,
       v.accepted > 0 AND NOT v.complete AND NOT v.parked AND NOT v.ahead AS lost,
       v.received > 1 OR v.decisions > 1 OR v.cases > 1 OR v.routed > 1 OR v.delivered > 1 AS duplicated,
       v.accepted = 0 AS stranger
  FROM (SELECT r.*,
               r.received > 0 AND ((r.decisions > 0 AND r.cases > 0 AND r.routed > 0 AND r.delivered > 0 AND r.notices > 0)
                                   OR (r.erased > 0 AND r.decisions = 0)) AS complete,
               r.id IN (SELECT k.application_id FROM feed.parked AS k WHERE k.released_at IS NULL) AS parked,
               r.received > 0
               AND CASE WHEN r.decisions = 0 AND r.cases = 0 AND r.routed = 0 AND r.delivered = 0
                        THEN r.received_seq > c.router
                        WHEN r.decisions > 0 AND r.cases > 0 AND r.routed > 0 AND r.delivered > 0
                        THEN r.routed_seq > c.notifier ELSE false END AS ahead
          FROM reconcile_application AS r
         CROSS JOIN (SELECT coalesce(max(seq) FILTER (WHERE consumer = 'router' AND stream = 'intake'), 0) AS router,
                            coalesce(max(seq) FILTER (WHERE consumer = 'notifier' AND stream = 'case'), 0) AS notifier
                       FROM feed.cursor) AS c) AS v;

-- name: reconcile_counts
-- out: accepted, stored, routed, delivered events, noticed, waiting, parked, lost, duplicated, misordered, strangers, gaps
SELECT count(*) FILTER (WHERE accepted > 0), count(*) FILTER (WHERE accepted > 0 AND received = 1),
       count(*) FILTER (WHERE accepted > 0 AND decisions = 1 AND cases = 1 AND routed = 1),
       count(*) FILTER (WHERE accepted > 0 AND delivered = 1), count(*) FILTER (WHERE accepted > 0 AND notices > 0),
       count(*) FILTER (WHERE waiting), count(*) FILTER (WHERE accepted > 0 AND parked), count(*) FILTER (WHERE lost),
       count(*) FILTER (WHERE duplicated), (SELECT count(DISTINCT application_id) FROM reconcile_misordered),
       count(*) FILTER (WHERE stranger),
       (SELECT coalesce(sum(g.head - g.events), 0) FROM (SELECT max(seq) AS head, count(*) AS events FROM reconcile_event
                                                         GROUP BY stream) AS g)
  FROM reconcile_verdict;

-- name: reconcile_exceptions
-- in:  $1 limit
-- out: number or id, what
SELECT coalesce(a.number, x.id::text), x.what
  FROM (SELECT v.id, concat_ws(', ',
               CASE WHEN v.stranger THEN 'is in no table of intake' END,
               CASE WHEN v.lost OR v.duplicated OR v.stranger THEN concat_ws(', ',
                 CASE WHEN v.received <> 1 THEN v.received || ' received events' END,
                 CASE WHEN v.decisions <> 1 THEN v.decisions || ' routing decisions' END,
                 CASE WHEN v.cases <> 1 THEN v.cases || ' cases' END,
                 CASE WHEN v.routed <> 1 THEN v.routed || ' routed events' END,
                 CASE WHEN v.delivered <> 1 THEN v.delivered || ' first events in departments'' streams' END,
                 CASE WHEN v.notices = 0 THEN 'no notice and no reason why none' END) END) AS what
          FROM reconcile_verdict AS v WHERE v.lost OR v.duplicated OR v.stranger
        UNION ALL
        SELECT m.application_id, 'versions are not in order in "' || m.stream || '"' FROM reconcile_misordered AS m) AS x
  LEFT JOIN intake.application AS a ON a.id = x.id
UNION ALL
SELECT 'stream "' || g.stream || '"', format('%s events are missing up to %s', g.head - g.events, g.head)
  FROM (SELECT stream, max(seq) AS head, count(*) AS events FROM reconcile_event GROUP BY stream) AS g
 WHERE g.head <> g.events
 ORDER BY 1, 2 LIMIT $1::bigint;

-- name: reconcile_end
ROLLBACK;
