-- Delivery: what waits, in which order, who works on it, and what every attempt came to.
--
-- hookgate.events stays the truth: an event waits for its delivery exactly while its state is `pending`. The queue
-- below follows that column by triggers, so that whoever changes a state (the shipper, a release, a replay, a person
-- with psql) need not know of it.

ALTER TABLE hookgate.events ADD COLUMN IF NOT EXISTS settled_at timestamptz;
-- Why it was filtered or parked.
ALTER TABLE hookgate.events ADD COLUMN IF NOT EXISTS settled_reason text;
-- When a person asked for it again: then it goes behind what is live.
ALTER TABLE hookgate.events ADD COLUMN IF NOT EXISTS replayed_at timestamptz;

-- Has the message come that this edit or deletion is of? Asked by its id, whichever chat it is filed under.
CREATE INDEX IF NOT EXISTS events_message ON hookgate.events (message_id) WHERE message_id IS NOT NULL;

-- Every event that is pending. The events of one lane go one after the other, in this key's order.
CREATE TABLE IF NOT EXISTS hookgate.delivery_queue (
    lane             bigint NOT NULL,
    received_at      timestamptz NOT NULL,
    event_id         uuid NOT NULL,
    attempts         integer NOT NULL DEFAULT 0,
    -- Of these, how many the destination refused for good.
    rejections       integer NOT NULL DEFAULT 0,
    first_attempt_at timestamptz,
    -- Until when it lets others pass, because the message it is of has not come.
    waits_until      timestamptz,
    PRIMARY KEY (lane, received_at, event_id)
);
CREATE INDEX IF NOT EXISTS delivery_queue_waiting
    ON hookgate.delivery_queue (lane, received_at, event_id) WHERE waits_until IS NOT NULL;

-- Every lane with something in it: a chat of an integration. Work is looked for here, so that a lane costs the same
-- with one event in it and with a hundred thousand.
CREATE TABLE IF NOT EXISTS hookgate.delivery_lanes (
    lane           bigint PRIMARY KEY,
    partition      smallint NOT NULL CHECK (partition BETWEEN 0 AND 63),
    -- 1 for what a person asked for again.
    precedence     smallint NOT NULL,
    -- All ones for none: nil is where a look begins.
    integration_id uuid NOT NULL,
    waiting        bigint NOT NULL,
    due_at         timestamptz NOT NULL,
    -- Why it is due later: its first event failed, or all that is left in it waits for messages.
    hold           text CHECK (hold IN ('retry', 'message'))
) WITH (fillfactor = 70);
CREATE INDEX IF NOT EXISTS delivery_lanes_due
    ON hookgate.delivery_lanes (partition, precedence, integration_id, due_at);

-- Both are emptied as fast as they are filled: dead rows are swept early, before they slow the look for work.
ALTER TABLE hookgate.delivery_queue SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);
ALTER TABLE hookgate.delivery_lanes SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);

