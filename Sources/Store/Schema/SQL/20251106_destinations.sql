-- Where events are delivered to, besides the destination of the configuration: for everybody, or for one organization,
-- clinic or integration.
CREATE TABLE IF NOT EXISTS hookgate.destinations (
    id                text PRIMARY KEY CHECK (
        id = 'default' OR id ~ '^(organization|clinic|integration):[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'),
    -- Null for a row that only pauses or filters what the configuration names.
    kind              text CHECK (kind IN ('webhook', 'redis_stream')),
    url               text CHECK ((kind IS NOT DISTINCT FROM 'webhook') = (url IS NOT NULL)),
    stream_prefix     text CHECK (
        (kind IS NOT DISTINCT FROM 'redis_stream') = (stream_prefix IS NOT NULL)),
    stream_shards     integer NOT NULL DEFAULT 16 CHECK (stream_shards BETWEEN 1 AND 4096),
    stream_length     bigint NOT NULL DEFAULT 100000 CHECK (stream_length > 0),
    format            text NOT NULL DEFAULT 'evolution' CHECK (format IN ('evolution', 'envelope')),
    media             text NOT NULL DEFAULT 'inline' CHECK (media IN ('inline', 'reference')),
    -- Null for all kinds.
    kinds             text[],
    excluded_kinds    text[] NOT NULL DEFAULT '{}',
    groups            boolean NOT NULL DEFAULT true,
    status_broadcasts boolean NOT NULL DEFAULT false,
    newsletters       boolean NOT NULL DEFAULT false,
    own_messages      boolean NOT NULL DEFAULT true,
    timeout_ms        integer NOT NULL DEFAULT 15000 CHECK (timeout_ms BETWEEN 1 AND 20000),
    width             integer NOT NULL DEFAULT 32 CHECK (width BETWEEN 1 AND 1024),
    is_paused         boolean NOT NULL DEFAULT false,
    changed_at        timestamptz NOT NULL DEFAULT now(),
    CHECK (kind IS NOT NULL OR id = 'default')
);

-- What signs for them, apart from the rest: nobody who lists destinations reads this.
CREATE TABLE IF NOT EXISTS hookgate.destination_secrets (
    destination_id text PRIMARY KEY REFERENCES hookgate.destinations ON DELETE CASCADE,
    -- Newest first, with spaces between them.
    secrets        text NOT NULL CHECK (secrets <> ''),
    changed_at     timestamptz NOT NULL DEFAULT now()
);

-- Counts the changes of both tables, so that a gateway asks for one number and reads the rest only after a change.
-- Writers wait for each other on its row, so whoever reads a number sees all that it counts.
CREATE TABLE IF NOT EXISTS hookgate.destination_changes (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    number   bigint NOT NULL DEFAULT 0
);
INSERT INTO hookgate.destination_changes DEFAULT VALUES ON CONFLICT (only_row) DO NOTHING;

CREATE OR REPLACE FUNCTION hookgate.count_destination_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE hookgate.destination_changes SET number = number + 1;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION hookgate.count_destination_change() FROM PUBLIC;

CREATE OR REPLACE TRIGGER count_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON hookgate.destinations
    FOR EACH STATEMENT EXECUTE FUNCTION hookgate.count_destination_change();
CREATE OR REPLACE TRIGGER count_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON hookgate.destination_secrets
    FOR EACH STATEMENT EXECUTE FUNCTION hookgate.count_destination_change();

-- Signs the addresses of media. A random uuid has 122 random bits: three of them fill the 256 of the digest.
INSERT INTO hookgate.server_keys (name, key)
SELECT 'media', sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
ON CONFLICT (name) DO NOTHING;

-- PostgREST's roles get no way in, should a default have granted one.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['anon', 'authenticated'] LOOP
        CONTINUE WHEN to_regrole(role) IS NULL;
        EXECUTE format(
            'REVOKE ALL ON hookgate.destinations, hookgate.destination_secrets, hookgate.destination_changes FROM %I',
            role);
    END LOOP;
END
$$;
