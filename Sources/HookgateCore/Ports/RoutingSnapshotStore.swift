package import FoundationEssentials

/// Keeps what is known of routing on the gateway's own disk, for a start while nobody else can be asked. Filled by the
/// store.
package protocol RoutingSnapshotStore: Sendable {
    typealias Page = ([RoutingChange]) throws(RoutingSnapshotError) -> Void

    /// Puts a snapshot in place of the last one, whole or not at all. `contents` shows it page by page, off the shared
    /// threads.
    func write(
        takenAt instant: Date, _ contents: @escaping @Sendable (Page) throws(RoutingSnapshotError) -> Void
    ) async throws(RoutingSnapshotError)

    /// Shows the last snapshot page by page; returns when it was taken, or nil when there is none. After an error
    /// nothing of what was shown is to be believed.
    func read(_ page: @escaping @Sendable ([RoutingChange]) -> Void) async throws(RoutingSnapshotError) -> Date?
}

/// Why there is no snapshot to be had, or none could be written.
package enum RoutingSnapshotError: Error, Equatable {
    case disk(String)
    /// Its checksums say that it is not what was written.
    case damaged
    /// Another release wrote it.
    case unknownVersion(UInt16)
}

extension RoutingSnapshotError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .disk(let reason): reason
        case .damaged: "the snapshot of routing is damaged"
        case .unknownVersion(let version):
            "the snapshot of routing has version \(version), which this release does not know"
        }
    }
}
