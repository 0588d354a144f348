-- Adds to healthcare.integrations what token routing needs, and gives every WhatsApp row its token.
--
-- Works by itself (psql -f), again and again, on an empty database and on a table that has any part of this
-- already; as the table's plain owner; and under traffic: columns come bare and their defaults after, rows are
-- filled in batches that commit, indexes are built concurrently, and no lock is waited for longer than
-- lock_timeout (3 s unless the session has set it).
--
-- An existing token is never touched. NULL and the empty string count as "no token": neither can stand in a URL.
-- A row's instance name is, here and everywhere (InstanceNameSQL in the program):
--     coalesce(nullif(config->>'instance_name', ''), nullif(config->>'instance', ''),
--              nullif(config->>'instanceName', ''))
-- It is written out where it is used and not put into a function, so that the index depends on nothing but its table.
--
-- Comments that begin with "hookgate:" direct `hookgate schema apply`; others may ignore them.
-- hookgate: no-transaction

-- 1. The table, and the columns it lacks.
DO $$
DECLARE
    relation regclass;
    wanted   constant text[][] := ARRAY[
        -- column, type, default for rows to come
        ['organization_id', 'uuid', NULL],
        ['clinic_id', 'uuid', NULL],
        ['type', 'text', NULL],
        ['provider', 'text', NULL],
        ['status', 'text', quote_literal('pending')],
        ['config', 'jsonb', quote_literal('{}')],
        ['enabled', 'boolean', 'true'],
        ['webhook_token', 'text', NULL],
        ['webhook_url', 'text', NULL],
        ['phone_number', 'text', NULL],
        ['display_name', 'text', NULL],
        ['connected_at', 'timestamptz', NULL],
        ['last_seen_at', 'timestamptz', NULL],
        ['created_at', 'timestamptz', 'now()'],
        ['updated_at', 'timestamptz', 'now()'],
        ['credentials_version', 'text', NULL],
        ['disconnect_reason', 'text', NULL],
        -- When `tokens rotate` last replaced the token, and until when it lets the one before pass.
        ['token_rotated_at', 'timestamptz', NULL],
        ['previous_token_valid_until', 'timestamptz', NULL],
        -- Where a migrated row comes from: table and id, when, the status word as it was, and the run.
        ['migrated_from', 'text', NULL],
        ['migrated_at', 'timestamptz', NULL],
        ['migrated_status', 'text', NULL],
        ['migrated_run', 'uuid', NULL],
        -- Grows with every change that routing must know of; see hookgate.prepare_integration.
        ['revision', 'xid8', 'pg_current_xact_id()']];
    missing  text[] := '{}';
    defaults text[] := '{}';
    i        int;
    found    record;
