package import HookgateCore
import PostgresClient

extension PostgresRoutingSource {
    package func facts(for keys: [RoutingKey]) async throws(RoutingSourceError) -> [RoutingKey: RoutingFact] {
        var facts: [RoutingKey: RoutingFact] = [:]
        var digests: [TokenDigest] = []
        var names: [InstanceName] = []
        for key in Set(keys) {
            facts[key] = .nothing
            switch key {
            case .token(let digest): digests.append(digest)
            // PostgreSQL's text cannot hold this character, so no row has such a name.
            case .instance(let name): if !name.text.utf8.contains(0) { names.append(name) }
            }
        }
        if !digests.isEmpty { try await self.add(digests, to: &facts) }
        if !names.isEmpty { try await self.add(names, to: &facts, isRetry: false) }
        return facts
    }

    private func add(
        _ digests: [TokenDigest], to facts: inout [RoutingKey: RoutingFact]
    ) async throws(RoutingSourceError) {
        do {
            for row in try await self.look(RoutingSQL.manyTokens, [digests.map(\.bytes)]) {
                let row = RoutingRow(row)
                guard let digest = TokenDigest(bytes: try row.digestBytes()) else { continue }
                facts[.token(digest)] = try row.tokenFact()
            }
        } catch {
            throw Self.translated(error)
        }
    }

    private func add(
        _ names: [InstanceName], to facts: inout [RoutingKey: RoutingFact], isRetry: Bool
    ) async throws(RoutingSourceError) {
        let lookUp = try await self.legacyLookUp()
        do {
            var rows: [InstanceName: [RoutingRow]] = [:]
            for row in try await self.look(RoutingSQL.manyInstances, [names.map(\.text)]) {
                let row = RoutingRow(row)
                guard let name = try row.instanceName() else { continue }
                rows[name, default: []].append(row)
            }
            for (name, rows) in rows { facts[.instance(name)] = try RoutingRow.instanceFact(rows) }
            let unknown = names.filter { rows[$0] == nil }
            guard !unknown.isEmpty else { return }
            for row in try await self.look(lookUp.namesQuery, [unknown.map(\.text)]) {
                facts[.instance(InstanceName(try row.decode("name")))] = .legacyInstance
            }
            return
        } catch {
            guard !isRetry, let error = error as? PostgresError, self.forgetsLegacy(after: error) else {
                throw Self.translated(error)
            }
        }
        try await self.add(names, to: &facts, isRetry: true)
    }

    private static func translated(_ error: any Error) -> RoutingSourceError {
        (error as? PostgresError).map { Self.translated($0) } ?? .unavailable("\(error)")
    }

    /// Runs a query without compiling it first, which on a table without statistics takes longer than running it.
    private func look(_ sql: String, _ parameters: [any PostgresEncodable]) async throws -> PostgresRows {
        try await self.pool.transaction { connection in
            try await connection.execute(script: "SET LOCAL jit = off")
            return try await connection.query(sql, parameters)
        }
    }
}