-- Who works on which lanes. A holder that lost its lease is told by the fencing number, and can record nothing.
CREATE TABLE IF NOT EXISTS hookgate.delivery_partitions (
    partition    smallint PRIMARY KEY CHECK (partition BETWEEN 0 AND 63),
    holder       uuid,
    leased_until timestamptz NOT NULL DEFAULT '-infinity',
    fencing      bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
INSERT INTO hookgate.delivery_partitions (partition) SELECT generate_series(0, 63) ON CONFLICT DO NOTHING;

-- Which workers are alive, so that each knows its share.
CREATE TABLE IF NOT EXISTS hookgate.delivery_workers (
    worker     uuid PRIMARY KEY,
    seen_until timestamptz NOT NULL
);

-- What every attempt came to; nothing of what was sent or answered.
CREATE TABLE IF NOT EXISTS hookgate.delivery_attempts (
    event_id    uuid NOT NULL,
    day         date NOT NULL,
    attempt     integer NOT NULL,
    started_at  timestamptz NOT NULL,
    duration_ms bigint NOT NULL,
    -- A word of AttemptResult.
    result      text NOT NULL,
    status      integer,
    destination text NOT NULL,
    is_orphan   boolean NOT NULL DEFAULT false,
    worker      uuid NOT NULL
) PARTITION BY RANGE (day);
CREATE INDEX IF NOT EXISTS delivery_attempts_event ON hookgate.delivery_attempts (event_id);

-- How far each gateway's spool had come when it last brought something, written in that transaction: the other side of
-- the account that `hookgate events balance` draws up.
CREATE TABLE IF NOT EXISTS hookgate.gateway_positions (
    gateway_id uuid PRIMARY KEY,
    accepted   bigint NOT NULL,
    shipped    bigint NOT NULL,
    lost       bigint NOT NULL,
    noted_at   timestamptz NOT NULL
);

-- Events whose rows were removed when their time was over. Whoever removes rows counts them here, in that transaction.
CREATE TABLE IF NOT EXISTS hookgate.retired_events (
    gateway_id uuid NOT NULL,
    day        date NOT NULL,
    state      text NOT NULL,
    count      bigint NOT NULL,
    PRIMARY KEY (gateway_id, day, state)
);

-- As before, for the attempts as well.
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
    FOREACH parent IN ARRAY ARRAY['events', 'event_bodies', 'delivery_attempts'] LOOP
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

-- Attempts at events that are there already.
SELECT hookgate.ensure_event_partitions(day) FROM (
    SELECT to_date(right(relid::text, 8), 'YYYYMMDD') AS day FROM pg_partition_tree('hookgate.events') WHERE isleaf
) AS days WHERE day IS NOT NULL;

-- The lane of an event. What is of no chat follows the integration's own order; what is asked for again has lanes
-- apart, so that it holds up nothing that is live.
CREATE OR REPLACE FUNCTION hookgate.delivery_lane(
    integration_id uuid, instance_name text, chat text, is_replay boolean
) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT hashtextextended(
        coalesce(integration_id::text, instance_name, '') || chr(31) || coalesce(chat, '')
            || CASE WHEN is_replay THEN chr(31) || 'replay' ELSE '' END, 0)
$$;

CREATE OR REPLACE FUNCTION hookgate.queue_events(
    ids uuid[], received timestamptz[], lanes bigint[], integrations uuid[], replays boolean[]
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    woken bigint;
BEGIN
    WITH incoming AS (
        SELECT * FROM unnest(ids, received, lanes, integrations, replays)
            AS t(event_id, received_at, lane, integration_id, is_replay)
    ), added AS (
        INSERT INTO hookgate.delivery_queue (lane, received_at, event_id)
        SELECT lane, received_at, event_id FROM incoming
        ON CONFLICT DO NOTHING
        RETURNING lane, event_id
    ), filled AS (
        INSERT INTO hookgate.delivery_lanes AS l (lane, partition, precedence, integration_id, waiting, due_at)
        SELECT lane, lane & 63, bool_or(is_replay)::int,
            coalesce((array_agg(integration_id))[1], 'ffffffff-ffff-ffff-ffff-ffffffffffff'), count(*),
            min(received_at)
        FROM added JOIN incoming USING (lane, event_id)
        -- In one order everywhere, so that two of these never wait for each other in a circle.
        GROUP BY lane ORDER BY lane
        ON CONFLICT (lane) DO UPDATE SET
            waiting = l.waiting + excluded.waiting,
            -- It may be what the lane waits for.
            due_at = CASE WHEN l.hold = 'message' THEN least(l.due_at, excluded.due_at) ELSE l.due_at END,
            hold = nullif(l.hold, 'message')
        RETURNING l.partition
    )
    SELECT bit_or(1::bigint << partition) INTO woken FROM filled;
    IF woken IS NOT NULL THEN
        PERFORM pg_notify('hookgate_delivery', woken::text);
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION hookgate.unqueue_events(ids uuid[], received timestamptz[], lanes bigint[])
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    WITH removed AS (
        DELETE FROM hookgate.delivery_queue AS q
        USING unnest(ids, received, lanes) AS t(event_id, received_at, lane)
        WHERE q.lane = t.lane AND q.received_at = t.received_at AND q.event_id = t.event_id
        RETURNING q.lane, q.received_at
    ), counted AS (
        SELECT lane, count(*) AS count, min(received_at) AS received_at FROM removed GROUP BY lane
    ), locked AS (
        SELECT l.lane, l.waiting, c.count, c.received_at
        FROM hookgate.delivery_lanes AS l JOIN counted AS c USING (lane) ORDER BY l.lane FOR UPDATE OF l
    ), emptied AS (
        DELETE FROM hookgate.delivery_lanes AS l USING locked AS k WHERE l.lane = k.lane AND k.waiting <= k.count
    )
    -- What stood first may have been what held the lane up.
    UPDATE hookgate.delivery_lanes AS l
    SET waiting = k.waiting - k.count, due_at = least(l.due_at, k.received_at), hold = NULL
    FROM locked AS k WHERE l.lane = k.lane AND k.waiting > k.count;
END
$$;

-- Keeps the queue in step with the states of events.
CREATE OR REPLACE FUNCTION hookgate.follow_events() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    ids          uuid[];
    received     timestamptz[];
    lanes        bigint[];
    integrations uuid[];
    replays      boolean[];
BEGIN
    IF TG_OP = 'DELETE' THEN
        SELECT array_agg(id), array_agg(received_at), array_agg(lane) INTO ids, received, lanes FROM (
            SELECT id, received_at,
                hookgate.delivery_lane(integration_id, instance_name, chat, replayed_at IS NOT NULL) AS lane
            FROM gone WHERE state = 'pending') AS leaving;
    ELSIF TG_OP = 'UPDATE' THEN
        SELECT array_agg(id), array_agg(received_at), array_agg(lane) INTO ids, received, lanes FROM (
            SELECT id, received_at,
                hookgate.delivery_lane(integration_id, instance_name, chat, replayed_at IS NOT NULL) AS lane
            FROM gone WHERE state = 'pending'
            EXCEPT
            SELECT id, received_at,
                hookgate.delivery_lane(integration_id, instance_name, chat, replayed_at IS NOT NULL)
            FROM fresh WHERE state = 'pending') AS leaving;
    END IF;
    IF ids IS NOT NULL THEN
        PERFORM hookgate.unqueue_events(ids, received, lanes);
    END IF;
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(id), array_agg(received_at), array_agg(lane), array_agg(integration_id), array_agg(is_replay)
        INTO ids, received, lanes, integrations, replays FROM (
            SELECT id, received_at, integration_id, replayed_at IS NOT NULL AS is_replay,
                hookgate.delivery_lane(integration_id, instance_name, chat, replayed_at IS NOT NULL) AS lane
            FROM fresh WHERE state = 'pending') AS entering;
    ELSIF TG_OP = 'UPDATE' THEN
        SELECT array_agg(id), array_agg(received_at), array_agg(lane), array_agg(integration_id), array_agg(is_replay)
        INTO ids, received, lanes, integrations, replays FROM (
            SELECT id, received_at, integration_id, replayed_at IS NOT NULL AS is_replay,
                hookgate.delivery_lane(integration_id, instance_name, chat, replayed_at IS NOT NULL) AS lane
            FROM fresh WHERE state = 'pending'
            EXCEPT
            SELECT id, received_at, integration_id, replayed_at IS NOT NULL,
                hookgate.delivery_lane(integration_id, instance_name, chat, replayed_at IS NOT NULL)
            FROM gone WHERE state = 'pending') AS entering;
    ELSE
        ids := NULL;
    END IF;
    IF ids IS NOT NULL THEN
        PERFORM hookgate.queue_events(ids, received, lanes, integrations, replays);
    END IF;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION hookgate.queue_events(uuid[], timestamptz[], bigint[], uuid[], boolean[]),
    hookgate.unqueue_events(uuid[], timestamptz[], bigint[]), hookgate.follow_events() FROM PUBLIC;

CREATE OR REPLACE TRIGGER follow_inserted AFTER INSERT ON hookgate.events
REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION hookgate.follow_events();
CREATE OR REPLACE TRIGGER follow_updated AFTER UPDATE ON hookgate.events
REFERENCING OLD TABLE AS gone NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION hookgate.follow_events();
CREATE OR REPLACE TRIGGER follow_deleted AFTER DELETE ON hookgate.events
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION hookgate.follow_events();

-- What was pending before there was a queue.
SELECT hookgate.queue_events(array_agg(id), array_agg(received_at), array_agg(lane), array_agg(integration_id),
    array_agg(false))
FROM (
    SELECT id, received_at, integration_id, hookgate.delivery_lane(integration_id, instance_name, chat, false) AS lane
    FROM hookgate.events WHERE state = 'pending'
) AS entering HAVING count(*) > 0;

-- PostgREST's roles get no way in, should a default have granted one.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['anon', 'authenticated'] LOOP
        CONTINUE WHEN to_regrole(role) IS NULL;
        EXECUTE format('REVOKE ALL ON hookgate.delivery_queue, hookgate.delivery_lanes, hookgate.delivery_partitions, '
            'hookgate.delivery_workers, hookgate.delivery_attempts, hookgate.gateway_positions, '
            'hookgate.retired_events FROM %I', role);
    END LOOP;
END
$$;
