-- Keeps hookgate.tokens and hookgate.deleted_integrations in step with healthcare.integrations, whoever writes
-- there and with what, and says on channel hookgate_changes that something changed (never what).
--
-- A token that leaves the table, replaced by hand or deleted with its row, is revoked in the same transaction.
-- Only a transaction that has set hookgate.rotation_grace_until (to a timestamptz, with SET LOCAL) lets the tokens
-- it replaces pass until then: that is how `hookgate tokens rotate` does it.
--
-- Readers of changes take everything with revision >= their cursor, and as the next cursor
-- pg_snapshot_xmin(pg_current_snapshot()) of that same snapshot: a transaction that was still running then has a
-- number at or above it, so nothing that commits late is skipped.
-- hookgate: no-transaction

-- Whether no two rows can have one token. While duplicates keep that index waiting, every change must look around.
CREATE OR REPLACE FUNCTION hookgate.tokens_are_unique() RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM pg_index WHERE indexrelid = to_regclass('healthcare.hookgate_integrations_token') AND indisvalid);
END
$$;

-- The long way, for tokens that several rows may hold: reads from the table who holds each now. A current token
-- that several hold belongs to none of them, until a person has decided.
CREATE OR REPLACE FUNCTION hookgate.settle_shared_tokens(affected text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO hookgate.tokens AS t (digest, integration_id, instance_name, state)
    SELECT sha256(convert_to(webhook_token, 'UTF8')),
        CASE WHEN count(*) = 1 THEN (array_agg(id))[1] END,
        CASE WHEN count(*) = 1 THEN (array_agg(coalesce(nullif(config->>'instance_name', ''),
            nullif(config->>'instance', ''), nullif(config->>'instanceName', ''))))[1] END,
        'current'
    FROM healthcare.integrations
    WHERE webhook_token = ANY (affected) AND webhook_token <> '' AND type = 'whatsapp'
    GROUP BY webhook_token
    ON CONFLICT (digest) DO UPDATE SET integration_id = excluded.integration_id,
        instance_name = excluded.instance_name, state = 'current', grace_until = NULL
    WHERE (t.integration_id, t.instance_name, t.state)
        IS DISTINCT FROM (excluded.integration_id, excluded.instance_name, excluded.state);
END
$$;

-- Runs once for each statement on healthcare.integrations. As its owner, because whoever may write an integration
-- need not see schema hookgate. Where tokens are unique it works from the statement's own rows alone.
CREATE OR REPLACE FUNCTION hookgate.track_integrations() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    is_unique   constant boolean := hookgate.tokens_are_unique();
    grace_end   timestamptz := NULL;
    gone        uuid[] := '{}';
    affected    text[];
    is_relevant boolean;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NOT EXISTS (SELECT FROM new_rows WHERE type = 'whatsapp') THEN
            RETURN NULL;
        END IF;
        is_relevant := true;
        DELETE FROM hookgate.deleted_integrations d USING new_rows n
        WHERE d.integration_id = n.id AND n.type = 'whatsapp';
        IF is_unique THEN
            INSERT INTO hookgate.tokens AS t (digest, integration_id, instance_name, state)
            SELECT sha256(convert_to(webhook_token, 'UTF8')), id,
                coalesce(nullif(config->>'instance_name', ''), nullif(config->>'instance', ''),
                         nullif(config->>'instanceName', '')),
                'current'
            FROM new_rows WHERE type = 'whatsapp' AND webhook_token <> ''
            ON CONFLICT (digest) DO UPDATE SET integration_id = excluded.integration_id,
                instance_name = excluded.instance_name, state = 'current', grace_until = NULL;
        ELSE
            PERFORM hookgate.settle_shared_tokens(
                ARRAY(SELECT webhook_token FROM new_rows WHERE type = 'whatsapp' AND webhook_token <> ''));
        END IF;
    ELSIF TG_OP = 'UPDATE' THEN
        -- Anything that matters has got a new revision from hookgate.prepare_integration; most updates have not.
        is_relevant := EXISTS (SELECT FROM new_rows WHERE revision >= pg_current_xact_id());
        IF NOT is_relevant THEN
            RETURN NULL;
        END IF;
        grace_end := nullif(current_setting('hookgate.rotation_grace_until', true), '')::timestamptz;
        gone := ARRAY(
            SELECT id FROM old_rows WHERE type = 'whatsapp'
            EXCEPT SELECT id FROM new_rows WHERE type = 'whatsapp');
        DELETE FROM hookgate.deleted_integrations d USING new_rows n
        WHERE d.integration_id = n.id AND n.type = 'whatsapp';
        affected := ARRAY(
            SELECT webhook_token FROM old_rows WHERE type = 'whatsapp' AND webhook_token <> ''
            EXCEPT SELECT webhook_token FROM new_rows WHERE type = 'whatsapp');
    ELSE
        is_relevant := EXISTS (SELECT FROM old_rows WHERE type = 'whatsapp');
        IF NOT is_relevant THEN
            RETURN NULL;
        END IF;
        gone := ARRAY(SELECT id FROM old_rows WHERE type = 'whatsapp');
        affected := ARRAY(SELECT webhook_token FROM old_rows WHERE type = 'whatsapp' AND webhook_token <> '');
    END IF;

    -- Tokens that have left, unless a row that shares one still has it.
    IF affected <> '{}' THEN
        INSERT INTO hookgate.tokens AS t (digest, integration_id, instance_name, state, grace_until)
        SELECT DISTINCT ON (webhook_token) sha256(convert_to(webhook_token, 'UTF8')), id,
            coalesce(nullif(config->>'instance_name', ''), nullif(config->>'instance', ''),
                     nullif(config->>'instanceName', '')),
            CASE WHEN grace_end IS NULL OR id = ANY (gone) THEN 'revoked' ELSE 'grace' END,
            CASE WHEN grace_end IS NULL OR id = ANY (gone) THEN NULL
                 ELSE grace_end END
        FROM old_rows
        WHERE type = 'whatsapp' AND webhook_token = ANY (affected)
            AND (is_unique OR NOT EXISTS (
                SELECT FROM healthcare.integrations i
                WHERE i.webhook_token = old_rows.webhook_token AND i.webhook_token <> '' AND i.type = 'whatsapp'))
        ON CONFLICT (digest) DO UPDATE SET integration_id = excluded.integration_id,
            instance_name = excluded.instance_name, state = excluded.state, grace_until = excluded.grace_until
        WHERE t.state <> 'revoked';
        IF NOT is_unique THEN
            PERFORM hookgate.settle_shared_tokens(affected);
        END IF;
    END IF;

    IF TG_OP = 'UPDATE' THEN
        -- Tokens that have come, or whose row has changed its name.
        IF is_unique THEN
            INSERT INTO hookgate.tokens AS t (digest, integration_id, instance_name, state)
            SELECT sha256(convert_to(webhook_token, 'UTF8')), id, name, 'current'
            FROM (
                SELECT id, webhook_token, coalesce(nullif(config->>'instance_name', ''),
                    nullif(config->>'instance', ''), nullif(config->>'instanceName', '')) AS name
                FROM new_rows WHERE type = 'whatsapp' AND webhook_token <> ''
                EXCEPT
                SELECT id, webhook_token, coalesce(nullif(config->>'instance_name', ''),
                    nullif(config->>'instance', ''), nullif(config->>'instanceName', ''))
                FROM old_rows WHERE type = 'whatsapp'
            ) come
            ON CONFLICT (digest) DO UPDATE SET integration_id = excluded.integration_id,
                instance_name = excluded.instance_name, state = 'current', grace_until = NULL;
        ELSE
            PERFORM hookgate.settle_shared_tokens(
                ARRAY(SELECT webhook_token FROM new_rows WHERE type = 'whatsapp' AND webhook_token <> ''));
        END IF;
    END IF;

    IF gone <> '{}' THEN
        UPDATE hookgate.tokens SET state = 'revoked', grace_until = NULL
        WHERE integration_id = ANY (gone) AND state = 'grace';
        INSERT INTO hookgate.deleted_integrations AS d (integration_id, revision)
        SELECT id, hookgate.next_revision(revision) FROM old_rows WHERE id = ANY (gone)
        ON CONFLICT (integration_id) DO UPDATE
            SET deleted_at = now(), revision = greatest(excluded.revision, hookgate.next_revision(d.revision));
    END IF;

    IF is_relevant THEN
        PERFORM pg_notify('hookgate_changes', '');
    END IF;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION hookgate.track_integrations() FROM PUBLIC;

-- TRUNCATE has no rows to show, so what goes is read before it is gone.
CREATE OR REPLACE FUNCTION hookgate.track_truncate() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE hookgate.tokens SET state = 'revoked', grace_until = NULL WHERE state <> 'revoked';
    INSERT INTO hookgate.deleted_integrations AS d (integration_id, revision)
    SELECT id, hookgate.next_revision(revision) FROM healthcare.integrations WHERE type = 'whatsapp'
    ON CONFLICT (integration_id) DO UPDATE
        SET deleted_at = now(), revision = greatest(excluded.revision, hookgate.next_revision(d.revision));
    PERFORM pg_notify('hookgate_changes', '');
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION hookgate.track_truncate() FROM PUBLIC;

-- What `hookgate tokens` changes in the ledger itself is a change like any other.
CREATE OR REPLACE FUNCTION hookgate.prepare_token() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.revision := hookgate.next_revision(OLD.revision);
    NEW.changed_at := now();
    RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION hookgate.announce_tokens() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM new_rows) THEN
        PERFORM pg_notify('hookgate_changes', '');
    END IF;
    RETURN NULL;
