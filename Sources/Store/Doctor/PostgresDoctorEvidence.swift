package import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// The doctor's evidence from PostgreSQL: one read-only picture, and a savepoint for each check, so that one that the
/// server refuses leaves the others as they are.
package struct PostgresDoctorEvidence: DoctorEvidenceSource {
    private let pool: PostgresPool
    private let schema: SchemaApplier
    private let publicHost: String?

    /// - Parameters:
    ///   - directURL: the database past a transaction pooler, for what asks of the schema.
    ///   - publicHost: host (and port) of the public URL; nil where none is configured.
    package init(pool: PostgresPool, directURL: String, publicHost: String?) {
        self.pool = pool
        self.schema = SchemaApplier(url: directURL)
        self.publicHost = publicHost
    }

    package func collect(
        _ checks: [DoctorCheck], limit: Int, now: Date,
        observe: (DoctorCheck, DoctorEvidence) async throws -> Void
    ) async throws {
        let reads = try await pool.transaction(.snapshot) { connection in
            try await connection.execute(
                script: """
                    SET LOCAL TIME ZONE 'UTC';
                    SET LOCAL statement_timeout = '60s';
                    SET LOCAL max_parallel_workers_per_gather = 0;
                    SET LOCAL idle_in_transaction_session_timeout = 0
                    """)
            let own = try await OwnReads(on: connection)
            let queries = DoctorQueries(
                catalog: try await DoctorCatalog.load(from: connection),
                shapes: try await TableShapes.load(from: connection))
            for check in checks {
                let answer = try await guarded(connection) {
                    try await evidence(on: check, queries, connection, limit: limit, now: now)
                }
                try await observe(check, answer)
            }
            return try await own.finish(on: connection)
        }
        try await OwnReads.note(reads, in: pool)
    }

    /// What the server refuses is an answer like any other; a lost connection is not.
    private func guarded(
        _ connection: PostgresConnection, _ body: () async throws -> DoctorEvidence
    ) async throws -> DoctorEvidence {
        try await connection.execute(script: "SAVEPOINT doctor_check")
        do {
            return try await body()
        } catch let error as PostgresError {
            guard case .server = error.kind else { throw error }
            try await connection.execute(script: "ROLLBACK TO SAVEPOINT doctor_check")
            return .unknowable(error.description)
        }
    }

    private func evidence(
        on check: DoctorCheck, _ queries: DoctorQueries, _ connection: PostgresConnection, limit: Int, now: Date
    ) async throws -> DoctorEvidence {
        switch check {
        case .pendingSchema: return await pendingSchema()
        case .oldRouteTraffic: return try await oldRouteTraffic(queries, connection, limit: limit, now: now)
        case .oldRouteArrives: return .absent("a probe is sent when it is asked for, with --old-url BASE")
        default: break
        }
        let query = queries.query(for: check, publicHost: publicHost, now: now)
        if let obstacle = queries.catalog.obstacle(to: query.needs) { return obstacle }
        return .found(try await query.run(on: connection, limit: limit))
    }

    private func pendingSchema() async -> DoctorEvidence {
        do {
            let items: [DoctorItem] = try await schema.status().builtIn.compactMap { name, state in
                switch state {
                case .applied: nil
                case .pending: DoctorItem(subject: name, facts: [.init("state", "pending")])
                case .unfinished: DoctorItem(subject: name, facts: [.init("state", "waits for a person")])
                case .changed: DoctorItem(subject: name, facts: [.init("state", "changed")])
                }
            }
            return .found(DoctorSample(total: items.count, items: items))
        } catch {
            return .unknowable("\(error)")
        }
    }

    /// Traffic speaks for itself; silence only where somebody listened.
    private func oldRouteTraffic(
        _ queries: DoctorQueries, _ connection: PostgresConnection, limit: Int, now: Date
    ) async throws -> DoctorEvidence {
        let traffic = queries.oldRouteTraffic(now: now)
        var sample = DoctorSample.none
        switch queries.catalog.obstacle(to: traffic.needs) {
        case .absent: break
        case let obstacle?: return obstacle
        case nil: sample = try await traffic.run(on: connection, limit: limit)
        }
        guard sample.total == 0 else { return .found(sample) }
        let deaf = queries.isDeaf(now: now)
        if let obstacle = queries.catalog.obstacle(to: deaf.needs) { return obstacle }
        guard try await deaf.run(on: connection, limit: 1).total > 0 else { return .found(.none) }
        return .unknowable("no gateway of hookgate has listened in the last 14 days, so silence proves nothing")
    }
}

extension DoctorQueries {
    fileprivate func query(for check: DoctorCheck, publicHost: String?, now: Date) -> DoctorQuery {
        switch check {
        // Asked of the schema itself, and of the old URL.
        case .pendingSchema, .oldRouteArrives: DoctorQuery(needs: [], sql: Self.noRows)
        case .oldRouteTraffic: oldRouteTraffic(now: now)
        case .clinicNotFound: clinicNotFound
        case .missingTokens: missingTokens
        case .duplicateInstances: duplicateInstances
        case .schemaObjects: schemaObjects
        case .interruptedRun: interruptedRun
        case .overwrittenInstances: overwrittenInstances
        case .unmigratedInstances: unmigratedInstances
        case .otherHomes: otherHomes
        case .misreadKinds: misreadKinds
        case .integrationsWithoutClinic: integrationsWithoutClinic
        case .clinicOfAnotherOrganization: clinicOfAnotherOrganization
        case .clinicAgainstEvidence: clinicAgainstEvidence
        case .mixedUpIDs: mixedUpIDs
        case .twoOrganizations: twoOrganizations
        case .instanceNameKey: instanceNameKey
        case .conflictingNames: conflictingNames
        case .unnamedIntegrations: unnamedIntegrations
        case .sameNumber: sameNumber
        case .repeatedInstances: repeatedInstances
        case .disabledByMigration: disabledByMigration
        case .statusWords: statusWords
        case .webhookURL: webhookURL
        case .webhookHost: webhookHost(configured: publicHost)
        case .malformedTokens: malformedTokens
        case .sharedTokens: sharedTokens
        case .readableTokens: readableTokens
        case .readableCredentials: readableCredentials
        case .openFunctions: openFunctions
        case .bodyRoutedEvents: bodyRoutedEvents
        case .oldRouteElsewhere: oldRouteElsewhere(configured: publicHost, now: now)
        }
    }
}
