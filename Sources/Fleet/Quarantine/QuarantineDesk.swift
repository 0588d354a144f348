package import HookgateCore

/// What is held back, and the decisions over it, as the console asks for them.
package struct QuarantineDesk: QuarantineUseCases {
    private static let mostGroups = 1_000
    private static let batch = 500

    private let store: any QuarantineStore
    private let release: QuarantineRelease

    package init(store: any QuarantineStore, routing: any RoutingSource, time: TimeSource) {
        self.store = store
        self.release = QuarantineRelease(store: store, routing: routing, time: time)
    }

    package func groups(_ filter: QuarantineFilter, limit: Int) async throws -> [QuarantineGroup] {
        try await store.groups(filter, limit: limit)
    }

    package func release(
        _ filter: QuarantineFilter, trustsName: Bool, isDryRun: Bool, act: QuarantineAct
    ) async throws -> QuarantineReleaseReport {
        var options = QuarantineRelease.Options(filter: filter)
        options.trustsName = trustsName
        options.isDryRun = isDryRun
        let summary = try await release.run(options, act: act) { _, _ in }
        return QuarantineReleaseReport(released: summary.released, refused: summary.refused, gone: summary.gone)
    }

    package func discard(_ filter: QuarantineFilter, isDryRun: Bool, act: QuarantineAct) async throws -> Int {
        if isDryRun {
            return try await store.groups(filter, limit: Self.mostGroups).reduce(0) { $0 + $1.events }
        }
        var discarded = 0
        while true {
            let count = try await store.discard(filter, limit: Self.batch, act: act)
            discarded += count
            if count < Self.batch { return discarded }
        }
    }
}
