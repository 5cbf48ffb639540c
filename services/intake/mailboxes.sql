-- Mailboxes: how far each is read. One instance at a time looks into one, under a lease.

-- name: mailbox_lease
-- in:  $1 name, $2 seconds of the lease, $3 milliseconds that must have passed since anybody's last look
-- out: token, UIDVALIDITY, UID up to which all is stored; no row: another looks, or did so just now
INSERT INTO intake.mailbox AS m (name, leased_until, token)
VALUES ($1::text, clock_timestamp() + make_interval(secs => $2::int), 1)
    ON CONFLICT (name) DO UPDATE
   SET leased_until = excluded.leased_until, token = m.token + 1
 WHERE m.leased_until < clock_timestamp()
   AND coalesce(greatest(m.looked_at, m.error_at), '-infinity') <= clock_timestamp() - $3::bigint * interval '1 millisecond'
RETURNING m.token, m.uid_validity, m.uid;

-- name: mailbox_advance
-- in:  $1 name, $2 token, $3 UIDVALIDITY, $4 UID up to which all is stored, $5 seconds of the lease
-- out: token; no row: the lease is another's
UPDATE intake.mailbox
   SET uid_validity = $3::bigint, uid = $4::bigint, leased_until = clock_timestamp() + make_interval(secs => $5::int)
 WHERE name = $1::text AND token = $2::bigint
RETURNING token;

-- name: mailbox_extend
-- in:  $1 name, $2 token, $3 seconds of the lease
-- out: token; no row: the lease is another's
UPDATE intake.mailbox SET leased_until = clock_timestamp() + make_interval(secs => $3::int)
 WHERE name = $1::text AND token = $2::bigint
RETURNING token;

-- name: mailbox_finish
-- in:  $1 name, $2 token, $3 what went wrong (NULL: nothing)
UPDATE intake.mailbox
   SET leased_until = '-infinity', error = $3::text,
       looked_at = CASE WHEN $3::text IS NULL THEN clock_timestamp() ELSE looked_at END,
       error_at = CASE WHEN $3::text IS NOT NULL THEN clock_timestamp() ELSE error_at END
 WHERE name = $1::text AND token = $2::bigint;
