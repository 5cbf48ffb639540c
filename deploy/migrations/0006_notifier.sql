-- Notices: one for each event, person, channel and template.
CREATE SCHEMA notifier;
GRANT USAGE ON SCHEMA notifier TO notifier;

CREATE TABLE notifier.notice (
	id uuid PRIMARY KEY,
	event_id uuid NOT NULL,
	application_id uuid NOT NULL,
	number text NOT NULL,
	person text NOT NULL CHECK (person IN ('applicant')),
	channel text NOT NULL CHECK (channel IN ('email', 'none')),
	template text NOT NULL,
	language text NOT NULL,
	address text, -- where to; NULL when there is nobody to tell
	fields jsonb NOT NULL, -- what the template needs
	state text NOT NULL CHECK (state IN ('pending', 'sending', 'sent', 'failed', 'unknown', 'none')),
	reason text, -- why failed, unknown or none
	attempts int NOT NULL DEFAULT 0,
	next_at timestamptz NOT NULL DEFAULT now(),
	lease_token bigint NOT NULL DEFAULT 0,
	lease_until timestamptz,
	created_at timestamptz NOT NULL DEFAULT now(),
	finished_at timestamptz,
	UNIQUE (event_id, person, channel, template)
);
CREATE INDEX notice_due ON notifier.notice (next_at) WHERE state IN ('pending', 'sending');
GRANT SELECT, INSERT, UPDATE ON notifier.notice TO notifier;
