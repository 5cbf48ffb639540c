-- Applications as they came: never deleted, the text never changed.
CREATE SCHEMA intake;
GRANT USAGE ON SCHEMA intake TO intake;

CREATE TABLE intake.application (
	id uuid PRIMARY KEY,
	number text NOT NULL UNIQUE,
	key_scope text, -- of the idempotency key: id of the API key, or "public"
	key text,
	body_hash bytea NOT NULL CHECK (length(body_hash) = 32), -- SHA-256 of the body as received
	kind smallint NOT NULL,
	channel smallint NOT NULL,
	received_at timestamptz NOT NULL,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	legal_basis smallint NOT NULL,
	due_on date NOT NULL,
	body text NOT NULL,
	subject text,
	topic text,
	latitude_e7 int,
	longitude_e7 int,
	address text,
	neighbourhood text,
	external_id text,
	applicant_name text,
	applicant_phone text,
	applicant_email text,
	applicant_address text,
	national_id_sealed bytea, -- libsodium secretbox, nonce first
	national_id_hash bytea, -- keyed hash, for look-up
	anonymous boolean NOT NULL,
	hide_identity boolean NOT NULL,
	language text NOT NULL,
	prefers smallint NOT NULL,
	access_code_generation int NOT NULL DEFAULT 1,
	CHECK ((key IS NULL) = (key_scope IS NULL)),
	CHECK ((latitude_e7 IS NULL) = (longitude_e7 IS NULL))
);
CREATE UNIQUE INDEX application_key ON intake.application (key_scope, key) WHERE key IS NOT NULL;
GRANT SELECT, INSERT ON intake.application TO intake;

-- Numbers are taken in blocks, ahead of need, and never given back.
CREATE TABLE intake.number_year (
	year int PRIMARY KEY CHECK (year BETWEEN 2000 AND 2099),
	next_serial int NOT NULL CHECK (next_serial BETWEEN 1 AND 10000000)
);
GRANT SELECT, INSERT, UPDATE ON intake.number_year TO intake;
