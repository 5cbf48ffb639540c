-- What intake asks about the calendar, which router owns: to tell the date that holds now.

-- name: holidays_newest
-- in:  $1 the version that is known
-- out: the newest version; no row when it is the known one, or there is none
SELECT max(c.version) FROM router.calendar AS c HAVING max(c.version) <> $1::int;

-- name: holidays_days
-- in:  $1 the version that is known
-- out: day, kind, of the newest version; no row when it is the known one
SELECT d.day, d.kind FROM router.calendar_day AS d
 WHERE d.version_to IS NULL AND (SELECT max(c.version) FROM router.calendar AS c) <> $1::int;
