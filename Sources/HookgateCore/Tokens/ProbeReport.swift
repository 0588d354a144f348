/// A step of `hookgate test`, in their order.
package enum ProbeStep: String, Sendable, CaseIterable {
    /// The token resolves to an integration in the database.
    case known
    /// The gateway answered 200 with an event id: the probe is on its disk.
    case posted
    /// The event is in the inbox.
    case stored
    /// The inbox has it under the expected integration.
    case resolved
    /// Its destination took it; only where that is asked for.
    case delivered
}

/// How far one probe came, step by step.
package struct ProbeReport: Sendable {
    package struct Step: Sendable {
        package let step: ProbeStep
        package let took: Duration

        package init(_ step: ProbeStep, took: Duration) {
            self.step = step
            self.took = took
        }
    }

    /// Where it was sent to.
    package let base: PublicURL
    /// Those that it came through.
    package let steps: [Step]
    /// What the destination answered; nil where nobody asked for it.
    package let delivery: ProbeProgress.Attempt?
    /// Why it came no further; nil where it came through.
    package let failure: ProbeFailure?

    package init(base: PublicURL, steps: [Step], delivery: ProbeProgress.Attempt?, failure: ProbeFailure?) {
        self.base = base
        self.steps = steps
        self.delivery = delivery
        self.failure = failure
    }

    /// The step that it did not come through.
    package var failedStep: ProbeStep? {
        guard self.failure != nil else { return nil }
        let passed = Set(self.steps.map(\.step))
        return ProbeStep.allCases.first { !passed.contains($0) }
    }
}

/// `hookgate test --prod`, as the console calls it: whoever asks names an integration and never has its token in hand.
package protocol ProbeUseCases: Sendable {
    /// Posts one signed probe to the integration's token URL, as Evolution reaches it, and follows it into the inbox.
    /// - Parameter delivers: whether it goes on to the destination of that clinic's events.
    func test(_ id: IntegrationID, delivers: Bool) async throws -> ProbeReport
}
