import HookgateCore

/// What a snapshot needs of an index: all of it as changes, and the fence against what a snapshot says.
extension RoutingIndex {
    private static let changesPerPage = 1_024

    /// Everything it knows, tombstones and revoked tokens included; integrations before their tokens.
    func forEachPage<Failure: Error>(_ show: ([RoutingChange]) throws(Failure) -> Void) throws(Failure) {
        var page: [RoutingChange] = []
        page.reserveCapacity(Self.changesPerPage)
        for change in self.integrationChanges {
            page.append(change)
            guard page.count == Self.changesPerPage else { continue }
            try show(page)
            page.removeAll(keepingCapacity: true)
        }
        for change in self.tokenChanges {
            page.append(change)
            guard page.count == Self.changesPerPage else { continue }
            try show(page)
            page.removeAll(keepingCapacity: true)
        }
        if !page.isEmpty { try show(page) }
    }

    /// A fact from elsewhere that accepts an event, as far as this index does not know better; nil where it does.
    func confirming(_ fact: RoutingFact) -> RoutingFact? {
        switch fact {
        case .token(let entry, let standing):
            switch self.knowledge(of: entry.integrationID) {
            case .nothing: fact
            case .entry(let known): known.revision > entry.revision ? .token(known, standing) : fact
            case .deleted: nil
            }
        case .instance(let entry):
            switch self.knowledge(of: entry.integrationID) {
            case .nothing: fact
            case .entry(let known): known.revision > entry.revision ? nil : fact
            case .deleted: nil
            }
        default:
            nil
        }
    }
}
