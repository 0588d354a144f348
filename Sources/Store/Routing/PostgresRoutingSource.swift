import FoundationEssentials
package import HookgateCore
package import PostgresClient
import Synchronization

/// Routing as PostgreSQL has it: `healthcare.integrations` (WhatsApp rows alone) and the token ledger.
///
/// Each call is one statement, or a few that need nothing of each other, so it works behind a transaction pooler; only
/// ``changeNotices()`` needs a connection of its own.
package final class PostgresRoutingSource: RoutingSource {
    /// How much is read at once.
    struct Limits {
        var pageSize = 5000
        /// More changes than these of one kind are read page by page, like a first load.
        var largestChange = 20_000
    }

    /// How long the shape of the legacy tables is believed; a table that vanishes is noticed at once.
    private static let legacyLifetime: Duration = .seconds(60)
    /// A table, column or schema that was there is not there any more, or may not be read any more.
    private static let shapeStates: Set<String?> = ["42P01", "42703", "3F000", "42501"]
    private static let channel = "hookgate_changes"

    private struct Legacy {
        let lookUp: LegacyNameLookUp
        let readAt: ContinuousClock.Instant
    }

    let pool: PostgresPool
    private let listenURL: String?
    private let limits: Limits
    private let legacy = Mutex<Legacy?>(nil)

    /// - Parameter listenURL: a direct connection for LISTEN; nil behind a transaction pooler without one, and then
    ///   changes are found by polling alone.
    package convenience init(pool: PostgresPool, listenURL: String?) {
        self.init(pool: pool, listenURL: listenURL, limits: Limits())
    }

    init(pool: PostgresPool, listenURL: String?, limits: Limits) {
        self.pool = pool
        self.listenURL = listenURL
        self.limits = limits
    }

    // MARK: One key

    package func fact(for key: RoutingKey) async throws(RoutingSourceError) -> RoutingFact {
        try await self.finding(for: key).fact
    }

    /// The fact, with what a cache needs to keep it.
    func finding(for key: RoutingKey) async throws(RoutingSourceError) -> RoutingFinding {
        switch key {
        case .token(let digest): try await self.finding(of: digest)
        case .instance(let name): try await self.finding(of: name, isRetry: false)
        }
    }

    private func finding(of digest: TokenDigest) async throws(RoutingSourceError) -> RoutingFinding {
        do throws(PostgresError) {
            guard let row = try await self.pool.query(RoutingSQL.token, [digest.bytes]).first.map(RoutingRow.init)
            else {
                return RoutingFinding(fact: .nothing)
            }
            let changes = [try row.entry().map(RoutingChange.integration), try row.change()?.change].compactMap(\.self)
            return RoutingFinding(fact: try row.tokenFact(), changes: changes, asOf: try row.asOf())
        } catch {
            throw Self.translated(error)
        }
    }

    private func finding(
        of name: InstanceName, isRetry: Bool
    ) async throws(RoutingSourceError) -> RoutingFinding {
        // PostgreSQL's text cannot hold this character, so no row has such a name.
        guard !name.text.utf8.contains(0) else { return RoutingFinding(fact: .nothing) }
        let lookUp = try await self.legacyLookUp()
        do throws(PostgresError) {
            let rows = try await self.pool.query(RoutingSQL.instance(legacy: lookUp), [name.text]).map(RoutingRow.init)
            let fact = try RoutingRow.instanceFact(rows)
            // What has several holders, or none, is not kept.
            guard case .instance(let entry) = fact, let row = rows.first else { return RoutingFinding(fact: fact) }
            return RoutingFinding(fact: fact, changes: [.integration(entry)], asOf: try row.asOf())
        } catch {
            guard !isRetry, self.forgetsLegacy(after: error) else { throw Self.translated(error) }
        }
        return try await self.finding(of: name, isRetry: true)
    }

    /// A legacy table may have gone since it was looked at: then it is worth another try.
    func forgetsLegacy(after error: PostgresError) -> Bool {
        guard Self.shapeStates.contains(error.sqlState) else { return false }
        self.legacy.withLock { $0 = nil }
        return true
    }

    func legacyLookUp() async throws(RoutingSourceError) -> LegacyNameLookUp {
        if let known = self.legacy.withLock({ $0 }), .now - known.readAt < Self.legacyLifetime { return known.lookUp }
        let found: Result<LegacyNameLookUp, LegacyNameLookUp.Unreadable>
        do throws(PostgresError) {
            found = try await LegacyNameLookUp.discover(self.pool)
        } catch {
            throw Self.translated(error)
        }
        switch found {
        case .success(let lookUp):
            self.legacy.withLock { $0 = Legacy(lookUp: lookUp, readAt: .now) }
            return lookUp
        case .failure(let unreadable):
            throw .unavailable(
                "\(unreadable.table) may name instances, and this role may not read it: GRANT SELECT on it")
        }
    }

    // MARK: Everything, and what changed

    package func loadAll(
        page: @Sendable ([RoutingChange]) async -> Void
    ) async throws(RoutingSourceError) -> RoutingCursor {
        try await self.loadAll { (_, changes) in await page(changes) }
    }

    /// The same, with each page the cursor that it is at least as new as.
    @discardableResult
    func loadAll(
        page: @Sendable (RoutingCursor, [RoutingChange]) async -> Void
    ) async throws(RoutingSourceError) -> RoutingCursor {
        do throws(PostgresError) {
            // Taken before the first page: what changes while the pages are read is read again as a change.
            let rows = try await self.pool.query(RoutingSQL.cursor)
            let cursor = RoutingCursor(transaction: UInt64(try rows[0].decode("xmin", as: String.self)) ?? 0)
            try await self.readPages(.integrations) { await page(cursor, $0.map(\.change)) }
            try await self.readPages(.tokens) { await page(cursor, $0.map(\.change)) }
            return cursor
        } catch {
            throw Self.translated(error)
        }
    }

    /// Which database this is; see ``DatabaseIdentity``.
    func identity() async throws(RoutingSourceError) -> DatabaseIdentity {
        do throws(PostgresError) {
            return DatabaseIdentity(text: try await self.pool.query(RoutingSQL.identity)[0].decode("identity"))
        } catch {
            throw Self.translated(error)
        }
    }

    package func changes(
        since cursor: RoutingCursor
    ) async throws(RoutingSourceError) -> (changes: [RoutingChange], next: RoutingCursor) {
        do throws(PostgresError) {
            var next = cursor
            var changes: [Revised] = []
            var counts: [RoutingRow.Kind: Int] = [:]
            for row in try await self.pool.query(
                RoutingSQL.changes, [String(cursor.transaction), self.limits.largestChange])
            {
                let row = RoutingRow(row)
                guard let kind = try row.kind() else { continue }
                if kind == .cursor { next = RoutingCursor(transaction: try row.revision()) }
                counts[kind, default: 0] += 1
                if let change = try row.change() { changes.append(change) }
            }
            if counts.values.contains(where: { $0 >= self.limits.largestChange }) {
                changes = try await self.everything()
            }
            return (Self.inOrder(changes), next)
        } catch {
            throw Self.translated(error)
        }
    }

    private typealias Revised = (revision: UInt64, change: RoutingChange)

    /// All there is, for a reader that has missed more than one answer should hold: it may be told again what it
    /// knows.
    private func everything() async throws(PostgresError) -> [Revised] {
        var all: [Revised] = []
        for pages in [RoutingPages.deleted, .integrations, .tokens] {
            try await self.readPages(pages) { all += $0 }
        }
        return all
    }

    private func readPages(
        _ pages: RoutingPages, _ body: ([Revised]) async -> Void
    ) async throws(PostgresError) {
        var position = pages.start
        while true {
            let rows = try await self.pool.query(pages.sql, position.parameters(limit: self.limits.pageSize))
                .map(RoutingRow.init)
            var page: [Revised] = []
            for row in rows {
                if let change = try row.change() { page.append(change) }
            }
            await body(page)
            guard rows.count == self.limits.pageSize, let last = rows.last else { return }
            position = try pages.position(after: last)
        }
    }

    /// Oldest first; of one transaction, what is gone before what is there, and tokens after their integrations.
    private static func inOrder(_ changes: [Revised]) -> [RoutingChange] {
        func rank(_ change: RoutingChange) -> Int {
            switch change {
            case .integrationDeleted: 0
            case .integration: 1
            case .token: 2
            }
        }
        return changes.sorted { ($0.revision, rank($0.change)) < ($1.revision, rank($1.change)) }.map(\.change)
    }

    // MARK: Notices

    package func changeNotices() async throws(RoutingSourceError) -> AsyncStream<Void> {
        guard let listenURL = self.listenURL else {
            throw .unavailable("there is no direct connection to listen on (DATABASE_DIRECT_URL)")
        }
        let listener: PostgresListener
        do throws(PostgresError) {
            listener = try await PostgresListener.open(url: listenURL, channels: [Self.channel])
        } catch {
            throw Self.translated(error)
        }
        let (notices, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        // The stream outlives this call, so its reader is a task of its own; it ends with the stream.
        let reader = Task {
            do {
                for try await _ in listener.notifications { continuation.yield() }
            } catch {
                // The port's channel has one way to say that it is lost: to end. Polling goes on and reports.
            }
            continuation.finish()
        }
        continuation.onTermination = { _ in reader.cancel() }
        return notices
    }

    static func translated(_ error: PostgresError) -> RoutingSourceError {
        switch error.kind {
        case .timedOut, .statementTimedOut: .timedOut
        default: .unavailable(error.description)
        }
    }
}
