import FoundationEssentials
package import HookgateCore
package import PostgresClient
import Synchronization

/// The board of the migration, read from the legacy tables, the integrations, what was counted, and the journals.
package final class PostgresMigrationBoard: MigrationBoardSource {
    private let pool: PostgresPool
    /// The statement for each order. It depends on which legacy tables there are, which changes once in a fleet's life.
    private let known = Mutex<[BoardQuery.Order: String]>([:])

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    package func page(_ query: BoardQuery) async throws -> BoardPage {
        if let statement = known.withLock({ $0[query.order] }) {
            do {
                return try Self.page(try await read(query, statement), query)
            } catch let error as PostgresError where TableShapes.isOtherShape(error) {
                known.withLock { $0.removeAll() }
            }
        }
        let statement = Self.statement(LegacyUnion(try await TableShapes.load(from: pool)), query.order)
        known.withLock { $0[query.order] = statement }
        return try Self.page(try await read(query, statement), query)
    }

    /// One more than is shown, which says whether there is another page.
    private func read(_ query: BoardQuery, _ statement: String) async throws -> PostgresRows {
        try await pool.query(
            statement,
            [
                query.step?.rawValue, query.text, query.cursor?.key, query.cursor?.name.text, query.limit + 1,
            ])
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
            lastLegacyEvent: try row.decode("legacy_seen"), lastTokenEvent: try row.decode("token_seen"),
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
            SELECT (\(name)) COLLATE "C" AS name, count(*) AS rows, min(i.id::text) AS id,
                min(coalesce(i.display_name::text, \(name))) AS title, min(i.clinic_id::text) AS clinic_id,
                min(i.status::text) AS status, min(nullif(i.webhook_token, '')) AS token
            FROM healthcare.integrations i WHERE \(IntegrationColumns.condition) AND \(name) IS NOT NULL GROUP BY 1
        ), switched AS (
            SELECT DISTINCT ON (instance_name) instance_name AS name, state, set_at, changed_at,
                previous IS NOT NULL AND state NOT IN ('rolled_back', 'abandoned') AS can_roll_back
            FROM hookgate.switch_overs ORDER BY instance_name, state = 'abandoned', changed_at DESC, id DESC
        ), named AS (
            SELECT coalesce(l.name, i.name) AS name, i.title, l.place, coalesce(l.rows, 0) AS legacy_rows, i.id,
                coalesce(i.rows, 0) AS integrations, i.clinic_id, i.status, i.token
            FROM legacy l FULL JOIN integrations i ON i.name = l.name
        ), board AS (
            SELECT named.*, seen.token_seen, seen.legacy_seen, switched.state AS switch_state, switched.changed_at,
                coalesce(switched.can_roll_back, false) AS can_roll_back, \(step) AS step
            FROM named LEFT JOIN switched USING (name)
            -- The latest day of each, and not all days: how long the traffic is kept shall not make the board slow.
            CROSS JOIN LATERAL (
                SELECT (\(latest("last_seen", of: .token))) AS token_seen,
                    (\(latest(TrafficSQL.lastLive, of: .instance, where: "retries < count"))) AS legacy_seen
                OFFSET 0
            ) seen
        )
        SELECT page.*, written.run_id, counts.*
        FROM (SELECT \(counts) FROM board) counts
        LEFT JOIN (
            SELECT * FROM (SELECT board.*, \(key(order)) AS key FROM board) keyed
            WHERE ($1::text IS NULL OR step = $1)
                AND ($2::text IS NULL OR strpos(lower(name), lower($2)) > 0 OR strpos(lower(title), lower($2)) > 0)
                AND ($3::bigint IS NULL OR (key, name) > ($3, $4::text))
            ORDER BY key, name LIMIT $5::bigint
        ) page ON true
        LEFT JOIN LATERAL (
            SELECT m.run_id FROM hookgate.migration_rows m JOIN hookgate.migration_runs r ON r.id = m.run_id
            WHERE m.instance_name = page.name AND m.undone_at IS NULL ORDER BY r.started_at DESC, r.id LIMIT 1
        ) written ON true
        ORDER BY page.key, page.name
        """
    }

    private static func latest(_ value: String, of route: Route, where condition: String = "true") -> String {
        """
        SELECT \(value) FROM hookgate.route_traffic
        WHERE instance_name = named.name AND route = '\(route.rawValue)' AND \(condition) ORDER BY day DESC LIMIT 1
        """
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

    /// One number for every order, so that each page begins behind the same two values.
    private static func key(_ order: BoardQuery.Order) -> String {
        switch order {
        case .name: "0::bigint"
        case .step:
            "array_position(ARRAY[\(BoardStep.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", "))], step)::bigint"
        case .legacyEvent: "-coalesce((extract(epoch FROM legacy_seen) * 1000000)::bigint, 0)"
        case .tokenEvent: "-coalesce((extract(epoch FROM token_seen) * 1000000)::bigint, 0)"
        }
    }
}
