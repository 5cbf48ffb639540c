-- What the router says to the database about places (atlas.h).

-- name: places_mark
-- in:  $1 day
-- out: another text whenever another set of places is valid
SELECT format('%s:%s:%s:%s', a.count, a.changes, s.count, s.changes)
  FROM (SELECT count(*) AS count, coalesce(sum(change), 0) AS changes FROM router.area
         WHERE valid_from <= $1::date AND (valid_to IS NULL OR valid_to > $1::date)) AS a,
       (SELECT count(*) AS count, coalesce(sum(change), 0) AS changes FROM router.street
         WHERE valid_from <= $1::date AND (valid_to IS NULL OR valid_to > $1::date)) AS s;

-- name: places_areas
-- in:  $1 day
-- out: code, name, other names (joined by newlines), district, neighbourhood?, ordinary?, shape (NULL: none)
SELECT code, name_tr, array_to_string(names, E'\n'), district, kind = 'neighbourhood', ordinary, shape::text
  FROM router.area
 WHERE valid_from <= $1::date AND (valid_to IS NULL OR valid_to > $1::date)
 ORDER BY code COLLATE "C";

-- name: places_streets
-- in:  $1 day
-- out: name, owner, other names (joined by newlines), shape (NULL: none)
SELECT name_tr, owner, array_to_string(names, E'\n'), shape::text
  FROM router.street
 WHERE valid_from <= $1::date AND (valid_to IS NULL OR valid_to > $1::date)
 ORDER BY id;
