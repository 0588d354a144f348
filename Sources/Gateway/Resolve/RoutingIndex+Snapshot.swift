import HookgateCore

/// What a snapshot needs of an index: all of it as changes, and the fence against what a snapshot says.
extension RoutingIndex {
    private static let changesPerPage = 1_024

    /// Everything it knows, tombstones and revoked tokens included; integrations before their tokens.
    ///
    /// Integrations with a second factor are left out: its keys are nothing for a file, and without them the snapshot
    /// would let everything pass. So are others of their names, which would look as if the names were theirs alone. A
    /// token whose integration is not there accepts nothing; its events are stored undecided.
    func forEachPage<Failure: Error>(_ show: ([RoutingChange]) throws(Failure) -> Void) throws(Failure) {
        var page: [RoutingChange] = []
        page.reserveCapacity(Self.changesPerPage)
        let withheld = self.namesWithASecondFactor
        for change in self.integrationChanges where !Self.isWithheld(change, withheld) {
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

    private var namesWithASecondFactor: Set<InstanceName> {
        var names: Set<InstanceName> = []
        for case .integration(let entry) in self.integrationChanges where entry.secondFactor != nil {
            if let name = entry.instanceName { names.insert(name) }
        }
        return names
    }

    private static func isWithheld(_ change: RoutingChange, _ names: Set<InstanceName>) -> Bool {
        guard case .integration(let entry) = change else { return false }
        return entry.secondFactor != nil || entry.instanceName.map(names.contains) == true
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
