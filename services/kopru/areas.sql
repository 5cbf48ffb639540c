-- Statements of `kopru places' and of the places of `kopru demo', as the owner of the database; asked one by one, with text
-- parameters (common/db/script.h). "" stands for nothing. Places come as a JSON array of objects with kind, code, name,
-- names, district, owner, source, ordinary and shape.

-- name: places_owners_unknown
-- in:  $1 places
-- out: owners of streets that are no unit of today
SELECT DISTINCT w.owner FROM jsonb_to_recordset($1::jsonb) AS w(kind text, owner text)
 WHERE w.kind = 'street' AND NOT EXISTS (SELECT FROM router.departments_on(current_date) AS d WHERE d.code = w.owner)
 ORDER BY 1;

-- name: places_of_another_kind
-- in:  $1 places
-- out: code, kind that it is
SELECT a.code, a.kind FROM jsonb_to_recordset($1::jsonb) AS w(kind text, code text)
  JOIN router.area AS a ON a.code = w.code AND a.kind <> w.kind
 WHERE w.kind <> 'street'
 ORDER BY a.code;

-- name: places_save
-- in:  $1 places, $2 day ("": streets that are not among them stay, else they end on it), $3 "new": what is there stays as
--      it is, and streets come only when there are none
-- out: new or changed areas, new or changed streets, streets that end; all or nothing
-- Pieces of a street become one line. What an area has and a new row does not (names, a shape) stays.
WITH wanted AS (
	SELECT * FROM jsonb_to_recordset($1::jsonb)
	           AS w(kind text, code text, name text, names text[], district text, owner text, source text, ordinary bool,
	                shape jsonb)),
areas AS (
	INSERT INTO router.area AS a (code, kind, name_tr, names, district, ordinary, shape, source)
	SELECT w.code, w.kind, w.name, w.names, w.district, w.ordinary, w.shape, w.source FROM wanted AS w WHERE w.kind <> 'street'
	ON CONFLICT (code) DO UPDATE
	  SET name_tr = EXCLUDED.name_tr, district = EXCLUDED.district, source = EXCLUDED.source, valid_to = NULL,
	      names = CASE WHEN EXCLUDED.names = '{}' THEN a.names ELSE EXCLUDED.names END,
	      ordinary = a.ordinary OR EXCLUDED.ordinary, shape = coalesce(EXCLUDED.shape, a.shape),
	      change = nextval('router.place_change')
	  WHERE $3::text = ''
	    AND (a.name_tr, a.district, a.source, a.names, a.ordinary, a.shape, a.valid_to)
	        IS DISTINCT FROM (EXCLUDED.name_tr, EXCLUDED.district, EXCLUDED.source,
	                          CASE WHEN EXCLUDED.names = '{}' THEN a.names ELSE EXCLUDED.names END,
	                          a.ordinary OR EXCLUDED.ordinary, coalesce(EXCLUDED.shape, a.shape), NULL::date)
	RETURNING code),
pieces AS (
	SELECT w.name, w.owner, CASE w.shape->>'type' WHEN 'LineString' THEN jsonb_build_array(w.shape->'coordinates')
	                                              ELSE w.shape->'coordinates' END AS lines
	  FROM wanted AS w WHERE w.kind = 'street' AND w.shape IS NOT NULL),
streets AS (
	SELECT w.name, w.owner, max(w.source) AS source,
	       coalesce((SELECT array_agg(DISTINCT o.name) FROM wanted AS v, unnest(v.names) AS o(name)
	                  WHERE v.kind = 'street' AND (v.name, v.owner) = (w.name, w.owner)), '{}') AS names,
	       (SELECT jsonb_build_object('type', 'MultiLineString', 'coordinates', jsonb_agg(l.line))
	          FROM pieces AS p, jsonb_array_elements(p.lines) AS l(line)
	         WHERE (p.name, p.owner) = (w.name, w.owner) HAVING count(*) > 0) AS shape
	  FROM wanted AS w WHERE w.kind = 'street' GROUP BY w.name, w.owner),
changed AS (
	UPDATE router.street AS s
	   SET names = w.names, shape = w.shape, source = w.source, change = nextval('router.place_change')
	  FROM streets AS w
	 WHERE $3::text = '' AND s.valid_to IS NULL AND (s.name_tr, s.owner) = (w.name, w.owner)
	   AND (s.names, s.shape, s.source) IS DISTINCT FROM (w.names, w.shape, w.source)
	RETURNING s.id),
