-- Whose matter it is, and until when: models, rules, places, learning, the calendar's versions, clocks, promises.

-- ---- Units and topics as data --------------------------------------------------------------------------------------
-- What is told about an institution when a matter is its own. The letter may name {number}, {date}, {topic}, {institution}.
ALTER TABLE router.department
	ADD COLUMN phone text NOT NULL DEFAULT '',
	ADD COLUMN letter_tr text NOT NULL DEFAULT '';
-- shared_with: the institution or unit that has a part in it. emergency: what to call at once ("112"); '' when nothing.
-- basket: where it goes instead of to a department ('thanks', 'irrelevant'); '' for matters.
ALTER TABLE router.topic
	ADD COLUMN shared_with text REFERENCES router.department,
	ADD COLUMN emergency text NOT NULL DEFAULT '',
	ADD COLUMN basket text NOT NULL DEFAULT '' CHECK (basket IN ('', 'thanks', 'irrelevant', 'follow_up')),
	ADD COLUMN target_working_minutes int CHECK (target_working_minutes BETWEEN 1 AND 100000); -- NULL: by target_working_days

-- What a unit or a topic is called and whose it is from a day on. A row of router.department or router.topic holds until
-- the first of these, and says when the whole ends (valid_to); all that is asked is asked for a day. An event holds the
-- names of its day, so old cases keep the old ones.
CREATE TABLE router.department_change (
	LIKE router.department INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
	PRIMARY KEY (code, valid_from),
	FOREIGN KEY (code) REFERENCES router.department
);
CREATE TABLE router.topic_change (
	LIKE router.topic INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
	PRIMARY KEY (code, valid_from),
	FOREIGN KEY (code) REFERENCES router.topic,
	FOREIGN KEY (department) REFERENCES router.department,
	FOREIGN KEY (shared_with) REFERENCES router.department
);
CREATE FUNCTION router.departments_on(day date) RETURNS SETOF router.department LANGUAGE sql STABLE AS $$
	SELECT d.code, coalesce(c.name_tr, d.name_tr), coalesce(c.name_en, d.name_en), coalesce(c.outside, d.outside),
	       d.valid_from, d.valid_to, coalesce(c.phone, d.phone), coalesce(c.letter_tr, d.letter_tr)
	  FROM router.department AS d
	  LEFT JOIN LATERAL (SELECT x.* FROM router.department_change AS x
	                      WHERE x.code = d.code AND x.valid_from <= day ORDER BY x.valid_from DESC LIMIT 1) AS c ON true
	 WHERE d.valid_from <= day AND (d.valid_to IS NULL OR d.valid_to > day)
$$;
CREATE FUNCTION router.topics_on(day date) RETURNS SETOF router.topic LANGUAGE sql STABLE AS $$
	SELECT t.* FROM router.topic AS t
	 WHERE t.valid_from <= day AND (t.valid_to IS NULL OR t.valid_to > day)
	   AND NOT EXISTS (SELECT FROM router.topic_change AS x WHERE x.code = t.code AND x.valid_from <= day)
	UNION ALL
	SELECT c.* FROM router.topic AS t
	 CROSS JOIN LATERAL (SELECT x.* FROM router.topic_change AS x
	                      WHERE x.code = t.code AND x.valid_from <= day ORDER BY x.valid_from DESC LIMIT 1) AS c
	 WHERE t.valid_from <= day AND (t.valid_to IS NULL OR t.valid_to > day)
$$;
GRANT SELECT ON router.department_change, router.topic_change TO router, intake, reporting;

