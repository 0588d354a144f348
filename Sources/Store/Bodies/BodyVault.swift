import Crypto
import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// Between a body and its row: seals it with its organization's key where a master key is configured, and opens
/// whatever is there, sealed or not.
///
/// No key is remembered between two calls. So a key that is removed is gone everywhere at once, at the price of one
/// small statement for each batch of bodies that has sealed ones in it.
package struct BodyVault: Sendable {
    /// Stores bodies in clear, and opens those that are.
    package static let clear = BodyVault(masterKeys: nil)

    /// A body as it came out of its row.
    package struct Stored: Sendable {
        package let event: EventID
        package let bytes: [UInt8]

        package init(event: EventID, bytes: [UInt8]) {
            self.event = event
            self.bytes = bytes
        }
    }

    private let masterKeys: BodyMasterKeys?

    package init(masterKeys: BodyMasterKeys?) {
        self.masterKeys = masterKeys
    }

    /// Whether new bodies are sealed.
    package var seals: Bool { masterKeys != nil }

    /// Seals the bodies of a batch in the transaction that stores them; in clear without a master key.
    func seal(
        _ bodies: [(event: EventID, organization: OrganizationID?, body: [UInt8])], at now: Date,
        on connection: PostgresConnection
    ) async throws -> [[UInt8]] {
        guard let masterKeys, !bodies.isEmpty else { return bodies.map(\.body) }
        let keys = try await OrganizationKeys(masterKeys: masterKeys).current(
            for: Set(bodies.map { OrganizationKeys.owner($0.organization) }), at: now, on: connection)
        return try bodies.map { event, organization, body in
            let owner = OrganizationKeys.owner(organization)
            guard let key = keys[owner] else { throw BodyKeyError.noKey(OrganizationID(owner)) }
            return try SealedBody.seal(body, of: event, keyID: key.id, key: key.key)
        }
    }

    /// Opens bodies, each in its place; says of each that cannot be opened why.
    package func open(
        _ bodies: [Stored], on executor: some PostgresExecutor
    ) async throws -> [Result<[UInt8], BodyAbsence>] {
        let sealed = bodies.map { SealedBody($0.bytes) }
        let keys = try await keys(Set(sealed.compactMap { $0?.keyID }), on: executor)
        return zip(bodies, sealed).map { stored, sealed in
            guard let sealed else { return .success(stored.bytes) }
            // A row that is gone altogether opens as little as one whose key was removed.
            switch keys[sealed.keyID] ?? .failure(.keyForgotten) {
            case .failure(let absence): return .failure(absence)
            case .success(let key):
                return sealed.open(of: stored.event, key: key).map { .success($0) } ?? .failure(.damaged)
            }
        }
    }

    private func keys(
        _ ids: Set<UUID>, on executor: some PostgresExecutor
    ) async throws -> [UUID: Result<SymmetricKey, BodyAbsence>] {
        guard !ids.isEmpty else { return [:] }
        let rows = try await executor.query(
            "SELECT \(OrganizationKeys.columns) FROM hookgate.body_keys WHERE id = ANY ($1::uuid[])",
            [ids.sorted { $0.uuidString < $1.uuidString }])
        var keys: [UUID: Result<SymmetricKey, BodyAbsence>] = [:]
        for row in rows {
            let stored = try OrganizationKeys.Row(row)
            guard stored.wrapped != nil else {
                keys[stored.id] = .failure(.keyForgotten)
                continue
            }
            keys[stored.id] = masterKeys.flatMap(stored.unwrapped).map { .success($0) } ?? .failure(.masterKeyMissing)
        }
        return keys
    }
}

/// Why bodies cannot be sealed. Shipping stops on it, and what was accepted waits in the spool: storing in clear what
/// was meant to be sealed would be worse.
package enum BodyKeyError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The organization's key is wrapped by a master key that is not configured here.
    case unknownMaster(OrganizationID)
    case noKey(OrganizationID)

    package var description: String {
        switch self {
        case .unknownMaster(let organization):
            "the key of organization \(organization) is wrapped by a master key that is not configured here: set "
                + "body-encryption-key as the other gateways have it, or name it in body-encryption-old-keys"
        case .noKey(let organization):
            "no key could be made for organization \(organization): try again, and look at hookgate.body_keys"
        }
    }
}
