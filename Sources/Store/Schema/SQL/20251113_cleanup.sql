-- What `hookgate cleanup` judges by, and what it moved away.

-- Each verification of the whole fleet, with the state of the tables that it was made in.
CREATE TABLE IF NOT EXISTS hookgate.verifications (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    verified_at timestamptz NOT NULL,
    -- A line for each table; see InventoryMarkReader in the program.
    mark        text NOT NULL,
    verified    bigint NOT NULL,
    mismatched  bigint NOT NULL,
    missing     bigint NOT NULL,
    undecided   bigint NOT NULL,
    -- Instances that a person left out, each with the reason.
    excluded    jsonb NOT NULL
);

-- Looks at the counters of the legacy tables. Two of them say whether somebody used a table in between.
CREATE TABLE IF NOT EXISTS hookgate.table_looks (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    looked_at  timestamptz NOT NULL,
    table_name text NOT NULL,
    table_oid  bigint NOT NULL,
    -- Scans of the table and its indexes, and rows written, since the server counts.
    scans      bigint NOT NULL,
    writes     bigint NOT NULL,
    -- What hookgate.own_reads said at that moment.
    own_scans  bigint NOT NULL,
    reset_at   timestamptz
);
CREATE INDEX IF NOT EXISTS table_looks_table ON hookgate.table_looks (table_name, looked_at);

-- How many scans of each legacy table were our own.
CREATE TABLE IF NOT EXISTS hookgate.own_reads (
    table_name text PRIMARY KEY,
    scans      bigint NOT NULL
);

-- Legacy tables that were moved into a schema of that name, and what became of them.
CREATE TABLE IF NOT EXISTS hookgate.archives (
    name         text COLLATE "C" PRIMARY KEY CHECK (name ~ '^hookgate_archive_[0-9]{8}(_[0-9]+)?$'),
    state        text NOT NULL CHECK (state IN ('archived', 'restored', 'purged')),
    archived_at  timestamptz NOT NULL,
    archived_by  text NOT NULL,
    -- When a restore was last tried, compared and taken back.
    rehearsed_at timestamptz,
    ended_at     timestamptz,
    ended_by     text,
    CHECK ((state = 'archived') = (ended_at IS NULL))
);

-- Each of their tables exactly as it was: definition, number of rows, and a digest of all of them.
CREATE TABLE IF NOT EXISTS hookgate.archived_tables (
    archive    text COLLATE "C" NOT NULL REFERENCES hookgate.archives,
    table_name text COLLATE "C" NOT NULL,
    row_count  bigint NOT NULL,
    row_digest text NOT NULL,
    definition jsonb NOT NULL,
    PRIMARY KEY (archive, table_name)
);

-- The instances that archived rows name. A webhook for one of them that has no integration is held for a person, as it
-- was while the table was there; these stay when an archive is purged.
CREATE TABLE IF NOT EXISTS hookgate.archived_names (
    instance_name text COLLATE "C" NOT NULL,
    archive       text COLLATE "C" NOT NULL REFERENCES hookgate.archives,
    PRIMARY KEY (instance_name, archive)
);

