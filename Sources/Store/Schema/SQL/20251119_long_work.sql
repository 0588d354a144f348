-- What the console began and no page waits for: held by one replica for a while, and taken over by another when it is
-- gone.

CREATE TABLE IF NOT EXISTS hookgate.long_work (
    id           uuid PRIMARY KEY,
    kind         text NOT NULL CHECK (kind <> ''),
    actor        text NOT NULL,
    -- Everything that is needed to go on, and what it has come to. JSON as text: jsonb refuses a NUL, which the words of
    -- an Evolution server may hold.
    request      text NOT NULL,
    report       text,
    state        text NOT NULL CHECK (state IN ('running', 'stopping', 'done', 'stopped', 'failed')),
    error        text CHECK (error IS NULL OR state = 'failed'),
    begun_at     timestamptz NOT NULL,
    changed_at   timestamptz NOT NULL,
    ended_at     timestamptz CHECK ((ended_at IS NULL) = (state IN ('running', 'stopping'))),
    holder       uuid NOT NULL,
    leased_until timestamptz NOT NULL,
    -- Grows with each change of hands: a holder that was thought dead writes nothing any more.
    fencing      bigint NOT NULL DEFAULT 1,
    tries        integer NOT NULL DEFAULT 1
);
-- One of a kind at a time, whichever replicas are asked.
CREATE UNIQUE INDEX IF NOT EXISTS long_work_open ON hookgate.long_work (kind) WHERE state IN ('running', 'stopping');
CREATE INDEX IF NOT EXISTS long_work_begun_at ON hookgate.long_work (kind, begun_at);

-- PostgREST's roles get no way in, should a default have granted one.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['anon', 'authenticated'] LOOP
        CONTINUE WHEN to_regrole(role) IS NULL;
        EXECUTE format('REVOKE ALL ON hookgate.long_work FROM %I', role);
    END LOOP;
END
$$;
