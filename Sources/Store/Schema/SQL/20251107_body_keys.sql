-- One key for each organization, with which the bodies of its events are sealed where that is configured. It lies here
-- wrapped by a master key that the database never sees; without its row nobody can read what it sealed.
CREATE TABLE IF NOT EXISTS hookgate.body_keys (
    id              uuid PRIMARY KEY,
    -- 00000000-0000-0000-0000-000000000000 for events that are nobody's yet.
    organization_id uuid NOT NULL,
    -- Which master key it is wrapped by: the beginning of that key's SHA-256.
    master          bytea NOT NULL CHECK (octet_length(master) = 8),
    wrapped         bytea CHECK (octet_length(wrapped) = 60),
    created_at      timestamptz NOT NULL,
    -- When it was removed for good; the row stays, so that a sealed body can still say why nobody can open it.
    forgotten_at    timestamptz CHECK ((forgotten_at IS NULL) = (wrapped IS NOT NULL))
);
CREATE UNIQUE INDEX IF NOT EXISTS body_keys_organization ON hookgate.body_keys (organization_id)
    WHERE forgotten_at IS NULL;

-- PostgREST's roles get no way in, should a default have granted one.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['anon', 'authenticated'] LOOP
        CONTINUE WHEN to_regrole(role) IS NULL;
        EXECUTE format('REVOKE ALL ON hookgate.body_keys FROM %I', role);
    END LOOP;
END
$$;
