import FoundationEssentials
import HookgateCore

/// The newest work of each kind as the database has it: one reading a second for everybody who looks.
actor WorkBoard {
    private static let freshFor: TimeInterval = 0.9

    private let ledger: any LongWorkLedger
    private let time: TimeSource
    private var known: (at: Date, records: [LongWorkRecord])?
    private var reading: Task<[LongWorkRecord], any Error>?

    init(_ ledger: any LongWorkLedger, _ time: TimeSource) {
        self.ledger = ledger
        self.time = time
    }

    func newest(of kind: String) async throws -> LongWorkRecord? {
        try await self.records().first { $0.kind == kind }
    }

    /// Has the next who looks read anew.
    func forget() {
        self.known = nil
        self.reading = nil
    }

    private func records() async throws -> [LongWorkRecord] {
        let now = self.time.now
        if let known, abs(now.timeIntervalSince(known.at)) < Self.freshFor { return known.records }
        if let reading { return try await reading.value }
        // Of nobody's own: who asked first may go before it has ended, and the others still want it.
        let reading = Task { [ledger] in try await ledger.newest() }
        self.reading = reading
        let result = await reading.result
        // What was forgotten meanwhile is not what is so now.
        if self.reading == reading {
            self.reading = nil
            self.known = (try? result.get()).map { (at: now, records: $0) }
        }
        return try result.get()
    }
}
