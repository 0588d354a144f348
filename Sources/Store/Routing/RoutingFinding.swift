import HookgateCore

/// What a look-up read: the fact, and the rows it was made from with the moment they are true of.
struct RoutingFinding: Sendable {
    let fact: RoutingFact
    /// Empty for facts that are not kept anywhere: absences, and what a person has to sort out.
    var changes: [RoutingChange] = []
    /// Everything that ended below this transaction is in them.
    var asOf: UInt64 = 0
}

/// Names a database by its server, its server's history and itself: numbers of transactions mean nothing elsewhere.
struct DatabaseIdentity: Sendable, Equatable {
    /// 16 hexadecimal digits.
    let text: String
}
