-- Schema hookgate: everything of ours that is not a column of healthcare.integrations.
--
-- Only creates what is missing, in one transaction; needs CREATE on the database and no superuser.
-- Instance names have collation "C" everywhere: they are compared byte for byte, as Evolution does.
-- "recorded" times default to now(); every time that a decision reads is written by the program.

DO $$
BEGIN
    -- IF NOT EXISTS would ask for CREATE on the database even where the schema is there already.
    IF to_regnamespace('hookgate') IS NULL THEN
        CREATE SCHEMA hookgate;
    END IF;
END
$$;

-- What was applied to this database. Built-in files have one row, files given by hand one row a run.
CREATE TABLE IF NOT EXISTS hookgate.schema_migrations (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('built-in', 'file')),
    checksum    bytea NOT NULL CHECK (octet_length(checksum) = 32),
    applied_at  timestamptz NOT NULL,
    duration_ms bigint NOT NULL,
    -- False while a statement waits for its condition (an index for duplicates to go): the file runs again.
    is_complete boolean NOT NULL DEFAULT true
);
CREATE UNIQUE INDEX IF NOT EXISTS schema_migrations_built_in ON hookgate.schema_migrations (name) WHERE kind = 'built-in';

-- Runs of `hookgate migrate`, and for each instance what was there before and after.
CREATE TABLE IF NOT EXISTS hookgate.migration_runs (
    id          uuid PRIMARY KEY,
    state       text NOT NULL CHECK (state IN ('running', 'finished', 'failed', 'undone')),
    started_at  timestamptz NOT NULL,
    finished_at timestamptz,
    digest      text,
    counts      jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX IF NOT EXISTS migration_runs_started_at ON hookgate.migration_runs (started_at);

CREATE TABLE IF NOT EXISTS hookgate.migration_rows (
    run_id          uuid NOT NULL REFERENCES hookgate.migration_runs ON DELETE CASCADE,
    instance_name   text COLLATE "C" NOT NULL,
    integration_id  uuid NOT NULL,
    action          text NOT NULL,
    -- Which clinic was chosen and why.
    clinic_evidence jsonb,
    -- The legacy row as it was carried over: one of the three sides that verification compares.
    legacy_row      jsonb,
    -- healthcare.integrations before (null for an insertion) and after.
    before          jsonb,
    after           jsonb,
    undone_at       timestamptz,
    PRIMARY KEY (run_id, instance_name)
);
CREATE INDEX IF NOT EXISTS migration_rows_instance_name ON hookgate.migration_rows (instance_name);
CREATE INDEX IF NOT EXISTS migration_rows_integration_id ON hookgate.migration_rows (integration_id);

-- Every token ever held, as SHA-256 of its text. Kept by triggers on healthcare.integrations; what
-- `hookgate tokens` changes here directly is passed on as well.
CREATE TABLE IF NOT EXISTS hookgate.tokens (
    digest         bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
    -- Null for a current token that several integrations hold: nobody can say whose it is.
    integration_id uuid,
    instance_name  text COLLATE "C",
    state          text NOT NULL CHECK (state IN ('current', 'grace', 'revoked')),
    grace_until    timestamptz CHECK ((state = 'grace') = (grace_until IS NOT NULL)),
    created_at     timestamptz NOT NULL DEFAULT now(),
    changed_at     timestamptz NOT NULL DEFAULT now(),
    revision       xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX IF NOT EXISTS tokens_integration_id ON hookgate.tokens (integration_id);
CREATE INDEX IF NOT EXISTS tokens_revision ON hookgate.tokens (revision);

-- Integrations that are gone, so that a reader of changes learns of it.
CREATE TABLE IF NOT EXISTS hookgate.deleted_integrations (
    integration_id uuid PRIMARY KEY,
    deleted_at     timestamptz NOT NULL DEFAULT now(),
    revision       xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX IF NOT EXISTS deleted_integrations_revision ON hookgate.deleted_integrations (revision);

-- The inbox: one row for each event that was accepted, one partition a day. The key holds the day because a
-- partitioned table's key must; an event's day never changes, so shipping twice meets the same key.
CREATE TABLE IF NOT EXISTS hookgate.events (
    id                uuid NOT NULL,
    day               date NOT NULL,
    received_at       timestamptz NOT NULL,
    stored_at         timestamptz NOT NULL DEFAULT now(),
    integration_id    uuid,
    organization_id   uuid,
    clinic_id         uuid,
    instance_name     text COLLATE "C",
    route             text NOT NULL CHECK (route IN ('token', 'instance')),
    event             text,
    event_suffix      text,
    message_id        text,
    chat              text,
    state             text NOT NULL CHECK (state IN (
        'pending', 'delivered', 'filtered', 'parked', 'quarantined', 'discarded', 'expired', 'probe')),
    quarantine_reason text CHECK ((state = 'quarantined') <= (quarantine_reason IS NOT NULL)),
    -- Which gateway accepted it, and where in that gateway's spool it lay.
    gateway_id        uuid,
    spool_segment     bigint,
    spool_offset      bigint,
    -- Of the body as it was stored, without its secrets.
    body_bytes        bigint NOT NULL,
    body_sha256       bytea NOT NULL CHECK (octet_length(body_sha256) = 32),
    PRIMARY KEY (day, id)
) PARTITION BY RANGE (day);
CREATE INDEX IF NOT EXISTS events_received_at ON hookgate.events (received_at);
CREATE INDEX IF NOT EXISTS events_clinic ON hookgate.events (clinic_id, received_at);
CREATE INDEX IF NOT EXISTS events_instance ON hookgate.events (instance_name, received_at);
CREATE INDEX IF NOT EXISTS events_kind ON hookgate.events (event, received_at);
-- Nearly every event ends as delivered: the states that are asked for are the others.
CREATE INDEX IF NOT EXISTS events_state ON hookgate.events (state, received_at) WHERE state <> 'delivered';

CREATE TABLE IF NOT EXISTS hookgate.event_bodies (
    id   uuid NOT NULL,
    day  date NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (day, id)
) PARTITION BY RANGE (day);

-- Makes the partitions of a day where they are missing, and says whether it made any. Safe to call from
-- anywhere at any time: a table of its own is made and then attached, which unlike PARTITION OF does not
-- stop traffic on the other days. The lock is the one that attaching takes anyway; it lets reads and writes
-- through, lets one caller make the table, and shows the others that it is there (an advisory lock would not:
-- it leaves a waiting session's catalogue cache as it was).
CREATE OR REPLACE FUNCTION hookgate.ensure_event_partitions(wanted date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    parent text;
    child  text;
    made   boolean := false;
BEGIN
    IF wanted IS NULL OR NOT isfinite(wanted) THEN
        RAISE EXCEPTION 'cannot make partitions without a day';
    END IF;
    FOREACH parent IN ARRAY ARRAY['events', 'event_bodies'] LOOP
        child := parent || '_' || to_char(wanted, 'YYYYMMDD');
        CONTINUE WHEN to_regclass(format('hookgate.%I', child)) IS NOT NULL;
        EXECUTE format('LOCK TABLE hookgate.%I IN SHARE UPDATE EXCLUSIVE MODE', parent);
        CONTINUE WHEN to_regclass(format('hookgate.%I', child)) IS NOT NULL;
        EXECUTE format('CREATE TABLE hookgate.%I (LIKE hookgate.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)',
            child, parent);
        -- With this constraint the attaching need not look at the rows.
        EXECUTE format('ALTER TABLE hookgate.%I ADD CONSTRAINT of_day CHECK (day >= %L AND day < %L)',
            child, wanted, wanted + 1);
        EXECUTE format('ALTER TABLE hookgate.%I ATTACH PARTITION hookgate.%I FOR VALUES FROM (%L) TO (%L)',
            parent, child, wanted, wanted + 1);
        EXECUTE format('ALTER TABLE hookgate.%I DROP CONSTRAINT of_day', child);
        made := true;
    END LOOP;
    RETURN made;
END
$$;
REVOKE ALL ON FUNCTION hookgate.ensure_event_partitions(date) FROM PUBLIC;

-- Which way each instance's webhooks came, by day. The empty name stands for "none".
CREATE TABLE IF NOT EXISTS hookgate.route_traffic (
    instance_name text COLLATE "C" NOT NULL,
    route         text NOT NULL CHECK (route IN ('token', 'instance')),
    day           date NOT NULL,
    first_seen    timestamptz NOT NULL,
    last_seen     timestamptz NOT NULL,
    count         bigint NOT NULL,
    PRIMARY KEY (instance_name, route, day)
);

-- When a gateway was listening: silence proves something only while somebody listened.
CREATE TABLE IF NOT EXISTS hookgate.coverage (
    gateway_id      uuid NOT NULL,
    listening_from  timestamptz NOT NULL,
    listening_until timestamptz NOT NULL,
    PRIMARY KEY (gateway_id, listening_from),
    CHECK (listening_from <= listening_until)
);
CREATE INDEX IF NOT EXISTS coverage_listening_until ON hookgate.coverage (listening_until);

-- What every replica must agree on.
CREATE TABLE IF NOT EXISTS hookgate.settings (
    name       text PRIMARY KEY,
    value      jsonb NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);

-- Keys of this installation, made where they are kept so that they never travel. `probe` signs `hookgate test`.
CREATE TABLE IF NOT EXISTS hookgate.server_keys (
    name       text PRIMARY KEY,
    key        bytea NOT NULL CHECK (octet_length(key) = 32),
    created_at timestamptz NOT NULL DEFAULT now()
);
-- A random uuid has 122 random bits: three of them fill the 256 of the digest.
INSERT INTO hookgate.server_keys (name, key)
SELECT 'probe', sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
ON CONFLICT (name) DO NOTHING;

-- Work that one replica at a time may do. A holder that lost its lease is told by the fencing number.
CREATE TABLE IF NOT EXISTS hookgate.leases (
    name         text PRIMARY KEY,
    holder       uuid NOT NULL,
    leased_until timestamptz NOT NULL,
    fencing      bigint NOT NULL DEFAULT 1
);

-- Digests of what was stored lately, so that a retry is not stored again.
CREATE TABLE IF NOT EXISTS hookgate.dedupe_keys (
    digest     bytea PRIMARY KEY,
    event_id   uuid NOT NULL,
    event_day  date NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS dedupe_keys_expires_at ON hookgate.dedupe_keys (expires_at);

-- Who did what. Each entry holds the digest of the one before it.
CREATE TABLE IF NOT EXISTS hookgate.audit_log (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recorded_at     timestamptz NOT NULL,
    actor           text NOT NULL,
    action          text NOT NULL,
    subject         text,
    detail          jsonb NOT NULL DEFAULT '{}',
    previous_digest bytea,
    digest          bytea NOT NULL
);
CREATE INDEX IF NOT EXISTS audit_log_recorded_at ON hookgate.audit_log (recorded_at);

-- PostgREST's roles get no way in. Rights on the tables are taken as well, should a default have granted some.
DO $$
DECLARE
    role text;
BEGIN
    EXECUTE 'REVOKE ALL ON SCHEMA hookgate FROM PUBLIC';
    FOREACH role IN ARRAY ARRAY['anon', 'authenticated'] LOOP
        CONTINUE WHEN to_regrole(role) IS NULL;
        EXECUTE format('REVOKE ALL ON SCHEMA hookgate FROM %I', role);
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA hookgate FROM %I', role);
        EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA hookgate FROM %I', role);
    END LOOP;
END
$$;
