-- Who may do what from outside. A key's secret has 256 random bits, so that its hash may be fast.
CREATE SCHEMA auth;
GRANT USAGE ON SCHEMA auth TO intake, reporting;

CREATE TABLE auth.api_key (
	id text PRIMARY KEY CHECK (id ~ '^[a-z0-9]{12}$'),
	name text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
	secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
	rights text[] NOT NULL CHECK (rights <@ ARRAY['applications', 'reports']),
	created_at timestamptz NOT NULL DEFAULT now(),
	revoked_at timestamptz
);
GRANT SELECT ON auth.api_key TO intake, reporting;
