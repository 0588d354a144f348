import HookgateCore

/// The statements of ``PostgresRoutingSource``. Every one returns rows that ``RoutingRow`` reads.
enum RoutingSQL {
    /// Revisions further ahead than this were given by another server, from which the database was restored: they
    /// count as none. (A row's revision runs ahead of the counter by one for each late transaction on it.)
    private static let bound =
        "((pg_snapshot_xmax(pg_current_snapshot())::text)::numeric + 1000)::text::xid8"

    private static let columns = """
        i.id::text AS id, i.organization_id::text AS organization_id, i.clinic_id::text AS clinic_id,
        CASE WHEN \(InstanceNameSQL.isEvolution(provider: "i.provider"))
             THEN \(InstanceNameSQL.expression(config: "i.config")) END AS instance_name,
        coalesce(i.enabled, true) AS is_enabled,
        CASE WHEN i.revision <= \(bound) THEN i.revision ELSE '0'::xid8 END::text AS revision,
        \(SecondFactorSQL.column) AS second_factor
        """

    private static let integrationsTable = "healthcare.integrations i \(SecondFactorSQL.join)"

    /// Everything that ended below this transaction is in the row.
    private static let asOf = "pg_snapshot_xmin(pg_current_snapshot())::text AS as_of"

    private static let noIntegration = """
        NULL::text AS id, NULL::text AS organization_id, NULL::text AS clinic_id, NULL::text AS instance_name,
        NULL::boolean AS is_enabled, NULL::text AS revision, NULL::text AS second_factor
        """

    private static let noToken = """
        NULL::bytea AS digest, NULL::text AS state, NULL::timestamptz AS grace_until, NULL::text AS token_revision,
        NULL::text AS holder
        """

    private static let tokenColumns = """
        t.digest, t.state, t.grace_until,
        CASE WHEN t.revision <= \(bound) THEN t.revision ELSE '0'::xid8 END::text AS token_revision,
        t.integration_id::text AS holder
        """

    // MARK: One key
    //
    // The comment in front lets pg_stat_statements tell look-ups from everything else.

    /// `$1` is the digest.
    static let token = """
        /* hookgate: look-up */ SELECT 'token' AS kind, \(columns), \(tokenColumns), \(asOf)
        FROM hookgate.tokens t
            LEFT JOIN healthcare.integrations i ON i.id = t.integration_id AND i.type = 'whatsapp'
            \(SecondFactorSQL.join)
        WHERE t.digest = $1
        """

    /// `$1` is the id.
    static let integration = """
        SELECT 'integration' AS kind, \(columns), \(noToken)
        FROM \(integrationsTable) WHERE i.type = 'whatsapp' AND i.id = $1::uuid
        """

    /// `$1` is the name. The legacy tables are looked into only when no integration has it.
    static func instance(legacy: LegacyNameLookUp) -> String {
        let places = legacy.queries.map { "EXISTS (\($0))" }.joined(separator: " OR ")
        return """
            /* hookgate: look-up */ WITH found AS MATERIALIZED (
                SELECT 'integration' AS kind, \(columns), \(noToken), \(asOf)
                FROM \(integrationsTable)
                WHERE i.type = 'whatsapp' AND \(InstanceNameSQL.expression(config: "i.config")) = $1
                    AND \(InstanceNameSQL.isEvolution(provider: "i.provider"))
                LIMIT 2
            )
            SELECT * FROM found
            UNION ALL
            SELECT 'legacy', \(noIntegration), \(noToken), \(asOf)
            WHERE NOT EXISTS (SELECT FROM found) AND (\(places.isEmpty ? "false" : places))
            """
    }

    // MARK: Many keys

    /// `$1` are the digests.
    static let manyTokens = """
        SELECT 'token' AS kind, \(columns), \(tokenColumns)
        FROM hookgate.tokens t
            LEFT JOIN healthcare.integrations i ON i.id = t.integration_id AND i.type = 'whatsapp'
            \(SecondFactorSQL.join)
        WHERE t.digest = ANY ($1::bytea[])
        """