BEGIN
    PERFORM set_config('lock_timeout', coalesce(nullif(current_setting('lock_timeout'), '0'), '3s'), true);

    -- IF NOT EXISTS would ask for CREATE on the database even where the schemas are there already.
    IF to_regnamespace('healthcare') IS NULL THEN
        CREATE SCHEMA healthcare;
    END IF;
    IF to_regnamespace('hookgate') IS NULL THEN
        CREATE SCHEMA hookgate;
    END IF;
    IF to_regclass('healthcare.integrations') IS NULL THEN
        CREATE TABLE healthcare.integrations (id uuid PRIMARY KEY DEFAULT gen_random_uuid());
    END IF;
    relation := 'healthcare.integrations';
    IF (SELECT relkind FROM pg_class WHERE oid = relation) <> 'r' THEN
        RAISE EXCEPTION USING ERRCODE = 'HG002', MESSAGE = 'healthcare.integrations is not an ordinary table',
            HINT = 'hookgate adds columns, triggers and indexes to it: rename the view, or give the table that name.';
    END IF;

    -- The one column that cannot come bare: every row needs its id at once. No known database lacks it.
    IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = relation AND attname = 'id' AND NOT attisdropped) THEN
        ALTER TABLE healthcare.integrations ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE;
    END IF;
    IF (SELECT atttypid FROM pg_attribute WHERE attrelid = relation AND attname = 'id') <> 'uuid'::regtype THEN
        RAISE EXCEPTION USING ERRCODE = 'HG002', MESSAGE = 'healthcare.integrations.id is not a uuid',
            HINT = 'hookgate knows an integration by its uuid.';
    END IF;

    FOR i IN 1 .. array_length(wanted, 1) LOOP
        CONTINUE WHEN EXISTS (
            SELECT FROM pg_attribute WHERE attrelid = relation AND attname = wanted[i][1] AND NOT attisdropped);
        missing := missing || format('ADD COLUMN %I %s', wanted[i][1], wanted[i][2]);
        IF wanted[i][3] IS NOT NULL THEN
            defaults := defaults || format('ALTER COLUMN %I SET DEFAULT %s', wanted[i][1], wanted[i][3]);
        END IF;
    END LOOP;
    -- Asked for only where something is missing: a second run takes no lock at all.
    IF missing <> '{}' THEN
        EXECUTE 'ALTER TABLE healthcare.integrations ' || array_to_string(missing, ', ');
    END IF;
    IF defaults <> '{}' THEN
        EXECUTE 'ALTER TABLE healthcare.integrations ' || array_to_string(defaults, ', ');
    END IF;

    -- A token of ours has 53 characters; widening a varchar to text rewrites nothing.
    SELECT atttypid::regtype AS type, atttypmod AS modifier INTO found
    FROM pg_attribute WHERE attrelid = relation AND attname = 'webhook_token';
    IF found.type = 'varchar'::regtype AND found.modifier <> -1 AND found.modifier - 4 < 53 THEN
        ALTER TABLE healthcare.integrations ALTER COLUMN webhook_token TYPE text;
    ELSIF found.type NOT IN ('text'::regtype, 'varchar'::regtype) THEN
        RAISE EXCEPTION USING ERRCODE = 'HG002', MESSAGE = 'healthcare.integrations.webhook_token is of type ' || found.type::text,
            HINT = 'A token is text: change the column''s type first.';
    END IF;

    SELECT atttypid::regtype AS type INTO found FROM pg_attribute WHERE attrelid = relation AND attname = 'config';
    IF found.type NOT IN ('jsonb'::regtype, 'json'::regtype) THEN
        RAISE EXCEPTION USING ERRCODE = 'HG002', MESSAGE = 'healthcare.integrations.config is of type ' || found.type::text,
            HINT = 'The instance name is read from it as JSON: change the column''s type to jsonb first.';
    END IF;
END
$$;

-- 2. Tokens: hgw_, 43 base64url characters of 32 random bytes, and the first 6 of base64url(SHA-256(those 43)).
CREATE OR REPLACE FUNCTION hookgate.webhook_token_of(random bytea) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    secret constant text := rtrim(translate(encode(random, 'base64'), '+/', '-_'), '=');
BEGIN
    RETURN 'hgw_' || secret || left(translate(encode(sha256(secret::bytea), 'base64'), '+/', '-_'), 6);
END
$$;

-- Needs no pgcrypto. A random uuid has 122 random bits: three of them fill the 256 of the digest.
CREATE OR REPLACE FUNCTION hookgate.new_webhook_token() RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN hookgate.webhook_token_of(
        sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())));
END
$$;

-- The revision that a change made now gives to what had another before. A transaction that began early may come
-- late to a row, so its own number may be the smaller one; a row's revisions grow all the same. A number far ahead
-- of the counter was given by another server, from which this database was restored: it counts for nothing.
CREATE OR REPLACE FUNCTION hookgate.next_revision(previous xid8) RETURNS xid8
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF previous IS NULL OR previous <= pg_current_xact_id()
        OR previous::text::numeric > pg_current_xact_id()::text::numeric + 1000 THEN
        RETURN pg_current_xact_id();
    END IF;
    RETURN (previous::text::numeric + 1)::text::xid8;
END
$$;

