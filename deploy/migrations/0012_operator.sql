-- What the operator and holders of API keys may do.

-- A key with the right "cases" commands in a role; officers and managers do so for a department.
ALTER TABLE auth.api_key
	ADD role text CHECK (role IN ('clerk', 'officer', 'manager', 'arbiter')),
	ADD department text CHECK (department ~ '^[A-Z0-9]{2,12}$'),
	DROP CONSTRAINT api_key_rights_check,
	ADD CONSTRAINT api_key_rights_check CHECK (rights <@ ARRAY['applications', 'reports', 'cases']),
	ADD CONSTRAINT api_key_cases CHECK (('cases' = ANY (rights)) = (role IS NOT NULL)),
	ADD CONSTRAINT api_key_department_of_role
		CHECK ((department IS NOT NULL) = (coalesce(role, '') IN ('officer', 'manager')));

-- Whoever entered it knows that the address is the applicant's.
ALTER TABLE intake.application
	ADD email_verified boolean NOT NULL DEFAULT false CHECK (applicant_email IS NOT NULL OR NOT email_verified);

-- == The operator's command ==

-- Releasing parked events (common/feed/turns_released.c). The operator's wish is a time; the consumer then digests the
-- application's parked events again, in order of seq. An event may go when nothing earlier of its application (same
-- consumer, same stream) lies there without the wish. Bytes that nobody can read have the nil UUID: they are nobody's.
-- (consumer || '' below: what is earlier of an application is found by the application's index. A plan that was made while
-- the table was small would take the primary key, and read all that a consumer parked for each event.)
ALTER TABLE feed.parked ADD COLUMN wanted_at timestamptz, ADD COLUMN failures int NOT NULL DEFAULT 0;
CREATE INDEX parked_wanted ON feed.parked (consumer, stream, seq) WHERE released_at IS NULL AND wanted_at IS NOT NULL;
CREATE INDEX parked_waiting ON feed.parked (application_id, consumer, stream, seq) WHERE released_at IS NULL;

