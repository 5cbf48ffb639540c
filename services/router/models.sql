-- What the router says to the database about models (models.h).

-- name: model_active
-- in:  $1 version that is in force, 0: none
-- out: version, name, size of its bytes, all topics that there ever were, one a line (only when it is another version)
SELECT m.version, m.name, length(m.bytes),
       CASE WHEN m.version <> $1::int
            THEN (SELECT coalesce(string_agg(t.code, E'\n' ORDER BY t.code COLLATE "C"), '') FROM router.topic AS t) END
  FROM router.model AS m WHERE m.state = 'active';

-- name: model_piece
-- in:  $1 version, $2 place of its first byte, from 1, $3 how many
-- out: bytes
SELECT substring(m.bytes FROM $2::int FOR $3::int) FROM router.model AS m WHERE m.version = $1::int;