-- Runs before a row is written: gives a WhatsApp row its token and any row its revision. As its owner, because
-- whoever may write an integration need not see schema hookgate.
CREATE OR REPLACE FUNCTION hookgate.prepare_integration() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.type = 'whatsapp' AND coalesce(NEW.webhook_token, '') = '' THEN
        NEW.webhook_token := hookgate.new_webhook_token();
    END IF;
    IF TG_OP = 'INSERT' THEN
        NEW.revision := hookgate.next_revision(NULL);
    ELSE
        NEW.revision := hookgate.next_revision(OLD.revision);
    END IF;
    RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION hookgate.prepare_integration() FROM PUBLIC;

-- 3. The triggers. Named to come last: where a database makes its own tokens, they stand. What they look for is
-- in WHEN, so that a row they need not touch costs next to nothing.
DO $$
BEGIN
    PERFORM set_config('lock_timeout', coalesce(nullif(current_setting('lock_timeout'), '0'), '3s'), true);
    IF NOT EXISTS (SELECT FROM pg_trigger
        WHERE tgrelid = 'healthcare.integrations'::regclass AND tgname = 'zz_hookgate_prepare_insert') THEN
        CREATE TRIGGER zz_hookgate_prepare_insert BEFORE INSERT ON healthcare.integrations FOR EACH ROW
        WHEN (NEW.type = 'whatsapp' AND coalesce(NEW.webhook_token, '') = ''
            OR NEW.revision IS DISTINCT FROM pg_current_xact_id())
        EXECUTE FUNCTION hookgate.prepare_integration();
    END IF;
    IF NOT EXISTS (SELECT FROM pg_trigger
        WHERE tgrelid = 'healthcare.integrations'::regclass AND tgname = 'zz_hookgate_prepare_update') THEN
        CREATE TRIGGER zz_hookgate_prepare_update BEFORE UPDATE ON healthcare.integrations FOR EACH ROW
        WHEN (NEW.type = 'whatsapp' AND coalesce(NEW.webhook_token, '') = ''
            OR NEW.revision IS DISTINCT FROM OLD.revision
            OR NEW.id IS DISTINCT FROM OLD.id
            OR NEW.organization_id IS DISTINCT FROM OLD.organization_id
            OR NEW.clinic_id IS DISTINCT FROM OLD.clinic_id
            OR NEW.type IS DISTINCT FROM OLD.type
            OR NEW.provider IS DISTINCT FROM OLD.provider
            OR NEW.enabled IS DISTINCT FROM OLD.enabled
            OR NEW.webhook_token IS DISTINCT FROM OLD.webhook_token
            OR coalesce(nullif(NEW.config->>'instance_name', ''), nullif(NEW.config->>'instance', ''),
                        nullif(NEW.config->>'instanceName', ''))
                IS DISTINCT FROM
                coalesce(nullif(OLD.config->>'instance_name', ''), nullif(OLD.config->>'instance', ''),
                         nullif(OLD.config->>'instanceName', '')))
        EXECUTE FUNCTION hookgate.prepare_integration();
    END IF;
END
$$;

-- 4. Tokens for the rows that are there. Batches commit, so an interrupted run goes on where it was.
DO $$
DECLARE
    last     uuid := '00000000-0000-0000-0000-000000000000';
    is_first boolean := true;
BEGIN
    LOOP
        PERFORM set_config('lock_timeout', coalesce(nullif(current_setting('lock_timeout'), '0'), '3s'), true);
        -- Where a policy would hide rows from this role, say so instead of leaving them without a token.
        PERFORM set_config('row_security', 'off', true);
        WITH batch AS (
            SELECT id FROM healthcare.integrations
            WHERE id >= last AND (id > last OR is_first) AND type = 'whatsapp' AND coalesce(webhook_token, '') = ''
            ORDER BY id LIMIT 5000
            FOR NO KEY UPDATE
        ), filled AS (
            UPDATE healthcare.integrations i SET webhook_token = hookgate.new_webhook_token()
            FROM batch WHERE i.id = batch.id
            RETURNING i.id
        )
        SELECT id INTO last FROM filled ORDER BY id DESC LIMIT 1;
        EXIT WHEN NOT FOUND;
        is_first := false;
        COMMIT;
    END LOOP;
