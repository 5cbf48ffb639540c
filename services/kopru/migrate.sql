-- Statements of `kopru migrate`. They run before there is anything to prepare them on (common/db/script.h).

-- name: migrate_lock_try
-- out: t when nobody else migrates this database
SELECT pg_try_advisory_lock(7407002026);

-- name: migrate_lock
SELECT pg_advisory_lock(7407002026);

-- name: migrate_limit
-- A migration that waits for a lock makes everyone wait behind it: rather give up and be run again.
SELECT set_config('lock_timeout', '10s', false);

-- name: migrate_schema
CREATE SCHEMA IF NOT EXISTS kopru;

-- name: migrate_table
CREATE TABLE IF NOT EXISTS kopru.migration (
	number int PRIMARY KEY CHECK (number BETWEEN 1 AND 9999),
	name text NOT NULL,
	checksum text NOT NULL CHECK (checksum ~ '^[0-9a-f]{64}$'),
	applied_at timestamptz NOT NULL DEFAULT now()
);

-- name: migrations_applied
-- out: number, name, checksum
SELECT number, name, checksum FROM kopru.migration ORDER BY number;

-- name: migration_record
-- in:  $1 number, $2 name, $3 checksum
INSERT INTO kopru.migration (number, name, checksum) VALUES ($1::int, $2::text, $3::text);
