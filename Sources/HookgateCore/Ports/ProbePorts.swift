/// Sends a probe to a gateway over HTTP. Filled by the command line.
package protocol ProbeSender: Sendable {
    func post(_ request: ProbeRequest) async throws(ProbeFailure) -> ProbeAnswer
}

/// Looks up what became of a probe. Filled by the store.
package protocol ProbeEvidence: Sendable {
    /// The key that signs probes, known to every gateway on the same database.
    func signingKey() async throws -> ProbeKey

    /// The probe's row in the inbox; nil until it was shipped.
    func storedProbe(_ id: EventID) async throws -> StoredProbe?
}

/// Lets a stored probe go on to its destination. Filled by the store.
package protocol ProbeDeliveries: Sendable {
    /// Puts it where events wait for their delivery.
    func begin(_ id: EventID) async throws

    func progress(of id: EventID) async throws -> ProbeProgress?

    /// Takes it out again, so that nobody tries on. What is under way at that moment ends as it does.
    func withdraw(_ id: EventID) async throws
}

/// How far the delivery of a probe has come.
package struct ProbeProgress: Sendable, Equatable {
    /// What the latest attempt came to.
    package struct Attempt: Sendable, Equatable {
        package let destination: DestinationID
        /// ``AttemptResult/word``.
        package let result: String
        package let status: Int?

        package init(destination: DestinationID, result: String, status: Int?) {
            self.destination = destination
            self.result = result
            self.status = status
        }
    }

    package let state: EventState
    /// Why it was filtered or parked.
    package let reason: String?
    package let attempt: Attempt?

    package init(state: EventState, reason: String?, attempt: Attempt?) {
        self.state = state
        self.reason = reason
        self.attempt = attempt
    }
}

package struct ProbeRequest: Sendable {
    package let url: String
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]

    package init(url: String, headers: [(name: String, value: String)], body: [UInt8]) {
        self.url = url
        self.headers = headers
        self.body = body
    }
}

package struct ProbeAnswer: Sendable {
    package let status: Int
    /// At most the first few KiB.
    package let body: [UInt8]

    package init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}

package struct StoredProbe: Sendable, Equatable {
    package let integrationID: IntegrationID?
    package let state: EventState

    package init(integrationID: IntegrationID?, state: EventState) {
        self.integrationID = integrationID
        self.state = state
    }
}

/// Why a probe did not come through, in words for the person who sent it. Never holds the token.
package enum ProbeFailure: Error, Sendable, Equatable {
    case notAToken
    case unknownToken
    case revokedToken
    /// The event would be stored but held back.
    case held(QuarantineReason)
    case unreachable(String)
    case refused(status: Int)
    /// A 200 without an event id: something else answers at that address.
    case notHookgate
    /// Answered 200, but not in the inbox within the wait.
    case notStored(EventID)
    case wrongIntegration
    /// Stored, but as ordinary traffic: the gateway does not know our signing key.
    case notRecognised(EventState)
    /// The destination was asked, and did not take it.
    case notTaken(ProbeProgress.Attempt)
    /// The destination wants no such events.
    case filtered(reason: String)
    /// Nobody has tried to deliver it within the wait.
    case notDelivered
}
