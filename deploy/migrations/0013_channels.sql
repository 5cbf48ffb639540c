-- Everything that arrives over channels other than the JSON API (whose applications are their own record): as it arrived,
-- then what became of it.

-- == What arrived ==
--
-- States of an inbound row:
--   stored    durable, not digested yet; next_at: when (a lease while somebody digests it)
--   done      digested: verdict says into what
--   ignored   nothing to do: verdict says why (a reaction, our own mail, a repetition under another id)
--   refused   never taken: its sender was told why (a wrong signature, an unknown service)
--   triage    a person decides: verdict says why it was not understood
CREATE TABLE intake.inbound (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	source text NOT NULL CHECK (source ~ '^[a-z0-9_]{1,20}(/[a-z0-9_.-]{1,40})?$'), -- whatsapp, email/basvuru, cimer
	source_id text NOT NULL CHECK (length(source_id) BETWEEN 1 AND 300), -- the source's own id, or SHA-256 of the bytes
	received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	content_type text,
	raw bytea, -- as it arrived; NULL when it is a file, or nothing
	raw_file bytea CHECK (length(raw_file) = 32), -- SHA-256: where it lies among the files
	raw_size bigint NOT NULL DEFAULT 0,
	state text NOT NULL DEFAULT 'stored' CHECK (state IN ('stored', 'done', 'ignored', 'refused', 'triage')),
	verdict text, -- one line without personal data
	next_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	token bigint NOT NULL DEFAULT 0, -- of the lease: counts up
	attempts int NOT NULL DEFAULT 0,
	digested_at timestamptz,
	decided_by text, -- who ended a triage: the name of an API key
	decided_reason text, -- why, in his words
	UNIQUE (source, source_id)
);
CREATE INDEX inbound_due ON intake.inbound ((source LIKE 'email/%'), next_at, id) WHERE state = 'stored'; -- mails are read apart
CREATE INDEX inbound_triage ON intake.inbound (id) WHERE state = 'triage';
CREATE INDEX inbound_refused ON intake.inbound (received_at) WHERE state = 'refused';
CREATE INDEX inbound_source ON intake.inbound (source, received_at);
GRANT SELECT, INSERT, UPDATE ON intake.inbound TO intake;

-- What was refused is kept for 30 days, to see who knocks; nothing else may go. So many at a time, the oldest first.
CREATE FUNCTION intake.forget_refused() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
	WITH old AS (
		DELETE FROM intake.inbound WHERE state = 'refused' AND id IN (
			SELECT i.id FROM intake.inbound AS i
			 WHERE i.state = 'refused' AND i.received_at < clock_timestamp() - interval '30 days'
			 ORDER BY i.received_at LIMIT 5000 FOR UPDATE SKIP LOCKED)
		RETURNING id)
	SELECT count(*) FROM old
$$;
REVOKE ALL ON FUNCTION intake.forget_refused() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION intake.forget_refused() TO intake;

