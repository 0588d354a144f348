package import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// `hookgate.second_factors`, whose triggers make each change one of its integration, and what gateways counted.
package struct PostgresSecondFactors: SecondFactorStore, SecondFactorRecords {
    private let pool: PostgresPool

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    package func integrations(named name: InstanceName) async throws -> [RoutingEntry] {
        guard !name.text.utf8.contains(0) else { return [] }
        return try await self.pool.query(RoutingSQL.manyInstances, [[name.text]]).compactMap { row in
            try RoutingRow(row).entry()
        }
    }

    package func integration(_ id: IntegrationID) async throws -> RoutingEntry? {
        try await self.pool.query(RoutingSQL.integration, [id.uuid]).first.flatMap { row in try RoutingRow(row).entry()
        }
    }

    package func instanceNames() async throws -> [InstanceName] {
        try await PostgresTokenLedger.instanceNames(in: self.pool)
    }

    // MARK: Changing

    package func write(_ change: SecondFactorChange, actor: String, at now: Date) async throws -> Bool {
        try await self.pool.transaction { connection in
            let locked = try await connection.query(
                "SELECT FROM healthcare.integrations WHERE id = $1 AND type = 'whatsapp' FOR NO KEY UPDATE",
                [change.integrationID.uuid])
            guard !locked.isEmpty else { return false }
            let row = try await connection.query(RoutingSQL.integration, [change.integrationID.uuid])
            guard let entry = try row.first.flatMap({ try RoutingRow($0).entry() }),
                entry.secondFactor == change.expected
            else { return false }
            if let factor = change.replacement {
                try await Self.put(factor, change.integrationID, at: now, on: connection)
            } else {
                try await connection.query(
                    "DELETE FROM hookgate.second_factors WHERE integration_id = $1", [change.integrationID.uuid])
            }
            try await Self.note(change, entry, actor: actor, at: now, on: connection)
            return true
        }
    }

    private static func put(
        _ factor: SecondFactor, _ id: IntegrationID, at now: Date, on connection: PostgresConnection
    ) async throws {
        let (header, retired) = (factor.secrets.header, factor.retired)
        try await connection.query(
            """
            INSERT INTO hookgate.second_factors (integration_id, mode, header_name, header_digest, jwt_key,
                retired_header_name, retired_header_digest, retired_jwt_key, retired_until, changed_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            ON CONFLICT (integration_id) DO UPDATE SET mode = excluded.mode, header_name = excluded.header_name,
                header_digest = excluded.header_digest, jwt_key = excluded.jwt_key,
                retired_header_name = excluded.retired_header_name,
                retired_header_digest = excluded.retired_header_digest,
                retired_jwt_key = excluded.retired_jwt_key, retired_until = excluded.retired_until,
                changed_at = excluded.changed_at
            """,
            [
                id.uuid, factor.mode?.rawValue, header?.name.text, header?.digest, factor.secrets.jwtKey?.secretText,
                retired?.secrets.header?.name.text, retired?.secrets.header?.digest,
                retired?.secrets.jwtKey?.secretText, retired?.end, now,
            ])
    }

    private struct AuditDetail: Encodable {
        let instanceName: String?
        let mode: String?
        let headerName: String?
        /// Of the digest: no secret.
        let headerFingerprint: String?
        let jwtKey: Bool
        let newHeader: Bool
        let newJwtKey: Bool
        let retiredUntil: String?
    }

    private static func note(
        _ change: SecondFactorChange, _ entry: RoutingEntry, actor: String, at now: Date,
        on connection: PostgresConnection
    ) async throws {
        let (before, after) = (change.expected?.secrets, change.replacement?.secrets)
        let detail = AuditDetail(
            instanceName: entry.instanceName?.text, mode: change.replacement?.mode?.rawValue,
            headerName: after?.header?.name.text, headerFingerprint: after?.header?.fingerprint,
            jwtKey: after?.jwtKey != nil, newHeader: after?.header != nil && after?.header != before?.header,
            newJwtKey: after?.jwtKey != nil && after?.jwtKey != before?.jwtKey,
            retiredUntil: change.replacement?.retired?.end.formatted(.iso8601))
        let action = change.replacement == nil ? "second_factor.clear" : "second_factor.set"
        try await AuditLog.append(
            AuditEntry(actor: actor, action: action, subject: change.integrationID.text, detail: detail), at: now,
            on: connection)
    }

    // MARK: What was counted

    package func add(_ tallies: [SecondFactorTally]) async throws {
        // In one order, so that gateways which write at once wait for each other and never in a circle.
        let rows = tallies.sorted {
            ($0.integrationID.text, $0.outcome.rawValue) < ($1.integrationID.text, $1.outcome.rawValue)
        }
        try await self.pool.query(
            """
            INSERT INTO hookgate.second_factor_outcomes AS o (integration_id, outcome, count, first_seen, last_seen)
            SELECT t.* FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::timestamptz[], $5::timestamptz[])
                AS t(integration_id, outcome, count, first_seen, last_seen)
            WHERE NOT EXISTS (
                SELECT FROM hookgate.second_factors f
                WHERE f.integration_id = t.integration_id AND f.changed_at > t.last_seen)
            ON CONFLICT (integration_id, outcome) DO UPDATE SET count = o.count + excluded.count,
                first_seen = least(o.first_seen, excluded.first_seen),
                last_seen = greatest(o.last_seen, excluded.last_seen)
            """,
            [
                rows.map(\.integrationID.uuid), rows.map(\.outcome.word), rows.map { Int64($0.count) },
                rows.map(\.firstSeen), rows.map(\.lastSeen),
            ])
    }

    /// What was counted for an integration, the most frequent first.
    package func tallies(of id: IntegrationID) async throws -> [SecondFactorTally] {
        let there = try await self.pool.query(
            "SELECT to_regclass('hookgate.second_factor_outcomes') IS NOT NULL AS is_there")
        guard try there[0].decode("is_there") else { return [] }
        return try await self.pool.query(
            """
            SELECT outcome, count, first_seen, last_seen FROM hookgate.second_factor_outcomes
            WHERE integration_id = $1 ORDER BY count DESC, outcome
            """, [id.uuid]
        ).compactMap { row in
            let word: String = try row.decode("outcome")
            guard let outcome = SecondFactorOutcome.allCases.first(where: { $0.word == word }) else { return nil }
            return SecondFactorTally(
                integrationID: id, outcome: outcome, count: Int(try row.decode("count", as: Int64.self)),
                firstSeen: try row.decode("first_seen"), lastSeen: try row.decode("last_seen"))
        }
    }
}
