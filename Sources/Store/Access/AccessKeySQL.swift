import FoundationEssentials
import HookgateCore
import PostgresClient

/// A key with its user. What it may is the user's, as they are at this instant: their role, their organization, and
/// whether they are let in at all.
enum AccessKeySQL {
    static let columns = """
        k.id, k.kind, k.name, coalesce(u.role, k.role) AS role,
        CASE WHEN u.id IS NULL THEN k.organization_id ELSE u.organization_id END AS organization_id,
        u.name AS user_name, k.created_at, k.created_by, k.expires_at, k.last_used_at, k.revoked_at
        """
    static let source = "FROM hookgate.access_keys AS k \(join)"
    /// To rows of that table that a statement before gave under the name `k`.
    static let join = "LEFT JOIN hookgate.users AS u ON u.id = k.user_id"
    /// At the instant `$2`.
    static let isGood = """
        k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $2) AND u.disabled_at IS NULL
        """

    static func record(_ row: PostgresRow) throws(PostgresError) -> AccessKeyRecord {
        AccessKeyRecord(
            id: AccessKeyID(try row.decode("id", as: UUID.self)), name: try row.decode("name"),
            role: try self.role(row), organization: try self.organization(row),
            user: try row.decode("user_name", as: String?.self).map { UserName(kept: $0) },
            createdAt: try row.decode("created_at"), createdBy: try row.decode("created_by"),
            expiresAt: try row.decode("expires_at"), lastUsedAt: try row.decode("last_used_at"),
            revokedAt: try row.decode("revoked_at"))
    }

    static func role(_ row: PostgresRow) throws(PostgresError) -> AccessRole {
        // The table's own constraint holds it to words we know; what else stood there would see least.
        AccessRole(rawValue: try row.decode("role")) ?? .viewer
    }

    static func organization(_ row: PostgresRow) throws(PostgresError) -> OrganizationID? {
        try row.decode("organization_id", as: UUID?.self).map { OrganizationID($0) }
    }
}
