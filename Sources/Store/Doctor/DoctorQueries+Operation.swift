import FoundationEssentials
import HookgateCore

/// Runs, traffic, and what the schema must have.
extension DoctorQueries {
    /// How far back traffic counts: what nobody has sent for two weeks is over.
    private static let window: TimeInterval = 14 * 24 * 3600
    /// Evolution retries an event for up to 45 minutes: so long after a switch the old URL may still be called.
    private static let retries = "interval '45 minutes'"

    func oldRouteTraffic(now: Date) -> DoctorQuery {
        DoctorQuery(
            needs: [.table(TableShapes.routeTraffic, columns: ["instance_name", "route", "first_seen", "last_seen"])],
            sql: """
                SELECT instance_name AS subject, NULL::text AS id,
                       ARRAY['state', CASE WHEN first_by_token IS NULL THEN 'not switched over yet'
                                           ELSE 'still called on the old URL after the switch' END,
                             'last on the old URL', \(LegacyUnion.utc("last_by_name")),
                             'last on the token URL', \(LegacyUnion.utc("last_by_token"))] AS facts
                FROM (
                    SELECT instance_name, min(first_seen) FILTER (WHERE route = 'token') AS first_by_token,
                           max(last_seen) FILTER (WHERE route = 'token') AS last_by_token,
                           max(last_seen) FILTER (WHERE route = 'instance') AS last_by_name
                    FROM \(TableShapes.routeTraffic) WHERE instance_name <> '' GROUP BY instance_name
                ) seen
                WHERE last_by_name >= $1::timestamptz
                    AND (first_by_token IS NULL OR last_by_name > first_by_token + \(Self.retries))
                """,
            parameters: [now.addingTimeInterval(-Self.window)])
    }

    /// Whether silence on the old URL proves nothing: there are instances, and no gateway has listened for them.
    func isDeaf(now: Date) -> DoctorQuery {
        let listened =
            catalog["hookgate.coverage"] == nil
            ? "false" : "EXISTS (SELECT FROM hookgate.coverage WHERE listening_until >= $1::timestamptz)"
        return DoctorQuery(
            needs: [.legacy, .integrationsIfPresent, .ifPresent("hookgate.coverage", columns: ["listening_until"])],
            sql: """
                SELECT 'deaf' AS subject, NULL::text AS id, '{}'::text[] AS facts
                WHERE $1::timestamptz IS NOT NULL AND NOT \(listened) AND (
                    EXISTS (SELECT FROM (\(legacy)) l)
                    OR EXISTS (SELECT FROM (\(integrations)) i WHERE is_evolution))
                """,
            parameters: [now.addingTimeInterval(-Self.window)])
    }

    /// A run that still says it is running although nobody holds the lock of runs, and one that failed last.
    var interruptedRun: DoctorQuery {
        DoctorQuery(
            needs: [
                .table("hookgate.migration_runs", columns: ["id", "state", "started_at"]),
                .table(TableShapes.migrationRows, columns: ["run_id", "undone_at"]),
            ],
            sql: """
                SELECT r.id::text AS subject, r.id::text AS id,
                       ARRAY['state', CASE r.state WHEN 'running' THEN 'cut off' ELSE r.state END,
                             'started', \(LegacyUnion.utc("r.started_at")),
                             'instances written', (SELECT count(*) FROM \(TableShapes.migrationRows) m
                                                   WHERE m.run_id = r.id AND m.undone_at IS NULL)::text] AS facts
                FROM hookgate.migration_runs r
                WHERE r.state = 'running' AND NOT EXISTS (
                        SELECT FROM pg_locks l
                        WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
                            AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                            AND l.classid::bigint = \(PostgresMigrationLedger.runLockKey >> 32)
                            AND l.objid::bigint = \(PostgresMigrationLedger.runLockKey & 0xFFFF_FFFF))
                    OR r.state IN ('failed', 'interrupted') AND NOT EXISTS (
                        SELECT FROM hookgate.migration_runs later
                        WHERE later.started_at > r.started_at AND later.state <> 'running')
                """)
    }

    /// Names of the objects that `schema apply` makes, as far as losing one would go unnoticed.
    var schemaObjects: DoctorQuery {
        DoctorQuery(
            needs: [
                .table("hookgate.tokens", columns: ["digest", "state"]), .integrations, .integrationsIfPresent,
                .table(DoctorCatalog.integrations, columns: ["webhook_token", "revision"]),
            ],
            sql: """
                SELECT 'index ' || wanted.name AS subject, NULL::text AS id,
                       ARRAY['state', CASE WHEN wanted.waits THEN 'waits until no duplicate is left'
                                           WHEN x.indexrelid IS NULL THEN 'missing' ELSE 'invalid' END] AS facts
                FROM (
                    SELECT 'hookgate_integrations_token' AS name, hookgate.has_duplicate_tokens() AS waits
                    UNION ALL SELECT 'hookgate_integrations_instance', hookgate.has_duplicate_instances()
                    UNION ALL SELECT 'hookgate_integrations_revision', false
                ) wanted
                LEFT JOIN pg_index x ON x.indexrelid = to_regclass('healthcare.' || wanted.name)
                WHERE x.indexrelid IS NULL OR NOT x.indisvalid
                UNION ALL
                SELECT 'trigger ' || wanted.name, NULL,
                       ARRAY['state', CASE WHEN t.oid IS NULL THEN 'missing' ELSE 'disabled' END]
                FROM unnest(ARRAY['zz_hookgate_prepare_insert', 'zz_hookgate_prepare_update', 'hookgate_track_insert',
                    'hookgate_track_update', 'hookgate_track_delete', 'hookgate_track_truncate']) AS wanted(name)
                LEFT JOIN pg_trigger t ON t.tgrelid = 'healthcare.integrations'::regclass AND t.tgname = wanted.name
                WHERE t.oid IS NULL OR t.tgenabled = 'D'
                UNION ALL
                SELECT 'table hookgate.tokens', NULL, ARRAY['state', count(*)::text || ' tokens are missing']
                FROM (\(integrations)) i
                WHERE type = 'whatsapp' AND token IS NOT NULL
                    AND NOT EXISTS (
                        SELECT FROM hookgate.tokens k WHERE k.digest = sha256(convert_to(i.token, 'UTF8')))
                HAVING count(*) > 0
                """)
    }
}