END
$$;

-- 5. Token columns are closed to PostgREST's roles: no `select` and no `return=representation` shows them.
CREATE OR REPLACE FUNCTION hookgate.token_columns() RETURNS SETOF name
LANGUAGE sql STABLE AS $$
    SELECT attname FROM pg_catalog.pg_attribute
    WHERE attrelid = 'healthcare.integrations'::regclass AND attnum > 0 AND NOT attisdropped
        AND (attname = 'webhook_url' OR attname LIKE '%token%')
        -- "When a token was rotated" is no secret.
        AND atttypid NOT IN ('timestamptz'::regtype, 'timestamp'::regtype, 'boolean'::regtype)
    ORDER BY attnum
$$;

-- Takes a right that covers the whole table back and gives it anew for the other columns. Does nothing in a
-- database that has neither role. Columns that are added later must be granted when they are added.
CREATE OR REPLACE FUNCTION hookgate.close_token_columns() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    reader  record;
    hidden  constant name[] := ARRAY(SELECT hookgate.token_columns());
    visible constant text := (
        SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_catalog.pg_attribute
        WHERE attrelid = 'healthcare.integrations'::regclass AND attnum > 0 AND NOT attisdropped
            AND attname <> ALL (hidden));
    taken   text;
BEGIN
    FOR reader IN
        SELECT oid AS id, quote_ident(rolname) AS name FROM pg_catalog.pg_roles
        WHERE rolname IN ('anon', 'authenticated')
        UNION ALL
        SELECT 0::oid, 'PUBLIC'
        WHERE EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname IN ('anon', 'authenticated'))
    LOOP
        EXECUTE format('REVOKE ALL ON SCHEMA hookgate FROM %s', reader.name);
        IF EXISTS (
            SELECT FROM pg_catalog.pg_class c, LATERAL aclexplode(c.relacl) a
            WHERE c.oid = 'healthcare.integrations'::regclass AND a.grantee = reader.id
                AND a.privilege_type = 'SELECT' AND a.grantor = c.relowner
        ) THEN
            EXECUTE format('REVOKE SELECT ON healthcare.integrations FROM %s', reader.name);
            EXECUTE format('GRANT SELECT (%s) ON healthcare.integrations TO %s', visible, reader.name);
        END IF;
        SELECT string_agg(quote_ident(b.attname), ', ') INTO taken
        FROM pg_catalog.pg_attribute b
        WHERE b.attrelid = 'healthcare.integrations'::regclass AND b.attname = ANY (hidden)
            AND EXISTS (SELECT FROM aclexplode(b.attacl) a WHERE a.grantee = reader.id AND a.privilege_type = 'SELECT');
        IF taken IS NOT NULL THEN
            EXECUTE format('REVOKE SELECT (%s) ON healthcare.integrations FROM %s', taken, reader.name);
        END IF;
    END LOOP;
END
$$;

-- What these roles can read all the same, and through what: rights that another role granted or that come with a
-- membership cannot be taken by the table's owner, and a view shows what its own owner may see.
CREATE OR REPLACE FUNCTION hookgate.open_token_columns() RETURNS TABLE (role name, place text, columns text)
LANGUAGE sql STABLE AS $$
    SELECT r.rolname, 'healthcare.integrations', string_agg(c.name, ', ')
    FROM pg_catalog.pg_roles r CROSS JOIN hookgate.token_columns() AS c(name)
    WHERE r.rolname IN ('anon', 'authenticated')
        AND has_column_privilege(r.oid, 'healthcare.integrations'::regclass, c.name::text, 'SELECT')
        AND has_schema_privilege(r.oid, 'healthcare', 'USAGE')
    GROUP BY r.rolname
    UNION ALL
    SELECT DISTINCT r.rolname, 'view ' || v.oid::regclass::text, 'those of ' || a.attname
    FROM pg_catalog.pg_depend d
        JOIN pg_catalog.pg_rewrite w ON w.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
        JOIN pg_catalog.pg_class v ON v.oid = w.ev_class AND v.relkind IN ('v', 'm')
        JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
        JOIN pg_catalog.pg_roles r ON r.rolname IN ('anon', 'authenticated')
    WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = 'healthcare.integrations'::regclass
        AND a.attname IN (SELECT hookgate.token_columns())
        AND has_table_privilege(r.oid, v.oid, 'SELECT')
        AND has_schema_privilege(r.oid, v.relnamespace, 'USAGE')
    ORDER BY 1, 2
