-- What `hookgate webhooks switch` did at Evolution, and exactly what stood there before.

CREATE TABLE IF NOT EXISTS hookgate.switch_overs (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id         uuid NOT NULL,
    instance_name  text COLLATE "C" NOT NULL,
    integration_id uuid NOT NULL,
    -- The Evolution server, as the configuration calls it.
    server         text NOT NULL,
    state          text NOT NULL CHECK (state IN (
        'snapshotted', 'setting', 'configured', 'confirmed', 'restoring', 'rolled_back', 'abandoned')),
    -- The settings before, as they are sent back, and the answer they were read from. JSON as text: jsonb would
    -- change what it does not understand. Both null where the new URL stood there already.
    previous       text,
    previous_text  text,
    -- Of the URL that was set: the URL holds the token.
    url_digest     bytea NOT NULL CHECK (octet_length(url_digest) = 32),
    changed_at     timestamptz NOT NULL,
    -- An event from then on confirms it.
    set_at         timestamptz,
    CHECK ((previous IS NULL) = (previous_text IS NULL))
);
-- One at a time for each instance: a second one would take the new settings for the old.
CREATE UNIQUE INDEX IF NOT EXISTS switch_overs_open ON hookgate.switch_overs (server, instance_name)
    WHERE state IN ('snapshotted', 'setting', 'configured', 'restoring');
CREATE INDEX IF NOT EXISTS switch_overs_instance ON hookgate.switch_overs (instance_name, server, id);
CREATE INDEX IF NOT EXISTS switch_overs_run ON hookgate.switch_overs (run_id);

-- PostgREST's roles get no way in, should a default have granted one.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['anon', 'authenticated'] LOOP
        CONTINUE WHEN to_regrole(role) IS NULL;
        EXECUTE format('REVOKE ALL ON hookgate.switch_overs FROM %I', role);
    END LOOP;
END
$$;
