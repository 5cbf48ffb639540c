-- What the router says to the database about learning (learning.h).

-- name: examples_put
-- in:  $1 application ids, $2 sources, $3 topics, $4 what the decisions had said, $5 model versions (arrays of one length)
-- The last word counts; that a decision was kept is only said where nobody has said anything.
INSERT INTO router.example AS x (application_id, source, topic, said, model_version)
SELECT n.application_id, n.source, n.topic, n.said, n.model_version
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::int[])
         AS n(application_id, source, topic, said, model_version)
 ORDER BY n.application_id
ON CONFLICT (application_id) WHERE application_id IS NOT NULL DO UPDATE
   SET source = EXCLUDED.source, topic = EXCLUDED.topic, said = EXCLUDED.said, model_version = EXCLUDED.model_version,
       made_at = now()
 WHERE EXCLUDED.source <> 'kept';