$$;

DO $$
DECLARE
    remains record;
BEGIN
    PERFORM set_config('lock_timeout', coalesce(nullif(current_setting('lock_timeout'), '0'), '3s'), true);
    PERFORM hookgate.close_token_columns();
    FOR remains IN SELECT * FROM hookgate.open_token_columns() LOOP
        RAISE WARNING '% can still read % through %', remains.role, remains.columns, remains.place;
    END LOOP;
END
$$;

-- 6. Indexes. One that a broken-off build has left invalid serves nobody: it goes, and is built again.
DO $$
DECLARE
    broken regclass;
BEGIN
    PERFORM set_config('lock_timeout', coalesce(nullif(current_setting('lock_timeout'), '0'), '3s'), true);
    FOR broken IN
        SELECT indexrelid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE i.indrelid = 'healthcare.integrations'::regclass AND NOT i.indisvalid
            AND c.relname LIKE 'hookgate\_integrations\_%'
    LOOP
        EXECUTE format('DROP INDEX %s', broken);
    END LOOP;
END
$$;

-- Rows that would break a unique index. While there are any, that index waits; they are a person's to sort out.
CREATE OR REPLACE FUNCTION hookgate.has_duplicate_tokens() RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM healthcare.integrations WHERE webhook_token <> '' GROUP BY webhook_token HAVING count(*) > 1)
$$;

CREATE OR REPLACE FUNCTION hookgate.has_duplicate_instances() RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM (
            SELECT provider, coalesce(nullif(config->>'instance_name', ''), nullif(config->>'instance', ''),
                nullif(config->>'instanceName', '')) AS name
            FROM healthcare.integrations WHERE type = 'whatsapp'
        ) named
        WHERE name IS NOT NULL AND provider IS NOT NULL
        GROUP BY name, provider HAVING count(*) > 1)
$$;

CREATE OR REPLACE FUNCTION hookgate.names_are_unique() RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM pg_catalog.pg_index
        WHERE indexrelid = to_regclass('healthcare.hookgate_integrations_instance') AND indisvalid)
$$;

-- hookgate: wait-for NOT hookgate.has_duplicate_tokens()
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS hookgate_integrations_token
    ON healthcare.integrations (webhook_token) WHERE webhook_token <> '';

-- hookgate: wait-for NOT hookgate.has_duplicate_instances()
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS hookgate_integrations_instance
    ON healthcare.integrations (
        (coalesce(nullif(config->>'instance_name', ''), nullif(config->>'instance', ''), nullif(config->>'instanceName', ''))),
        provider)
    WHERE type = 'whatsapp';

-- Look-ups by name need an index even while names that stand twice keep the unique one waiting.
-- hookgate: only-if NOT hookgate.names_are_unique()
CREATE INDEX CONCURRENTLY IF NOT EXISTS hookgate_integrations_instance_lookup
    ON healthcare.integrations (
        (coalesce(nullif(config->>'instance_name', ''), nullif(config->>'instance', ''), nullif(config->>'instanceName', ''))))
    WHERE type = 'whatsapp';

DO $$
BEGIN
    PERFORM set_config('lock_timeout', coalesce(nullif(current_setting('lock_timeout'), '0'), '3s'), true);
    IF hookgate.names_are_unique() AND to_regclass('healthcare.hookgate_integrations_instance_lookup') IS NOT NULL THEN
        DROP INDEX healthcare.hookgate_integrations_instance_lookup;
    END IF;
END
$$;
