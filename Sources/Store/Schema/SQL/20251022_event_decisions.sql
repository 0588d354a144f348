-- What persons decided over events that were held back: one row for each event and decision, never changed.
CREATE TABLE IF NOT EXISTS hookgate.event_decisions (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id     uuid NOT NULL,
    decided_at   timestamptz NOT NULL,
    actor        text NOT NULL,
    decision     text NOT NULL CHECK (decision IN ('released', 'discarded')),
    -- The reason that the event was held for until then.
    held_because text NOT NULL,
    note         text
);
CREATE INDEX IF NOT EXISTS event_decisions_event_id ON hookgate.event_decisions (event_id);

-- A default privilege may have granted PostgREST's roles what was just made.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['anon', 'authenticated'] LOOP
        CONTINUE WHEN to_regrole(role) IS NULL;
        EXECUTE format('REVOKE ALL ON hookgate.event_decisions FROM %I', role);
    END LOOP;
END
$$;
