package import HookgateCore
import PostgresClient

/// Brings a database to the built-in schema, and runs files of SQL that a person gives it.
///
/// Any number of processes may call it at once: one works while the others wait, and then find it done. Use a direct
/// connection where there is one; through a transaction pooler it works too, without `lock_timeout` on the building
/// of indexes.
package struct SchemaApplier: Sendable {
    /// How long is waited for what.
    package struct Options: Sendable {
        /// For one lock: as long as this may traffic wait behind us.
        package var lockTimeout: Duration
        /// How often a file is tried before it is given up because of locks.
        package var lockAttempts: Int
        package var lockPause: Duration
        /// For another process that is applying the schema.
        package var patience: Duration

        package init(
            lockTimeout: Duration = .seconds(3), lockAttempts: Int = 20, lockPause: Duration = .milliseconds(500),
            patience: Duration = .seconds(600)
        ) {
            self.lockTimeout = lockTimeout
            self.lockAttempts = lockAttempts
            self.lockPause = lockPause
            self.patience = patience
        }
    }

    /// "hookgate" in ASCII.
    private static let lockKey: Int64 = 0x686F_6F6B_6761_7465

    private let url: String
    private let options: Options
    private let time: TimeSource
    private let progress: @Sendable (SchemaProgress) -> Void
    private let builtIn: [SchemaFile]

    /// - Parameter url: `DATABASE_DIRECT_URL` where there is one, else `DATABASE_URL`.
    package init(
        url: String, options: Options = Options(), time: TimeSource = .system,
        progress: @escaping @Sendable (SchemaProgress) -> Void = { _ in }
    ) {
        self.init(url: url, options: options, time: time, builtIn: SchemaFile.builtIn, progress: progress)
    }

    /// For tests: with other built-in files.
    init(
        url: String, options: Options = Options(), time: TimeSource = .system, builtIn: [SchemaFile],
        progress: @escaping @Sendable (SchemaProgress) -> Void = { _ in }
    ) {
        self.url = url
        self.options = options
        self.time = time
        self.builtIn = builtIn
        self.progress = progress
    }

    // MARK: The built-in files

    /// Applies every built-in file that is not applied yet, and what of others had to wait. Asks for no lock when
    /// there is nothing to do.
    package func apply() async throws(SchemaError) -> SchemaResult {
        try await self.translating {
            let builtIn = self.builtIn
            let finished = try await self.connected { connection -> SchemaResult? in
                guard try await SchemaLedger.read(connection).unfinished(of: builtIn).isEmpty else { return nil }
                return SchemaResult(
                    skipped: builtIn.map(\.name), attention: try await SchemaInspector(executor: connection).attention()
                )
            }
            if let finished { return finished }
            return try await self.exclusively { connection in
                // Read again: whoever had the lock before us may have done it all.
                let unfinished = try await SchemaLedger.read(connection).unfinished(of: builtIn)
                var result = SchemaResult(skipped: builtIn.filter { !unfinished.contains($0) }.map(\.name))
                for file in unfinished {
                    result.applied.append(try await self.run(file, isBuiltIn: true, connection))
                }
                result.attention = try await SchemaInspector(executor: connection).attention()
                return result
            }
        }
    }

    /// What ``apply()`` would run.
    package func plan() async throws(SchemaError) -> SchemaPlan {
        try await self.translating {
            let builtIn = self.builtIn
            let files = try await self.connected { try await SchemaLedger.read($0).unfinished(of: builtIn) }
            return SchemaPlan(files: files, standIn: nil)
        }
    }

    /// What is applied, what is not, and what needs a person.
    package func status() async throws(SchemaError) -> SchemaStatus {
        try await self.translating {
            let builtIn = self.builtIn
            return try await self.connected { connection in
                let ledger = try await SchemaLedger.read(connection)
                let known = Set(builtIn.map(\.name))
                return SchemaStatus(
                    builtIn: builtIn.map { ($0.name, ledger.state(of: $0)) },
                    others: ledger.records.filter { !$0.isBuiltIn || !known.contains($0.name) }
                        .map { ($0.name, $0.appliedAt) },
                    attention: try await SchemaInspector(executor: connection).attention())
            }
        }
    }

    // MARK: A file

    /// Runs a file whatever was run before, and records it.
    /// - Parameters:
    ///   - path: as the person gave it.
    ///   - text: what stands in the file; nil when there is none, and then the built-in file of that name is run.
    package func applyFile(path: String, text: String?) async throws(SchemaError) -> SchemaResult {
        let target = try self.target(path: path, text: text)
        return try await self.translating {
            try await self.exclusively { connection in
                let ledger = try await SchemaLedger.read(connection)
                var result = SchemaResult(standIn: target.standIn)
                for file in try ledger.unfinished(of: self.before(target)) {
                    result.applied.append(try await self.run(file, isBuiltIn: true, connection))
                }
                if target.isBuiltIn, case .changed = ledger.state(of: target.file) {
                    throw SchemaError.changed(file: target.file.name)
                }
                result.applied.append(try await self.run(target.file, isBuiltIn: target.isBuiltIn, connection))
                result.attention = try await SchemaInspector(executor: connection).attention()
                return result
            }
        }
    }

    /// What ``applyFile(path:text:)`` would run. Refuses what that would refuse.
    package func planFile(path: String, text: String?) async throws(SchemaError) -> SchemaPlan {
        let target = try self.target(path: path, text: text)
        return try await self.translating {
            let before = try await self.connected {
                try await SchemaLedger.read($0).unfinished(of: self.before(target))
            }
            return SchemaPlan(files: before + [target.file], standIn: target.standIn)
        }
    }

    private struct Target: Sendable {
        let file: SchemaFile
        let isBuiltIn: Bool
        var standIn: String?
    }

    private func target(path: String, text: String?) throws(SchemaError) -> Target {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let known = self.builtIn + [SchemaFile.dropLegacyTables]
        let target: Target
        if let text {
            let file = SchemaFile(name: name, text: text)
            target = Target(file: file, isBuiltIn: known.contains(file))
        } else if let file = known.first(where: { $0.name == name }) {
            target = Target(file: file, isBuiltIn: true, standIn: file.name)
        } else {
            throw .noSuchFile(path: path)
        }
        if target.file == SchemaFile.dropLegacyTables { throw .refusedByItself(file: name) }
        let findings = target.isBuiltIn ? [] : LegacyTableGuard.findings(in: target.file.text)
        guard findings.isEmpty else { throw .refused(file: name, findings: findings) }
        return target
    }

    /// A built-in file needs those before it, any other one only the ledger to be recorded in.
    private func before(_ target: Target) -> ArraySlice<SchemaFile> {
        guard target.isBuiltIn, let index = self.builtIn.firstIndex(of: target.file) else {
            return self.builtIn.prefix(1)
        }
        return self.builtIn[..<index]
    }

    // MARK: Running

    private func run(
        _ file: SchemaFile, isBuiltIn: Bool, _ connection: PostgresConnection
    ) async throws -> SchemaResult.Applied {
        let runner = SchemaRunner(connection: connection, options: self.options, progress: self.progress)
        let begun = ContinuousClock.now
        do {
            let isComplete = try await runner.run(file) { connection, isComplete in
                try await SchemaLedger.write(
                    file, isBuiltIn: isBuiltIn, at: self.time.now, took: .now - begun, isComplete: isComplete,
                    connection)
            }
            return SchemaResult.Applied(
                name: file.name, isBuiltIn: isBuiltIn, duration: .now - begun, isComplete: isComplete)
        } catch SchemaError.failed(_, _, let error) where error.sqlState == Self.insufficientPrivilege {
            throw try await Self.notPermitted(file.name, error, connection)
        }
    }

    private static let insufficientPrivilege = "42501"

    private static func notPermitted(
        _ file: String, _ error: PostgresError, _ connection: PostgresConnection
    ) async throws(PostgresError) -> SchemaError {
        let rows = try await connection.query(
            """
            SELECT current_user::text AS role, (
                SELECT pg_get_userbyid(c.relowner)::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 'healthcare' AND c.relname = 'integrations'
                    AND NOT pg_has_role(c.relowner, 'USAGE')) AS owner
            """)
        return .notPermitted(
            file: file, role: try rows[0].decode("role"), owner: try rows[0].decode("owner"), error: error)
    }

    /// Runs `body` on a connection of its own, while no other process is inside this function.
    private func exclusively<T: Sendable>(
        _ body: @Sendable @escaping (PostgresConnection) async throws -> T
    ) async throws -> T {
        try await AdvisoryLock.withLock(url: self.url, key: Self.lockKey, wait: self.options.patience) {
            try await self.connected(body)
        }
    }

    private func connected<T: Sendable>(
        _ body: @Sendable (PostgresConnection) async throws -> T
    ) async throws -> T {
        let connection = try await PostgresConnection.open(self.url)
        do {
            try await Self.checkServer(connection)
            let value = try await body(connection)
            await connection.close()
            return value
        } catch {
            await connection.close()
            throw error
        }
    }

    /// 13 brought `xid8`, on which everything that follows changes stands.
    private static func checkServer(_ connection: PostgresConnection) async throws {
        let rows = try await connection.query(
            "SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS text")
        guard let row = rows.first, try row.decode("number", as: Int.self) < 130_000 else { return }
        throw SchemaError.serverTooOld(version: try row.decode("text"))
    }

    private func translating<T>(_ body: () async throws -> T) async throws(SchemaError) -> T {
        do {
            return try await body()
        } catch let error as SchemaError {
            throw error
        } catch let error as PostgresError {
            throw error.kind == .cancelled ? .cancelled : .unavailable(error.description)
        } catch is CancellationError {
            throw .cancelled
        } catch {
            throw .unavailable("\(error)")
        }
    }
}
