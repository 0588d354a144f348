-- In which transaction an event was stored: the order of `hookgate events tail`. Ids and sequences are given out before
-- their transactions end, so whoever reads by them skips what is committed late; below the oldest transaction that still
-- runs, nothing comes any more. What was stored before this column was there has 0 and comes first.
DO $$
BEGIN
    PERFORM set_config('lock_timeout', coalesce(nullif(current_setting('lock_timeout'), '0'), '3s'), true);
    -- A constant default writes no row; the one that follows holds for rows to come.
    ALTER TABLE hookgate.events ADD COLUMN IF NOT EXISTS stored_in xid8 NOT NULL DEFAULT '0';
    ALTER TABLE hookgate.events ALTER COLUMN stored_in SET DEFAULT pg_current_xact_id();
END
$$;
-- Whoever ships waits while it is built, and what is accepted meanwhile waits in the spool.
CREATE INDEX IF NOT EXISTS events_stored_in ON hookgate.events (stored_in, id);
