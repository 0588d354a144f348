import FoundationEssentials
import HookgateCore

/// Status, webhook URL and token of single rows.
extension DoctorQueries {
    /// What makes a token one that can be routed; the rule is that of `WebhookToken`.
    private static let isMalformed = """
        CASE WHEN token LIKE 'hgw\\_%' THEN
                NOT (token ~ '^hgw_[A-Za-z0-9_-]{49}$' AND right(token, 6) = left(translate(
                    encode(sha256(convert_to(substr(token, 5, 43), 'UTF8')), 'base64'), '+/', '-_'), 6))
             ELSE octet_length(token) > 256 OR token ~ '[\\x01-\\x20\\x7f/]' END
        """
    private static let host = "lower(substring(url FROM '^https?://(?:[^/?#]*@)?([^/?#@]+)'))"
    private static let loopback = "'^(localhost|127\\.|0\\.0\\.0\\.0|\\[::1?\\])'"

    private static func tokenColumns(_ columns: String...) -> DoctorNeed {
        .ifPresent(DoctorCatalog.integrations, columns: columns)
    }

    /// NULL and the empty string are no token, and neither is a column that is not there yet.
    var missingTokens: DoctorQuery {
        DoctorQuery(
            needs: [.integrations, .integrationsIfPresent, Self.tokenColumns("webhook_token")],
            sql: """
                SELECT coalesce(name, id) AS subject, id, ARRAY['clinic', clinic, 'status', status] AS facts
                FROM (\(integrations)) i WHERE type = 'whatsapp' AND token IS NULL
                """)
    }

    var malformedTokens: DoctorQuery {
        DoctorQuery(
            needs: [.integrations, .integrationsIfPresent, Self.tokenColumns("webhook_token")],
            sql: """
                SELECT coalesce(name, id) AS subject, id,
                       ARRAY['why', CASE
                           WHEN token LIKE 'hgw\\_%' THEN 'it has our prefix, and not our length and checksum'
                           WHEN octet_length(token) > 256 THEN 'it is longer than a URL allows'
                           ELSE 'it holds a space, a slash or a control character' END] AS facts
                FROM (\(integrations)) i WHERE type = 'whatsapp' AND token IS NOT NULL AND \(Self.isMalformed)
                """)
    }

    var sharedTokens: DoctorQuery {
        DoctorQuery(
            needs: [.integrations, .integrationsIfPresent, Self.tokenColumns("webhook_token")],
            sql: """
                SELECT 'token ' || left(encode(sha256(convert_to(token, 'UTF8')), 'hex'), 8) AS subject, NULL::text AS id,
                       ARRAY['integrations', count(*)::text, 'ids', \(Self.list("id")),
                             'instances', \(Self.list("name"))] AS facts
                FROM (\(integrations)) i WHERE type = 'whatsapp' AND token IS NOT NULL
                GROUP BY token HAVING count(*) > 1
                """)
    }

    /// Switched off, while every legacy row of the instance is not: nothing says that a person did it.
    var disabledByMigration: DoctorQuery {
        DoctorQuery(
            needs: [.integrations, .integrationsIfPresent, .legacy],
            sql: """
                SELECT i.name AS subject, i.id,
                       ARRAY['status', i.status, 'legacy status', l.status, 'clinic', i.clinic] AS facts
                FROM (\(integrations)) i
                JOIN (
                    SELECT name, min(coalesce(status, 'NULL')) AS status FROM (\(legacy)) l
                    GROUP BY name COLLATE "C", name HAVING bool_and(coalesce(enabled, true))
                ) l ON l.name = i.name
                WHERE i.is_evolution AND NOT i.enabled AND i.migrated_from IS NULL
                """)
    }

    var statusWords: DoctorQuery {
        let words = DoctorStatusWords.known.map { "'\($0)'" }.joined(separator: ", ")
        return DoctorQuery(
            needs: [.integrations, .integrationsIfPresent],
            sql: """
                SELECT coalesce(status, 'NULL') AS subject, NULL::text AS id,
                       ARRAY['integrations', count(*)::text, 'for example', min(coalesce(name, id))] AS facts
                FROM (\(integrations)) i
                WHERE is_evolution AND (status IS NULL OR lower(status) NOT IN (\(words)))
                GROUP BY status
                """)
    }

