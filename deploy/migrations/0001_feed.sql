-- Roles, and the streams: append-only, dense, ordered by commit (README, decision 1).

DO $$
DECLARE
	service text;
BEGIN
	FOREACH service IN ARRAY ARRAY['intake', 'router', 'notifier', 'reporting'] LOOP
		BEGIN
			IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = service) THEN
				EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE', service);
			END IF;
		EXCEPTION WHEN duplicate_object OR unique_violation THEN
			NULL; -- another database of this cluster made it just now
		END;
	END LOOP;
END
$$;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;

CREATE SCHEMA feed;
GRANT USAGE ON SCHEMA feed TO intake, router, notifier, reporting;

-- Only a lock, never updated: an updated counter row rots under one long snapshot.
CREATE TABLE feed.stream (
	name text PRIMARY KEY CHECK (name ~ '^(intake|case|department/[A-Z0-9]{2,12})$'),
	writer text NOT NULL CHECK (writer IN ('intake', 'router'))
);
INSERT INTO feed.stream VALUES ('intake', 'intake'), ('case', 'router');
GRANT SELECT ON feed.stream TO intake, router;

CREATE TABLE feed.event (
	stream text NOT NULL,
	seq bigint NOT NULL CHECK (seq > 0),
	event_id uuid NOT NULL,
	application_id uuid NOT NULL,
	kind text NOT NULL,
	at timestamptz NOT NULL,
	payload bytea NOT NULL CHECK (length(payload) BETWEEN 1 AND 262144),
	PRIMARY KEY (stream, seq)
);
ALTER TABLE feed.event ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON feed.event TO intake, router;
CREATE POLICY intake_reads_its_own ON feed.event FOR SELECT TO intake USING (stream = 'intake');
CREATE POLICY router_reads_its_own ON feed.event FOR SELECT TO router USING (stream <> 'intake');

CREATE TABLE feed.cursor (
	consumer text NOT NULL,
	stream text NOT NULL,
	seq bigint NOT NULL DEFAULT 0 CHECK (seq >= 0),
	event_id uuid,
	at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (consumer, stream),
	CHECK ((seq = 0) = (event_id IS NULL))
) WITH (fillfactor = 10);
INSERT INTO feed.cursor (consumer, stream) VALUES
	('router', 'intake'), ('notifier', 'case'), ('reporting', 'intake'), ('reporting', 'case');
GRANT SELECT ON feed.cursor TO intake, router, notifier, reporting;

CREATE TABLE feed.parked (
	consumer text NOT NULL,
	stream text NOT NULL,
	seq bigint NOT NULL,
	event_id uuid NOT NULL,
	application_id uuid NOT NULL,
	reason text NOT NULL,
	payload bytea NOT NULL,
	parked_at timestamptz NOT NULL DEFAULT now(),
	released_at timestamptz,
	PRIMARY KEY (consumer, stream, seq)
);
ALTER TABLE feed.parked ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON feed.parked TO router, notifier, reporting;
CREATE POLICY a_consumer_reads_its_own ON feed.parked FOR SELECT USING (consumer = current_user);

-- Who may connect to a feed over TCP: CURVE public keys (Z85). Two of one name are valid during a rotation.
CREATE TABLE feed.peer (
	public_key text PRIMARY KEY CHECK (length(public_key) = 40),
	name text NOT NULL CHECK (name ~ '^(department/[A-Z0-9]{2,12}|service/[a-z]{2,20})$'),
	created_at timestamptz NOT NULL DEFAULT now(),
	revoked_at timestamptz
);
GRANT SELECT ON feed.peer TO intake, router;

CREATE TABLE feed.proof (
	role text PRIMARY KEY,
	at timestamptz NOT NULL
);

CREATE TABLE feed.erasure (
	stream text NOT NULL,
	seq bigint NOT NULL,
	event_id uuid NOT NULL,
	reason text NOT NULL,
	erased_at timestamptz NOT NULL DEFAULT now(),
	erased_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (stream, seq)
);

-- Appends in the order given. First the locks, by name; then, in a statement of its own whose snapshot is
-- newer than the locks, the events. The locks are held until the commit is durable. Who waits 2 s for a
-- stream gives up (55P03), so that it can look for a frozen writer.
CREATE FUNCTION feed.append(p_streams text[], p_events uuid[], p_applications uuid[], p_kinds text[],
	p_times timestamptz[], p_payloads bytea[])
