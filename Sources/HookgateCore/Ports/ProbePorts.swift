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
}