    /// URLs that lead elsewhere than to their integration. Shown is the host alone: the rest may be a secret.
    var webhookURL: DoctorQuery {
        DoctorQuery(
            needs: [.integrations, .integrationsIfPresent, Self.tokenColumns("webhook_token", "webhook_url")],
            sql: """
                SELECT coalesce(name, id) AS subject, id,
                       ARRAY['column', place, 'host', \(Self.host), 'what', why] AS facts
                FROM (
                    SELECT *, CASE
                        WHEN \(Self.host) IS NULL THEN 'no web address'
                        WHEN url ~ '/webhooks/evolution/whatsapp/[^/]' THEN CASE
                            WHEN token ~ '^[A-Za-z0-9_-]+$'
                                AND position('/webhooks/evolution/whatsapp/' || token IN url) = 0
                                THEN 'a token URL with another token than the row''s'
                            WHEN \(Self.host) ~ \(Self.loopback) THEN 'an address that only its own machine reaches' END
                        WHEN url ~ '/webhooks/evolution/[^/]' THEN 'the legacy URL'
                        WHEN url ~ '/webhook/[^/]+/?$' THEN 'an address of Evolution itself, as the status poll wrote it'
                        ELSE 'no webhook path of ours' END AS why
                    FROM (
                        SELECT id, name, token, 'webhook_url' AS place, url FROM (\(integrations)) i WHERE is_evolution
                        UNION ALL
                        SELECT id, name, token, 'config.webhook_url', nullif(config->>'webhook_url', '')
                        FROM (\(integrations)) i WHERE is_evolution
                    ) place WHERE url IS NOT NULL
                ) judged WHERE why IS NOT NULL
                """)
    }

    /// Hosts other than the configured one, or where none is configured, other than the commonest.
    func webhookHost(configured: String?) -> DoctorQuery {
        DoctorQuery(
            needs: [.integrations, .integrationsIfPresent, Self.tokenColumns("webhook_url")],
            sql: """
                WITH hosts AS (
                    SELECT \(Self.host) AS host, count(*) AS number, min(coalesce(name, id)) AS example
                    FROM (\(integrations)) i
                    WHERE is_evolution AND url ~ '/webhooks/evolution/whatsapp/[^/]' AND \(Self.host) !~ \(Self.loopback)
                    GROUP BY 1
                ), expected AS (
                    SELECT coalesce(lower($1::text), (SELECT host FROM hosts ORDER BY number DESC, host LIMIT 1)) AS host
                )
                SELECT hosts.host AS subject, NULL::text AS id,
                       ARRAY['integrations', number::text, 'for example', example, 'rather than', expected.host] AS facts
                FROM hosts, expected WHERE hosts.host <> expected.host
                """,
            parameters: [configured])
    }

    /// Instances whose stored old URL leads to another host than token URLs do, and of which nothing has come lately.
    func oldRouteElsewhere(configured: String?, now: Date) -> DoctorQuery {
        let urls = LegacySource.allCases.compactMap { LegacySourceQuery($0, shapes: shapes)?.webhookURLs }
        return DoctorQuery(
            needs: [
                .legacy, .integrationsIfPresent, Self.tokenColumns("webhook_url"),
                .table(TableShapes.routeTraffic, columns: ["instance_name", "last_seen"]),
            ],
            sql: """
                WITH expected AS (
                    SELECT coalesce(lower($1::text), (
                        SELECT \(Self.host) FROM (\(integrations)) i
                        WHERE is_evolution AND url ~ '/webhooks/evolution/whatsapp/[^/]' AND \(Self.host) !~ \(Self.loopback)
                        GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1)) AS host
                )
                SELECT name AS subject, NULL::text AS id,
                       ARRAY['old URL leads to', string_agg(DISTINCT \(Self.host), ', '), 'rather than', expected.host]
                           AS facts
                FROM (\(urls.isEmpty ? "SELECT NULL::text AS name, NULL::text AS url WHERE false" : urls.joined(separator: " UNION ALL "))) u,
                    expected
                WHERE url ~ '/webhooks/' AND \(Self.host) <> expected.host AND NOT EXISTS (
                    SELECT FROM \(TableShapes.routeTraffic) t
                    WHERE t.instance_name = u.name AND t.last_seen >= $2::timestamptz)
                GROUP BY name, expected.host
                """,
            parameters: [configured, now.addingTimeInterval(-Self.quietTime)])
    }

    /// What nobody has sent for two weeks is over.
    private static let quietTime: TimeInterval = 14 * 24 * 3600

    /// Held events of URLs that name nobody, by whom their bodies name.
    var bodyRoutedEvents: DoctorQuery {
        DoctorQuery(
            needs: [
                .table("hookgate.events", columns: ["state", "quarantine_reason", "instance_name", "received_at"])
            ],
            sql: """
                SELECT coalesce(instance_name, 'nobody we know') AS subject, min(integration_id)::text AS id,
                       ARRAY['held', count(*)::text, 'last', \(LegacyUnion.utc("max(received_at)"))] AS facts
                FROM (
                    SELECT instance_name, integration_id::text AS integration_id, received_at FROM hookgate.events
                    WHERE state = 'quarantined' AND quarantine_reason = '\(QuarantineReason.bodyRouted.rawValue)'
                ) held
                GROUP BY instance_name
                """)
    }
}
