/// What the rest of the process has to say on `/health/ready` and `/metrics`. Filled by the composition, which
/// alone sees the spool, the shipper and the stores.
///
/// Both are asked on an event loop: they answer from memory, at once.
package protocol GatewayReporting: Sendable {
    func readiness() -> Readiness
    /// Samples beside the gateway's own, such as those of spool and shipper.
    func samples() -> [MetricSample]
}

/// Whether webhooks can be stored right now, and which parts behind are not well.
package struct Readiness: Sendable, Equatable {
    /// One part of the process or of what it leans on.
    package struct Part: Sendable, Equatable {
        package enum State: String, Sendable, CaseIterable {
            case ok
            /// Works without it for now: webhooks are still stored.
            case degraded
            /// Webhooks cannot be stored: the answer to them is a 503.
            case failed
        }

        package let name: String
        package let state: State
        /// For an operator; no secret, no address with a password.
        package let detail: String?

        package init(name: String, state: State, detail: String? = nil) {
            self.name = name
            self.state = state
            self.detail = detail
        }
    }

    package let parts: [Part]

    package init(parts: [Part]) {
        self.parts = parts
    }

    /// The worst of the parts.
    package var state: Part.State {
        if parts.contains(where: { $0.state == .failed }) { return .failed }
        return parts.contains { $0.state == .degraded } ? .degraded : .ok
    }
}

/// One line of `/metrics`. Labels come from closed sets: never a URL, a token or a name.
package struct MetricSample: Sendable, Equatable {
    package enum Kind: String, Sendable {
        case counter
        case gauge
        /// One line of a histogram's (`…_bucket`, `…_sum`, `…_count`); the family carries the type.
        case histogram
    }

    package struct Label: Sendable, Equatable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Samples of one family stand together and share its help line and type.
    package let family: String
    package let kind: Kind
    package let help: String
    /// What a histogram's lines append to the family's name.
    package let suffix: String
    package let labels: [Label]
    package let value: Double

    package init(
        _ family: String, _ kind: Kind, help: String, suffix: String = "", labels: [Label] = [], value: Double
    ) {
        self.family = family
        self.kind = kind
        self.help = help
        self.suffix = suffix
        self.labels = labels
        self.value = value
    }

    /// A number that only rises while the process runs.
    package static func counter(
        _ family: String, _ help: String, _ value: some BinaryInteger, _ labels: [Label] = []
    ) -> MetricSample {
        MetricSample(family, .counter, help: help, labels: labels, value: Double(value))
    }

    /// A number as it is now.
    package static func gauge(
        _ family: String, _ help: String, _ value: Double, _ labels: [Label] = []
    ) -> MetricSample {
        MetricSample(family, .gauge, help: help, labels: labels, value: value)
    }
}
