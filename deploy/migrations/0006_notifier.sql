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
	language text NOT NULL CHECK (language IN ('tr', 'en')),
	address text, -- where to; NULL when there is nobody to tell, or it was erased
	fields jsonb NOT NULL, -- what the template needs; nothing of the applicant
	state text NOT NULL CHECK (state IN ('pending', 'sending', 'sent', 'failed', 'unknown', 'none')),
	reason text, -- why failed, delayed, unknown or none
	attempts int NOT NULL DEFAULT 0,
	next_at timestamptz NOT NULL DEFAULT now(), -- due at; the end of the lease while sending
	lease_token bigint NOT NULL DEFAULT 0, -- who holds an older one writes nothing
	lease_until timestamptz,
	created_at timestamptz NOT NULL DEFAULT now(),
	finished_at timestamptz,
	UNIQUE (event_id, person, channel, template),
	CHECK (channel = 'none' OR address IS NOT NULL OR state NOT IN ('pending', 'sending')),
	CHECK (channel <> 'none' OR state = 'none')
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);
CREATE INDEX notice_due ON notifier.notice (next_at) WHERE state IN ('pending', 'sending');
CREATE INDEX notice_application ON notifier.notice (application_id);
GRANT SELECT, INSERT, UPDATE ON notifier.notice TO notifier;