-- As before. But an event that is parked only because something earlier of its application is takes over the wish, or has
-- one of its own when what it waited for has gone meanwhile: a second instance may not know yet. (Both this and the
-- operator hold the cursor's row, so no wish is missed.)
CREATE OR REPLACE FUNCTION feed.park(p_consumer text, p_stream text, p_seq bigint, p_event uuid, p_application uuid,
	p_reason text, p_payload bytea)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, feed AS $$
BEGIN
	IF p_consumer <> session_user THEN
		RAISE EXCEPTION 'only "%" parks its own events', p_consumer USING ERRCODE = 'KF002';
	END IF;
	INSERT INTO feed.parked (consumer, stream, seq, event_id, application_id, reason, payload, wanted_at)
	SELECT p_consumer, p_stream, p_seq, p_event, p_application, left(p_reason, 1000), p_payload,
	       CASE WHEN p_reason = 'waits for a parked event of its application'
	             AND NOT EXISTS (SELECT FROM feed.parked AS k
	                              WHERE k.application_id = p_application AND k.consumer || '' = p_consumer
	                                AND k.stream || '' = p_stream AND k.seq < p_seq AND k.released_at IS NULL AND k.wanted_at IS NULL)
	            THEN now() END;
END
$$;

-- What may go now, in order of seq: at most so many events, of at most so many bytes together (but one always).
CREATE FUNCTION feed.wanted(p_consumer text, p_stream text, p_limit bigint, p_bytes bigint)
RETURNS TABLE (seq bigint, event_id uuid, payload bytea)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, feed AS $$
#variable_conflict use_column
BEGIN
	IF p_consumer <> session_user THEN
		RAISE EXCEPTION 'only "%" reads what it parked', p_consumer USING ERRCODE = 'KF002';
	END IF;
	RETURN QUERY
	SELECT r.seq, r.event_id, r.payload
	  FROM (SELECT k.seq, k.event_id, k.payload, sum(length(k.payload)) OVER (ORDER BY k.seq) AS total,
	               row_number() OVER (ORDER BY k.seq) AS place
	          FROM (SELECT w.seq, w.event_id, w.payload
	                  FROM feed.parked AS w
	                 WHERE w.consumer = p_consumer AND w.stream = p_stream AND w.released_at IS NULL AND w.wanted_at IS NOT NULL
	                   AND NOT EXISTS (SELECT FROM feed.parked AS b
	                                    WHERE b.application_id = w.application_id AND b.consumer || '' = p_consumer
	                                      AND b.stream || '' = p_stream AND b.seq < w.seq
	                                      AND b.released_at IS NULL AND b.wanted_at IS NULL
	                                      AND b.application_id <> '00000000-0000-0000-0000-000000000000')
	                 ORDER BY w.seq LIMIT p_limit) AS k) AS r
	 WHERE r.total <= p_bytes OR r.place = 1
	 ORDER BY r.seq;
END
$$;

-- The first call of a transaction that digests parked events again, in the place of feed.advance. Raises when one of them
-- is no longer there to be released (another instance did it), was erased meanwhile (other bytes), or when something
-- earlier of its application lies there and does not go with it.
CREATE FUNCTION feed.release(p_consumer text, p_stream text, p_seqs bigint[], p_payloads bytea[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, feed SET lock_timeout = '2s' AS $$
DECLARE
	released int;
BEGIN
	PERFORM FROM feed.parked AS k
	  WHERE k.consumer = p_consumer AND k.stream = p_stream AND k.seq = ANY (p_seqs) ORDER BY k.seq FOR UPDATE;
	UPDATE feed.parked AS k SET released_at = now()
	  FROM unnest(p_seqs, p_payloads) AS n(seq, payload)
	 WHERE k.consumer = p_consumer AND k.stream = p_stream AND k.seq = n.seq AND k.payload = n.payload
	   AND p_consumer = session_user AND k.released_at IS NULL AND k.wanted_at IS NOT NULL
	   AND NOT EXISTS (SELECT FROM feed.parked AS b
	                    WHERE b.application_id = k.application_id AND b.consumer || '' = p_consumer AND b.stream || '' = p_stream
	                      AND b.seq < k.seq AND b.released_at IS NULL AND b.seq <> ALL (p_seqs)
	                      AND b.application_id <> '00000000-0000-0000-0000-000000000000');
	GET DIAGNOSTICS released = ROW_COUNT;
	IF released <> cardinality(p_seqs) THEN
		RAISE EXCEPTION 'parked events of "%" on "%" are not there to be released', p_consumer, p_stream
			USING ERRCODE = 'KF001';
	END IF;
END
$$;

-- It failed again, for this reason.
CREATE FUNCTION feed.park_again(p_consumer text, p_stream text, p_seq bigint, p_reason text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, feed SET lock_timeout = '2s' AS $$
BEGIN
	UPDATE feed.parked AS k SET wanted_at = NULL, failures = k.failures + 1, reason = left(p_reason, 1000)
	 WHERE k.consumer = p_consumer AND k.stream = p_stream AND k.seq = p_seq AND p_consumer = session_user
	   AND k.released_at IS NULL AND k.wanted_at IS NOT NULL;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'event % of "%" is not there to be parked again by "%"', p_seq, p_stream, p_consumer
			USING ERRCODE = 'KF001';
	END IF;
END
$$;
REVOKE ALL ON FUNCTION feed.wanted(text, text, bigint, bigint), feed.release(text, text, bigint[], bytea[]),
	feed.park_again(text, text, bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION feed.wanted(text, text, bigint, bigint), feed.release(text, text, bigint[], bytea[]),
	feed.park_again(text, text, bigint, text) TO router, notifier, reporting;

-- The operator's wish: one event with all that is parked of its application on that stream, or all of an application, or
-- all of a consumer. The cursor's row keeps whoever parks just now out until the wish is committed.
CREATE FUNCTION feed.want(p_consumer text, p_stream text, p_seq bigint, p_application uuid)
RETURNS TABLE (consumer text, stream text, seq bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, feed SET lock_timeout = '5s' AS $$
#variable_conflict use_column
DECLARE
	nobody CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
	wanted uuid := p_application;
BEGIN
	IF p_seq IS NOT NULL THEN
		SELECT k.application_id INTO wanted FROM feed.parked AS k
		 WHERE k.consumer = p_consumer AND k.stream = p_stream AND k.seq = p_seq AND k.released_at IS NULL;
		IF NOT FOUND THEN
			RETURN;
		END IF;
	END IF;
	PERFORM FROM feed.cursor AS c
	  WHERE (p_consumer IS NULL OR c.consumer = p_consumer) AND (p_stream IS NULL OR c.stream = p_stream)
	  ORDER BY c.consumer, c.stream FOR UPDATE;
	RETURN QUERY
	UPDATE feed.parked AS k SET wanted_at = now()
	 WHERE k.released_at IS NULL AND (p_consumer IS NULL OR k.consumer = p_consumer)
	   AND (p_stream IS NULL OR k.stream = p_stream)
	   AND (wanted IS NULL OR k.application_id = wanted)
	   AND (wanted IS DISTINCT FROM nobody OR p_seq IS NULL OR k.seq = p_seq)
	RETURNING k.consumer, k.stream, k.seq;
END
$$;
REVOKE ALL ON FUNCTION feed.want(text, text, bigint, uuid) FROM PUBLIC;
