-- The life of a case after it was routed: commands, drafts, questions, parts.

-- Where the application itself stands: seq of ApplicationRouted in stream "case". Nothing of it is stored twice. kind,
-- channel and legal_basis are 0 in rows that an older version made: then the stored event says them.
ALTER TABLE router.case
	ADD COLUMN routed_seq bigint,
	ADD COLUMN kind smallint NOT NULL DEFAULT 0,
	ADD COLUMN channel smallint NOT NULL DEFAULT 0,
	ADD COLUMN legal_basis smallint NOT NULL DEFAULT 0,
	ADD COLUMN hand_backs int NOT NULL DEFAULT 0,
	ADD COLUMN with_arbiter boolean NOT NULL DEFAULT false,
	ADD COLUMN arbiter_due_on date,
	ADD COLUMN final_owed boolean NOT NULL DEFAULT false,
	ADD COLUMN extended boolean NOT NULL DEFAULT false,
	ADD COLUMN answers int NOT NULL DEFAULT 0,
	ADD COLUMN merged_into uuid,
	ADD COLUMN state_before smallint NOT NULL DEFAULT 0; -- it was merged; 0 when it is not

-- Until now stream "case" held exactly one event of each application.
UPDATE router.case AS c SET routed_seq = r.seq
  FROM (SELECT e.application_id, min(e.seq) AS seq FROM feed.event AS e WHERE e.stream = 'case'
         GROUP BY e.application_id) AS r
 WHERE r.application_id = c.application_id;

CREATE INDEX case_members ON router.case (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX case_with_arbiter ON router.case (arbiter_due_on) WHERE with_arbiter;
-- Rows that an older version wrote while this one came: the router completes them.
CREATE INDEX case_incomplete ON router.case (application_id) WHERE routed_seq IS NULL;

-- A proposed answer, until it is given or the case goes another way. Actors are packed kopru.v1.Actor.
CREATE TABLE router.draft (
	application_id uuid PRIMARY KEY REFERENCES router.case,
	text text NOT NULL,
	drafted_by bytea NOT NULL,
	approved_by bytea
);

-- A question to the citizen, while its reply is waited for.
CREATE TABLE router.question (
	application_id uuid PRIMARY KEY REFERENCES router.case,
	text text NOT NULL,
	answer_by date NOT NULL,
	remind_on date -- NULL: was reminded
);
CREATE INDEX question_answer_by ON router.question (answer_by);
CREATE INDEX question_remind_on ON router.question (remind_on) WHERE remind_on IS NOT NULL;

CREATE TABLE router.part (
	application_id uuid NOT NULL REFERENCES router.case,
	number int NOT NULL CHECK (number > 0),
	department text NOT NULL REFERENCES router.department,
	task text NOT NULL,
	answered boolean NOT NULL DEFAULT false,
	PRIMARY KEY (application_id, number)
);

-- Every command that was decided on, with its reply: the same id again gets the same reply, for as long as the router
-- is set to remember (ROUTER_COMMANDS_DAYS). Rows lie in order of time, so that a small index finds the old ones.
CREATE TABLE router.command (
	id uuid PRIMARY KEY,
	application_id uuid NOT NULL,
	action smallint NOT NULL,
	meaning bytea NOT NULL CHECK (length(meaning) = 32), -- SHA-256 of who wants what
	code smallint NOT NULL,
	text text NOT NULL,
	version int NOT NULL,
	seq bigint NOT NULL, -- of stream "case"; 0: it changed nothing
	decided_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX command_decided_at ON router.command USING brin (decided_at) WITH (pages_per_range = 32);

GRANT SELECT, INSERT, UPDATE, DELETE ON router.draft, router.question, router.part TO router;
GRANT SELECT, INSERT, DELETE ON router.command TO router;

-- Compare and set: what was decided on a version that is no more must not commit.
CREATE FUNCTION router.demand(p_wanted bigint, p_found bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
	IF p_wanted <> p_found THEN
		RAISE EXCEPTION '% of % rows are not as they were read', p_wanted - p_found, p_wanted USING ERRCODE = 'KF004';
	END IF;
END
$$;
REVOKE ALL ON FUNCTION router.demand(bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION router.demand(bigint, bigint) TO router;