RETURNS TABLE (stream text, seq bigint, event_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, feed SET lock_timeout = '2s' AS $$
#variable_conflict use_column
DECLARE
	names text[];
	locked int;
BEGIN
	IF coalesce(cardinality(p_streams), 0) = 0 THEN
		RETURN;
	END IF;
	SELECT array_agg(DISTINCT n.name) INTO names FROM unnest(p_streams) AS n(name);
	PERFORM s.name FROM feed.stream AS s
	  WHERE s.name = ANY (names) AND s.writer = session_user ORDER BY s.name FOR UPDATE;
	GET DIAGNOSTICS locked = ROW_COUNT;
	IF locked <> cardinality(names) THEN
		RAISE EXCEPTION 'a stream does not exist or is not written by "%"', session_user USING ERRCODE = 'KF002';
	END IF;
	RETURN QUERY
	WITH head AS MATERIALIZED (
		SELECT s.name, coalesce((SELECT x.seq FROM feed.event AS x WHERE x.stream = s.name
		                          ORDER BY x.seq DESC LIMIT 1), 0) AS seq
		  FROM unnest(names) AS s(name))
	INSERT INTO feed.event AS e (stream, seq, event_id, application_id, kind, at, payload)
	SELECT n.stream, h.seq + row_number() OVER (PARTITION BY n.stream ORDER BY n.place),
	       n.event_id, n.application_id, n.kind, n.at, n.payload
	  FROM unnest(p_streams, p_events, p_applications, p_kinds, p_times, p_payloads) WITH ORDINALITY
	         AS n(stream, event_id, application_id, kind, at, payload, place)
	  JOIN head AS h ON h.name = n.stream
	 ORDER BY n.place
	RETURNING e.stream, e.seq, e.event_id;
END
$$;

CREATE FUNCTION feed.advance(p_consumer text, p_stream text, p_old bigint, p_new bigint, p_event uuid)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, feed SET lock_timeout = '2s' AS $$
BEGIN
	UPDATE feed.cursor AS c SET seq = p_new, event_id = p_event, at = now()
	 WHERE c.consumer = p_consumer AND c.stream = p_stream AND c.seq = p_old
	   AND p_new > p_old AND p_consumer = session_user;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'cursor of "%" on "%" is not at %', p_consumer, p_stream, p_old USING ERRCODE = 'KF001';
	END IF;
END
$$;

CREATE FUNCTION feed.park(p_consumer text, p_stream text, p_seq bigint, p_event uuid, p_application uuid,
	p_reason text, p_payload bytea)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, feed AS $$
BEGIN
	IF p_consumer <> session_user THEN
		RAISE EXCEPTION 'only "%" parks its own events', p_consumer USING ERRCODE = 'KF002';
	END IF;
	INSERT INTO feed.parked (consumer, stream, seq, event_id, application_id, reason, payload)
	VALUES (p_consumer, p_stream, p_seq, p_event, p_application, left(p_reason, 1000), p_payload);
END
$$;

CREATE FUNCTION feed.prove() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, feed AS $$
	INSERT INTO feed.proof AS p (role, at) VALUES (session_user, clock_timestamp())
	ON CONFLICT (role) DO UPDATE SET at = EXCLUDED.at
$$;

-- A session of our own role that holds a stream or a cursor and has waited for its client for more than 2 s
-- is frozen or gone: it is ended. Never one that waits for a standby (that is no wait for a client).
CREATE FUNCTION feed.release_frozen() RETURNS bigint
LANGUAGE sql SET search_path = pg_catalog AS $$
	SELECT count(*) FILTER (WHERE pg_terminate_backend(a.pid))
	  FROM pg_stat_activity AS a
	 WHERE a.usename = session_user AND a.pid <> pg_backend_pid() AND a.datname = current_database()
	   AND a.wait_event_type = 'Client' AND a.xact_start < clock_timestamp() - interval '2 seconds'
	   AND a.state_change < clock_timestamp() - interval '2 seconds'
	   AND EXISTS (SELECT FROM pg_locks AS l WHERE l.pid = a.pid AND l.granted
	                AND ((l.relation = 'feed.stream'::regclass AND l.mode = 'RowShareLock')
	                     OR (l.relation = 'feed.cursor'::regclass AND l.mode = 'RowExclusiveLock')))
$$;

-- The only change that a stored event ever sees. The payload is a packed Event whose body is Erased. What
-- was parked of it goes too, with its reason, which may quote it.
CREATE FUNCTION feed.erase(p_stream text, p_seq bigint, p_payload bytea, p_reason text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, feed AS $$
BEGIN
	INSERT INTO feed.erasure (stream, seq, event_id, reason)
	SELECT e.stream, e.seq, e.event_id, p_reason FROM feed.event AS e WHERE e.stream = p_stream AND e.seq = p_seq;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'stream "%" has no event %', p_stream, p_seq USING ERRCODE = 'KF003';
	END IF;
	UPDATE feed.event AS e SET payload = p_payload, kind = 'erased' WHERE e.stream = p_stream AND e.seq = p_seq;
	UPDATE feed.parked AS k SET payload = p_payload, reason = 'erased' WHERE k.stream = p_stream AND k.seq = p_seq;
END
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA feed FROM PUBLIC;
GRANT EXECUTE ON FUNCTION feed.append(text[], uuid[], uuid[], text[], timestamptz[], bytea[]) TO intake, router;
GRANT EXECUTE ON FUNCTION feed.release_frozen() TO intake, router, notifier, reporting;
GRANT EXECUTE ON FUNCTION feed.prove() TO intake, router;
GRANT EXECUTE ON FUNCTION feed.advance(text, text, bigint, bigint, uuid) TO router, notifier, reporting;
GRANT EXECUTE ON FUNCTION feed.park(text, text, bigint, uuid, uuid, text, bytea) TO router, notifier, reporting;
