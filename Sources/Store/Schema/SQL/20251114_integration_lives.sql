-- The life of integrations: what is being made or deleted, what status each has, and how it came to it.

-- The journal of `hookgate integrations create` and `delete`. A step's state is written before the step is taken, so
-- whoever comes after a crash goes on, or takes back.
CREATE TABLE IF NOT EXISTS hookgate.integration_lives (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind            text NOT NULL CHECK (kind IN ('create', 'delete')),
    integration_id  uuid NOT NULL,
    instance_name   text COLLATE "C" NOT NULL,
    -- The Evolution server, as the configuration calls it.
    server          text NOT NULL,
    state           text NOT NULL CHECK (state IN (
        'begun', 'creating', 'adopting', 'undoing', 'deleting', 'done', 'undone')),
    -- Whether row and instance were made for it: only then taking it back deletes them.
    owns_row        boolean NOT NULL,
    owns_instance   boolean NOT NULL,
    adopts_connected boolean NOT NULL,
    -- The settings of an instance that was there, as they are sent back, and the answer they were read from. JSON as
    -- text: jsonb would change what it does not understand.
    previous        text,
    previous_text   text,
    actor           text NOT NULL,
    -- One word on why it ended as it did; nothing of a server's.
    reason          text,
    begun_at        timestamptz NOT NULL,
    changed_at      timestamptz NOT NULL,
    CHECK ((previous IS NULL) = (previous_text IS NULL))
);
-- One at a time for each instance.
CREATE UNIQUE INDEX IF NOT EXISTS integration_lives_open ON hookgate.integration_lives (instance_name)
    WHERE state IN ('begun', 'creating', 'adopting', 'undoing', 'deleting');
CREATE INDEX IF NOT EXISTS integration_lives_integration ON hookgate.integration_lives (integration_id, id);

-- What is known of each integration's status beside the word in its row.
CREATE TABLE IF NOT EXISTS hookgate.integration_standings (
    integration_id uuid PRIMARY KEY,
    -- The word that was written last: another one in the row is somebody else's.
    word           text,
    reason         text,
    since          timestamptz,
    doubted_since  timestamptz,
    seen_at        timestamptz,
    -- By the sender's clock, which is wrong and goes evenly.
    said_at        timestamptz
);

CREATE TABLE IF NOT EXISTS hookgate.status_changes (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    integration_id uuid NOT NULL,
    changed_at     timestamptz NOT NULL,
    from_status    text,
    to_status      text NOT NULL,
    reason         text NOT NULL,
    source         text NOT NULL CHECK (source IN ('event', 'poll', 'command', 'found')),
    event_id       uuid CHECK ((source = 'event') = (event_id IS NOT NULL)),
    actor          text CHECK ((source = 'command') = (actor IS NOT NULL))
);
CREATE INDEX IF NOT EXISTS status_changes_integration ON hookgate.status_changes (integration_id, id);

-- Events that tell of a connection and were not looked at yet. Filled where events are stored and emptied by the one
-- gateway that keeps statuses, so that storing waits for no decision.
CREATE TABLE IF NOT EXISTS hookgate.status_signals (
    event_id       uuid PRIMARY KEY,
    day            date NOT NULL,
    integration_id uuid NOT NULL,
    received_at    timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS status_signals_order ON hookgate.status_signals (received_at, event_id);

-- Held events say nothing of whose they are, and probes are ours. Once for each statement, as storing is done.
CREATE OR REPLACE FUNCTION hookgate.note_status_signals() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO hookgate.status_signals (event_id, day, integration_id, received_at)
    SELECT id, day, integration_id, received_at FROM new_rows
    WHERE state = 'pending' AND integration_id IS NOT NULL
        AND lower(translate(event, '_-', '..')) IN ('connection.update', 'qrcode.updated', 'status.instance',
            'logout.instance', 'remove.instance', 'instance.delete')
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION hookgate.note_status_signals() FROM PUBLIC;

DO $$
DECLARE
    role text;
BEGIN
    PERFORM set_config('lock_timeout', coalesce(nullif(current_setting('lock_timeout'), '0'), '3s'), true);
    IF NOT EXISTS (SELECT FROM pg_trigger
        WHERE tgrelid = 'hookgate.events'::regclass AND tgname = 'status_signals') THEN
        CREATE TRIGGER status_signals AFTER INSERT ON hookgate.events
        REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION hookgate.note_status_signals();
    END IF;
    -- PostgREST's roles get no way in, should a default have granted one.
    FOREACH role IN ARRAY ARRAY['anon', 'authenticated'] LOOP
        CONTINUE WHEN to_regrole(role) IS NULL;
        EXECUTE format('REVOKE ALL ON hookgate.integration_lives, hookgate.integration_standings, '
            'hookgate.status_changes, hookgate.status_signals FROM %I', role);
    END LOOP;
END
$$;
