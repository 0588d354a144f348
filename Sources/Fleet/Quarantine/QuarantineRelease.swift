package import HookgateCore

/// `hookgate quarantine release`: decides each held event anew and lets go what nothing holds any more.
package struct QuarantineRelease: Sendable {
    /// Which events, and how.
    package struct Options: Sendable {
        package var filter: QuarantineFilter
        /// A person vouches for the instance that a body names.
        package var trustsName = false
        package var isDryRun = false

        package init(filter: QuarantineFilter) {
            self.filter = filter
        }
    }

    package struct Summary: Sendable, Equatable {
        /// Let go; in a dry run, what would be.
        package var released = 0
        package var refused: [ReleaseRefusal: Int] = [:]
        /// Decided by somebody else meanwhile.
        package var gone = 0

        package var refusedCount: Int { refused.values.reduce(0, +) }
        package var matched: Int { released + refusedCount + gone }
    }

    private static let pageSize = 200
    /// Look-ups remembered in one run: instances repeat, and there may be a million of them.
    private static let mostRemembered = 10_000

    private let store: any QuarantineStore
    private let routing: any RoutingSource
    private let time: TimeSource

    package init(store: any QuarantineStore, routing: any RoutingSource, time: TimeSource) {
        self.store = store
        self.routing = routing
        self.time = time
    }

    /// Goes through all that match, oldest first, and tells of each that is refused.
    package func run(
        _ options: Options, act: QuarantineAct, refused: (EventSummary, ReleaseRefusal) -> Void
    ) async throws -> Summary {
        var summary = Summary()
        var known: [ReleaseLookUp: Resolution] = [:]
        var cursor: EventCursor?
        while true {
            let page = try await store.held(options.filter, after: cursor, limit: Self.pageSize)
            var released: [ReleasedEvent] = []
            for event in page {
                switch try await verdict(on: event, options, &known) {
                case .release(let entry): released.append(ReleasedEvent(event: event.summary, entry: entry))
                case .refuse(let refusal):
                    summary.refused[refusal, default: 0] += 1
                    refused(event.summary, refusal)
                }
            }
            let count = options.isDryRun ? released.count : try await store.release(released, act: act).count
            summary.released += count
            summary.gone += released.count - count
            guard page.count == Self.pageSize, let last = page.last?.summary else { return summary }
            cursor = EventCursor(receivedAt: last.receivedAt, id: last.id)
        }
    }

    /// What a release of this event would come to now.
    package func verdict(on event: HeldEvent, trustsName: Bool) async throws -> ReleaseVerdict {
        var options = Options(filter: QuarantineFilter())
        options.trustsName = trustsName
        var known: [ReleaseLookUp: Resolution] = [:]
        return try await verdict(on: event, options, &known)
    }

    private func verdict(
        on event: HeldEvent, _ options: Options, _ known: inout [ReleaseLookUp: Resolution]
    ) async throws -> ReleaseVerdict {
        guard let lookUp = event.lookUp(trustingName: options.trustsName) else { return event.verdictWithoutLookUp }
        if let resolution = known[lookUp] { return event.verdict(resolution) }
        let resolution = try await resolve(lookUp)
        if known.count >= Self.mostRemembered { known.removeAll() }
        known[lookUp] = resolution
        return event.verdict(resolution)
    }

    private func resolve(_ lookUp: ReleaseLookUp) async throws -> Resolution {
        switch lookUp {
        case .integration(let id):
            guard let entry = try await store.integration(id) else { return .unknown }
            return Resolution(.instance(entry), at: time.now)
        case .instance(let name):
            return Resolution(try await routing.fact(for: .instance(name)), at: time.now)
        }
    }
}
