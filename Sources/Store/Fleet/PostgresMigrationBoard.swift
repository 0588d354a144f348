import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// The board of the migration, read from the legacy tables, the integrations, what was counted, and the journals.
package final class PostgresMigrationBoard: MigrationBoardSource {
    private let statements: [BoardQuery.Order: LegacyStatement]

    package init(pool: PostgresPool) {
        self.statements = Dictionary(
            uniqueKeysWithValues: BoardQuery.Order.allCases.map { order in
                (order, LegacyStatement(pool: pool) { Self.statement($0, order) })
            })
    }

    package func page(_ query: BoardQuery) async throws -> BoardPage {
        guard let statement = statements[query.order] else { preconditionFailure("an order without a statement") }
        // One more than is shown, which says whether there is another page.
        let rows = try await statement.rows([
            query.step?.rawValue, query.text, query.cursor?.key, query.cursor?.name.text, query.limit + 1,
        ])
        return try Self.page(rows, query)
    }

    private static func page(_ rows: PostgresRows, _ query: BoardQuery) throws -> BoardPage {
        var counts: [BoardStep: Int] = [:]
        if let first = rows.first {
            for step in BoardStep.allCases { counts[step] = Int(try first.decode(step.rawValue, as: Int64.self)) }
        }
        var found: [(key: Int64, row: BoardRow)] = []
        for row in rows {
            // Where nothing fits, one row has the counts alone.
            guard let key = try row.decode("key", as: Int64?.self) else { continue }
            found.append((key, try Self.row(row)))
        }
        let shown = found.prefix(query.limit)
        let next = found.count > query.limit ? shown.last.map { BoardCursor(key: $0.key, name: $0.row.name) } : nil
        return BoardPage(rows: shown.map(\.row), next: next, counts: counts)
    }

    private static func row(_ row: PostgresRow) throws -> BoardRow {
        let token: String? = try row.decode("token")
        return BoardRow(
            name: InstanceName(try row.decode("name")), title: try row.decode("title"),
            legacyPlace: try row.decode("place", as: String?.self).flatMap(Self.place),
            legacyRows: Int(try row.decode("legacy_rows", as: Int64.self)),
            integrationID: try row.decode("id", as: String?.self).flatMap { IntegrationID($0) },
            integrations: Int(try row.decode("integrations", as: Int64.self)),
            clinicID: try row.decode("clinic_id", as: String?.self).flatMap { ClinicID($0) },
            statusWord: try row.decode("status"), maskedToken: token.flatMap { WebhookToken($0) }?.masked,
            lastLegacyEvent: try row.decode("last_legacy"), lastTokenEvent: try row.decode("last_token"),
            step: BoardStep(rawValue: try row.decode("step")) ?? .decide,
            switchOver: try row.decode("switch_state", as: String?.self).flatMap(SwitchOverState.init(rawValue:)),
            switchedAt: try row.decode("changed_at"), canRollBack: try row.decode("can_roll_back"),
            run: try row.decode("run_id", as: UUID?.self).map { RunID($0) })
    }

    /// `03:id` is a row of the fourth source.
    private static func place(_ text: String) -> String? {
        guard let rank = Int(text.prefix(2)), LegacySource.allCases.indices.contains(rank) else { return nil }
        return "\(LegacySource.allCases[rank].rawValue):\(text.dropFirst(3))"
    }
}

extension PostgresMigrationBoard {
    private static let name = InstanceNameSQL.expression(config: "i.config")