    /// `$1` are the names. One look-up for each, which the OFFSET keeps the planner from replacing: without statistics,
    /// as after a great migration, it would rather read the whole table.
    static let manyInstances = """
        SELECT found.*
        FROM unnest($1::text[]) AS wanted (name)
        CROSS JOIN LATERAL (
            SELECT 'integration' AS kind, \(columns), \(noToken) FROM \(integrationsTable)
            WHERE i.type = 'whatsapp' AND \(InstanceNameSQL.expression(config: "i.config")) = wanted.name
                AND \(InstanceNameSQL.isEvolution(provider: "i.provider")) OFFSET 0
        ) found
        """

    // MARK: Everything

    /// Which server and database this is, in 16 hexadecimal digits: one that was restored is another one, and counts
    /// its transactions anew.
    static let identity = """
        SELECT left(encode(sha256(convert_to(concat_ws('/', s.system_identifier, c.timeline_id, d.oid), 'UTF8')),
            'hex'), 16) AS identity
        FROM pg_control_system() s, pg_control_checkpoint() c, pg_database d WHERE d.datname = current_database()
        """

    static let cursor = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xmin"

    /// A page after the integration `$1` (or, where `$3` says so, from it on), of `$2` rows.
    static let integrations = """
        SELECT 'integration' AS kind, \(columns), \(noToken)
        FROM \(integrationsTable)
        WHERE i.type = 'whatsapp' AND i.id >= $1::uuid AND (i.id > $1::uuid OR $3::boolean)
        ORDER BY i.id LIMIT $2::int
        """

    /// A page after the digest `$1`, of `$2` rows.
    static let tokens = """
        SELECT 'token' AS kind, \(noIntegration), \(tokenColumns)
        FROM hookgate.tokens t WHERE t.digest > $1 ORDER BY t.digest LIMIT $2::int
        """

    /// A page after the deleted integration `$1` (or, where `$3` says so, from it on), of `$2` rows.
    static let deleted = """
        SELECT 'deleted' AS kind, d.integration_id::text AS id, NULL::text AS organization_id, NULL::text AS clinic_id,
            NULL::text AS instance_name, NULL::boolean AS is_enabled, d.revision::text AS revision,
            NULL::text AS second_factor, \(noToken)
        FROM hookgate.deleted_integrations d
        WHERE d.integration_id >= $1::uuid AND (d.integration_id > $1::uuid OR $3::boolean)
            AND d.revision <= \(bound)
        ORDER BY d.integration_id LIMIT $2::int
        """

    // MARK: Changes

    /// What has a revision of `$1` or above, at most `$2` rows of each kind, and first of all a row with the next
    /// cursor: one statement, so that all of it is of one snapshot. A cursor ahead of the counter comes from another
    /// server; then everything has changed.
    static let changes = """
        WITH since AS MATERIALIZED (
            SELECT CASE WHEN $1::text::xid8 <= pg_snapshot_xmax(pg_current_snapshot())
                THEN $1::text::xid8 ELSE '0'::xid8 END AS revision
        )
        SELECT * FROM (
            SELECT 'cursor' AS kind, NULL::text AS id, NULL::text AS organization_id, NULL::text AS clinic_id,
                NULL::text AS instance_name, NULL::boolean AS is_enabled,
                pg_snapshot_xmin(pg_current_snapshot())::text AS revision, NULL::text AS second_factor, \(noToken)
        ) next
        UNION ALL
        SELECT * FROM (
            SELECT 'deleted' AS kind, d.integration_id::text, NULL::text, NULL::text, NULL::text, NULL::boolean,
                d.revision::text, NULL::text, \(noToken)
            FROM hookgate.deleted_integrations d
            WHERE d.revision >= (SELECT revision FROM since) AND d.revision <= \(bound)
            ORDER BY d.revision LIMIT $2::int
        ) deleted
        UNION ALL
        SELECT * FROM (
            SELECT 'integration' AS kind, \(columns), \(noToken)
            FROM \(integrationsTable)
            WHERE i.type = 'whatsapp' AND i.revision >= (SELECT revision FROM since) AND i.revision <= \(bound)
            ORDER BY i.revision LIMIT $2::int
        ) changed
        UNION ALL
        SELECT * FROM (
            SELECT 'token' AS kind, \(noIntegration), \(tokenColumns)
            FROM hookgate.tokens t
            WHERE t.revision >= (SELECT revision FROM since) AND t.revision <= \(bound)
            ORDER BY t.revision LIMIT $2::int
        ) tokens
        """
}
