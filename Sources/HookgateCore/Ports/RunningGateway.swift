/// Asks a gateway that may be running how it is. Filled by the command line.
package protocol RunningGateway: Sendable {
    func word() async -> RunningGatewayWord
}

/// What a running gateway says of what it knows.
package enum RunningGatewayWord: Sendable, Equatable {
    case nobodyAnswers(address: String)
    /// Its table of integrations, as readiness has it.
    case routing(address: String, state: String, detail: String?)
}
