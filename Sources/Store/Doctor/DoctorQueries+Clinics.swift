import HookgateCore

/// Whose messages these are.
extension DoctorQueries {
    private static let uuid = "'[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'"

    /// Organizations that have instances and no clinic.
    var clinicNotFound: DoctorQuery {
        DoctorQuery(
            needs: [.legacy, .integrationsIfPresent, .clinics(columns: ["id", "organization_id"])],
            sql: """
                WITH clinic AS (\(clinics)), instance AS (
                    SELECT name, organization FROM (\(legacy)) l
                    UNION SELECT name, organization FROM (\(integrations)) i WHERE is_evolution AND name IS NOT NULL
                )
                SELECT coalesce(i.organization, 'no organization') AS subject, NULL::text AS id,
                       ARRAY['instances', count(*)::text, 'for example', min(i.name),
                             'but', min('this is the id of the clinic ' || coalesce(c.name, c.id))] AS facts
                FROM instance i LEFT JOIN clinic c ON c.id = i.organization
                WHERE NOT EXISTS (SELECT FROM clinic own WHERE own.organization = i.organization)
                GROUP BY i.organization
                """)
    }

    var integrationsWithoutClinic: DoctorQuery {
        DoctorQuery(
            needs: [.integrations, .integrationsIfPresent] + ifThereAreClinics,
            sql: """
                SELECT coalesce(i.name, i.id) AS subject, i.id,
                       ARRAY['clinic', coalesce(i.clinic || ', which does not exist', 'none'),
                             'organization', i.organization] AS facts
                FROM (\(integrations)) i LEFT JOIN (\(clinics)) c ON c.id = i.clinic
                WHERE i.is_evolution AND (i.clinic IS NULL OR c.id IS NULL AND \(catalog.clinics != nil))
                """)
    }

    var clinicOfAnotherOrganization: DoctorQuery {
        DoctorQuery(
            needs: [.integrations, .integrationsIfPresent, .clinics(columns: ["id", "organization_id"])],
            sql: """
                SELECT coalesce(i.name, i.id) AS subject, i.id,
                       ARRAY['organization', i.organization, 'clinic', i.clinic, 'called', c.name,
                             'which belongs to', c.organization] AS facts
                FROM (\(integrations)) i JOIN (\(clinics)) c ON c.id = i.clinic
                WHERE i.is_evolution AND c.organization <> i.organization AND i.organization <> i.clinic
                """)
    }

    /// Evidence as the migration ranks it: what the strongest says of another clinic of the same organization counts,
    /// unless as strong a sign points to the clinic that the integration has.
    var clinicAgainstEvidence: DoctorQuery {
        let settings = catalog[LegacySource.clinicConfig.rawValue]
        let named = settings.map { $0.has("clinic_id") && $0.has("instance_name") } ?? false
        let fromSettings =
            named
            ? """
            UNION ALL
            SELECT i.id, c.id, 2, 'healthcare.whatsapp_config' FROM integration i
            JOIN \(LegacySource.clinicConfig.rawValue) s ON s.instance_name::text = i.name
            JOIN clinic c ON c.id = lower(s.clinic_id::text) AND c.organization = i.organization
            """ : ""
        return DoctorQuery(
            needs: [
                .integrations, .integrationsIfPresent, .legacy, .clinics(columns: ["id", "organization_id"]),
                .ifPresent(LegacySource.clinicConfig.rawValue, columns: ["clinic_id", "instance_name"]),
            ],
            sql: """
                WITH integration AS (SELECT * FROM (\(integrations)) i WHERE is_evolution AND clinic IS NOT NULL),
                clinic AS (\(clinics)), evidence AS (
                    SELECT i.id, c.id AS clinic, 0 AS rank, 'its legacy row' AS kind FROM integration i
                    JOIN (\(legacy)) l ON l.name = i.name
                    JOIN clinic c ON c.id = l.clinic AND c.organization = i.organization
                    UNION ALL
                    SELECT i.id, c.id, 1, 'the id in its name' FROM integration i
                    JOIN clinic c ON c.id = substring(lower(i.name) FROM \(Self.uuid)) AND c.organization = i.organization
                    WHERE c.id <> i.organization
                    UNION ALL
                    SELECT i.id, c.id, 2, 'the clinic''s settings' FROM integration i
                    JOIN clinic c ON c.instance = i.name AND c.organization = i.organization
                    \(fromSettings)
                    UNION ALL
                    SELECT i.id, c.id, 3, 'the clinic''s WhatsApp number' FROM integration i
                    JOIN clinic c ON c.number = i.number AND c.organization = i.organization
                )
                SELECT i.name AS subject, i.id,
                       ARRAY['clinic', i.clinic, 'rather', min(e.clinic), 'says', string_agg(DISTINCT e.kind, ', ')] AS facts
                FROM integration i JOIN evidence e ON e.id = i.id AND e.clinic <> i.clinic
                WHERE NOT EXISTS (
                    SELECT FROM evidence own WHERE own.id = i.id AND own.clinic = i.clinic AND own.rank <= e.rank)
                GROUP BY i.name, i.id, i.clinic
                """)
    }

    var mixedUpIDs: DoctorQuery {
        DoctorQuery(
            needs: [.legacy, .integrationsIfPresent, .clinics(columns: ["id", "organization_id"])],
            sql: """
                WITH clinic AS (\(clinics)), owner AS (SELECT DISTINCT organization FROM clinic), instance AS (
                    SELECT name, NULL::text AS id, organization, clinic, 'legacy row ' || id AS place FROM (\(legacy)) l
                    UNION ALL
                    SELECT coalesce(name, id), id, organization, clinic, 'integration' FROM (\(integrations)) i
                    WHERE is_evolution
                )
                SELECT i.name AS subject, i.id,
                       ARRAY['place', i.place,
                             'organization', i.organization, 'clinic', i.clinic,
                             'but', CASE WHEN o.id IS NOT NULL AND oo.organization IS NULL
                                 THEN 'that organization is the clinic ' || coalesce(o.name, o.id) || ' of ' || o.organization
                                 ELSE 'that clinic is an organization' END] AS facts
                FROM instance i
                LEFT JOIN clinic o ON o.id = i.organization AND o.organization <> o.id
                LEFT JOIN owner oo ON oo.organization = i.organization
                LEFT JOIN clinic c ON c.id = i.clinic
                LEFT JOIN owner co ON co.organization = i.clinic
                WHERE o.id IS NOT NULL AND oo.organization IS NULL OR c.id IS NULL AND co.organization IS NOT NULL
                """)
    }

    var twoOrganizations: DoctorQuery {
        DoctorQuery(
            needs: [.legacy, .integrationsIfPresent],
            sql: """
                SELECT name AS subject, NULL::text AS id,
                       ARRAY['organizations', \(Self.list("organization"))] AS facts
                FROM (
                    SELECT name, organization FROM (\(legacy)) l
                    UNION ALL SELECT name, organization FROM (\(integrations)) i WHERE is_evolution
                ) instance
                WHERE name IS NOT NULL AND organization IS NOT NULL
                GROUP BY name COLLATE "C", name HAVING count(DISTINCT organization) > 1
                """)
    }

    private var ifThereAreClinics: [DoctorNeed] {
        catalog.clinics.map { [.ifPresent($0.name, columns: ["id", "organization_id"])] } ?? []
    }
}
