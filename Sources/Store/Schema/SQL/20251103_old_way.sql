-- What came of resolving requests on the legacy route the old way as well, from the legacy tables: by instance and day
-- how often, and the last result with both answers. Ids of organizations and clinics, and nothing of any message.
CREATE TABLE IF NOT EXISTS hookgate.old_way_comparisons (
    instance_name       text COLLATE "C" NOT NULL,
    day                 date NOT NULL,
    same                bigint NOT NULL DEFAULT 0,
    different           bigint NOT NULL DEFAULT 0,
    undecidable         bigint NOT NULL DEFAULT 0,
    last_outcome        text NOT NULL CHECK (last_outcome IN ('same', 'different', 'undecidable')),
    last_compared_at    timestamptz NOT NULL,
    new_organization_id uuid,
    new_clinic_id       uuid,
    old_organization_id uuid,
    old_clinic_id       uuid,
    reason              text,
    PRIMARY KEY (instance_name, day)
);

-- PostgREST's roles get no way in, should a default have granted one.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['anon', 'authenticated'] LOOP
        CONTINUE WHEN to_regrole(role) IS NULL;
        EXECUTE format('REVOKE ALL ON hookgate.old_way_comparisons FROM %I', role);
    END LOOP;
END
$$;
