-- What the router says to the database about its rules (rulesets.h).

-- name: rules_active
-- in:  $1 version that is in force, 0: none
-- out: version of the active set, code, valid from, valid to, conditions, outcome; all rules when it is another version; one
--      row without a code when it is the same, or has none; no row when none is active
SELECT r.version, x.code, x.valid_from, x.valid_to, x.conditions::text, x.outcome::text
  FROM router.rules AS r
  LEFT JOIN router.rule AS x ON x.version = r.version AND r.version <> $1::int
 WHERE r.state = 'active'
 ORDER BY x.code COLLATE "C";
