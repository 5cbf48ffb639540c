-- The read side. It can be dropped and rebuilt from the streams; each row is made by whichever event comes first.
CREATE SCHEMA reporting;
GRANT USAGE ON SCHEMA reporting TO reporting;

CREATE TABLE reporting.application (
	application_id uuid PRIMARY KEY,
	number text NOT NULL,
	kind smallint NOT NULL,
	channel smallint NOT NULL,
	received_at timestamptz NOT NULL,
	received_on date NOT NULL, -- in Europe/Istanbul
	due_on date NOT NULL,
	subject text,
	body text,
	neighbourhood text,
	access_code_hash bytea, -- from the intake event; NULL until it has come
	version int NOT NULL DEFAULT 1, -- of the last event seen; it only moves forward
	state smallint NOT NULL,
	department text, -- NULL until routed
	department_name text,
	topic text, -- NULL until routed, and in triage
	topic_name text,
	triage boolean NOT NULL DEFAULT false,
	erased boolean NOT NULL DEFAULT false,
	changed_at timestamptz NOT NULL -- time of the event that gave the version
);
-- Not unique: intake sees to that, and two instances that make one row at once would meet here instead of in the key
-- that their ON CONFLICT names.
CREATE INDEX application_number ON reporting.application (number);
CREATE INDEX application_received_on ON reporting.application (received_on);
GRANT SELECT, INSERT, UPDATE ON reporting.application TO reporting;

-- What was erased stays erased, even when an older event of the other stream comes later.
CREATE TABLE reporting.erasure (
	application_id uuid PRIMARY KEY,
	at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT, INSERT ON reporting.erasure TO reporting;

-- Effects and cursor are lost together or not at all, and what is lost is read from the streams again: the read side
-- waits for no disk. (Every other role keeps the server's setting: their word is final.)
ALTER ROLE reporting SET synchronous_commit = off;