-- Compare and set: what was decided under a lease that is no more must not commit.
CREATE FUNCTION intake.demand(p_wanted bigint, p_found bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
	IF p_wanted <> p_found THEN
		RAISE EXCEPTION '% of % leases are lost', p_wanted - p_found, p_wanted USING ERRCODE = 'KF004';
	END IF;
END
$$;
REVOKE ALL ON FUNCTION intake.demand(bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION intake.demand(bigint, bigint) TO intake;

-- == Who writes ==
CREATE TABLE intake.contact (
	id uuid PRIMARY KEY,
	channel smallint NOT NULL,
	name text,
	phone text, -- E.164
	email text,
	first_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- A person may be known by several ids of a channel (wa_id and business-scoped user id).
CREATE TABLE intake.contact_key (
	channel smallint NOT NULL,
	external_id text NOT NULL CHECK (length(external_id) BETWEEN 1 AND 300),
	contact_id uuid NOT NULL REFERENCES intake.contact,
	PRIMARY KEY (channel, external_id)
);
CREATE INDEX contact_key_contact ON intake.contact_key (contact_id);
GRANT SELECT, INSERT, UPDATE ON intake.contact, intake.contact_key TO intake;

-- == Messages grow into drafts, drafts become applications ==
--
-- States of a draft:
--   open      takes messages; next_at: when it has been idle for long enough
--   closing   its messages are fixed; next_at: the lease of who makes it an application, or addition to a case
--   done      ended_as says as what
CREATE TABLE intake.draft (
	id uuid PRIMARY KEY,
	channel smallint NOT NULL,
	contact_id uuid REFERENCES intake.contact,
	state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closing', 'done')),
	first_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	next_at timestamptz NOT NULL,
	token bigint NOT NULL DEFAULT 0,
	attempts int NOT NULL DEFAULT 0,
	ended_as text CHECK (ended_as IN ('application', 'reply', 'addition', 'nothing', 'triage')),
	application_id uuid,
	decided text CHECK (decided IN ('application', 'addition', 'dismiss')), -- by a clerk, who found it in triage
	decisions int NOT NULL DEFAULT 0, -- of clerks: each sends commands of its own to the case
	target uuid, -- the application that it belongs to, where he said so
	reply_to jsonb, -- how its sender can be told the number, once; NULL: nobody to tell
	told text NOT NULL DEFAULT 'no' CHECK (told IN ('no', 'sending', 'sent', 'delivered', 'read', 'failed', 'unknown')),
	told_at timestamptz,
	told_message_id text, -- the provider's id of what told it: an answer to it belongs to the application
	CHECK ((state = 'done') = (ended_as IS NOT NULL))
);
CREATE UNIQUE INDEX draft_open ON intake.draft (contact_id) WHERE state = 'open';
CREATE INDEX draft_due ON intake.draft (next_at) WHERE state <> 'done';
CREATE INDEX draft_contact ON intake.draft (contact_id, first_at DESC);
CREATE INDEX draft_application ON intake.draft (application_id) WHERE application_id IS NOT NULL;
CREATE INDEX draft_told_message ON intake.draft (told_message_id) WHERE told_message_id IS NOT NULL;
CREATE INDEX draft_unknown ON intake.draft (told_at) WHERE told = 'unknown';
CREATE INDEX draft_tell ON intake.draft (told_at NULLS FIRST) WHERE state = 'done' AND ended_as = 'application' AND reply_to IS NOT NULL AND told IN ('no', 'sending');
GRANT SELECT, INSERT, UPDATE ON intake.draft TO intake;

-- Once for each message, whatever is delivered how often and in which order.
CREATE TABLE intake.message (
	channel smallint NOT NULL,
	external_id text NOT NULL CHECK (length(external_id) BETWEEN 1 AND 998), -- wamid, mid, update id, Message-ID
	inbound_id bigint NOT NULL REFERENCES intake.inbound,
	contact_id uuid REFERENCES intake.contact,
	draft_id uuid REFERENCES intake.draft,
	sent_at timestamptz NOT NULL,
	type text NOT NULL, -- text, image, location ...
	subject text,
	body text,
	latitude_e7 int,
	longitude_e7 int,
	address text,
	edited_at timestamptz, -- of the edit that body has
	deleted_at timestamptz, -- taken back by its sender before it became part of an application
	answers text[], -- external ids of messages that it answers, nearest first
	quoted_number text, -- a number of ours that it names
	email_verified boolean NOT NULL DEFAULT false, -- a mail server that we trust vouches for its sender
	kind smallint NOT NULL DEFAULT 0, -- of application that it makes; 0: request
	source_url text, -- of a public post
	PRIMARY KEY (channel, external_id)
);
CREATE INDEX message_draft ON intake.message (draft_id);
-- Not the channel first: plans are made while the table is empty, and one that found messages by their channel alone read all of
-- them for each.
CREATE INDEX message_answered ON intake.message (split_part(external_id, ' ', 1), channel); -- what references name
CREATE INDEX message_inbound ON intake.message (inbound_id);
GRANT SELECT, INSERT, UPDATE ON intake.message TO intake;

-- == Files ==
-- The bytes lie under their SHA-256 in the folder of files (INTAKE_FILES); a row is one use of them. The id has 128 random
-- bits: who has it from an event that was meant for him may fetch the file, with an API key.
CREATE TABLE intake.attachment (
	id uuid PRIMARY KEY,
	sha256 bytea NOT NULL CHECK (length(sha256) = 32), -- of what is kept (an image without EXIF)
	original_sha256 bytea NOT NULL CHECK (length(original_sha256) = 32), -- of what came
	size bigint NOT NULL CHECK (size >= 0),
	media_type text NOT NULL, -- by its content
	name text, -- as its sender called it
	scope text NOT NULL, -- who brought it: id of the API key, "public", or a source
	state text NOT NULL CHECK (state IN ('clean', 'quarantine', 'infected', 'gone')), -- quarantine: not looked at yet
	created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	application_id uuid,
	command_id uuid, -- the reply or addition to the case that brought it; NULL: the application itself
	message_channel smallint,
	message_external_id text,
	FOREIGN KEY (message_channel, message_external_id) REFERENCES intake.message
);
CREATE INDEX attachment_application ON intake.attachment (application_id);
CREATE INDEX attachment_message ON intake.attachment (message_channel, message_external_id);
CREATE INDEX attachment_unused ON intake.attachment (created_at) WHERE application_id IS NULL AND message_external_id IS NULL;
CREATE INDEX attachment_quarantine ON intake.attachment (created_at) WHERE state = 'quarantine';
CREATE INDEX attachment_sha256 ON intake.attachment (sha256);
GRANT SELECT, INSERT, UPDATE, DELETE ON intake.attachment TO intake;
CREATE INDEX inbound_raw_file ON intake.inbound (raw_file) WHERE raw_file IS NOT NULL; -- which files are named

-- What is still to be fetched from a provider.
CREATE TABLE intake.media (
	channel smallint NOT NULL,
	external_id text NOT NULL, -- of the message
	media_id text NOT NULL,
	media_type text,
	sha256 text, -- as the provider says; may be absent
	name text,
	state text NOT NULL DEFAULT 'wanted' CHECK (state IN ('wanted', 'fetched', 'settled', 'refused', 'failed')), -- settled: its case knows of it, or is not to
	reason text,
	next_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	token bigint NOT NULL DEFAULT 0,
	attempts int NOT NULL DEFAULT 0,
	attachment_id uuid REFERENCES intake.attachment,
	PRIMARY KEY (channel, external_id, media_id),
	FOREIGN KEY (channel, external_id) REFERENCES intake.message
);
CREATE INDEX media_due ON intake.media (channel, next_at) WHERE state = 'wanted';
CREATE INDEX media_unsettled ON intake.media (next_at) WHERE state = 'fetched';
GRANT SELECT, INSERT, UPDATE ON intake.media TO intake;

-- == Mailboxes, calls ==
CREATE TABLE intake.mailbox (
	name text PRIMARY KEY CHECK (name ~ '^[a-z0-9_.-]{1,40}$'),
	uid_validity bigint NOT NULL DEFAULT 0,
	uid bigint NOT NULL DEFAULT 0, -- all up to it are stored
	leased_until timestamptz NOT NULL DEFAULT '-infinity', -- one instance at a time looks into it
	token bigint NOT NULL DEFAULT 0,
	looked_at timestamptz,
	error text, -- of the last look; NULL when it went well
	error_at timestamptz
);
GRANT SELECT, INSERT, UPDATE ON intake.mailbox TO intake;

-- Which sources an intake has been told of (INTAKE_CHANNELS_FILE), for the operator.
CREATE TABLE intake.source (
	name text PRIMARY KEY,
	configured_at timestamptz NOT NULL DEFAULT clock_timestamp() -- when an intake last started with it
);
GRANT SELECT, INSERT, UPDATE, DELETE ON intake.source TO intake;

-- What a channel last did wrong, for the operator; a mailbox has its own.
CREATE TABLE intake.channel_error (
	source text PRIMARY KEY,
	error text NOT NULL, -- one line without personal data
	at timestamptz NOT NULL DEFAULT clock_timestamp()
);
GRANT SELECT, INSERT, UPDATE ON intake.channel_error TO intake;

CREATE TABLE intake.call (
	scope text NOT NULL, -- id of the API key: an exchange
	call_id text NOT NULL CHECK (length(call_id) BETWEEN 1 AND 200),
	inbound_id bigint REFERENCES intake.inbound,
	caller text, -- E.164; NULL when it was withheld
	started_at timestamptz NOT NULL,
	ended_at timestamptz,
	answered_by text, -- the extension or clerk id, no person's name
	missed boolean NOT NULL DEFAULT false,
	recording text, -- a reference in the exchange's own system
	called_back_at timestamptz,
	called_back_by text,
	PRIMARY KEY (scope, call_id)
);
CREATE INDEX call_inbound ON intake.call (inbound_id) WHERE inbound_id IS NOT NULL;
CREATE INDEX call_id ON intake.call (call_id, started_at DESC);
CREATE INDEX call_caller ON intake.call (caller, started_at DESC);
CREATE INDEX call_missed ON intake.call (started_at) WHERE missed AND called_back_at IS NULL;
GRANT SELECT, INSERT, UPDATE ON intake.call TO intake;

-- == Applications know where they come from ==
ALTER TABLE intake.application
	ADD COLUMN entered_by text, -- the clerk's id, apart from who asks
	ADD COLUMN brought_by text, -- who handed it in for the applicant
	ADD COLUMN registry_number text, -- of the municipality's register of documents, not ours
	ADD COLUMN registry_on date,
	ADD COLUMN sender_institution text, -- of an official document
	ADD COLUMN reply_by date, -- the day that the sender asks for
	ADD COLUMN call_id text,
	ADD COLUMN recording text,
	ADD COLUMN source_url text, -- of a public post
	ADD COLUMN inbound_id bigint REFERENCES intake.inbound; -- its proof of origin
-- Earlier applications of who calls or stands at the desk.
CREATE INDEX application_phone ON intake.application (applicant_phone, received_at DESC) WHERE applicant_phone IS NOT NULL;
CREATE INDEX application_national_id ON intake.application (national_id_hash, received_at DESC) WHERE national_id_hash IS NOT NULL;
CREATE INDEX application_email ON intake.application (lower(applicant_email COLLATE "C"), received_at DESC) WHERE applicant_email IS NOT NULL;
CREATE INDEX application_call_id ON intake.application (call_id) WHERE call_id IS NOT NULL;
CREATE INDEX application_inbound ON intake.application (inbound_id) WHERE inbound_id IS NOT NULL;
CREATE INDEX application_external_id ON intake.application (channel, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX application_registry ON intake.application (registry_number, sender_institution) WHERE registry_number IS NOT NULL;

-- == CİMER and other systems: answers that go back by hand ==
CREATE TABLE intake.handed_in (
	application_id uuid NOT NULL,
	version int NOT NULL, -- of the answer's event
	handed_in_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	handed_in_by text NOT NULL,
	PRIMARY KEY (application_id, version)
);
GRANT SELECT, INSERT ON intake.handed_in TO intake;

-- What the page of a case shows of it: nothing that says who the applicant is.
CREATE TABLE reporting.origin (
	application_id uuid PRIMARY KEY,
	entered_by text, -- the clerk's id
	registry_number text,
	registry_on date,
	sender_institution text,
	reply_by date
);
CREATE TABLE reporting.file (
	application_id uuid NOT NULL,
	version int NOT NULL, -- of the event that brought it
	place int NOT NULL,
	id uuid NOT NULL, -- under which intake has it
	name text, -- NULL where the applicant's identity is hidden
	media_type text NOT NULL,
	size bigint NOT NULL,
	PRIMARY KEY (application_id, version, place)
);
GRANT SELECT, INSERT, DELETE ON reporting.origin, reporting.file TO reporting;

-- == Open311: what the public may see ==
ALTER TABLE router.topic ADD COLUMN open311 boolean NOT NULL DEFAULT false; -- offered to the public, and its applications listed
GRANT USAGE ON SCHEMA router TO intake, reporting;
GRANT SELECT ON router.topic, router.department TO intake, reporting; -- to show, not to decide

-- Of applications whose applicant hides from nobody and that have a place: facts only, no word of anybody. What is shown
-- is decided by the topic when it is read.
CREATE TABLE reporting.public_request (
	application_id uuid PRIMARY KEY,
	number text NOT NULL,
	version int NOT NULL, -- of the last event seen; it only moves forward
	state smallint NOT NULL,
	status smallint NOT NULL CHECK (status IN (0, 1, 2)), -- 1 open, 2 closed; 0 not shown: withdrawn
	topic text, -- NULL in triage
	department text,
	received_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL, -- when what is shown changed; of a closed one when it was closed
	expected_on date NOT NULL,
	neighbourhood text, -- as the municipality's list spells it; NULL: what was written is none of them
	latitude_e7 int, -- rounded to 10^-4 degrees, about 10 m
	longitude_e7 int
);
CREATE INDEX public_request_number ON reporting.public_request (number);
CREATE INDEX public_request_received ON reporting.public_request (topic, status, received_at DESC, application_id)
	INCLUDE (latitude_e7, longitude_e7);
CREATE INDEX public_request_updated ON reporting.public_request (topic, status, updated_at, application_id)
	INCLUDE (received_at, latitude_e7, longitude_e7);
CREATE INDEX history_visible ON reporting.history (at, application_id, version) WHERE visible;
GRANT SELECT, INSERT, UPDATE, DELETE ON reporting.public_request TO reporting;

-- As it is shown.
CREATE VIEW reporting.public_request_shown AS
SELECT r.application_id, r.number, r.state, r.status, r.topic, t.name_tr AS topic_tr, t.name_en AS topic_en,
       d.name_tr AS department_tr, d.name_en AS department_en, r.received_at, r.updated_at, r.expected_on,
       r.neighbourhood, r.latitude_e7, r.longitude_e7
  FROM reporting.public_request AS r
  JOIN router.topic AS t ON t.code = r.topic AND t.open311
  LEFT JOIN router.department AS d ON d.code = r.department
 WHERE r.status > 0;
GRANT SELECT ON reporting.public_request_shown TO reporting;

-- box: least and greatest latitude and longitude; circle: its centre, the cosine of its latitude in thousandths, the square of its
-- radius, all in 10^-7 degrees; NULL: none. What stands nowhere is in neither.
CREATE FUNCTION reporting.is_in(p_latitude int, p_longitude int, p_box int[], p_circle bigint[]) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN p_box IS NULL THEN true
	            WHEN p_latitude BETWEEN p_box[1] AND p_box[2] AND p_longitude BETWEEN p_box[3] AND p_box[4]
	            THEN p_circle IS NULL
	                 OR (p_latitude - p_circle[1]) * (p_latitude - p_circle[1])
	                    + ((p_longitude - p_circle[2]) * p_circle[3] / 1000) * ((p_longitude - p_circle[2]) * p_circle[3] / 1000)
	                    <= p_circle[4]
	            ELSE false END
$$;

-- Does the public see that the case moved by it?
CREATE FUNCTION reporting.moves(p_event text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
	SELECT p_event IN ('application.routed', 'case.assigned', 'case.accepted', 'case.transferred', 'case.handed_back',
	                   'citizen.asked', 'citizen.replied', 'case.answered', 'case.forwarded', 'case.rejected', 'case.merged',
	                   'case.unmerged', 'case.reopened', 'case.closed')
$$;

-- "TIME STATE," of each move: microseconds, number of the state; the first hundred.
CREATE FUNCTION reporting.moves_of(p_application_id uuid) RETURNS text
LANGUAGE sql STABLE AS $$
	SELECT string_agg((extract(epoch FROM s.at) * 1000000)::bigint || ' ' || s.state, ',' ORDER BY s.version)
	  FROM (SELECT h.at, h.state, h.version FROM reporting.history AS h
	         WHERE h.application_id = p_application_id AND h.visible AND reporting.moves(h.event)
	         ORDER BY h.version LIMIT 100) AS s
$$;

-- What media_url of a posted request leads to: fetched later, then added to its case. It is written down before there is an
-- application, which names inbound_id as its origin.
CREATE TABLE intake.open311_media (
	inbound_id bigint PRIMARY KEY REFERENCES intake.inbound,
	url text NOT NULL,
	state text NOT NULL DEFAULT 'wanted' CHECK (state IN ('wanted', 'kept', 'added', 'refused', 'failed')),
	next_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	token bigint NOT NULL DEFAULT 0, -- of the lease: counts up
	attempts int NOT NULL DEFAULT 0,
	attachment_id uuid REFERENCES intake.attachment
);
CREATE INDEX open311_media_due ON intake.open311_media (next_at) WHERE state IN ('wanted', 'kept');
GRANT SELECT, INSERT, UPDATE ON intake.open311_media TO intake;

CREATE OR REPLACE FUNCTION reporting.rebuild() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
	UPDATE feed.cursor SET seq = 0, event_id = NULL, at = now() WHERE consumer = 'reporting';
	DELETE FROM feed.parked WHERE consumer = 'reporting';
	TRUNCATE reporting.application, reporting.history, reporting.part, reporting.earlier_span, reporting.tally,
		reporting.spread, reporting.backlog, reporting.public_request, reporting.origin, reporting.file;
END
$$;

-- == Keys ==
ALTER TABLE auth.api_key
	DROP CONSTRAINT api_key_rights_check,
	ADD CONSTRAINT api_key_rights_check CHECK (rights <@ ARRAY['applications', 'reports', 'cases', 'calls', 'open311']);

-- == Letters that came back: intake reads them, the notifier must hear of them ==
ALTER TABLE feed.stream DROP CONSTRAINT stream_name_check;
ALTER TABLE feed.stream ADD CONSTRAINT stream_name_check CHECK (name ~ '^(intake|bounce|case|department/[A-Z0-9]{2,12})$');
INSERT INTO feed.stream VALUES ('bounce', 'intake');
INSERT INTO feed.cursor (consumer, stream) VALUES ('notifier', 'bounce');
DROP POLICY intake_reads_its_own ON feed.event;
CREATE POLICY intake_reads_its_own ON feed.event FOR SELECT TO intake USING (stream IN ('intake', 'bounce'));
DROP POLICY router_reads_its_own ON feed.event;
CREATE POLICY router_reads_its_own ON feed.event FOR SELECT TO router USING (stream NOT IN ('intake', 'bounce'));
-- The address of a letter that came back is not written to again for this application.
ALTER TABLE notifier.address
	ADD COLUMN bounced_at timestamptz,
	ADD COLUMN bounce_status text CHECK (bounce_status ~ '^[245]\.[0-9]{1,3}\.[0-9]{1,3}$');
ALTER TABLE notifier.notice ADD COLUMN returned_at timestamptz; -- the letter came back; then state is failed
