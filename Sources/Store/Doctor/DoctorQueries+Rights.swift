import HookgateCore

/// What PostgREST's roles may see and call. Read from the catalogue, so it can always be told.
extension DoctorQueries {
    private static let roles = "('anon', 'authenticated')"
    /// Keys whose values are not for everybody.
    private static let telling = "'(key|token|secret|password|credential)'"
    /// Functions of the old system that write integrations or run any SQL they are given.
    private static let knownFunctions = "('save_evolution_integration', 'exec_sql', 'execute_sql', 'run_sql')"

    /// The same question as the schema's own function asks, for databases that do not have it yet.
    var readableTokens: DoctorQuery {
        DoctorQuery(
            needs: [],
            sql: """
                WITH secret AS (
                    SELECT attname FROM pg_attribute
                    WHERE attrelid = to_regclass('healthcare.integrations') AND attnum > 0 AND NOT attisdropped
                        AND (attname = 'webhook_url' OR attname LIKE '%token%')
                        AND atttypid NOT IN ('timestamptz'::regtype, 'timestamp'::regtype, 'boolean'::regtype)
                )
                SELECT r.rolname::text || ' through healthcare.integrations' AS subject, NULL::text AS id,
                       ARRAY['columns', string_agg(s.attname, ', ' ORDER BY s.attname),
                             'role', r.rolname::text, 'place', 'healthcare.integrations'] AS facts
                FROM pg_roles r CROSS JOIN secret s
                WHERE r.rolname IN \(Self.roles)
                    AND has_column_privilege(r.oid, to_regclass('healthcare.integrations'), s.attname, 'SELECT')
                    AND has_schema_privilege(r.oid, to_regnamespace('healthcare')::oid, 'USAGE')
                GROUP BY r.rolname
                UNION ALL
                SELECT DISTINCT r.rolname || ' through view ' || format('%I.%I', n.nspname, v.relname), NULL,
                       ARRAY['columns', 'those of ' || a.attname, 'role', r.rolname::text,
                             'place', 'view ' || format('%I.%I', n.nspname, v.relname)]
                FROM pg_depend d
                JOIN pg_rewrite w ON w.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
                JOIN pg_class v ON v.oid = w.ev_class AND v.relkind IN ('v', 'm')
                JOIN pg_namespace n ON n.oid = v.relnamespace
                JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                JOIN pg_roles r ON r.rolname IN \(Self.roles)
                WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = to_regclass('healthcare.integrations')
                    AND a.attname IN (SELECT attname FROM secret)
                    AND has_table_privilege(r.oid, v.oid, 'SELECT') AND has_schema_privilege(r.oid, v.relnamespace, 'USAGE')
                """)
    }

    /// Columns of JSON in which keys stand, readable by these roles and not kept from them row by row.
    var readableCredentials: DoctorQuery {
        let places: [(String, String)] = [
            (DoctorCatalog.integrations, "config"), (LegacySource.evolutionInstances.rawValue, "config"),
            (LegacySource.evolutionIntegrations.rawValue, "config"),
            (LegacySource.publicIntegrations.rawValue, "config"),
            (LegacySource.publicIntegrations.rawValue, "credentials"), ("healthcare.clinics", "whatsapp_config"),
            ("healthcare.clinics", "whatsapp_settings"),
        ]
        let present = places.filter { catalog[$0.0]?.isJSON($0.1) == true }
        guard !present.isEmpty else { return DoctorQuery(needs: [], sql: Self.noRows) }
        return DoctorQuery(
            needs: present.map { .ifPresent($0.0, columns: [$0.1]) },
            sql: present.map(Self.credentials).joined(separator: "\nUNION ALL\n"))
    }

    private static func credentials(in table: String, _ column: String) -> String {
        """
        SELECT '\(table).\(column)' AS subject, NULL::text AS id,
               ARRAY['readable by', roles, 'keys', keys, 'in rows', rows::text] AS facts
        FROM (
            SELECT string_agg(r.rolname, ', ' ORDER BY r.rolname) AS roles
            FROM pg_roles r JOIN pg_class c ON c.oid = '\(table)'::regclass
            WHERE r.rolname IN \(roles)
                AND has_column_privilege(r.oid, c.oid, '\(column)', 'SELECT') AND has_schema_privilege(r.oid, c.relnamespace, 'USAGE')
                AND (NOT c.relrowsecurity OR EXISTS (
                    SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polpermissive AND p.polcmd IN ('r', '*')
                        AND (0::oid = ANY (p.polroles) OR r.oid = ANY (p.polroles))))
        ) open
        CROSS JOIN LATERAL (
            SELECT count(DISTINCT t.number) AS rows,
                   array_to_string((array_agg(DISTINCT m.key || ' = ***' ORDER BY m.key || ' = ***'))[1:5], ', ') AS keys
            FROM (SELECT row_number() OVER () AS number, \(column)::jsonb AS value FROM \(table)) t
            CROSS JOIN LATERAL jsonb_each_text(
                CASE WHEN jsonb_typeof(t.value) = 'object' THEN t.value ELSE '{}' END) m
            WHERE open.roles IS NOT NULL AND m.key ~* \(telling) AND m.value <> ''
        ) found
        WHERE open.roles IS NOT NULL AND found.rows > 0
        """
    }

    var openFunctions: DoctorQuery {
        DoctorQuery(
            needs: [],
            sql: """
                SELECT format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS subject,
                       NULL::text AS id,
                       ARRAY['callable by', string_agg(r.rolname, ', ' ORDER BY r.rolname),
                             'runs as', CASE WHEN p.prosecdef THEN pg_get_userbyid(p.proowner)::text ELSE 'its caller' END] AS facts
                FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                JOIN pg_roles r ON r.rolname IN \(Self.roles) AND has_function_privilege(r.oid, p.oid, 'EXECUTE')
                    AND has_schema_privilege(r.oid, n.oid, 'USAGE')
                WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'hookgate') AND p.prokind IN ('f', 'p')
                    AND p.prorettype <> 'trigger'::regtype
                    AND (p.proname IN \(Self.knownFunctions)
                         OR p.prosecdef AND p.prosrc ~* 'integrations|evolution_instances|webhook_token')
                    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
                GROUP BY p.oid, n.nspname
                """)
    }
}
