-- For removing what is done with, oldest first.
CREATE INDEX IF NOT EXISTS route_traffic_day ON hookgate.route_traffic (day);

-- What persons decide over events that are not held: then `held_because` says why, or in which state, it was.
DO $$
BEGIN
    PERFORM set_config('lock_timeout', coalesce(nullif(current_setting('lock_timeout'), '0'), '3s'), true);
    ALTER TABLE hookgate.event_decisions DROP CONSTRAINT IF EXISTS event_decisions_decision_check;
    ALTER TABLE hookgate.event_decisions ADD CONSTRAINT event_decisions_decision_check
        CHECK (decision IN ('released', 'discarded', 'replayed', 'parked'));
END
$$;
