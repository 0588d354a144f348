import HookgateCore

/// Instances that were lost, and the names they go by.
extension DoctorQueries {
    /// Instances of the old tables without an integration, where another instance of the same organization has one that
    /// hookgate did not make: the upsert that took the organization's clinic for the instance.
    var overwrittenInstances: DoctorQuery { lost(isOverwritten: true) }

    var unmigratedInstances: DoctorQuery { lost(isOverwritten: false) }

    private func lost(isOverwritten: Bool) -> DoctorQuery {
        DoctorQuery(
            needs: [.legacy, .integrationsIfPresent],
            sql: """
                WITH integration AS (
                    SELECT * FROM (\(integrations)) i WHERE is_evolution AND name IS NOT NULL
                ), legacy AS (\(legacy)), lost AS (
                    SELECT name, min(organization) AS organization, min(coalesce(status, 'NULL')) AS status
                    FROM legacy l WHERE NOT EXISTS (SELECT FROM integration i WHERE i.name = l.name)
                    GROUP BY name COLLATE "C", name
                ), winner AS (
                    SELECT i.organization, min(i.name) AS name
                    FROM integration i JOIN legacy l ON l.name = i.name AND l.organization = i.organization
                    WHERE i.migrated_from IS NULL GROUP BY i.organization
                )
                SELECT lost.name AS subject, NULL::text AS id,
                       ARRAY['organization', lost.organization, 'legacy status', status, 'in its place', winner.name] AS facts
                FROM lost LEFT JOIN winner ON winner.organization = lost.organization
                WHERE winner.name IS \(isOverwritten ? "NOT NULL" : "NULL")
                """)
    }

    /// Tables beside the eight that name instances nobody else names.
    var otherHomes: DoctorQuery {
        let homes = DoctorCatalog.otherHomes.compactMap { catalog[$0] }.filter { Self.nameExpression(in: $0) != nil }
        let counts = homes.compactMap { table in
            Self.nameExpression(in: table).map { name in
                "SELECT '\(table.name)' AS place, \(name) AS name FROM \(table.name) h"
            }
        }
        guard !counts.isEmpty else { return DoctorQuery(needs: [], sql: Self.noRows) }
        return DoctorQuery(
            needs: [.legacy, .integrationsIfPresent]
                + homes.map { .ifPresent($0.name, columns: ["instance_name", "config"].filter($0.has)) },
            sql: """
                WITH known AS (
                    SELECT name FROM (\(legacy)) l
                    UNION SELECT name FROM (\(integrations)) i WHERE is_evolution AND name IS NOT NULL
                )
                SELECT place AS subject, NULL::text AS id,
                       ARRAY['instances', count(DISTINCT name)::text, 'for example', min(name)] AS facts
                FROM (\(counts.joined(separator: "\nUNION ALL\n"))) home
                WHERE name IS NOT NULL AND NOT EXISTS (SELECT FROM known WHERE known.name = home.name)
                GROUP BY place
                """)
    }

    private static func nameExpression(in table: DoctorCatalog.Table) -> String? {
        let column = table.has("instance_name") ? table.text("instance_name", of: "h") : nil
        let member = table.isJSON("config") ? InstanceNameSQL.expression(config: "h.config") : nil
        let places = [column, member].compactMap(\.self)
        return places.isEmpty ? nil : "coalesce(\(places.joined(separator: ", ")))"
    }

    /// Identity is provider and instance name: two numbers of one clinic have two names.
    var duplicateInstances: DoctorQuery {
        DoctorQuery(
            needs: [.integrations, .integrationsIfPresent]
                + [.ifPresent(DoctorCatalog.integrations, columns: ["webhook_token"])],
            sql: """
                SELECT name AS subject, NULL::text AS id,
                       ARRAY['integrations', count(*)::text, 'ids', \(Self.list("id")),
                             'clinics', count(DISTINCT clinic)::text, 'with a token', count(token)::text] AS facts
                FROM (
                    SELECT *, CASE WHEN is_evolution THEN 'evolution' ELSE provider END AS kind
                    FROM (\(integrations)) i WHERE type = 'whatsapp'
                ) i
                WHERE name IS NOT NULL
                GROUP BY name COLLATE "C", name, kind HAVING count(*) > 1
                """)
    }

