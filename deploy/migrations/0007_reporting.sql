-- The read side. It can be dropped and rebuilt from the streams; each row is made by whichever event comes first.
CREATE SCHEMA reporting;
GRANT USAGE ON SCHEMA reporting TO reporting;

CREATE TABLE reporting.application (
	application_id uuid PRIMARY KEY,
	number text NOT NULL UNIQUE,
	kind smallint NOT NULL,
	channel smallint NOT NULL,
	received_at timestamptz NOT NULL,
	received_on date NOT NULL, -- in Europe/Istanbul
	due_on date NOT NULL,
	subject text,
	body text,
	neighbourhood text,
	access_code_hash bytea, -- from the intake event
	version int NOT NULL DEFAULT 1,
	state smallint NOT NULL,
	department text, -- NULL until routed
	department_name text,
	topic text,
	topic_name text,
	triage boolean NOT NULL DEFAULT false,
	erased boolean NOT NULL DEFAULT false,
	changed_at timestamptz NOT NULL
);
CREATE INDEX application_received_on ON reporting.application (received_on);
GRANT SELECT, INSERT, UPDATE ON reporting.application TO reporting;