-- Everything that a table is besides its rows, in words that do not change when it is moved away and back.
CREATE OR REPLACE FUNCTION hookgate.table_definition(relation regclass) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object(
        'kind', c.relkind, 'persistence', c.relpersistence, 'owner', pg_get_userbyid(c.relowner),
        'grants', c.relacl::text, 'options', c.reloptions::text, 'replica_identity', c.relreplident,
        'row_security', jsonb_build_array(c.relrowsecurity, c.relforcerowsecurity),
        'comment', obj_description(c.oid, 'pg_class'),
        'view', CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END,
        'columns', (
            SELECT jsonb_agg(jsonb_build_array(
                a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
                a.attstorage, a.attstattarget, nullif(a.attcollation, 0::oid)::regcollation::text,
                pg_get_expr(d.adbin, d.adrelid), a.attacl::text, a.attoptions::text,
                col_description(a.attrelid, a.attnum)) ORDER BY a.attnum)
            FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
        'constraints', (
            SELECT jsonb_agg(jsonb_build_array(k.conname, pg_get_constraintdef(k.oid), k.convalidated,
                obj_description(k.oid, 'pg_constraint')) ORDER BY k.conname)
            FROM pg_constraint k WHERE k.conrelid = c.oid),
        'indexes', (
            SELECT jsonb_agg(jsonb_build_array(pg_get_indexdef(x.indexrelid), x.indisvalid, x.indisclustered,
                x.indisreplident, obj_description(x.indexrelid, 'pg_class')) ORDER BY x.indexrelid)
            FROM pg_index x WHERE x.indrelid = c.oid),
        'triggers', (
            SELECT jsonb_agg(jsonb_build_array(t.tgname, pg_get_triggerdef(t.oid), t.tgenabled,
                obj_description(t.oid, 'pg_trigger')) ORDER BY t.tgname)
            FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal),
        'rules', (
            SELECT jsonb_agg(jsonb_build_array(r.rulename, pg_get_ruledef(r.oid), r.ev_enabled) ORDER BY r.rulename)
            FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.rulename <> '_RETURN'),
        'policies', (
            SELECT jsonb_agg(jsonb_build_array(p.polname, p.polcmd, p.polpermissive,
                (SELECT array_agg(role::regrole::text ORDER BY role) FROM unnest(p.polroles) AS role),
                pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid),
                obj_description(p.oid, 'pg_policy')) ORDER BY p.polname)
            FROM pg_policy p WHERE p.polrelid = c.oid),
        'sequences', (
            SELECT jsonb_agg(jsonb_build_array(s.oid::regclass::text, d.refobjsubid, pg_get_userbyid(s.relowner),
                s.relacl::text, to_jsonb(q), pg_sequence_last_value(s.oid), obj_description(s.oid, 'pg_class'))
                ORDER BY s.oid)
            FROM pg_depend d
            JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
            JOIN pg_sequence q ON q.seqrelid = s.oid
            WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid
                AND d.deptype IN ('a', 'i')),
        'publications', (
            SELECT jsonb_agg(jsonb_build_array(p.pubname, to_jsonb(r)) ORDER BY p.pubname)
            FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid WHERE r.prrelid = c.oid),
        'statistics', (
            SELECT jsonb_agg(pg_get_statisticsobjdef(s.oid) ORDER BY s.oid)
            FROM pg_statistic_ext s WHERE s.stxrelid = c.oid),
        'parents', (
            SELECT jsonb_agg(i.inhparent::regclass::text ORDER BY i.inhseqno) FROM pg_inherits i
            WHERE i.inhrelid = c.oid),
        'labels', (
            SELECT jsonb_agg(jsonb_build_array(l.provider, l.objsubid, l.label) ORDER BY l.provider, l.objsubid)
            FROM pg_seclabel l WHERE l.classoid = 'pg_class'::regclass AND l.objoid = c.oid))
    FROM pg_class c WHERE c.oid = relation
$$;

-- How many rows a table has, and one number that another content would not have.
CREATE OR REPLACE FUNCTION hookgate.table_content(relation regclass, OUT row_count bigint, OUT row_digest text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD'
SET intervalstyle = 'postgres' SET extra_float_digits = 3 SET bytea_output = 'hex' SET row_security = off AS $$
BEGIN
    EXECUTE format(
        'SELECT count(*), coalesce(sum(hashtextextended(hookgate_row::text, 0)::numeric), 0)::text '
            'FROM %s AS hookgate_row', relation)
        INTO row_count, row_digest;
END
$$;
REVOKE ALL ON FUNCTION hookgate.table_definition(regclass), hookgate.table_content(regclass) FROM PUBLIC;

-- PostgREST's roles get no way in, should a default have granted one.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['anon', 'authenticated'] LOOP
        CONTINUE WHEN to_regrole(role) IS NULL;
        EXECUTE format('REVOKE ALL ON hookgate.verifications, hookgate.table_looks, hookgate.own_reads, '
            'hookgate.archives, hookgate.archived_tables, hookgate.archived_names FROM %I', role);
        EXECUTE format('REVOKE ALL ON FUNCTION hookgate.table_definition(regclass), '
            'hookgate.table_content(regclass) FROM %I', role);
    END LOOP;
END
$$;