END
$$;

DO $$
DECLARE
    wanted  constant text[][] := ARRAY[
        ['healthcare.integrations', 'hookgate_track_insert', 'AFTER INSERT',
            'REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT', 'track_integrations'],
        ['healthcare.integrations', 'hookgate_track_update', 'AFTER UPDATE',
            'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT', 'track_integrations'],
        ['healthcare.integrations', 'hookgate_track_delete', 'AFTER DELETE',
            'REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT', 'track_integrations'],
        ['healthcare.integrations', 'hookgate_track_truncate', 'BEFORE TRUNCATE', 'FOR EACH STATEMENT', 'track_truncate'],
        ['hookgate.tokens', 'prepare', 'BEFORE UPDATE', 'FOR EACH ROW', 'prepare_token'],
        ['hookgate.tokens', 'announce_update', 'AFTER UPDATE',
            'REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT', 'announce_tokens']];
    i       int;
BEGIN
    PERFORM set_config('lock_timeout', coalesce(nullif(current_setting('lock_timeout'), '0'), '3s'), true);
    FOR i IN 1 .. array_length(wanted, 1) LOOP
        CONTINUE WHEN EXISTS (
            SELECT FROM pg_trigger WHERE tgrelid = wanted[i][1]::regclass AND tgname = wanted[i][2]);
        EXECUTE format('CREATE TRIGGER %I %s ON %s %s EXECUTE FUNCTION hookgate.%I()',
            wanted[i][2], wanted[i][3], wanted[i][1], wanted[i][4], wanted[i][5]);
    END LOOP;
