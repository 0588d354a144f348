-- People who have access to console and API. They have no passwords: a personal key or a link is theirs by user_id.
CREATE TABLE IF NOT EXISTS hookgate.users (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name            text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9._@+-]{0,63}$'),
    display_name    text CHECK (display_name <> ''),
    role            text NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    -- The one organization that they may see; NULL for all.
    organization_id uuid,
    created_at      timestamptz NOT NULL,
    created_by      text NOT NULL,
    disabled_at     timestamptz,
    disabled_by     text,
    CHECK ((disabled_at IS NULL) = (disabled_by IS NULL))
);

-- Whose it is; NULL for a key that is nobody's, as all were. What a user's key may is read from the user's row.
ALTER TABLE hookgate.access_keys ADD COLUMN IF NOT EXISTS user_id uuid REFERENCES hookgate.users;
-- What somebody calls a key of theirs is nothing to others, and tells others nothing.
DROP INDEX IF EXISTS hookgate.access_keys_name;
CREATE UNIQUE INDEX IF NOT EXISTS access_keys_name_of_user ON hookgate.access_keys
    (coalesce(user_id, '00000000-0000-0000-0000-000000000000'), name) WHERE kind = 'key' AND revoked_at IS NULL;
CREATE INDEX IF NOT EXISTS access_keys_user ON hookgate.access_keys (user_id) WHERE user_id IS NOT NULL;

-- PostgREST's roles get no way in, should a default have granted one.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['anon', 'authenticated'] LOOP
        CONTINUE WHEN to_regrole(role) IS NULL;
        EXECUTE format('REVOKE ALL ON hookgate.users FROM %I', role);
    END LOOP;
END
$$;