-- ---- The classifier ------------------------------------------------------------------------------------------------
-- One is active; one step back is the row before it that was active. figures: its own test figures and what it was
-- compared with. A row is never changed but in its state.
CREATE TABLE router.model (
	version int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text NOT NULL, -- of the file: date and data hash
	bytes bytea NOT NULL CHECK (length(bytes) <= 67108864),
	figures jsonb NOT NULL,
	state text NOT NULL CHECK (state IN ('candidate', 'active', 'retired', 'refused')),
	reason text NOT NULL DEFAULT '',
	made_by text NOT NULL,
	made_at timestamptz NOT NULL DEFAULT now(),
	activated_at timestamptz
);
ALTER TABLE router.model ALTER COLUMN bytes SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX model_active ON router.model ((true)) WHERE state = 'active';

-- What is learned from. Texts of applications stay where they are (their event): an erased one is no example any more.
CREATE TABLE router.example (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	source text NOT NULL CHECK (source IN ('shipped', 'triage', 'assign', 'transfer', 'hand_back', 'kept')),
	topic text, -- NULL: only that what was said is wrong
	text text, -- of 'shipped' only
	application_id uuid,
	said text, -- the topic that the decision had given; NULL in triage
	model_version int,
	made_at timestamptz NOT NULL DEFAULT now(),
	CHECK ((text IS NULL) = (application_id IS NOT NULL)),
	CHECK (topic IS NOT NULL OR source IN ('transfer', 'hand_back'))
);
CREATE UNIQUE INDEX example_application ON router.example (application_id) WHERE application_id IS NOT NULL; -- the last word counts
CREATE UNIQUE INDEX example_shipped ON router.example (topic, md5(text)) WHERE source = 'shipped';
CREATE INDEX example_made_at ON router.example (made_at, id) WHERE application_id IS NOT NULL;

-- The one who learns now, and how it went the last time. Two routers learn once: the lease is taken, and renewed, by the
-- database's clock.
CREATE TABLE router.learning (
	id int PRIMARY KEY CHECK (id = 1),
	wanted_at timestamptz, -- asked for
	wanted_by text,
	holder uuid, -- of the lease
	until timestamptz,
	began_at timestamptz,
	attempts int NOT NULL DEFAULT 0, -- since the last one that came to an end
	ended_at timestamptz,
	outcome text CHECK (outcome IN ('published', 'refused', 'failed')),
	reason text,
	figures jsonb
);
INSERT INTO router.learning (id) VALUES (1);

