-- What tells live traffic from what is still in flight after a switch, and both from strangers.

-- Of the events counted, those that were byte for byte what had come on the same route not long before: their sender
-- did not hear the answer. And when the last one came that was no such retry; NULL in rows of earlier releases, which
-- told none apart, and where there were only retries.
ALTER TABLE hookgate.route_traffic ADD COLUMN IF NOT EXISTS retries bigint NOT NULL DEFAULT 0;
ALTER TABLE hookgate.route_traffic ADD COLUMN IF NOT EXISTS last_live timestamptz;

-- Requests to webhook addresses of which nothing was stored. The empty name stands for senders whom nobody knows:
-- scanners, mistyped URLs. They get no row each, so that nobody can fill this table from outside.
CREATE TABLE IF NOT EXISTS hookgate.refused_requests (
    instance_name text COLLATE "C" NOT NULL,
    route         text NOT NULL CHECK (route IN ('token', 'instance')),
    reason        text NOT NULL CHECK (reason IN ('unknown', 'revoked', 'malformed', 'too_large', 'encoded', 'not_stored')),
    day           date NOT NULL,
    first_seen    timestamptz NOT NULL,
    last_seen     timestamptz NOT NULL,
    count         bigint NOT NULL,
    PRIMARY KEY (instance_name, route, reason, day)
);

-- PostgREST's roles get no way in, should a default have granted one.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['anon', 'authenticated'] LOOP
        CONTINUE WHEN to_regrole(role) IS NULL;
        EXECUTE format('REVOKE ALL ON hookgate.refused_requests FROM %I', role);
    END LOOP;
END
$$;
