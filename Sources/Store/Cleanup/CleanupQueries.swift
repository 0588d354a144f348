import HookgateCore

/// What the catalogue is asked of the tables that a clean-up would move. `$1` are their names.
enum CleanupQueries {
    /// Each with its size; a table that this role may not read is counted by the planner's estimate.
    static let tables = """
        SELECT n.nspname || '.' || c.relname AS name, c.relkind::text AS kind,
               pg_total_relation_size(c.oid)::bigint AS bytes, greatest(c.reltuples, 0)::bigint AS estimate,
               has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS is_readable
        FROM \(named)
        """

    /// What this role must be allowed: to own the tables, to make a schema, and to move the tables back.
    static let lackingRights = """
        SELECT 'role ' || current_user || ' does not own ' || n.nspname || '.' || c.relname AS what,
               'run it as ' || pg_get_userbyid(c.relowner) || ', who does' AS remedy
        FROM \(named) AND NOT pg_has_role(c.relowner, 'USAGE')
        UNION ALL
        SELECT DISTINCT 'role ' || current_user || ' may make nothing in schema ' || n.nspname || ', so nothing could be '
               || 'moved back', format('GRANT CREATE ON SCHEMA %I TO %I;', n.nspname, current_user)
        FROM \(named) AND NOT has_schema_privilege(n.oid, 'CREATE')
        UNION ALL
        SELECT 'role ' || current_user || ' may not make a schema',
               format('GRANT CREATE ON DATABASE %I TO %I;', current_database(), current_user)
        WHERE NOT has_database_privilege(current_database(), 'CREATE')
        ORDER BY 1
        """

    /// Objects that are recorded as needing a table, or its row type, and are no part of it.
    static let dependencies = """
        WITH moved AS (
            SELECT c.oid, c.reltype, n.nspname || '.' || c.relname AS name FROM \(named)
        ), needed AS (
            SELECT m.name, d.classid, d.objid, d.objsubid
            FROM moved m JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = m.oid
            UNION
            SELECT m.name, d.classid, d.objid, d.objsubid
            FROM moved m JOIN pg_type t ON t.oid = m.reltype
            JOIN pg_depend d ON d.refclassid = 'pg_type'::regclass AND d.refobjid IN (t.oid, t.typarray)
            UNION
            SELECT m.name, d.classid, d.objid, d.objsubid
            FROM moved m
            JOIN pg_depend o ON o.refclassid = 'pg_class'::regclass AND o.refobjid = m.oid AND o.deptype IN ('a', 'i')
                AND o.classid = 'pg_class'::regclass
            JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = o.objid
                AND d.classid = 'pg_attrdef'::regclass
        )
        SELECT name, pg_describe_object('pg_class'::regclass, r.ev_class, 0) AS object
        FROM needed x JOIN pg_rewrite r ON x.classid = 'pg_rewrite'::regclass AND r.oid = x.objid
        WHERE r.ev_class NOT IN (SELECT oid FROM moved)
        UNION
        SELECT name, pg_describe_object(x.classid, x.objid, 0)
        FROM needed x JOIN pg_constraint k ON x.classid = 'pg_constraint'::regclass AND k.oid = x.objid
        WHERE k.conrelid NOT IN (SELECT oid FROM moved) AND k.conrelid <> 0
        UNION
        SELECT name, pg_describe_object(x.classid, x.objid, 0)
        FROM needed x JOIN pg_policy p ON x.classid = 'pg_policy'::regclass AND p.oid = x.objid
        WHERE p.polrelid NOT IN (SELECT oid FROM moved)
        UNION
        SELECT name, pg_describe_object(x.classid, x.objid, 0)
        FROM needed x WHERE x.classid = 'pg_proc'::regclass
        UNION
        SELECT name, 'default of ' || pg_describe_object('pg_class'::regclass, a.adrelid, a.adnum)
        FROM needed x JOIN pg_attrdef a ON x.classid = 'pg_attrdef'::regclass AND a.oid = x.objid
        WHERE a.adrelid NOT IN (SELECT oid FROM moved)
        UNION
        SELECT name, pg_describe_object(x.classid, x.objid, x.objsubid)
        FROM needed x JOIN pg_class c ON x.classid = 'pg_class'::regclass AND c.oid = x.objid
        WHERE x.objsubid > 0 AND c.relkind IN ('r', 'p', 'f', 'c') AND c.oid NOT IN (SELECT oid FROM moved)
        UNION
        SELECT m.name, 'child ' || pg_describe_object('pg_class'::regclass, i.inhrelid, 0)
        FROM moved m JOIN pg_inherits i ON i.inhparent = m.oid
        UNION
        SELECT m.name, 'parent ' || pg_describe_object('pg_class'::regclass, i.inhparent, 0)
        FROM moved m JOIN pg_inherits i ON i.inhrelid = m.oid
        ORDER BY 1, 2
        """