-- ---- Rules ---------------------------------------------------------------------------------------------------------
-- A version is a whole set; one is active. The rules of a set never change.
CREATE TABLE router.rules (
	version int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	state text NOT NULL CHECK (state IN ('draft', 'active', 'retired')),
	reason text NOT NULL,
	made_by text NOT NULL,
	made_at timestamptz NOT NULL DEFAULT now(),
	activated_at timestamptz,
	replay jsonb -- what it would have moved, as it was when it was activated
);
CREATE UNIQUE INDEX rules_active ON router.rules ((true)) WHERE state = 'active';
CREATE TABLE router.rule (
	version int NOT NULL REFERENCES router.rules,
	code text NOT NULL CHECK (code ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
	owner text NOT NULL,
	reason text NOT NULL,
	valid_from date NOT NULL,
	valid_to date,
	conditions jsonb NOT NULL,
	outcome jsonb NOT NULL,
	PRIMARY KEY (version, code)
);
-- Which set became active when, in order. One step back from a set is the one before it when it was activated.
CREATE TABLE router.rules_change (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	version int NOT NULL REFERENCES router.rules,
	before int REFERENCES router.rules, -- NULL: there was none
	how text NOT NULL CHECK (how IN ('activate', 'rollback')),
	made_by text NOT NULL,
	at timestamptz NOT NULL DEFAULT now()
);
-- One set gives way to another. p_before: which one was active when it was decided (0: none); another one by now is a
-- refusal. p_replay: what it would have moved; NULL leaves what is stored.
CREATE FUNCTION router.rules_activate(p_version int, p_before int, p_how text, p_by text, p_replay jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog SET lock_timeout = '5s' AS $$
DECLARE
	active int;
BEGIN
	LOCK TABLE router.rules IN SHARE ROW EXCLUSIVE MODE;
	SELECT r.version INTO active FROM router.rules AS r WHERE r.state = 'active';
	IF coalesce(active, 0) <> p_before THEN
		RAISE EXCEPTION 'meanwhile version % became active', coalesce(active, 0) USING ERRCODE = 'KF004';
	END IF;
	UPDATE router.rules AS r SET state = 'retired' WHERE r.state = 'active';
	UPDATE router.rules AS r SET state = 'active', activated_at = now(), replay = coalesce(p_replay, r.replay)
	 WHERE r.version = p_version;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no version % of the rules', p_version USING ERRCODE = 'KF004';
	END IF;
	INSERT INTO router.rules_change (version, before, how, made_by) VALUES (p_version, active, p_how, p_by);
END
$$;
REVOKE ALL ON FUNCTION router.rules_activate(int, int, text, text, jsonb) FROM PUBLIC;

-- ---- Places --------------------------------------------------------------------------------------------------------
-- Neighbourhoods and other areas as polygons, streets as lines; shape is GeoJSON geometry (WGS 84). names: other names
-- ("Araplar"). district: '' for our own, else whose it is. ordinary: the name is a word like others ("yenice"), which
-- counts only beside "mahalle". change: another one whenever a row changes, so that a reader sees it without the shapes.
CREATE SEQUENCE router.place_change;
CREATE TABLE router.area (
	code text PRIMARY KEY CHECK (code ~ '^[a-z0-9][a-z0-9_-]{0,59}$'),
	kind text NOT NULL CHECK (kind IN ('neighbourhood', 'area')),
	name_tr text NOT NULL,
	names text[] NOT NULL DEFAULT '{}',
	district text NOT NULL DEFAULT '',
	ordinary boolean NOT NULL DEFAULT false,
	shape jsonb, -- NULL: known by name only
	source text NOT NULL DEFAULT '',
	valid_from date NOT NULL DEFAULT '2000-01-01',
	valid_to date,
	change bigint NOT NULL DEFAULT nextval('router.place_change')
);
CREATE TABLE router.street (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name_tr text NOT NULL,
	names text[] NOT NULL DEFAULT '{}',
	owner text NOT NULL REFERENCES router.department, -- who keeps it: 'KBB', 'KGM'
	shape jsonb, -- LineString or MultiLineString; NULL: known by name only
	source text NOT NULL DEFAULT '',
	valid_from date NOT NULL DEFAULT '2000-01-01',
	valid_to date,
	change bigint NOT NULL DEFAULT nextval('router.place_change')
);

-- ---- Decisions -----------------------------------------------------------------------------------------------------
ALTER TABLE router.decision
	ADD COLUMN model_version int,
	ADD COLUMN rules_version int,
	ADD COLUMN rule text, -- code of the rule that decided
	ADD COLUMN outcome text, -- sure, unsure, basket, chosen, rule
	ADD COLUMN confidence int, -- thousandths
	ADD COLUMN neighbourhood text,
	ADD COLUMN street_owner text,
	ADD COLUMN reason_tr text,
	ADD COLUMN reason_en text;
CREATE INDEX decision_decided_at ON router.decision USING brin (decided_at) WITH (pages_per_range = 32);

-- As in 0001; and the words that decided are words of the text, which go with it.
CREATE OR REPLACE FUNCTION feed.erase(p_stream text, p_seq bigint, p_payload bytea, p_reason text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, feed AS $$
BEGIN
	INSERT INTO feed.erasure (stream, seq, event_id, reason)
	SELECT e.stream, e.seq, e.event_id, p_reason FROM feed.event AS e WHERE e.stream = p_stream AND e.seq = p_seq;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'stream "%" has no event %', p_stream, p_seq USING ERRCODE = 'KF003';
	END IF;
	UPDATE feed.event AS e SET payload = p_payload, kind = 'erased' WHERE e.stream = p_stream AND e.seq = p_seq;
	UPDATE feed.parked AS k SET payload = p_payload, reason = 'erased' WHERE k.stream = p_stream AND k.seq = p_seq;
	UPDATE router.decision AS d SET candidates = '[]', reason_tr = NULL, reason_en = NULL, neighbourhood = NULL
	  FROM feed.event AS e
	 WHERE e.stream = p_stream AND e.seq = p_seq AND d.received_event_id = e.event_id;
END
$$;
-- How often each topic was decided on, was not sure, and was corrected: in the last seven days, and in the 28 days before.
-- Corrections count on the day of the correction. topic '': unsure, and nothing spoke for any.
CREATE VIEW router.topic_rates AS
SELECT x.topic,
       count(*) FILTER (WHERE x.what <> 'corrected' AND x.late) AS decided,
       count(*) FILTER (WHERE x.what = 'unsure' AND x.late) AS unsure,
       count(*) FILTER (WHERE x.what = 'corrected' AND x.late) AS corrected,
       count(*) FILTER (WHERE x.what <> 'corrected' AND NOT x.late) AS decided_before,
       count(*) FILTER (WHERE x.what = 'unsure' AND NOT x.late) AS unsure_before,
       count(*) FILTER (WHERE x.what = 'corrected' AND NOT x.late) AS corrected_before
  FROM (SELECT coalesce(d.topic, d.candidates->0->>'topic', '') AS topic,
               CASE WHEN coalesce(d.outcome = 'unsure', d.topic IS NULL) THEN 'unsure' ELSE 'decided' END AS what,
               d.decided_at >= now() - interval '7 days' AS late
          FROM router.decision AS d
         WHERE d.decided_at >= now() - interval '35 days' AND coalesce(d.outcome, '') NOT IN ('basket', 'chosen')
        UNION ALL
        SELECT e.said, 'corrected', e.made_at >= now() - interval '7 days'
          FROM router.example AS e
         WHERE e.application_id IS NOT NULL AND e.made_at >= now() - interval '35 days'
           AND e.source <> 'kept' AND e.said IS NOT NULL AND e.topic IS DISTINCT FROM e.said) AS x
 GROUP BY x.topic;

-- Has it become worse? Two shares, each of the last seven days against the 28 before: drifts when both rest on 100 cases at
-- least, the share grew by 5 points at least, and so much that chance would not do it once in 700 (one-sided test of two
-- proportions, z >= 3).
CREATE VIEW router.drift AS
SELECT z.what, z.part, z.whole, z.part_before, z.whole_before,
       coalesce(z.whole >= 100 AND z.whole_before >= 100 AND z.share - z.share_before >= 0.05
                AND z.share - z.share_before >= 3 * sqrt(z.pooled * (1 - z.pooled)
                    * (1.0 / nullif(z.whole, 0) + 1.0 / nullif(z.whole_before, 0))), false) AS drifts
  FROM (SELECT s.*, s.part / nullif(s.whole, 0)::float8 AS share, s.part_before / nullif(s.whole_before, 0)::float8 AS share_before,
               least((s.part + s.part_before) / nullif(s.whole + s.whole_before, 0)::float8, 1) AS pooled
          FROM (SELECT 'unsure' AS what, sum(r.unsure)::bigint AS part, sum(r.decided)::bigint AS whole,
                       sum(r.unsure_before)::bigint AS part_before, sum(r.decided_before)::bigint AS whole_before
                  FROM router.topic_rates AS r
                UNION ALL
                SELECT 'corrected', sum(r.corrected)::bigint, sum(r.decided - r.unsure)::bigint,
                       sum(r.corrected_before)::bigint, sum(r.decided_before - r.unsure_before)::bigint
                  FROM router.topic_rates AS r) AS s) AS z;

-- ---- The calendar --------------------------------------------------------------------------------------------------
-- Each change of the calendar is a version; a day is part of versions version_from .. version_to - 1. router.holiday
-- stays what it was: the public holidays of the newest version, for whoever knows no versions.
CREATE TABLE router.calendar (
	version int PRIMARY KEY CHECK (version > 0),
	reason text NOT NULL,
	made_by text NOT NULL,
	made_at timestamptz NOT NULL DEFAULT now(),
	moved bigint, -- deadlines that moved; NULL: not yet recomputed
	recomputed_at timestamptz
);
CREATE TABLE router.calendar_day (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	version_from int NOT NULL REFERENCES router.calendar,
	version_to int REFERENCES router.calendar,
	day date NOT NULL,
	kind text NOT NULL CHECK (kind IN ('holiday', 'half_holiday', 'leave', 'half_leave', 'closure', 'suspension')),
	name_tr text NOT NULL
);
CREATE UNIQUE INDEX calendar_day_now ON router.calendar_day (day, kind, name_tr) WHERE version_to IS NULL;
CREATE INDEX calendar_unfinished ON router.calendar (version) WHERE recomputed_at IS NULL;
-- What is known of before is the first version.
INSERT INTO router.calendar (version, reason, made_by, moved, recomputed_at)
SELECT 1, 'The holidays of before there were versions', 'kopru migrate', 0, now()
 WHERE EXISTS (SELECT FROM router.holiday);
INSERT INTO router.calendar_day (version_from, day, kind, name_tr)
SELECT 1, h.day, CASE WHEN h.half THEN 'half_holiday' ELSE 'holiday' END, h.name_tr FROM router.holiday AS h;

-- ---- Clocks --------------------------------------------------------------------------------------------------------
-- One row for each clock that runs or stands for an open case; it goes when the case ends. next_at: when the next stage
-- of escalation is reached; NULL: it stands, or there is none left.
CREATE TABLE router.clock (
	application_id uuid NOT NULL,
	kind smallint NOT NULL, -- kopru.v1.Clock.Kind
	legal_basis smallint NOT NULL,
	started_at timestamptz NOT NULL, -- of receipt, or of the last lawful start
	started_on date NOT NULL,
	due_at timestamptz NOT NULL, -- first instant at which it is late
	extended boolean NOT NULL DEFAULT false,
	stopped_at timestamptz,
	stage smallint NOT NULL DEFAULT 0, -- the last one told: 50, 75, 90, 100 ...
	next_at timestamptz,
	calendar_version int NOT NULL,
	PRIMARY KEY (application_id, kind)
) WITH (fillfactor = 80);
CREATE INDEX clock_next_at ON router.clock (next_at) WHERE next_at IS NOT NULL;
-- Those that are due together: what a change of the calendar moves is found by groups, and read group by group.
CREATE INDEX clock_group ON router.clock
	(kind, legal_basis, started_on, extended, due_at, calendar_version, application_id);
-- Which deadlines a calendar's version moved: listed, and found again after a restart.
CREATE TABLE router.deadline_move (
	calendar_version int NOT NULL,
	application_id uuid NOT NULL,
	kind smallint NOT NULL,
	old_due_at timestamptz NOT NULL,
	new_due_at timestamptz NOT NULL,
	moved_at timestamptz NOT NULL DEFAULT now(), -- in the transaction of its event
	PRIMARY KEY (calendar_version, application_id, kind)
);

-- A planned date that a citizen was told (the last one); a fee that he was told of (Law 4982).
ALTER TABLE router.case
	ADD COLUMN promised_on date,
	ADD COLUMN fee_told_on date,
	ADD COLUMN fee_due_on date,
	ADD COLUMN changed_version int, -- since then only the router's clock spoke, while escalated_version is the version
	ADD COLUMN escalated_version int,
	ADD COLUMN clocked boolean NOT NULL DEFAULT false; -- it has its clocks; not: an older version opened it
CREATE INDEX case_unclocked ON router.case (application_id) WHERE NOT clocked AND state IN (1, 2, 3, 4, 9, 11);

GRANT SELECT ON router.area, router.street, router.rules, router.rule, router.calendar_day TO router;
GRANT SELECT, INSERT, UPDATE ON router.model TO router;
GRANT SELECT, UPDATE ON router.learning TO router;
GRANT SELECT ON router.topic_rates, router.drift TO router;
GRANT SELECT, UPDATE ON router.calendar TO router;
GRANT SELECT, INSERT, UPDATE, DELETE ON router.example, router.clock, router.deadline_move TO router;
GRANT SELECT ON router.calendar, router.calendar_day TO intake; -- to compute the date that it tells
GRANT SELECT ON router.area, router.street TO intake, reporting; -- to show, not to decide

-- ---- Staff that is told --------------------------------------------------------------------------------------------
-- People come later; until then a role of a department has addresses.
CREATE TABLE notifier.staff (
	department text NOT NULL, -- '' for roles of the whole municipality
	role text NOT NULL CHECK (role IN ('officer', 'manager', 'arbiter', 'mayor', 'duty')),
	address text NOT NULL CHECK (length(address) <= 254),
	PRIMARY KEY (department, role, address)
);
GRANT SELECT ON notifier.staff TO notifier;
ALTER TABLE notifier.notice DROP CONSTRAINT notice_person_check;
ALTER TABLE notifier.notice ADD CONSTRAINT notice_person_check CHECK (person = 'applicant' OR person LIKE 'staff:%');
CREATE INDEX notice_staff ON notifier.notice (lower(address), created_at) WHERE person <> 'applicant';
CREATE INDEX notice_summary ON notifier.notice (created_at) WHERE state = 'none' AND reason = 'waits for the summary';

-- ---- The read side -------------------------------------------------------------------------------------------------
-- How an application was routed, as its event says.
CREATE TABLE reporting.routing (
	application_id uuid PRIMARY KEY,
	outcome text NOT NULL,
	basket text NOT NULL DEFAULT '',
	urgent boolean NOT NULL DEFAULT false,
	confidence int NOT NULL DEFAULT 0,
	rule text NOT NULL DEFAULT '',
	rules_version int NOT NULL DEFAULT 0,
	model text NOT NULL DEFAULT '',
	reason_tr text NOT NULL DEFAULT '',
	reason_en text NOT NULL DEFAULT '',
	candidates jsonb NOT NULL DEFAULT '[]',
	matters jsonb NOT NULL DEFAULT '[]',
	emergency text NOT NULL DEFAULT '',
	institution_phone text NOT NULL DEFAULT ''
);
-- What somebody has to look at: escalations and pages, until the case ends or he has seen it.
CREATE TABLE reporting.inbox (
	application_id uuid NOT NULL,
	event_id uuid NOT NULL,
	number text NOT NULL,
	department text NOT NULL,
	role text NOT NULL,
	what text NOT NULL, -- escalation, page
	clock smallint NOT NULL DEFAULT 0,
	stage smallint NOT NULL DEFAULT 0,
	due_at timestamptz,
	at timestamptz NOT NULL,
	ended_at timestamptz,
	PRIMARY KEY (event_id, role)
);
CREATE INDEX inbox_open ON reporting.inbox (department, role, at) WHERE ended_at IS NULL;
CREATE INDEX inbox_application ON reporting.inbox (application_id);
-- Every date that a citizen was told.
CREATE TABLE reporting.promise (
	application_id uuid NOT NULL,
	event_id uuid NOT NULL,
	number text NOT NULL,
	department text,
	what text NOT NULL, -- law, final_answer, planned
	promised_on date NOT NULL,
	told_at timestamptz NOT NULL,
	reason text NOT NULL DEFAULT '', -- why it was moved
	outcome text NOT NULL DEFAULT 'open' CHECK (outcome IN ('open', 'kept', 'broken', 'moved', 'void')),
	ended_at timestamptz,
	PRIMARY KEY (event_id, what)
);
CREATE INDEX promise_application ON reporting.promise (application_id);
CREATE INDEX promise_promised_on ON reporting.promise (promised_on) INCLUDE (department, outcome);
-- What makes two applications the same matter: place, time, topic; and keyed marks of the person (never of a text).
CREATE TABLE reporting.likeness (
	application_id uuid PRIMARY KEY,
	received_at timestamptz NOT NULL,
	topic text NOT NULL, -- '' when none is known
	neighbourhood text, -- its key: folded, without "mahallesi"
	streets text[] NOT NULL, -- that the address and the text name: 'mevlana.c'
	latitude_e7 int,
	longitude_e7 int,
	cell bigint, -- of the point: about 150 m
	hidden boolean NOT NULL -- from departments: whose it is
);
CREATE INDEX likeness_cell ON reporting.likeness (cell, topic, received_at) WHERE cell IS NOT NULL;
CREATE INDEX likeness_quarter ON reporting.likeness (neighbourhood, topic, received_at) WHERE neighbourhood IS NOT NULL;
CREATE TABLE reporting.person_mark (
	mark bytea NOT NULL CHECK (length(mark) = 16),
	application_id uuid NOT NULL,
	PRIMARY KEY (mark, application_id)
);
CREATE INDEX person_mark_application ON reporting.person_mark (application_id);
-- One row of what is compared and shown.
CREATE VIEW reporting.likeness_shown AS
SELECT l.application_id, a.number, a.channel::int AS channel, a.state::int AS state, a.version, l.received_at, l.topic, a.topic_name,
       a.department, a.merged_into, l.latitude_e7, l.longitude_e7, coalesce(l.neighbourhood, '') AS neighbourhood,
       array_to_string(l.streets, ' ') AS streets, l.hidden,
       left(coalesce(a.subject || ' ', '') || coalesce(a.body, ''), 400) AS text,
       coalesce((SELECT string_agg(c ->> 'topic', ' ') FROM jsonb_array_elements(r.candidates) AS c), '') AS candidates
  FROM reporting.likeness AS l
  JOIN reporting.application AS a ON a.application_id = l.application_id
  LEFT JOIN reporting.routing AS r ON r.application_id = l.application_id;
-- Does the department work on it?
CREATE FUNCTION reporting.is_theirs(p_application_id uuid, p_department text) RETURNS boolean
LANGUAGE sql STABLE AS $$
	SELECT EXISTS (SELECT FROM reporting.application AS a WHERE a.application_id = p_application_id AND a.department = p_department)
	    OR EXISTS (SELECT FROM reporting.part AS p WHERE p.application_id = p_application_id AND p.department = p_department)
$$;
-- Members of an incident by its leading case.
CREATE INDEX application_merged_into ON reporting.application (merged_into) WHERE merged_into IS NOT NULL;
GRANT SELECT, INSERT, UPDATE, DELETE ON reporting.routing, reporting.inbox, reporting.promise, reporting.likeness,
	reporting.person_mark TO reporting;
GRANT SELECT ON reporting.likeness_shown TO reporting;
-- As in 0013, with what is new.
CREATE OR REPLACE FUNCTION reporting.rebuild() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
	UPDATE feed.cursor SET seq = 0, event_id = NULL, at = now() WHERE consumer = 'reporting';
	DELETE FROM feed.parked WHERE consumer = 'reporting';
	TRUNCATE reporting.application, reporting.history, reporting.part, reporting.earlier_span, reporting.tally,
		reporting.spread, reporting.backlog, reporting.public_request, reporting.origin, reporting.file,
		reporting.routing, reporting.inbox, reporting.promise, reporting.likeness, reporting.person_mark;
END
$$;
