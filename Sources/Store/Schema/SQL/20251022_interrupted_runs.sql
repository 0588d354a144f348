-- A run whose process died is closed as `interrupted`: it neither finished nor failed with an error of its own.
DO $$
BEGIN
    PERFORM set_config('lock_timeout', coalesce(nullif(current_setting('lock_timeout'), '0'), '3s'), true);
    ALTER TABLE hookgate.migration_runs DROP CONSTRAINT IF EXISTS migration_runs_state_check;
    ALTER TABLE hookgate.migration_runs ADD CONSTRAINT migration_runs_state_check
        CHECK (state IN ('running', 'finished', 'failed', 'interrupted', 'undone'));
END
$$;
