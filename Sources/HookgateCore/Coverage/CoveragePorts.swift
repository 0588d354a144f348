package import FoundationEssentials

/// Takes down when this gateway was listening, where all gateways do. Filled by the store.
package protocol CoverageLedger: Sendable {
    /// Writes intervals; one that begins like an earlier one replaces it if it is longer.
    func write(_ intervals: [CoverageInterval]) async throws
}

/// Keeps on this machine what could not be written to the ledger. Filled by the store.
package protocol CoverageShelf: Sendable {
    /// What an earlier process left; empty when there is nothing that can be believed.
    func load() async -> [CoverageInterval]
    func save(_ intervals: [CoverageInterval]) async throws
}

/// Says when gateways were listening. Filled by the store.
package protocol CoverageHistory: Sendable {
    /// Whether the window was covered, and which gaps there are in it.
    func report(from start: Date, until end: Date) async throws -> CoverageReport
}
