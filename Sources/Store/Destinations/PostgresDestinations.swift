package import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// Keeps destinations in `hookgate.destinations`, and what signs for them beside it.
package struct PostgresDestinations: DestinationStore {
    /// The columns of one that ``kept(_:)`` reads. Whoever writes a row, by hand too, leaves a transaction's number in it.
    static let columns = "d.*, s.secrets, d.xmin::text AS revision"

    private static let select = """
        SELECT \(columns) FROM hookgate.destinations d
        LEFT JOIN hookgate.destination_secrets s ON s.destination_id = d.id
        """

    private let pool: PostgresPool

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    package func all() async throws -> [DestinationRecord] {
        try await pool.query("\(Self.select) ORDER BY d.id").map(Self.record)
    }

    package func kept(_ scope: DestinationScope) async throws -> KeptDestination? {
        try await pool.query("\(Self.select) WHERE d.id = $1", [scope.text]).first.map(Self.kept)
    }

    package func save(
        _ record: DestinationRecord, over before: DestinationRecord?, at now: Date, audit: AuditEntry
    ) async throws -> Bool {
        try await pool.transaction { connection in
            // Locked by a statement of its own: one that waited reads the secrets as they were before it waited.
            try await connection.query(
                "SELECT FROM hookgate.destinations WHERE id = $1 FOR UPDATE", [record.scope.text])
            let found = try await connection.query("\(Self.select) WHERE d.id = $1", [record.scope.text]).first
            guard try found.map(Self.record) == before else { return false }
            let written = try await connection.query(
                Self.upsert, Self.parameters(record, isThere: before != nil, at: now))
            guard written.affectedRowCount > 0 else { return false }
            if let secrets = record.secrets {
                try await connection.query(
                    """
                    INSERT INTO hookgate.destination_secrets (destination_id, secrets, changed_at) VALUES ($1, $2, $3)
                    ON CONFLICT (destination_id) DO UPDATE SET secrets = $2, changed_at = $3
                    WHERE destination_secrets.secrets <> $2
                    """, [record.scope.text, secrets.secretText, now])
            } else {
                try await connection.query(
                    "DELETE FROM hookgate.destination_secrets WHERE destination_id = $1", [record.scope.text])
            }
            try await AuditLog.append(audit, at: now, on: connection)
            return true
        }
    }

    package func remove(_ scope: DestinationScope, at now: Date, audit: AuditEntry) async throws -> Bool {
        try await pool.transaction { connection in
            let rows = try await connection.query("DELETE FROM hookgate.destinations WHERE id = $1", [scope.text])
            guard rows.affectedRowCount > 0 else { return false }
            try await AuditLog.append(audit, at: now, on: connection)
            return true
        }
    }

    /// Rises with every change, whoever makes it.
    func changeNumber() async throws -> Int64 {
        let rows = try await pool.query("SELECT number FROM hookgate.destination_changes")
        return try rows.first?.decode("number") ?? 0
    }

    /// `$20`: whether there was one. Where there was none, and somebody has made one since, nothing is written.
    private static let upsert = """
        INSERT INTO hookgate.destinations AS d (
            id, kind, url, stream_prefix, stream_shards, stream_length, format, media, kinds, excluded_kinds, groups,
            status_broadcasts, newsletters, own_messages, timeout_ms, width, is_paused, changed_at, organization_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
        ON CONFLICT (id) DO UPDATE SET
            kind = excluded.kind, url = excluded.url, stream_prefix = excluded.stream_prefix,
            stream_shards = excluded.stream_shards, stream_length = excluded.stream_length, format = excluded.format,
            media = excluded.media, kinds = excluded.kinds, excluded_kinds = excluded.excluded_kinds,
            groups = excluded.groups, status_broadcasts = excluded.status_broadcasts,
            newsletters = excluded.newsletters, own_messages = excluded.own_messages,
            timeout_ms = excluded.timeout_ms, width = excluded.width, is_paused = excluded.is_paused,
            changed_at = excluded.changed_at, organization_id = excluded.organization_id
        WHERE $20::boolean
        """

    private static func parameters(
        _ record: DestinationRecord, isThere: Bool, at now: Date
    ) -> [any PostgresEncodable] {
        var kind: String?
        var url: String?
        var stream: RedisStreamTarget?
        switch record.kind {
        case .webhook(let address): (kind, url) = ("webhook", address)
        case .redisStream(let target): (kind, stream) = ("redis_stream", target)
        case .standardOutput, nil: break
        }
        let selection = record.selection
        return [
            record.scope.text, kind, url, stream?.prefix, stream?.shards ?? 16, stream?.maximumLength ?? 100_000,
            record.format.rawValue, record.media.rawValue, selection.kinds?.sorted(), selection.excludedKinds.sorted(),
            selection.groups, selection.statusBroadcasts, selection.newsletters, selection.ownMessages,
            Int(record.timeout / .milliseconds(1)), record.width, record.isPaused, now,
            record.organization?.uuid, isThere,
        ]
    }

    static func kept(_ row: PostgresRow) throws -> KeptDestination {
        KeptDestination(record: try record(row), revision: try row.decode("revision"))
    }

    private static func record(_ row: PostgresRow) throws -> DestinationRecord {
        let id: String = try row.decode("id")
        guard let scope = DestinationScope(id) else { throw UnreadableDestination(id: id) }
        var record = DestinationRecord(scope: scope)
        record.organization = try row.decode("organization_id", as: UUID?.self).map { OrganizationID($0) }
        if let url = try row.decode("url", as: String?.self) {
            record.kind = .webhook(url: url)
        } else if let prefix = try row.decode("stream_prefix", as: String?.self) {
            // An empty address stands for the operator's own Redis.
            record.kind = .redisStream(
                RedisStreamTarget(
                    address: "", prefix: prefix, shards: try row.decode("stream_shards"),
                    maximumLength: try row.decode("stream_length")))
        }
        record.format = Destination.Format(rawValue: try row.decode("format")) ?? .evolution
        record.media = Destination.Media(rawValue: try row.decode("media")) ?? .inline
        record.selection = EventSelection(
            kinds: try row.decode("kinds", as: [String]?.self).map { Set($0) },
            excludedKinds: Set(try row.decode("excluded_kinds", as: [String].self)),
            groups: try row.decode("groups"), statusBroadcasts: try row.decode("status_broadcasts"),
            newsletters: try row.decode("newsletters"), ownMessages: try row.decode("own_messages"))
        record.timeout = .milliseconds(try row.decode("timeout_ms", as: Int.self))
        record.width = try row.decode("width")
        record.isPaused = try row.decode("is_paused")
        if let secrets = try row.decode("secrets", as: String?.self) {
            do throws(SigningSecretFlaw) {
                record.secrets = try SigningSecrets(secrets)
            } catch {
                throw UnreadableDestination(id: id)
            }
        }
        return record
    }
}

/// A row of a destination that was written by hand in a way that nobody can read.
package struct UnreadableDestination: Error, CustomStringConvertible {
    let id: String

    package var description: String {
        "the destination \(id.printable) in hookgate.destinations, or its secret, cannot be read: set it anew with "
            + "`hookgate destinations set`"
    }
}
