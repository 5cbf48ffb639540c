-- Figures of channels, and which of them there are.

-- name: sources_tell
-- in:  $1 names of the sources that are configured
WITH gone AS (DELETE FROM intake.source AS s WHERE s.name <> ALL ($1::text[]))
INSERT INTO intake.source AS s (name) SELECT n FROM unnest($1::text[]) AS n
    ON CONFLICT (name) DO UPDATE SET configured_at = clock_timestamp();

-- name: backlog_read
-- out: channel ("draft": drafts that are due; "told": senders of whom nobody knows whether they were told), how many wait, age of the
--      oldest in seconds, how many lie in triage
-- A look for each state: both at once match neither of the two small indexes.
SELECT split_part(i.source, '/', 1), count(*), coalesce(extract(epoch FROM clock_timestamp() - min(i.received_at)), 0)::bigint, 0
  FROM intake.inbound AS i WHERE i.state = 'stored' GROUP BY 1
UNION ALL
SELECT split_part(i.source, '/', 1), 0, 0, count(*) FROM intake.inbound AS i WHERE i.state = 'triage' GROUP BY 1
UNION ALL
SELECT 'draft', count(*), coalesce(extract(epoch FROM clock_timestamp() - min(d.next_at)), 0)::bigint, 0
  FROM intake.draft AS d WHERE d.state <> 'done' AND d.next_at < clock_timestamp()
UNION ALL
SELECT 'told', count(*), 0, 0 FROM intake.draft AS d WHERE d.told = 'unknown';