    /// One member of `config` where the old routes read two.
    var instanceNameKey: DoctorQuery {
        DoctorQuery(
            needs: [.integrations, .integrationsIfPresent],
            sql: """
                SELECT name AS subject, id,
                       ARRAY['written under', CASE WHEN nullif(config->>'instance', '') IS NULL
                           THEN 'config.instanceName' ELSE 'config.instance' END] AS facts
                FROM (\(integrations)) i WHERE is_evolution AND \(Self.lacksNameKey)
                """)
    }

    /// The name stands only under an alias, and the aliases agree.
    static let lacksNameKey = """
        nullif(config->>'instance_name', '') IS NULL
            AND coalesce(nullif(config->>'instance', ''), nullif(config->>'instanceName', '')) IS NOT NULL
            AND (\(namesDiffer)) IS NOT TRUE
        """

    /// Two of the three keys hold different names; one that is empty holds none.
    private static let namesDiffer = """
        (nullif(config->>'instance', '') <> nullif(config->>'instance_name', '')
            OR nullif(config->>'instanceName', '') <> nullif(config->>'instance_name', '')
            OR nullif(config->>'instance', '') <> nullif(config->>'instanceName', '')) IS TRUE
        """

    var conflictingNames: DoctorQuery {
        DoctorQuery(
            needs: [.integrations, .integrationsIfPresent],
            sql: """
                SELECT name AS subject, id,
                       ARRAY['config.instance_name', nullif(config->>'instance_name', ''),
                             'config.instance', nullif(config->>'instance', ''),
                             'config.instanceName', nullif(config->>'instanceName', '')] AS facts
                FROM (\(integrations)) i WHERE is_evolution AND \(Self.namesDiffer)
                """)
    }

    var unnamedIntegrations: DoctorQuery {
        DoctorQuery(
            needs: [.integrations, .integrationsIfPresent],
            sql: """
                SELECT id AS subject, id, ARRAY['organization', organization, 'clinic', clinic, 'status', status] AS facts
                FROM (\(integrations)) i WHERE is_evolution AND name IS NULL
                """)
    }

    var misreadKinds: DoctorQuery {
        DoctorQuery(
            needs: [.integrations, .integrationsIfPresent],
            sql: """
                SELECT coalesce(name, id) AS subject, id,
                       ARRAY['type', coalesce(type, 'NULL'), 'provider', coalesce(provider, 'NULL'), 'why', why] AS facts
                FROM (
                    SELECT *, CASE
                        WHEN type IS DISTINCT FROM 'whatsapp'
                            AND (lower(type) IN ('whatsapp', 'evolution', 'evolution_api') OR provider LIKE 'evolution%')
                            THEN 'its type is not whatsapp, so no webhook finds it'
                        WHEN type = 'whatsapp' AND NOT is_evolution AND name IS NOT NULL
                            THEN 'it names an Evolution instance, but another provider'
                        WHEN type = 'whatsapp' AND provider IS NULL AND name IS NOT NULL
                            THEN 'it names no provider, so no unique index guards its name'
                    END AS why
                    FROM (\(integrations)) i
                ) i WHERE why IS NOT NULL
                """)
    }

    /// Several instances with one number: WhatsApp logs one of them out whenever the other comes.
    var sameNumber: DoctorQuery {
        DoctorQuery(
            needs: [.integrations, .integrationsIfPresent],
            sql: """
                SELECT '+' || number AS subject, NULL::text AS id,
                       ARRAY['instances', count(DISTINCT name)::text, 'namely', \(Self.list("name")),
                             'clinics', count(DISTINCT clinic)::text] AS facts
                FROM (\(integrations)) i WHERE is_evolution AND name IS NOT NULL AND number IS NOT NULL
                GROUP BY number HAVING count(DISTINCT name COLLATE "C") > 1
                """)
    }

    /// Names that differ in the time of a click alone, unless each has a number of its own.
    var repeatedInstances: DoctorQuery {
        DoctorQuery(
            needs: [.legacy, .integrationsIfPresent],
            sql: """
                SELECT stem AS subject, NULL::text AS id,
                       ARRAY['instances', count(*)::text, 'namely', \(Self.list("name")),
                             'different numbers', count(DISTINCT number)::text] AS facts
                FROM (
                    SELECT name, max(number) AS number, regexp_replace(name, '-[0-9]{10,13}$', '') AS stem
                    FROM (
                        SELECT name, number FROM (\(legacy)) l
                        UNION ALL SELECT name, number FROM (\(integrations)) i WHERE is_evolution
                    ) every WHERE name ~ '-[0-9]{10,13}$' GROUP BY name
                ) named
                GROUP BY stem HAVING count(*) > 1 AND count(DISTINCT number) < count(*)
                """)
    }
}
