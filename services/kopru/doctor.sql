-- What `kopru doctor' asks. Each statement is one check and gives a row for each thing that it found: state ("wrong" or
-- "note"), what, why it matters, what to run (or ""). No row: it is well. The name, with spaces, is how the check is called.
-- They are asked one by one and never prepared, so that one that fails (no such table yet) leaves the others. Ages come from
-- kopru.doctor_age, in seconds (kopru doctor --age).

-- name: settings_of_the_database
SELECT x.state, x.what, x.why, x.run
  FROM (VALUES
	('wrong', current_setting('server_version_num')::int < 150000,
	 'PostgreSQL ' || current_setting('server_version') || ' is older than 15',
	 'It is not tested with it, and soon gets no security fixes', 'SHOW server_version'),
	('wrong', pg_is_in_recovery(), 'this is a standby: it takes no writes',
	 'Nothing can be stored here', 'let KOPRU_DATABASE and the services'' settings name the primary (target_session_attrs=read-write)'),
	('wrong', current_setting('fsync') = 'off', 'fsync is off',
	 'What was acknowledged can be lost when the machine stops', 'ALTER SYSTEM SET fsync = on; SELECT pg_reload_conf()'),
	('wrong', current_setting('full_page_writes') = 'off', 'full_page_writes is off',
	 'A stop in the middle of a write can destroy pages', 'ALTER SYSTEM SET full_page_writes = on; SELECT pg_reload_conf()'),
	('wrong', (SELECT reset_val FROM pg_settings WHERE name = 'synchronous_commit') = 'off', 'synchronous_commit is off',
	 'A citizen gets a number for an application that may be lost a moment later',
	 'ALTER SYSTEM SET synchronous_commit = on; SELECT pg_reload_conf()'),
	('note', current_setting('data_checksums') = 'off', 'the cluster has no data checksums',
	 'A disk that returns wrong bytes is not noticed', 'pg_checksums --enable (while the database is stopped)'),
	('wrong', current_setting('autovacuum') = 'off', 'autovacuum is off',
	 'Tables grow and slow down, and in the end the database stops', 'ALTER SYSTEM SET autovacuum = on; SELECT pg_reload_conf()'),
	('note', current_setting('max_connections')::int < 40, 'max_connections is ' || current_setting('max_connections'),
	 'Two instances of each service, a migration and an operator need about 40',
	 'ALTER SYSTEM SET max_connections = 100 (and restart the database)')
       ) AS x(state, found, what, why, run)
 WHERE x.found
UNION ALL
SELECT 'wrong', 'synchronous_commit is off for ' || r.rolname,
       'Its word is final for citizens and departments; only reporting may lose and read again',
       'ALTER ROLE ' || r.rolname || ' RESET synchronous_commit'
  FROM pg_db_role_setting AS s JOIN pg_roles AS r ON r.oid = s.setrole
 WHERE r.rolname IN ('intake', 'router', 'notifier') AND 'synchronous_commit=off' = ANY (s.setconfig);

-- name: health_of_the_database
SELECT 'wrong', format('%s of %s connections are in use', n.used, n.most), 'Soon a service cannot connect',
       'SELECT usename, application_name, count(*) FROM pg_stat_activity GROUP BY 1, 2 ORDER BY 3 DESC'
  FROM (SELECT count(*) AS used, current_setting('max_connections')::int AS most FROM pg_stat_activity
         WHERE backend_type = 'client backend') AS n
 WHERE n.used > 0.8 * n.most
UNION ALL
SELECT 'wrong', format('%s pages of the database had a wrong checksum', d.checksum_failures),
       'The disk returns other bytes than were written: what is read may be wrong', 'restore from a backup on another disk'
  FROM pg_stat_database AS d WHERE d.datname = current_database() AND d.checksum_failures > 0
UNION ALL
SELECT 'wrong', format('the oldest transaction number is %s old', age(d.datfrozenxid)),
       'At 2,000,000,000 the database stops taking writes', 'vacuumdb --freeze ' || d.datname
  FROM pg_database AS d WHERE d.datname = current_database() AND age(d.datfrozenxid) > 1000000000
UNION ALL
SELECT 'wrong', format('a prepared transaction (%s) is open since %s', p.gid, date_trunc('second', p.prepared)),
       'It holds its locks until somebody ends it', format('ROLLBACK PREPARED %L', p.gid)
  FROM pg_prepared_xacts AS p WHERE p.database = current_database()
UNION ALL
SELECT 'wrong', 'no synchronous standby is connected, and commits wait for one',
       'Nothing can be acknowledged', 'SELECT application_name, state, sync_state FROM pg_stat_replication'
 WHERE current_setting('synchronous_standby_names') <> ''
   AND NOT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum'));

-- name: roles
SELECT 'wrong', format('the role "%s" does not exist', n.name), 'Its service cannot connect', 'kopru migrate'
  FROM unnest(ARRAY['intake', 'router', 'notifier', 'reporting']) AS n(name)
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = n.name)
UNION ALL
SELECT 'wrong', format('the role "%s" %s', r.rolname, CASE WHEN NOT r.rolcanlogin THEN 'cannot log in' ELSE 'is a superuser' END),
       CASE WHEN NOT r.rolcanlogin THEN 'Its service cannot connect' ELSE 'A fault in the service could touch everything' END,
       format('ALTER ROLE %I %s', r.rolname, CASE WHEN NOT r.rolcanlogin THEN 'LOGIN' ELSE 'NOSUPERUSER' END)
  FROM pg_roles AS r
 WHERE r.rolname IN ('intake', 'router', 'notifier', 'reporting') AND (NOT r.rolcanlogin OR r.rolsuper);

-- name: rights_that_are_missing
SELECT 'wrong', format('%s may not %s %s', g.role, g.privilege, g.object), 'The service cannot do its work',
       format('GRANT %s ON %s%s TO %s', g.privilege, CASE WHEN g.privilege = 'EXECUTE' THEN 'FUNCTION ' ELSE '' END, g.object, g.role)
  FROM (VALUES
	('intake', 'INSERT', 'intake.application'), ('intake', 'SELECT', 'auth.api_key'), ('reporting', 'SELECT', 'auth.api_key'),
	('router', 'INSERT', 'router.case'), ('router', 'UPDATE', 'router.case'), ('router', 'INSERT', 'router.decision'),
	('router', 'SELECT', 'router.topic'), ('router', 'SELECT', 'router.holiday'), ('router', 'SELECT', 'router.department'),
	('router', 'SELECT', 'router.topic_change'), ('router', 'SELECT', 'router.department_change'),
	('router', 'SELECT', 'router.area'), ('router', 'SELECT', 'router.street'),
	('notifier', 'INSERT', 'notifier.notice'), ('notifier', 'UPDATE', 'notifier.notice'),
	('reporting', 'INSERT', 'reporting.application'), ('reporting', 'UPDATE', 'reporting.application'),
	('intake', 'EXECUTE', 'feed.append(text[],uuid[],uuid[],text[],timestamptz[],bytea[])'),
	('router', 'EXECUTE', 'feed.append(text[],uuid[],uuid[],text[],timestamptz[],bytea[])'),
	('router', 'EXECUTE', 'feed.advance(text,text,bigint,bigint,uuid)'),
	('notifier', 'EXECUTE', 'feed.advance(text,text,bigint,bigint,uuid)'),
	('reporting', 'EXECUTE', 'feed.advance(text,text,bigint,bigint,uuid)'),
	('router', 'EXECUTE', 'feed.park(text,text,bigint,uuid,uuid,text,bytea)'),
	('notifier', 'EXECUTE', 'feed.park(text,text,bigint,uuid,uuid,text,bytea)'),
	('reporting', 'EXECUTE', 'feed.park(text,text,bigint,uuid,uuid,text,bytea)'),
	('router', 'EXECUTE', 'feed.release(text,text,bigint[],bytea[])'),
	('notifier', 'EXECUTE', 'feed.release(text,text,bigint[],bytea[])'),
	('reporting', 'EXECUTE', 'feed.release(text,text,bigint[],bytea[])'),
	('intake', 'EXECUTE', 'feed.prove()'), ('router', 'EXECUTE', 'feed.prove()')) AS g(role, privilege, object)
 WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = g.role)
   AND NOT CASE WHEN g.privilege = 'EXECUTE' THEN has_function_privilege(g.role, g.object, 'EXECUTE')
                ELSE has_table_privilege(g.role, g.object, g.privilege) END;

-- name: rights_that_nobody_gave
-- Streams grow through feed.append alone; a service writes its own schema, and no other service's.
SELECT 'wrong', format('%s may %s %s.%s', r.rolname, string_agg(p.privilege, ', ' ORDER BY p.privilege), n.nspname, c.relname),
       'A fault in one service could change what another one is answerable for',
       format('REVOKE %s ON %I.%I FROM %I', string_agg(p.privilege, ', ' ORDER BY p.privilege), n.nspname, c.relname, r.rolname)
  FROM pg_class AS c
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_roles AS r ON r.rolname IN ('intake', 'router', 'notifier', 'reporting') AND NOT r.rolsuper
 CROSS JOIN unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS p(privilege)
 WHERE c.relkind IN ('r', 'p') AND n.nspname IN ('feed', 'intake', 'router', 'notifier', 'reporting', 'auth')
   AND n.nspname <> r.rolname AND NOT (r.rolname = 'intake' AND n.nspname = 'auth')
   AND has_table_privilege(r.oid, c.oid, p.privilege)
 GROUP BY r.rolname, n.nspname, c.relname;

-- name: consumers
SELECT 'wrong', format('%s has no cursor on "%s"', e.consumer, e.stream), 'It consumes nothing', 'kopru migrate'
  FROM (VALUES ('router', 'intake'), ('notifier', 'case'), ('notifier', 'bounce'), ('reporting', 'intake'), ('reporting', 'case')) AS e(consumer, stream)
 WHERE NOT EXISTS (SELECT FROM feed.cursor AS c WHERE c.consumer = e.consumer AND c.stream = e.stream)
UNION ALL
SELECT 'wrong', format('%s is %s events behind on "%s", and the oldest waits for %s s', c.consumer, h.head - c.seq, c.stream, o.age),
       CASE c.consumer WHEN 'router' THEN 'Applications are stored, but reach no department'
                       WHEN 'notifier' THEN 'Citizens are not told'
                       ELSE 'Figures, lists and tracking are not up to date' END,
       'kopru streams; then look at the log of ' || c.consumer
  FROM feed.cursor AS c
 CROSS JOIN LATERAL (SELECT coalesce((SELECT e.seq FROM feed.event AS e WHERE e.stream = c.stream
                                       ORDER BY e.seq DESC LIMIT 1), 0) AS head) AS h
 CROSS JOIN LATERAL (SELECT extract(epoch FROM now() - coalesce(a.recorded_at, e.at))::bigint AS age
                       FROM feed.event AS e
                       LEFT JOIN intake.application AS a ON e.stream = 'intake' AND a.id = e.application_id
                      WHERE e.stream = c.stream AND e.seq = c.seq + 1) AS o
 WHERE o.age > current_setting('kopru.doctor_age')::int
UNION ALL
SELECT 'wrong', format('the cursor of %s on "%s" stands at %s, where the stream has %s', c.consumer, c.stream, c.seq,
              CASE WHEN e.event_id IS NULL THEN 'no event' ELSE 'another event' END),
       'The histories differ (a restored backup, a lossy failover): the consumer has stopped',
       'find out which of the two lost something before anything else is done'
  FROM feed.cursor AS c LEFT JOIN feed.event AS e ON e.stream = c.stream AND e.seq = c.seq
 WHERE c.seq > 0 AND e.event_id IS DISTINCT FROM c.event_id;

-- name: parked_events
SELECT 'wrong', format('%s parked %s events of %s applications, the oldest %s ago', k.consumer, count(*),
                       count(DISTINCT k.application_id), date_trunc('second', now() - min(k.parked_at))),
       'Nobody could digest them; later events of the same applications wait',
       'kopru parked list --consumer ' || k.consumer || '; when the cause is gone: kopru parked release --consumer ' || k.consumer
  FROM feed.parked AS k WHERE k.released_at IS NULL GROUP BY k.consumer;

-- name: frozen_sessions
SELECT 'wrong', format('a session of %s (pid %s) holds a transaction open and does nothing, since %s s', a.usename, a.pid,
                       extract(epoch FROM now() - a.state_change)::int),
       'It may hold a stream or a cursor, and everyone behind it waits', format('SELECT pg_terminate_backend(%s)', a.pid)
  FROM pg_stat_activity AS a
 WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.state LIKE 'idle in transaction%'
   AND a.state_change < now() - make_interval(secs => least(10, current_setting('kopru.doctor_age')::int))
UNION ALL
SELECT 'wrong', format('a session of %s (pid %s) waits for a lock since %s s, blocked by %s', a.usename, a.pid,
                       extract(epoch FROM now() - a.state_change)::int, array_to_string(pg_blocking_pids(a.pid), ', ')),
       'Its work stands still', 'SELECT pid, usename, state, query FROM pg_stat_activity WHERE pid IN ('
       || array_to_string(pg_blocking_pids(a.pid), ', ') || ')'
  FROM pg_stat_activity AS a
 WHERE a.datname = current_database() AND a.wait_event_type = 'Lock' AND a.state_change < now() - make_interval(secs => least(10, current_setting('kopru.doctor_age')::int))
UNION ALL
SELECT 'note', format('a transaction of %s (pid %s) runs since %s', a.usename, a.pid, date_trunc('second', now() - a.xact_start)),
       'Nothing that was deleted since can be cleared away', format('SELECT query FROM pg_stat_activity WHERE pid = %s', a.pid)
  FROM pg_stat_activity AS a
 WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.xact_start < now() - interval '30 minutes'
   AND a.state = 'active' AND a.backend_type = 'client backend';

-- name: departments
SELECT 'wrong', format('department %s has no stream', d.code), 'What is routed to it goes to the desk instead',
       format('INSERT INTO feed.stream VALUES (''department/%s'', ''router'')', d.code)
  FROM router.department AS d
 WHERE (d.valid_to IS NULL OR d.valid_to > current_date)
   AND NOT EXISTS (SELECT FROM feed.stream AS s WHERE s.name = 'department/' || d.code)
UNION ALL
SELECT 'wrong', 'there is no desk: department HM does not exist or has ended', 'What no rule knows goes nowhere',
       'kopru department add HM ''Hizmet Masası'' ''Service Desk'''
 WHERE NOT EXISTS (SELECT FROM router.department AS d WHERE d.code = 'HM' AND (d.valid_to IS NULL OR d.valid_to > current_date))
UNION ALL
SELECT 'note', format('%s has %s valid keys for its feed', p.name, count(*)), 'After a change of keys the old one should go',
       'kopru peers; kopru ' || split_part(p.name, '/', 1) || ' revoke ' || split_part(p.name, '/', 2) || ' -- PUBLIC'
  FROM feed.peer AS p WHERE p.revoked_at IS NULL GROUP BY p.name HAVING count(*) > 1
UNION ALL
SELECT 'note', format('all keys of %s are revoked', p.name), 'It had a feed, and cannot connect any more',
       'kopru ' || split_part(p.name, '/', 1) || ' key ' || split_part(p.name, '/', 2)
  FROM feed.peer AS p GROUP BY p.name HAVING count(*) FILTER (WHERE p.revoked_at IS NULL) = 0;

-- name: topics
SELECT 'wrong', 'there are no topics', 'Everything goes to the desk', 'kopru demo TOPICS.csv HOLIDAYS.csv'
 WHERE NOT EXISTS (SELECT FROM router.topic AS t WHERE t.valid_to IS NULL OR t.valid_to > current_date)
UNION ALL
SELECT 'wrong', format('topic %s points to department %s, which %s', t.code, t.department,
                       CASE WHEN d.valid_to <= current_date THEN 'has ended' ELSE 'has no stream' END),
       'What is about it goes to the desk instead', 'correct TOPICS.csv and run kopru demo, or give the department its stream'
  FROM router.topics_on(current_date) AS t JOIN router.department AS d ON d.code = t.department
 WHERE (d.valid_to <= current_date OR NOT EXISTS (SELECT FROM feed.stream AS s WHERE s.name = 'department/' || d.code));

-- name: holidays
-- A deadline of today is at most 30 working days away, which with holidays between is less than 75 days.
SELECT CASE WHEN h.known < current_date + 75 THEN 'wrong' ELSE 'note' END,
       format('holidays are known until %s; deadlines of today reach to %s', h.known, current_date + 75),
       'A deadline that falls on an unknown holiday is a day too early, or a target cannot be computed',
       'add the next years to HOLIDAYS.csv (also REPORTING_HOLIDAYS_FILE) and run kopru calendar import'
  FROM (SELECT coalesce(make_date(extract(year FROM max(day))::int, 12, 31), '2000-01-01') AS known FROM router.holiday) AS h
 WHERE h.known < current_date + 240
UNION ALL
SELECT 'wrong', format('version %s of the calendar is there since %s minutes, and not all deadlines have moved', c.version,
                       (extract(epoch FROM now() - c.made_at) / 60)::int),
       'Departments and citizens know dates that do not hold', 'see that a router runs, and what its log says of deadlines'
  FROM router.calendar AS c WHERE c.recomputed_at IS NULL AND c.made_at < now() - interval '15 minutes';

-- name: notices
SELECT 'wrong', format('%s notices were given up, %s of them in the last day', count(*),
                       count(*) FILTER (WHERE n.finished_at > now() - interval '1 day')),
       'These citizens were not told', 'kopru notices list --state failed; then kopru notices retry'
  FROM notifier.notice AS n WHERE n.state = 'failed' HAVING count(*) > 0
UNION ALL
SELECT 'wrong', format('of %s notices nobody knows whether they arrived', count(*)), 'The mail server did not say so before the connection was lost',
       'kopru notices list --state unknown'
  FROM notifier.notice AS n WHERE n.state = 'unknown' HAVING count(*) > 0
UNION ALL
SELECT 'wrong', format('%s notices are late, the oldest for %s', count(*), date_trunc('second', now() - min(n.next_at))),
       'Citizens are told too late', 'kopru notices list --state pending; look at the log of notifier'
  FROM notifier.notice AS n
 WHERE n.state IN ('pending', 'sending') AND n.next_at < now() - make_interval(secs => current_setting('kopru.doctor_age')::int)
HAVING count(*) > 0;

-- name: numbers
SELECT CASE WHEN y.next_serial > 9900000 THEN 'wrong' ELSE 'note' END,
       format('%s of 10000000 application numbers of %s are taken', y.next_serial - 1, y.year),
       'When they are used up nothing can be entered', 'ask the makers: the number''s form must change'
  FROM intake.number_year AS y WHERE y.next_serial > 9000000;

-- name: clock_of_the_router
-- Questions expire and are reminded of on their day; a day of grace.
SELECT 'wrong', format('%s questions to citizens should have expired, the oldest on %s', count(*), min(q.answer_by)),
       'These cases wait for an answer that nobody expects any more, while the law''s time runs on', 'look at the log of router'
  FROM router.question AS q WHERE q.answer_by < (now() AT TIME ZONE 'Europe/Istanbul')::date - 1 HAVING count(*) > 0
UNION ALL
SELECT 'wrong', format('%s citizens should have been reminded of a question, the first on %s', count(*), min(q.remind_on)),
       'They may not know that they are waited for', 'look at the log of router'
  FROM router.question AS q WHERE q.remind_on < (now() AT TIME ZONE 'Europe/Istanbul')::date - 1 HAVING count(*) > 0
UNION ALL
SELECT 'note', format('%s cases wait for the arbiter beyond his day, the oldest since %s', count(*), min(c.arbiter_due_on)),
       'No department works on them, while the citizens'' time runs on', 'let the arbiter assign them'
  FROM router.case AS c WHERE c.with_arbiter AND c.arbiter_due_on < (now() AT TIME ZONE 'Europe/Istanbul')::date HAVING count(*) > 0;

-- name: missed_calls
-- intake takes off the list who called again or was called back; a weekend may pass before somebody does.
SELECT 'note', format('%s callers wait to be called back, the first since %s', count(DISTINCT m.caller),
                      date_trunc('second', min(m.started_at))),
       'They called and reached nobody', 'see to GET /api/v1/calls/missed'
  FROM intake.call AS m
 WHERE m.missed AND m.called_back_at IS NULL AND m.caller IS NOT NULL AND m.started_at < now() - interval '3 days'
HAVING count(*) > 0;

-- name: what_comes_in
SELECT 'wrong', format('%s arrivals over %s are not digested, the oldest for %s', count(*), i.source,
                       date_trunc('second', now() - min(i.received_at))),
       'Nobody works on what these citizens wrote', 'kopru channels; look at the log of intake'
  FROM intake.inbound AS i
 WHERE i.state = 'stored' AND i.received_at < now() - make_interval(secs => current_setting('kopru.doctor_age')::int)
 GROUP BY i.source
UNION ALL
SELECT 'wrong', format('%s drafts should be applications, the oldest for %s', count(*), date_trunc('second', now() - min(d.next_at))),
       'Nobody works on what these citizens wrote', 'look at the log of intake'
  FROM intake.draft AS d
 WHERE d.state <> 'done' AND d.next_at < now() - make_interval(mins => 11, secs => current_setting('kopru.doctor_age')::int)
HAVING count(*) > 0
UNION ALL
SELECT 'wrong', format('mailbox "%s" cannot be read: %s', m.name, regexp_replace(m.error, '[[:cntrl:]]', ' ', 'g')),
       'Mails stay where nobody looks', 'kopru channels; are address, user and password of the mailbox right?'
  FROM intake.mailbox AS m WHERE m.error IS NOT NULL
UNION ALL
SELECT 'wrong', format('nobody has looked into mailbox "%s" since %s', m.name, date_trunc('second', m.looked_at)),
       'Mails stay where nobody looks', 'does an intake run? kopru channels; look at the log of intake'
  FROM intake.mailbox AS m JOIN intake.source AS s ON s.name = 'email/' || m.name
 WHERE m.error IS NULL AND m.looked_at < now() - interval '10 minutes' AND m.leased_until < now()
UNION ALL
SELECT CASE WHEN bool_or(r.verdict LIKE '% is wrong') THEN 'wrong' ELSE 'note' END,
       format('over %s %s arrivals were refused and none was taken since: %s', s.name, count(*), max(r.verdict)),
       'If it was the provider who sent them, no message of a citizen comes in; anybody else may try, too',
       'kopru channels; is the secret in INTAKE_CHANNELS_FILE the one that the provider has?'
  FROM intake.source AS s
  JOIN intake.inbound AS r ON r.source = s.name AND r.state = 'refused' AND r.received_at > now() - interval '1 day'
 WHERE NOT EXISTS (SELECT FROM intake.inbound AS i
                    WHERE i.source = s.name AND i.received_at > r.received_at AND i.state <> 'refused')
 GROUP BY s.name
UNION ALL
SELECT 'note', format('%s arrivals lie in triage, the oldest since %s', count(*), date_trunc('second', min(i.received_at))),
       'A clerk has to decide what becomes of them', 'see to GET /api/v1/inbound?state=triage'
  FROM intake.inbound AS i WHERE i.state = 'triage' AND i.received_at < now() - interval '1 day' HAVING count(*) > 0
UNION ALL
SELECT 'note', format('of %s senders nobody knows whether they were told their number', count(*)),
       'The provider''s answer was lost; it is never repeated', 'kopru channels'
  FROM intake.draft AS d WHERE d.told = 'unknown' AND d.told_at > now() - interval '1 day' HAVING count(*) > 0;

-- name: decisions
SELECT 'note', CASE d.what WHEN 'unsure' THEN format('%s of %s decisions of the last 7 days were unsure, %s of %s in the 28 days before',
                                                    d.part, d.whole, d.part_before, d.whole_before)
                           ELSE format('staff corrected %s of %s decisions in the last 7 days, %s of %s in the 28 days before',
                                       d.part, d.whole, d.part_before, d.whole_before) END,
       'What people write about, or who does what, has changed, or the model has become worse',
       'kopru topics status; then kopru topics learn, or kopru topics rollback'
  FROM router.drift AS d WHERE d.drifts
UNION ALL
SELECT 'note', format('the last training of topics, %s, failed: %s', date_trunc('second', l.ended_at), l.reason),
       'Staff''s corrections are not learnt', 'kopru topics status; look at the log of router'
  FROM router.learning AS l WHERE l.outcome = 'failed' AND l.wanted_at IS NULL;

-- name: rules
SELECT 'wrong', format('rule "%s" of the active version %s names what is no more: %s', r.code, r.version,
                       concat_ws(', ', CASE WHEN d.code IS NULL THEN r.outcome ->> 'department' END,
                                 CASE WHEN t.code IS NULL THEN r.outcome ->> 'topic' END)),
       'What it holds for goes to the desk', 'kopru rules show --json, take it out, kopru rules save FILE --activate; or kopru rules rollback'
  FROM router.rules AS v
  JOIN router.rule AS r ON r.version = v.version AND r.valid_from <= current_date AND (r.valid_to IS NULL OR r.valid_to > current_date)
  LEFT JOIN router.departments_on(current_date) AS d ON d.code = r.outcome ->> 'department'
  LEFT JOIN router.topics_on(current_date) AS t ON t.code = r.outcome ->> 'topic'
 WHERE v.state = 'active' AND ((r.outcome ? 'department' AND d.code IS NULL) OR (r.outcome ? 'topic' AND t.code IS NULL));
