-- What arrives: stored, and looked up when it was there already.

-- name: inbound_insert
-- in:  arrays of one length, sorted by source and source id: $1 sources, $2 source ids, $3 content types, $4 raw, $5 SHA-256 of
--      files, $6 sizes, $7 states, $8 verdicts
-- out: place (from 1), id of each that was not there; the same twice in the arrays: both places, one id
WITH stored AS (
	INSERT INTO intake.inbound (source, source_id, content_type, raw, raw_file, raw_size, state, verdict, digested_at)
	SELECT n.source, n.source_id, n.content_type, n.raw, n.raw_file, n.raw_size, n.state, n.verdict,
	       CASE WHEN n.state <> 'stored' THEN clock_timestamp() END
	  FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::bytea[], $6::bigint[], $7::text[], $8::text[])
	           AS n(source, source_id, content_type, raw, raw_file, raw_size, state, verdict)
	    ON CONFLICT (source, source_id) DO NOTHING
	RETURNING id, source, source_id)
SELECT n.place::int, s.id
  FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS n(source, source_id, place)
  JOIN stored AS s ON s.source = n.source AND s.source_id = n.source_id;

-- name: inbound_by_source_id
-- in:  arrays of one length: $1 sources, $2 source ids
-- out: place (from 1), id
SELECT n.place::int, i.id
  FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS n(source, source_id, place)
  JOIN intake.inbound AS i ON i.source = n.source AND i.source_id = n.source_id;

-- name: channel_error_store
-- in:  $1 source, $2 error
INSERT INTO intake.channel_error AS c (source, error) VALUES ($1::text, $2::text)
    ON CONFLICT (source) DO UPDATE SET error = excluded.error, at = clock_timestamp();
