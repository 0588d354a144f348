import Crypto
import FoundationEssentials
import HookgateCore
import PostgresClient

/// The keys of organizations in `hookgate.body_keys`.
struct OrganizationKeys {
    /// What ``Row`` reads.
    static let columns = "id, organization_id, master, wrapped"

    /// Whose the events are that have no organization yet.
    private static let nobody = UUIDBytes.zero

    struct Row {
        let id: UUID
        let organization: UUID
        let master: [UInt8]
        /// Nil once it was removed.
        let wrapped: [UInt8]?

        init(_ row: PostgresRow) throws(PostgresError) {
            self.id = try row.decode("id")
            self.organization = try row.decode("organization_id")
            self.master = try row.decode("master")
            self.wrapped = try row.decode("wrapped")
        }

        /// Nil when no master key of these opens it.
        func unwrapped(_ masterKeys: BodyMasterKeys) -> SymmetricKey? {
            guard let wrapped else { return nil }
            return masterKeys.key(fingerprint: master)?.unwrap(wrapped, id: id, organization: organization)
        }
    }

    let masterKeys: BodyMasterKeys

    static func owner(_ organization: OrganizationID?) -> UUID { organization?.uuid ?? nobody }

    /// The key that each of these organizations seals with now; made where there is none. Whoever removes one waits
    /// until this transaction has ended, so that nothing is sealed with a key that is gone.
    func current(
        for organizations: Set<UUID>, at now: Date, on connection: PostgresConnection
    ) async throws -> [UUID: (id: UUID, key: SymmetricKey)] {
        var keys = try await held(organizations, on: connection)
        let missing = organizations.subtracting(keys.keys)
        guard !missing.isEmpty else { return keys }
        try await make(missing, at: now, on: connection)
        // Somebody else may have been quicker: whoever's is there counts.
        keys.merge(try await held(missing, on: connection), uniquingKeysWith: { first, _ in first })
        return keys
    }

    private func held(
        _ organizations: Set<UUID>, on connection: PostgresConnection
    ) async throws -> [UUID: (id: UUID, key: SymmetricKey)] {
        let rows = try await connection.query(
            """
            SELECT \(Self.columns) FROM hookgate.body_keys
            WHERE organization_id = ANY ($1::uuid[]) AND forgotten_at IS NULL ORDER BY organization_id FOR SHARE
            """, [Self.ordered(organizations)])
        var keys: [UUID: (id: UUID, key: SymmetricKey)] = [:]
        for row in rows {
            let stored = try Row(row)
            guard let key = stored.unwrapped(masterKeys) else {
                throw BodyKeyError.unknownMaster(OrganizationID(stored.organization))
            }
            keys[stored.organization] = (stored.id, key)
        }
        return keys
    }

    private func make(
        _ organizations: Set<UUID>, at now: Date, on connection: PostgresConnection
    ) async throws {
        let master = masterKeys.current
        let made = try Self.ordered(organizations).map { organization in
            let id = UUID()
            let wrapped = try master.wrap(SymmetricKey(size: .bits256), id: id, organization: organization)
            return (id, organization, wrapped)
        }
        try await connection.query(
            """
            INSERT INTO hookgate.body_keys (id, organization_id, master, wrapped, created_at)
            SELECT id, organization_id, $4, wrapped, $5
            FROM unnest($1::uuid[], $2::uuid[], $3::bytea[]) AS t(id, organization_id, wrapped)
            ORDER BY organization_id
            ON CONFLICT (organization_id) WHERE forgotten_at IS NULL DO NOTHING
            """, [made.map(\.0), made.map(\.1), made.map(\.2), master.fingerprint, now])
    }

    /// In one order everywhere, so that two gateways never wait for each other in a circle.
    private static func ordered(_ organizations: Set<UUID>) -> [UUID] {
        organizations.sorted { $0.uuidString < $1.uuidString }
    }
}
