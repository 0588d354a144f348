import FoundationEssentials
import HookgateCore
import PostgresClient

/// One row of a routing statement, read into the words of the core.
struct RoutingRow {
    enum Kind: String {
        case cursor
        case integration
        case deleted
        case token
        case legacy
    }

    private let row: PostgresRow

    init(_ row: PostgresRow) {
        self.row = row
    }

    func kind() throws(PostgresError) -> Kind? {
        Kind(rawValue: try self.row.decode("kind"))
    }

    /// The integration in this row; nil where the row has none.
    func entry() throws(PostgresError) -> RoutingEntry? {
        guard let id = try self.integrationID() else { return nil }
        return RoutingEntry(
            integrationID: id, organizationID: try self.identifier("organization_id"),
            clinicID: try self.identifier("clinic_id"), instanceName: try self.instanceName(),
            isEnabled: try self.row.decode("is_enabled"), revision: try self.revision(),
            secondFactor: try SecondFactorSQL.secondFactor(self.row))
    }

    func instanceName() throws(PostgresError) -> InstanceName? {
        try self.row.decode("instance_name", as: String?.self).map { InstanceName($0) }
    }

    /// Anything but the two words that let a token pass is read as "revoked": the careful side.
    func standing() throws(PostgresError) -> TokenStanding {
        switch try self.row.decode("state", as: String.self) {
        case "current": .current
        case "grace": .grace(until: try self.row.decode("grace_until"))
        default: .revoked
        }
    }

    /// What this row says of its token.
    func tokenFact() throws(PostgresError) -> RoutingFact {
        let standing = try self.standing()
        if let entry = try self.entry() { return .token(entry, standing) }
        if standing == .revoked { return .revokedToken }
        // In force, and nobody's in particular: several integrations hold it.
        return try self.holder() == nil ? .duplicateInstance : .revokedToken
    }

    /// What all rows of one name say of it.
    static func instanceFact(_ rows: [RoutingRow]) throws(PostgresError) -> RoutingFact {
        guard let row = rows.first else { return .nothing }
        guard let entry = try row.entry() else { return .legacyInstance }
        return rows.count > 1 ? .duplicateInstance : .instance(entry)
    }

    /// The integration that the token belongs to; nil where several hold it.
    func holder() throws(PostgresError) -> IntegrationID? {
        try self.identifier("holder")
    }

    func revision() throws(PostgresError) -> UInt64 {
        try self.number("revision")
    }

    /// What this row knows of everything that ended below this transaction.
    func asOf() throws(PostgresError) -> UInt64 {
        try self.number("as_of")
    }

    /// What this row says became true, and with which revision; nil for a row that says something else.
    func change() throws(PostgresError) -> (revision: UInt64, change: RoutingChange)? {
        switch try self.kind() {
        case .cursor, .legacy, nil:
            return nil
        case .integration:
            guard let entry = try self.entry() else { return nil }
            return (entry.revision, .integration(entry))
        case .deleted:
            guard let id = try self.integrationID() else { return nil }
            let revision = try self.revision()
            return (revision, .integrationDeleted(id, revision: revision))
        case .token:
            guard let digest = TokenDigest(bytes: try self.row.decode("digest")) else { return nil }
            let revision = try self.number("token_revision")
            return (revision, .token(digest, try self.holder(), try self.standing(), revision: revision))
        }
    }

    /// Where the next page begins: the key that its statement is ordered by.
    func integrationID() throws(PostgresError) -> IntegrationID? {
        try self.identifier("id")
    }

    func digestBytes() throws(PostgresError) -> [UInt8] {
        try self.row.decode("digest")
    }

    /// Ids are text on the way: in an old table the column may be anything, and what is no uuid is no id of ours.
    private func identifier<Subject>(_ column: String) throws(PostgresError) -> Identifier<Subject>? {
        try self.row.decode(column, as: String?.self).flatMap { Identifier<Subject>($0) }
    }

    /// A row from before there were revisions is older than any that has one.
    private func number(_ column: String) throws(PostgresError) -> UInt64 {
        try self.row.decode(column, as: String?.self).flatMap { UInt64($0) } ?? 0
    }
}
