import HookgateCore

/// What the shared cache says of a key: the records that lead from it to an integration.
struct CachedRouting: Sendable, Equatable {
    let fact: RoutingFact
    /// In the order in which they were read; each of them must hold for the fact to hold.
    let records: [CachedRecord]

    /// Puts a token's or name's record and its integration's together; nil when they do not make a fact.
    init?(_ first: CachedRecord, _ second: CachedRecord?) {
        switch (first.content, second?.content) {
        case (.token(_, nil, .revoked), nil), (.token(_, .some, .revoked), .deleted):
            self.fact = .revokedToken
        case (.token(_, let id?, let standing), .integration(let entry)) where entry.integrationID == id:
            self.fact = .token(entry, standing)
        case (.name(let name, let id?), .integration(let entry))
        where entry.integrationID == id && entry.instanceName == name:
            self.fact = .instance(entry)
        default:
            return nil
        }
        self.records = [first] + [second].compactMap(\.self)
    }

    /// Whether an event may be accepted by it although nobody can say that it is true still. A refusal may not:
    /// the sender would drop the event for good.
    var isAcceptance: Bool {
        switch self.fact {
        case .token(_, .current), .token(_, .grace), .instance: true
        case .token(_, .revoked), .revokedToken, .duplicateInstance, .legacyInstance, .nothing: false
        }
    }
}