added AS (
	INSERT INTO router.street (name_tr, names, owner, shape, source)
	SELECT w.name, w.names, w.owner, w.shape, w.source FROM streets AS w
	 WHERE CASE WHEN $3::text = '' THEN NOT EXISTS (SELECT FROM router.street AS s WHERE s.valid_to IS NULL
	                                                   AND (s.name_tr, s.owner) = (w.name, w.owner))
	            ELSE NOT EXISTS (SELECT FROM router.street) END
	RETURNING id),
ended AS (
	UPDATE router.street AS s SET valid_to = nullif($2::text, '')::date, change = nextval('router.place_change')
	 WHERE $2::text <> '' AND s.valid_to IS NULL AND EXISTS (SELECT FROM streets)
	   AND NOT EXISTS (SELECT FROM streets AS w WHERE (s.name_tr, s.owner) = (w.name, w.owner))
	RETURNING id)
SELECT (SELECT count(*) FROM areas), (SELECT count(*) FROM changed) + (SELECT count(*) FROM added),
       (SELECT count(*) FROM ended);

-- name: institutions_save
-- in:  $1 a JSON array of objects with code, phone, letter
-- out: code of each unit that had neither and has them now
UPDATE router.department AS d SET phone = w.phone, letter_tr = w.letter
  FROM jsonb_to_recordset($1::jsonb) AS w(code text, phone text, letter text)
 WHERE d.code = w.code AND d.phone = '' AND d.letter_tr = '' AND (w.phone <> '' OR w.letter <> '')
RETURNING d.code;

-- name: places_list
-- in:  $1 kind or "", $2 day or "" (today)
-- out: kind, code (of a street its number), name, other names, district, owner, "yes" with a shape, from, to, source
SELECT a.kind, a.code, a.name_tr, array_to_string(a.names, ', '), a.district, NULL, CASE WHEN a.shape IS NOT NULL THEN 'yes' END,
       a.valid_from, a.valid_to, a.source
  FROM router.area AS a, (SELECT coalesce(nullif($2::text, '')::date, current_date) AS day) AS t
 WHERE ($1::text = '' OR a.kind = $1::text) AND a.valid_from <= t.day AND (a.valid_to IS NULL OR a.valid_to > t.day)
UNION ALL
SELECT 'street', s.id::text, s.name_tr, array_to_string(s.names, ', '), NULL, s.owner, CASE WHEN s.shape IS NOT NULL THEN 'yes' END,
       s.valid_from, s.valid_to, s.source
  FROM router.street AS s, (SELECT coalesce(nullif($2::text, '')::date, current_date) AS day) AS t
 WHERE ($1::text = '' OR $1::text = 'street') AND s.valid_from <= t.day AND (s.valid_to IS NULL OR s.valid_to > t.day)
 ORDER BY 1, 5 NULLS FIRST, 2;

-- name: places_areas
-- in:  $1 day
-- out: code, kind, name, other names (joined by newlines), district, "yes" when ordinary, shape
SELECT a.code, a.kind, a.name_tr, array_to_string(a.names, E'\n'), a.district, CASE WHEN a.ordinary THEN 'yes' END, a.shape
  FROM router.area AS a
 WHERE a.valid_from <= $1::date AND (a.valid_to IS NULL OR a.valid_to > $1::date);

-- name: places_streets
-- in:  $1 day
-- out: name, owner, other names (joined by newlines), shape
SELECT s.name_tr, s.owner, array_to_string(s.names, E'\n'), s.shape
  FROM router.street AS s
 WHERE s.valid_from <= $1::date AND (s.valid_to IS NULL OR s.valid_to > $1::date)
 ORDER BY s.id;

-- name: place_rules
-- in:  $1 code of an area
-- out: codes of the rules that are in force and name it
SELECT r.code FROM router.rule AS r JOIN router.rules AS v ON v.version = r.version AND v.state = 'active'
 WHERE r.conditions->'areas' ? $1::text OR r.conditions->'neighbourhoods' ? $1::text
 ORDER BY r.code;

-- name: place_retire
-- in:  $1 code of an area, or number of a street, $2 day
-- out: name; no row when there is none that is in force on the day before
WITH area AS (
	UPDATE router.area SET valid_to = $2::date, change = nextval('router.place_change')
	 WHERE code = $1::text AND valid_from < $2::date AND (valid_to IS NULL OR valid_to > $2::date) RETURNING name_tr),
street AS (
	UPDATE router.street SET valid_to = $2::date, change = nextval('router.place_change')
	 WHERE id::text = $1::text AND valid_from < $2::date AND (valid_to IS NULL OR valid_to > $2::date) RETURNING name_tr)
SELECT name_tr FROM area UNION ALL SELECT name_tr FROM street;
