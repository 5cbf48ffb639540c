-- Statements of `kopru calendar', as the owner of the database; asked one by one, with text parameters (common/db/script.h).
-- Days are counted, and instants are microseconds, since 1970. "" stands for nothing.

-- name: calendar_days
-- in:  $1 version ("": the newest)
-- out: day, kind, name; no row when there is no such version
SELECT d.day - date '1970-01-01', d.kind, d.name_tr
  FROM router.calendar_day AS d,
       (SELECT max(c.version) AS version FROM router.calendar AS c WHERE $1::text IN ('', c.version::text)) AS v
 WHERE d.version_from <= v.version AND (d.version_to IS NULL OR d.version_to > v.version)
 ORDER BY d.day, d.kind, d.name_tr;

-- name: calendar_all
-- out: first version, version that has it no more (0: none), day, kind
SELECT d.version_from, coalesce(d.version_to, 0), d.day - date '1970-01-01', d.kind FROM router.calendar_day AS d;

-- name: calendar_newest
-- out: the newest version; 0: there is none
SELECT coalesce(max(c.version), 0) FROM router.calendar AS c;

-- name: calendar_needed
-- out: the first day that an open deadline counts from, the last one that it may reach
SELECT coalesce(min(c.started_on), current_date) - date '1970-01-01',
       greatest(coalesce(max(c.due_at)::date, current_date), current_date + 75) - date '1970-01-01'
  FROM router.clock AS c WHERE c.kind <= 2;

-- name: calendar_save
-- in:  $1 the newest version as it was read, $2 reason, $3 who, $4 days (dates), $5 kinds, $6 names (arrays)
-- out: the new version; no row when another one came meanwhile
-- What public holidays there are stands in router.holiday, too, for those that know no versions.
WITH wanted AS (
	SELECT * FROM unnest($4::date[], $5::text[], $6::text[]) AS w(day, kind, name_tr)),
made AS (
	INSERT INTO router.calendar (version, reason, made_by)
	SELECT $1::int + 1, $2::text, $3::text
	 WHERE $1::int = (SELECT coalesce(max(c.version), 0) FROM router.calendar AS c)
	ON CONFLICT DO NOTHING
	RETURNING version),
gone AS (
	UPDATE router.calendar_day AS d SET version_to = m.version
	  FROM made AS m
	 WHERE d.version_to IS NULL
	   AND NOT EXISTS (SELECT FROM wanted AS w WHERE (w.day, w.kind, w.name_tr) = (d.day, d.kind, d.name_tr))),
come AS (
	INSERT INTO router.calendar_day (version_from, day, kind, name_tr)
	SELECT m.version, w.day, w.kind, w.name_tr
	  FROM made AS m, wanted AS w
	 WHERE NOT EXISTS (SELECT FROM router.calendar_day AS d WHERE d.version_to IS NULL
	                      AND (w.day, w.kind, w.name_tr) = (d.day, d.kind, d.name_tr))),
less AS (
	DELETE FROM router.holiday AS h USING made AS m
	 WHERE NOT EXISTS (SELECT FROM wanted AS w WHERE w.kind IN ('holiday', 'half_holiday')
	                      AND w.day = h.day AND w.name_tr = h.name_tr)),
more AS (
	INSERT INTO router.holiday AS h (day, name_tr, half)
	SELECT w.day, w.name_tr, w.kind = 'half_holiday' FROM made AS m, wanted AS w
	 WHERE w.kind IN ('holiday', 'half_holiday')
	ON CONFLICT (day, name_tr) DO UPDATE SET half = EXCLUDED.half WHERE h.half <> EXCLUDED.half)
SELECT version FROM made;

-- name: calendar_history
-- out: version, made at, by, reason, days that came, days that went, deadlines that moved, recomputed at
SELECT c.version, to_char(c.made_at AT TIME ZONE 'Europe/Istanbul', 'YYYY-MM-DD"T"HH24:MI:SS"+03:00"'), c.made_by, c.reason,
       (SELECT count(*) FROM router.calendar_day AS d WHERE d.version_from = c.version),
       (SELECT count(*) FROM router.calendar_day AS d WHERE d.version_to = c.version), c.moved,
       to_char(c.recomputed_at AT TIME ZONE 'Europe/Istanbul', 'YYYY-MM-DD"T"HH24:MI:SS"+03:00"')
  FROM router.calendar AS c ORDER BY c.version;

-- name: calendar_moved
-- in:  $1 version, $2 limit
-- out: number, clock, due before, due since (of a law the last day, of a target the instant), why, moved at
SELECT k.number, CASE m.kind WHEN 1 THEN 'law' WHEN 2 THEN 'target' ELSE m.kind::text END,
       to_char(m.old_due_at AT TIME ZONE 'Europe/Istanbul' - interval '1 microsecond',
               CASE m.kind WHEN 1 THEN 'YYYY-MM-DD' ELSE 'YYYY-MM-DD HH24:MI:SS' END),
       to_char(m.new_due_at AT TIME ZONE 'Europe/Istanbul' - interval '1 microsecond',
               CASE m.kind WHEN 1 THEN 'YYYY-MM-DD' ELSE 'YYYY-MM-DD HH24:MI:SS' END),
       c.reason, to_char(m.moved_at AT TIME ZONE 'Europe/Istanbul', 'YYYY-MM-DD"T"HH24:MI:SS"+03:00"')
  FROM router.deadline_move AS m
  JOIN router.calendar AS c ON c.version = m.calendar_version
  JOIN router.case AS k ON k.application_id = m.application_id
 WHERE m.calendar_version = $1::int
 ORDER BY k.number, m.kind
 LIMIT $2::bigint;

-- name: calendar_groups
-- out: of the open deadlines that follow the calendar (a term of law that stands does not), those that are due together:
--      clock, legal basis, first day, extended, due at, version, started at (of a target that does not end when offices close
--      or days end; else ""), count
SELECT c.kind, c.legal_basis, c.started_on - date '1970-01-01', c.extended,
       (extract(epoch FROM c.due_at) * 1000000)::bigint, c.calendar_version, s.at, count(*)
  FROM router.clock AS c
 CROSS JOIN LATERAL (SELECT CASE WHEN c.kind = 2 AND (c.due_at AT TIME ZONE 'Europe/Istanbul')::time
                                      NOT IN ('00:00', '12:30', '17:30')
                                 THEN (extract(epoch FROM c.started_at) * 1000000)::bigint END AS at) AS s
 WHERE c.kind = 2 OR (c.kind = 1 AND c.stopped_at IS NULL)
 GROUP BY c.kind, c.legal_basis, c.started_on, c.extended, c.due_at, c.calendar_version, s.at;

-- name: calendar_group_numbers
-- in:  $1 clock, $2 legal basis, $3 first day, $4 extended, $5 due at, $6 version, $7 started at ("": any), $8 limit
-- out: numbers
SELECT k.number
  FROM router.clock AS c
  JOIN router.case AS k ON k.application_id = c.application_id
 WHERE c.kind = $1::smallint AND c.legal_basis = $2::smallint AND c.started_on = date '1970-01-01' + $3::int
   AND c.extended = $4::bool AND c.due_at = timestamptz 'epoch' + $5::bigint * interval '1 microsecond'
   AND c.calendar_version = $6::int AND (c.kind = 2 OR c.stopped_at IS NULL)
   AND ($7::text = '' OR c.started_at = timestamptz 'epoch' + nullif($7::text, '')::bigint * interval '1 microsecond')
 ORDER BY k.number
 LIMIT $8::bigint;
