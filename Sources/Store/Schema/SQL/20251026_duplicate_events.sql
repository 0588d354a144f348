-- What became of an event that the inbox had already when it came: its sender was told an id, and must be able to
-- find out of which event it is a repetition. Kept as long as the keys it was recognised by.
CREATE TABLE IF NOT EXISTS hookgate.duplicate_events (
    id            uuid PRIMARY KEY,
    original_id   uuid NOT NULL,
    original_day  date NOT NULL,
    -- retry: the same body, byte for byte. copy: the same message in another body.
    kind          text NOT NULL CHECK (kind IN ('retry', 'copy')),
    route         text NOT NULL CHECK (route IN ('token', 'instance')),
    instance_name text COLLATE "C",
    received_at   timestamptz NOT NULL,
    gateway_id    uuid NOT NULL,
    expires_at    timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS duplicate_events_expires_at ON hookgate.duplicate_events (expires_at);

-- How many of them there were, for ever: what a gateway accepted is what waits in its spool, what it brought to the
-- inbox, and these.
CREATE TABLE IF NOT EXISTS hookgate.duplicate_counts (
    gateway_id uuid NOT NULL,
    day        date NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('retry', 'copy')),
    count      bigint NOT NULL,
    PRIMARY KEY (gateway_id, day, kind)
);

-- PostgREST's roles get no way in, should a default have granted one.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['anon', 'authenticated'] LOOP
        CONTINUE WHEN to_regrole(role) IS NULL;
        EXECUTE format('REVOKE ALL ON hookgate.duplicate_events, hookgate.duplicate_counts FROM %I', role);
    END LOOP;
END
$$;
