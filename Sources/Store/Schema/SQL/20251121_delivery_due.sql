-- An event that is stamped with a time to come, by a gateway whose clock was wrong, is due at once and not when that time
-- has come. Nothing is decided by this server's clock: it can only make a lane due that was to wait for a clock. All else
-- is as before.
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
            least(min(received_at), now())
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

-- What waits for a clock already.
UPDATE hookgate.delivery_lanes SET due_at = least(due_at, now()) WHERE hold IS NULL AND due_at > now();
