-- Letters that came back: events of stream "bounce", for the notifier.

-- name: bounces_append
-- in:  arrays of one length: $1 numbers of the applications, $2 event ids, $3 times, $4 events without their application id
-- out: seq of each; none for a number that is none of ours
-- Fields of a protobuf message may stand in any order: the application id (field 2, 16 bytes) comes last.
WITH known AS (
	SELECT b.event_id, x.id, b.at, b.payload || '\x1210'::bytea || uuid_send(x.id) AS payload, b.place
	  FROM unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::bytea[]) WITH ORDINALITY AS b(number, event_id, at, payload, place)
	  JOIN intake.application AS x ON x.number = b.number)
SELECT a.seq
  FROM (SELECT array_agg('bounce'::text) AS streams, array_agg(k.event_id ORDER BY k.place) AS event_ids,
               array_agg(k.id ORDER BY k.place) AS application_ids, array_agg('notice.returned'::text) AS kinds,
               array_agg(k.at ORDER BY k.place) AS times, array_agg(k.payload ORDER BY k.place) AS payloads
          FROM known AS k HAVING count(*) > 0) AS n,
       feed.append(n.streams, n.event_ids, n.application_ids, n.kinds, n.times, n.payloads) AS a;
