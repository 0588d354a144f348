import FoundationEssentials

/// The body of a probe, shaped like Evolution's envelope so that it takes the same way as a real event.
package struct ProbeBody: Encodable {
    package static let eventName = "hookgate.probe"

    private struct Content: Encodable {
        let nonce: String
    }

    private let event = Self.eventName
    private let instance: String?
    private let data: Content

    package init(nonce: String, instance: InstanceName?) {
        self.instance = instance?.text
        self.data = Content(nonce: nonce)
    }

    package func encoded() throws -> [UInt8] {
        Array(try JSONEncoder().encode(self))
    }
}

/// What a gateway answers to an event that it stored: `{"status":"ok","id":"…"}`.
package struct AcceptanceAnswer: Decodable {
    package let status: String
    private let id: String

    package var eventID: EventID? { EventID(id) }

    /// Nil when the bytes are no such answer.
    package init?(_ body: [UInt8]) {
        guard let answer = try? JSONDecoder().decode(Self.self, from: Data(body)) else { return nil }
        self = answer
    }
}
