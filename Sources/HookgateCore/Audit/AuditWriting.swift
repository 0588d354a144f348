package import FoundationEssentials

/// Takes down deeds that no transaction of their own writes down. Filled by the store.
package protocol AuditWriting: Sendable {
    func note(_ entry: AuditEntry, at now: Date) async throws
}
