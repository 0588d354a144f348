-- Access to console and API, and what the console shows of the last hours.

-- Keys, and links that are good for one sign-in. Of their secrets only SHA-256: they have 256 random bits.
CREATE TABLE IF NOT EXISTS hookgate.access_keys (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    kind            text NOT NULL CHECK (kind IN ('key', 'link')),
    name            text NOT NULL CHECK (name <> ''),
    role            text NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    -- The one organization that it may see; NULL for all.
    organization_id uuid,
    digest          bytea NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
    created_at      timestamptz NOT NULL,
    created_by      text NOT NULL,
    expires_at      timestamptz,
    last_used_at    timestamptz,
    revoked_at      timestamptz,
    -- When a link was used up.
    used_at         timestamptz CHECK (used_at IS NULL OR kind = 'link')
);
CREATE UNIQUE INDEX IF NOT EXISTS access_keys_name ON hookgate.access_keys (name)
    WHERE kind = 'key' AND revoked_at IS NULL;

-- Who is signed in, by the digest of what the cookie holds.
CREATE TABLE IF NOT EXISTS hookgate.console_sessions (
    digest       bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
    key_id       uuid REFERENCES hookgate.access_keys ON DELETE CASCADE,
    -- In place of a key: the digest of the configuration's token, so that a new token ends the sessions of the old one.
    token_digest bytea CHECK ((token_digest IS NULL) = (key_id IS NOT NULL)),
    begun_at     timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS console_sessions_key ON hookgate.console_sessions (key_id);
CREATE INDEX IF NOT EXISTS console_sessions_expires_at ON hookgate.console_sessions (expires_at);

-- What was answered to requests that must not be carried out twice; kept for a day.
CREATE TABLE IF NOT EXISTS hookgate.idempotency_keys (
    visitor  text NOT NULL,
    key      text NOT NULL,
    request  bytea NOT NULL CHECK (octet_length(request) = 32),
    begun_at timestamptz NOT NULL,
    status   integer,
    body     bytea CHECK ((body IS NULL) = (status IS NULL)),
    PRIMARY KEY (visitor, key)
);
CREATE INDEX IF NOT EXISTS idempotency_keys_begun_at ON hookgate.idempotency_keys (begun_at);

-- Webhooks that each gateway accepted, by minute and route; kept for two days.
CREATE TABLE IF NOT EXISTS hookgate.traffic_minutes (
    minute     timestamptz NOT NULL,
    gateway_id uuid NOT NULL,
    token      bigint NOT NULL,
    instance   bigint NOT NULL,
    PRIMARY KEY (minute, gateway_id)
);

-- Lists of one organization's events.
CREATE INDEX IF NOT EXISTS events_organization ON hookgate.events (organization_id, received_at);

-- Signs cookies and forms. A random uuid has 122 random bits: three of them fill the 256 of the digest.
INSERT INTO hookgate.server_keys (name, key)
SELECT 'console', sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
ON CONFLICT (name) DO NOTHING;

-- PostgREST's roles get no way in, should a default have granted one.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['anon', 'authenticated'] LOOP
        CONTINUE WHEN to_regrole(role) IS NULL;
        EXECUTE format('REVOKE ALL ON hookgate.access_keys, hookgate.console_sessions, hookgate.idempotency_keys, '
            'hookgate.traffic_minutes FROM %I', role);
    END LOOP;
END
$$;