    /// `$1` the step, `$2` the text, `$3` and `$4` where the page before ended, `$5` how many.
    private static func statement(_ legacy: LegacyUnion, _ order: BoardQuery.Order) -> String {
        """
        WITH legacy AS (
            SELECT name COLLATE "C" AS name, count(*) AS rows,
                min((lpad(rank::text, 2, '0') || ':' || id) COLLATE "C") AS place
            FROM (\(legacy.rows)) source GROUP BY 1
        ), integrations AS (
            SELECT name COLLATE "C" AS name, count(*) AS rows, min(id) AS id, min(coalesce(display_name, name)) AS title,
                min(clinic_id) AS clinic_id, min(status) AS status, min(nullif(webhook_token, '')) AS token
            FROM (
                SELECT \(name) AS name, i.id::text AS id, i.display_name::text AS display_name,
                    i.clinic_id::text AS clinic_id, i.status::text AS status, i.webhook_token
                FROM healthcare.integrations i WHERE \(IntegrationColumns.condition)
                -- The name is read out of the JSON once, and not for each place where it is asked for.
                OFFSET 0
            ) i WHERE name IS NOT NULL GROUP BY 1
        ), switched AS (
            SELECT DISTINCT ON (instance_name) instance_name AS name, state, set_at, changed_at,
                previous IS NOT NULL AND state NOT IN ('rolled_back', 'abandoned') AS can_roll_back
            FROM hookgate.switch_overs ORDER BY instance_name, state = 'abandoned', changed_at DESC, id DESC
        ), named AS (
            SELECT coalesce(l.name, i.name) AS name, i.title, l.place, coalesce(l.rows, 0) AS legacy_rows, i.id,
                coalesce(i.rows, 0) AS integrations, i.clinic_id, i.status, i.token
            FROM legacy l FULL JOIN integrations i ON i.name = l.name
        ), recent AS (
            SELECT instance_name AS name, max(last_seen) FILTER (WHERE route = 'token') AS token_seen,
                max(\(TrafficSQL.lastLive)) FILTER (WHERE route = 'instance') AS legacy_seen
            FROM hookgate.route_traffic WHERE day >= (SELECT max(day) - 1 FROM hookgate.route_traffic) GROUP BY 1
        ), board AS (
            SELECT named.*, seen.token_seen, seen.legacy_seen, switched.state AS switch_state, switched.changed_at,
                coalesce(switched.can_roll_back, false) AS can_roll_back, \(step) AS step,
                recent.token_seen AS token_lately, recent.legacy_seen AS legacy_lately
            FROM named LEFT JOIN switched USING (name) LEFT JOIN recent USING (name)
            CROSS JOIN LATERAL (
                -- Whoever was not seen lately on a route is looked up in the days before, which is most of the cost. The
                -- step does not ask where it was seen lately on the other: that is later, whenever the one was.
                SELECT coalesce(recent.token_seen, CASE WHEN recent.legacy_seen IS NULL
                        THEN \(latest(.token, of: "named.name")) END) AS token_seen,
                    coalesce(recent.legacy_seen, CASE WHEN recent.token_seen IS NULL
                        THEN \(latest(.instance, of: "named.name")) END) AS legacy_seen
                OFFSET 0
            ) seen
        ), \(page(order))
        SELECT page.*, written.run_id, counts.*,
            coalesce(page.token_seen, \(latest(.token, of: "page.name"))) AS last_token,
            coalesce(page.legacy_seen, \(latest(.instance, of: "page.name"))) AS last_legacy
        FROM (SELECT \(counts) FROM board) counts
        LEFT JOIN page ON true
        LEFT JOIN LATERAL (
            SELECT m.run_id FROM hookgate.migration_rows m JOIN hookgate.migration_runs r ON r.id = m.run_id
            WHERE m.instance_name = page.name AND m.undone_at IS NULL ORDER BY r.started_at DESC, r.id LIMIT 1
        ) written ON true
        ORDER BY page.key, page.name
        """
    }

    /// The relation `page`: what is shown. In an order of time, whoever was seen in the last days stands before everybody
    /// else, who is looked up in the days before only where those do not fill the page.
    private static func page(_ order: BoardQuery.Order) -> String {
        switch order {
        case .name: return "page AS (\(slice(by: "0::bigint")))"
        case .step:
            let steps = BoardStep.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
            return "page AS (\(slice(by: "array_position(ARRAY[\(steps)], step)::bigint")))"
        case .legacyEvent: return page(latestOn: .instance, "legacy")
        case .tokenEvent: return page(latestOn: .token, "token")
        }
    }

    private static func page(latestOn route: Route, _ word: String) -> String {
        let lately = "\(word)_lately"
        let before = "coalesce(\(word)_seen, \(latest(route, of: "board.name")))"
        return """
            near AS (
                \(slice(by: key(lately), where: "\(lately) IS NOT NULL"))
            ), far AS (
                \(slice(by: key(before), where: "\(lately) IS NULL AND (SELECT count(*) FROM near) < $5::bigint"))
            ), page AS (
                SELECT * FROM near UNION ALL SELECT * FROM far ORDER BY key, name LIMIT $5::bigint
            )
            """
    }

    /// What fits the query behind where the page before ended, as many as are asked for. The key, one number for every
    /// order, is computed once for each row.
    private static func slice(by key: String, where condition: String = "true") -> String {
        """
        SELECT * FROM (SELECT board.*, \(key) AS key FROM board WHERE \(condition) OFFSET 0) keyed
        WHERE ($1::text IS NULL OR step = $1)
            AND ($2::text IS NULL OR strpos(lower(name), lower($2)) > 0 OR strpos(lower(title), lower($2)) > 0)
            AND ($3::bigint IS NULL OR (key, name) > ($3, $4::text))
        ORDER BY key, name LIMIT $5::bigint
        """
    }

    /// The latest moment first; no moment at all comes last.
    private static func key(_ moment: String) -> String {
        "-coalesce((extract(epoch FROM \(moment)) * 1000000)::bigint, 0)"
    }

    /// A retry in flight is no event on the legacy route.
    private static func latest(_ route: Route, of name: String) -> String {
        TrafficSQL.latest(route, of: name, isLive: route == .instance)
    }

    /// As ``NextStep`` decides where nobody has asked Evolution.
    private static let step = """
        CASE WHEN named.integrations > 1 THEN 'decide'
             WHEN named.integrations = 0 THEN 'migrate'
             WHEN named.token IS NULL THEN 'make_token'
             WHEN named.clinic_id IS NULL THEN 'assign_clinic'
             WHEN seen.token_seen IS NOT NULL AND coalesce(seen.legacy_seen < seen.token_seen, true) THEN 'done'
             WHEN switched.state = 'configured' THEN 'wait_for_event'
             ELSE 'switch_over' END
        """

    private static let counts = BoardStep.allCases.map {
        "count(*) FILTER (WHERE step = '\($0.rawValue)') AS \($0.rawValue)"
    }.joined(separator: ", ")
}