END
$$;

-- The tokens that are there already. The triggers stand by now, so a row that changes meanwhile is in the ledger
-- and what is written here gives way to it.
DO $$
DECLARE
    is_unique constant boolean := hookgate.tokens_are_unique();
    last      uuid := '00000000-0000-0000-0000-000000000000';
    is_first  boolean := true;
    reached   uuid;
    found     text[];
BEGIN
    LOOP
        PERFORM set_config('lock_timeout', coalesce(nullif(current_setting('lock_timeout'), '0'), '3s'), true);
        PERFORM set_config('row_security', 'off', true);
        SELECT max(id::text)::uuid, array_agg(webhook_token) FILTER (WHERE webhook_token <> '') INTO reached, found
        FROM (
            SELECT id, webhook_token FROM healthcare.integrations
            WHERE id >= last AND (id > last OR is_first) AND type = 'whatsapp' ORDER BY id LIMIT 5000
        ) batch;
        EXIT WHEN reached IS NULL;
        IF is_unique THEN
            INSERT INTO hookgate.tokens (digest, integration_id, instance_name, state)
            SELECT sha256(convert_to(webhook_token, 'UTF8')), id,
                coalesce(nullif(config->>'instance_name', ''), nullif(config->>'instance', ''),
                         nullif(config->>'instanceName', '')),
                'current'
            FROM healthcare.integrations
            WHERE id >= last AND (id > last OR is_first) AND id <= reached AND type = 'whatsapp' AND webhook_token <> ''
            ON CONFLICT (digest) DO NOTHING;
        ELSIF found IS NOT NULL THEN
            PERFORM hookgate.settle_shared_tokens(found);
        END IF;
        COMMIT;
        last := reached;
        is_first := false;
    END LOOP;
END
$$;

CREATE INDEX CONCURRENTLY IF NOT EXISTS hookgate_integrations_revision
    ON healthcare.integrations (revision) WHERE type = 'whatsapp';