    /// Functions whose text reads from or writes to a table, or names it with its schema; with the triggers that call
    /// them. What puts a name together as it runs is not found.
    static func functions(_ sources: [LegacySource]) -> String {
        let texts = sources.map { source -> String in
            let (schema, table) = (source.schema, source.table)
            let words = "\\m(from|join|into|update|table|only|using|truncate)\\s+(only\\s+)?"
            let qualified = "\"?\\m\(schema)\"?\\s*\\.\\s*\"?\(table)\\M"
            return """
                SELECT '\(source.rawValue)' AS name, p.oid, p.proname FROM code p
                WHERE p.prosrc ~* '\(qualified)|\(words)"?\(table)\\M(?!\\s*[.(])|\\m\(table)\\M"?%(rowtype|type)'
                """
        }
        return """
            WITH code AS (
                SELECT p.oid, p.proname, p.prosrc FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'hookgate')
                    AND n.nspname NOT LIKE 'pg\\_toast%' AND p.prosrc <> ''
                    AND NOT EXISTS (
                        SELECT FROM pg_depend d
                        WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
            ), users AS (
                \(texts.joined(separator: "\nUNION ALL\n"))
            )
            SELECT u.name, pg_describe_object('pg_proc'::regclass, u.oid, 0) || coalesce(' (called by ' || (
                       SELECT string_agg(pg_describe_object('pg_trigger'::regclass, t.oid, 0), ', ' ORDER BY t.oid)
                       FROM pg_trigger t WHERE t.tgfoid = u.oid AND NOT t.tgisinternal) || ')', '') AS object
            FROM users u ORDER BY 1, 2
            """
    }

    /// Tables, indexes and owned sequences that have one name in different schemas: in one archive they cannot be.
    static let collisions = """
        WITH moved AS (
            SELECT c.oid, n.nspname || '.' || c.relname AS name FROM \(named)
        ), everything AS (
            SELECT name, oid FROM moved
            UNION SELECT m.name, x.indexrelid FROM moved m JOIN pg_index x ON x.indrelid = m.oid
            UNION SELECT m.name, d.objid FROM moved m
            JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = m.oid
                AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
        ), labelled AS (
            SELECT e.name, c.oid, c.relname, count(*) OVER (PARTITION BY c.relname) AS holders
            FROM everything e JOIN pg_class c ON c.oid = e.oid
        )
        SELECT name, pg_describe_object('pg_class'::regclass, oid, 0) || ', whose name another one has as well' AS object
        FROM labelled WHERE holders > 1 ORDER BY 1, 2
        """

    /// What moves along and hinders nothing.
    static let remarks = """
        SELECT n.nspname || '.' || c.relname AS name, pg_describe_object('pg_trigger'::regclass, t.oid, 0) AS object
        FROM pg_trigger t, \(named) AND t.tgrelid = c.oid AND NOT t.tgisinternal
        UNION ALL
        SELECT n.nspname || '.' || c.relname, 'publication ' || p.pubname
        FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid, \(named) AND r.prrelid = c.oid
        ORDER BY 1, 2
        """

    /// Scans of a table and of its indexes, and rows written, since the server counts.
    static let counters = """
        SELECT n.nspname || '.' || c.relname AS name, c.oid::bigint AS identity,
               coalesce(s.seq_scan, 0) + coalesce(s.idx_scan, 0) AS scans,
               coalesce(s.n_tup_ins, 0) + coalesce(s.n_tup_upd, 0) + coalesce(s.n_tup_del, 0) AS writes,
               coalesce(o.scans, 0) AS own_scans,
               (SELECT stats_reset FROM pg_stat_database WHERE datname = current_database()) AS reset_at
        FROM \(tableSource)
        LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
        LEFT JOIN hookgate.own_reads o ON o.table_name = n.nspname || '.' || c.relname
        WHERE c.relkind IN ('r', 'p') AND \(isNamed)
        """

    private static let tableSource = "pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    private static let isNamed = "n.nspname || '.' || c.relname = ANY ($1::text[])"
    private static let named =
        "\(tableSource) WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND \(isNamed)"
}
