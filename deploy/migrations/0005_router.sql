-- The life of a case after it was received.
CREATE SCHEMA router;
GRANT USAGE ON SCHEMA router TO router;

CREATE TABLE router.department (
	code text PRIMARY KEY CHECK (code ~ '^[A-Z0-9]{2,12}$'),
	name_tr text NOT NULL CHECK (length(name_tr) BETWEEN 1 AND 200),
	name_en text NOT NULL,
	outside boolean NOT NULL DEFAULT false, -- another institution
	valid_from date NOT NULL DEFAULT '2000-01-01',
	valid_to date -- the first day on which it is no more
);

CREATE TABLE router.topic (
	code text PRIMARY KEY CHECK (code ~ '^[A-Z]{2,5}-[0-9]{2}$'),
	name_tr text NOT NULL,
	name_en text NOT NULL,
	category_tr text NOT NULL,
	department text NOT NULL REFERENCES router.department,
	competence text NOT NULL CHECK (competence IN ('own', 'shared', 'forward', 'none')),
	target_working_days int NOT NULL CHECK (target_working_days BETWEEN 0 AND 365),
	priority text NOT NULL CHECK (priority IN ('acil', 'yuksek', 'normal', 'dusuk')),
	keywords text[] NOT NULL, -- folded, matched at the start of words
	valid_from date NOT NULL DEFAULT '2000-01-01',
	valid_to date
);

CREATE TABLE router.holiday (
	day date NOT NULL,
	name_tr text NOT NULL,
	half boolean NOT NULL,
	PRIMARY KEY (day, name_tr)
);

CREATE TABLE router.case (
	application_id uuid PRIMARY KEY,
	number text NOT NULL,
	version int NOT NULL CHECK (version >= 2),
	state smallint NOT NULL,
	department text NOT NULL REFERENCES router.department,
	topic text REFERENCES router.topic,
	triage boolean NOT NULL,
	received_at timestamptz NOT NULL,
	due_on date NOT NULL,
	target_on date,
	intake_seq bigint NOT NULL UNIQUE,
	changed_at timestamptz NOT NULL DEFAULT now()
);

-- Why: exactly one for each received event.
CREATE TABLE router.decision (
	received_event_id uuid PRIMARY KEY,
	application_id uuid NOT NULL,
	department text NOT NULL,
	topic text,
	candidates jsonb NOT NULL, -- [{"topic","department","score","reasons":[]}], best first
	decided_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT ON router.department, router.topic, router.holiday TO router;
GRANT SELECT, INSERT, UPDATE ON router.case TO router;
GRANT SELECT, INSERT ON router.decision TO router;
