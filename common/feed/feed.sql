-- Statements of streams and cursors, shared by all services (prepared on each connection that uses them).

-- name: feed_cursor
-- in:  $1 consumer, $2 stream
-- out: seq, event id (NULL at 0)
SELECT seq, event_id FROM feed.cursor WHERE consumer = $1::text AND stream = $2::text;

-- name: feed_advance
-- in:  $1 consumer, $2 stream, $3 old seq, $4 new seq, $5 event id at new seq
-- raises KF001 when the cursor is not at the old seq: always the first statement of a consuming transaction
SELECT feed.advance($1::text, $2::text, $3::bigint, $4::bigint, $5::uuid);

-- name: feed_append
-- in:  $1 streams, $2 event ids, $3 application ids, $4 kinds, $5 times, $6 payloads (arrays of one length, in order)
-- out: stream, seq, event id, in the order given
SELECT a.stream, a.seq, a.event_id
  FROM feed.append($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::bytea[]) AS a;

-- name: feed_read
-- in:  $1 stream, $2 after seq, $3 limit, $4 most bytes together (the first row always comes)
-- out: seq, event id, payload
SELECT r.seq, r.event_id, r.payload
  FROM (SELECT e.seq, e.event_id, e.payload, sum(length(e.payload)) OVER (ORDER BY e.seq) AS total
          FROM (SELECT seq, event_id, payload FROM feed.event
                 WHERE stream = $1::text AND seq > $2::bigint ORDER BY seq LIMIT $3::bigint) AS e) AS r
 WHERE r.total <= $4::bigint OR r.seq = $2::bigint + 1
 ORDER BY r.seq;

-- name: feed_head
-- in:  $1 stream, $2 seq
-- out: head (0 when empty), id of the event at $2 (NULL when there is none)
SELECT coalesce((SELECT seq FROM feed.event WHERE stream = $1::text ORDER BY seq DESC LIMIT 1), 0),
       (SELECT event_id FROM feed.event WHERE stream = $1::text AND seq = $2::bigint);

-- name: feed_prove
-- One durable write of our own, before anything is published on a new session.
SELECT feed.prove();

-- name: feed_prove_read
-- in:  $1 stream, $2 after seq
-- After feed_read, in its transaction: if there was anything to read, the commit waits for the standby, and what was read is
-- as durable as that commit. Another session's event can be seen though its wait for the standby was cancelled.
SELECT pg_logical_emit_message(true, 'kopru', '')::text
 WHERE EXISTS (SELECT FROM feed.event WHERE stream = $1::text AND seq > $2::bigint);

-- name: feed_prove_seen
-- The same for rows of any kind, before somebody is told that what he asks for was done long ago.
SELECT pg_logical_emit_message(true, 'kopru', '')::text;

-- name: feed_release_frozen
-- out: how many frozen writers of our own role were ended
SELECT feed.release_frozen();

-- name: feed_peers
-- out: public key (Z85), name
SELECT public_key, name FROM feed.peer WHERE revoked_at IS NULL ORDER BY created_at LIMIT 10000;

-- name: feed_clock
-- out: microseconds since 1970, now
SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;

-- name: feed_park
-- in:  $1 consumer, $2 stream, $3 seq, $4 event id, $5 application id, $6 reason, $7 payload
SELECT feed.park($1::text, $2::text, $3::bigint, $4::uuid, $5::uuid, $6::text, $7::bytea);

-- name: feed_parked
-- in:  $1 consumer, $2 stream
-- out: application ids that have parked events
SELECT DISTINCT application_id FROM feed.parked
 WHERE consumer = $1::text AND stream = $2::text AND released_at IS NULL LIMIT 100000;

-- name: feed_wanted
-- in:  $1 consumer, $2 stream, $3 limit, $4 most bytes together (the first row always comes)
-- out: seq, event id, payload, in order of seq: parked events that the operator wants digested again and that wait for
--      nothing earlier of their application
SELECT w.seq, w.event_id, w.payload FROM feed.wanted($1::text, $2::text, $3::bigint, $4::bigint) AS w;

-- name: feed_release
-- in:  $1 consumer, $2 stream, $3 seqs, $4 their bytes (arrays of one length)
-- raises KF001 when they are not there to be released: always the first statement of a transaction that releases
SELECT feed.release($1::text, $2::text, $3::bigint[], $4::bytea[]);

-- name: feed_park_again
-- in:  $1 consumer, $2 stream, $3 seq, $4 reason
SELECT feed.park_again($1::text, $2::text, $3::bigint, $4::text);

-- name: feed_parked_still
-- in:  $1 consumer, $2 stream, $3 application ids
-- out: those of them that still have parked events
SELECT DISTINCT application_id FROM feed.parked
 WHERE consumer = $1::text AND stream = $2::text AND released_at IS NULL AND application_id = ANY ($3::uuid[]);
