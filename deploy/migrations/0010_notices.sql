-- Addresses, attempts and budgets of notices.
--
-- States of a notice:
--   pending   due at next_at (reason: why it was delayed)
--   held      waits until the address is verified (reason "address not verified")
--   sending   under a lease that ends at next_at; attempt says since when
--   sent      the provider took it
--   unknown   nobody knows whether the provider took it; next_at is the day of the one repetition, or infinity
--   failed    given up (reason); none: nobody to tell (reason)
-- An operator's retry: notifier.retry(ids), or what it does.

ALTER TABLE notifier.notice
	ADD COLUMN version int NOT NULL DEFAULT 2, -- of the application; notices of one application go out in this order
	ADD COLUMN policy text NOT NULL DEFAULT 'at_most_once' CHECK (policy IN ('at_most_once', 'at_least_once')),
	ADD COLUMN resends int NOT NULL DEFAULT 0, -- repetitions of what was unknown
	ADD COLUMN attempted_at timestamptz,
	ADD COLUMN domain text GENERATED ALWAYS AS (lower(split_part(address, '@', 2))) STORED;
ALTER TABLE notifier.notice DROP CONSTRAINT notice_state_check;
ALTER TABLE notifier.notice ADD CONSTRAINT notice_state_check
	CHECK (state IN ('pending', 'held', 'sending', 'sent', 'failed', 'unknown', 'none'));
ALTER TABLE notifier.notice ADD CONSTRAINT notice_address_check
	CHECK (address IS NOT NULL OR state NOT IN ('pending', 'held', 'sending'));
UPDATE notifier.notice SET attempted_at = coalesce(finished_at, created_at) WHERE state = 'sent';
UPDATE notifier.notice SET next_at = 'infinity' WHERE state = 'unknown';

DROP INDEX notifier.notice_due;
CREATE INDEX notice_due ON notifier.notice (domain, next_at) WHERE state IN ('pending', 'sending', 'unknown');
CREATE INDEX notice_lease ON notifier.notice (next_at) WHERE state = 'sending';
CREATE INDEX notice_held ON notifier.notice (created_at) WHERE state = 'held';
-- One neutral message for each address of an application, ever.
CREATE UNIQUE INDEX notice_confirm ON notifier.notice (application_id, address) WHERE template = 'confirm';
-- What an address got today.
CREATE INDEX notice_budget ON notifier.notice (lower(address), attempted_at) WHERE attempted_at IS NOT NULL;

-- An address is an applicant's only when that was proven for this application: who controls an address need not be
-- who wrote another application with it.
CREATE TABLE notifier.address (
	application_id uuid NOT NULL,
	address text NOT NULL,
	number text NOT NULL,
	verified_at timestamptz,
	verified_by text CHECK (verified_by IN ('event', 'link')),
	opted_out_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (application_id, address),
	CHECK ((verified_at IS NULL) = (verified_by IS NULL))
) WITH (fillfactor = 80);
CREATE INDEX address_number ON notifier.address (number);
GRANT SELECT, INSERT, UPDATE, DELETE ON notifier.address TO notifier;
INSERT INTO notifier.address (application_id, address, number)
SELECT DISTINCT ON (application_id, address) application_id, address, number
  FROM notifier.notice WHERE address IS NOT NULL ORDER BY application_id, address;

-- One row for each lease: stored before the first byte goes out.
CREATE TABLE notifier.attempt (
	notice_id uuid NOT NULL,
	token bigint NOT NULL, -- of the lease
	provider text NOT NULL,
	resend boolean NOT NULL, -- of what was unknown
	started_at timestamptz NOT NULL,
	ended_at timestamptz,
	outcome text NOT NULL DEFAULT 'sending'
		CHECK (outcome IN ('sending', 'sent', 'retried', 'failed', 'unknown', 'delayed')), -- delayed: nothing was sent
	reason text, -- one line; holds no address
	PRIMARY KEY (notice_id, token)
);
GRANT SELECT, INSERT, UPDATE ON notifier.attempt TO notifier;

-- What an operator asks to be tried again, from the beginning. Gives the ids of those that could be.
CREATE FUNCTION notifier.retry(p_ids uuid[]) RETURNS SETOF uuid
LANGUAGE sql SET search_path = pg_catalog, notifier AS $$
	UPDATE notifier.notice
	   SET state = 'pending', reason = NULL, attempts = 0, resends = 0, next_at = clock_timestamp(), finished_at = NULL
	 WHERE id = ANY (p_ids) AND address IS NOT NULL AND state IN ('failed', 'unknown', 'held')
	RETURNING id
$$;
REVOKE ALL ON FUNCTION notifier.retry(uuid[]) FROM PUBLIC;
