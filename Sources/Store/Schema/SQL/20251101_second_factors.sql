-- What, beside the address, proves that a webhook comes from its integration's own Evolution server, and what is done
-- where it does not. A secret header's value is here as SHA-256; the key under which Evolution signs must be here itself,
-- since whoever checks a signature needs it. Written by `hookgate integrations second-factor`; a change by hand takes
-- effect just as well.
CREATE TABLE IF NOT EXISTS hookgate.second_factors (
    integration_id        uuid PRIMARY KEY,
    -- Null where the setting second-factor-mode applies.
    mode                  text CHECK (mode IN ('off', 'observe', 'enforce')),
    header_name           text CHECK (header_name ~ '^[!#$%&''*+.^`|~0-9A-Za-z-]{1,64}$'),
    header_digest         bytea CHECK (octet_length(header_digest) = 32),
    jwt_key               text CHECK (jwt_key <> ''),
    -- What counted before the last change, for events that Evolution had captured until then.
    retired_header_name   text CHECK (retired_header_name ~ '^[!#$%&''*+.^`|~0-9A-Za-z-]{1,64}$'),
    retired_header_digest bytea CHECK (octet_length(retired_header_digest) = 32),
    retired_jwt_key       text CHECK (retired_jwt_key <> ''),
    retired_until         timestamptz,
    changed_at            timestamptz NOT NULL DEFAULT now(),
    CHECK ((header_name IS NULL) = (header_digest IS NULL)),
    CHECK ((retired_header_name IS NULL) = (retired_header_digest IS NULL)),
    CHECK ((retired_until IS NULL) = (retired_header_digest IS NULL AND retired_jwt_key IS NULL))
);

-- How the webhooks of each integration did, since its second factor was last changed. Written by gateways, off the path.
CREATE TABLE IF NOT EXISTS hookgate.second_factor_outcomes (
    integration_id uuid NOT NULL,
    outcome        text NOT NULL CHECK (outcome IN ('satisfied', 'late', 'missing', 'expired', 'wrong')),
    count          bigint NOT NULL,
    first_seen     timestamptz NOT NULL,
    last_seen      timestamptz NOT NULL,
    PRIMARY KEY (integration_id, outcome)
);

-- A change of a second factor is a change of its integration: it gets a new revision there, and whoever follows changes
-- hears of it. As its owner, because whoever may write here need not be able to write integrations.
CREATE OR REPLACE FUNCTION hookgate.pass_on_second_factors() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    affected uuid[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        affected := ARRAY(SELECT integration_id FROM new_rows);
    ELSIF TG_OP = 'UPDATE' THEN
        affected := ARRAY(SELECT integration_id FROM old_rows UNION SELECT integration_id FROM new_rows);
    ELSIF TG_OP = 'DELETE' THEN
        affected := ARRAY(SELECT integration_id FROM old_rows);
    ELSE
        affected := ARRAY(SELECT integration_id FROM hookgate.second_factors);
    END IF;
    -- Any other value has the trigger there put the right one.
    UPDATE healthcare.integrations SET revision = pg_current_xact_id() WHERE id = ANY (affected);
    DELETE FROM hookgate.second_factor_outcomes WHERE integration_id = ANY (affected);
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION hookgate.pass_on_second_factors() FROM PUBLIC;

DO $$
DECLARE
    wanted constant text[][] := ARRAY[
        ['pass_on_insert', 'AFTER INSERT', 'REFERENCING NEW TABLE AS new_rows'],
        ['pass_on_update', 'AFTER UPDATE', 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'],
        ['pass_on_delete', 'AFTER DELETE', 'REFERENCING OLD TABLE AS old_rows'],
        ['pass_on_truncate', 'BEFORE TRUNCATE', '']];
    i      int;
    role   text;
BEGIN
    FOR i IN 1 .. array_length(wanted, 1) LOOP
        CONTINUE WHEN EXISTS (
            SELECT FROM pg_trigger
            WHERE tgrelid = 'hookgate.second_factors'::regclass AND tgname = wanted[i][1]);
        EXECUTE format('CREATE TRIGGER %I %s ON hookgate.second_factors %s FOR EACH STATEMENT '
            'EXECUTE FUNCTION hookgate.pass_on_second_factors()', wanted[i][1], wanted[i][2], wanted[i][3]);
    END LOOP;
    -- A default privilege may have granted PostgREST's roles what was just made.
    FOREACH role IN ARRAY ARRAY['anon', 'authenticated'] LOOP
        CONTINUE WHEN to_regrole(role) IS NULL;
        EXECUTE format('REVOKE ALL ON hookgate.second_factors, hookgate.second_factor_outcomes FROM %I', role);
    END LOOP;
END
$$;
