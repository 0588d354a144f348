package import FoundationEssentials
package import HookgateCore

/// A webhook's body, read: the same values whichever release or imitator of Evolution sent it.
///
/// Every JSON object is an event. What is not understood keeps its name in ``name`` and its content in ``data``, so
/// that a release of tomorrow is delivered today.
///
/// ```swift
/// let event = try EvolutionEvent(body)
/// if case .messages(let messages) = event.content { … }
/// ```
package struct EvolutionEvent: Sendable, Equatable {
    /// As the body spells it; nil where it has none.
    package let name: String?
    package let instance: InstanceName?
    /// By the sender's clock: its local time with a `Z` that is wrong. It orders one instance's events among themselves.
    package let saidAt: Date?
    /// The number the instance is connected to; absent until it has been connected once.
    package let owner: JID?
    package let content: EventContent
    /// Evolution's `data` as it came; nil where there is none.
    package let data: JSONValue?

    /// Reads a body.
    /// - Throws: when the bytes are no JSON object, or one with more parts than any event has.
    package init(_ body: [UInt8]) throws(JSONDocumentError) {
        let root = try JSONDocument(body).root
        guard root.isObject else { throw .malformed(.notAnObject) }
        self.name = root["event"]?.text
        self.instance = Self.instance(root)
        self.saidAt = root["date_time"]?.instant
        self.owner = root["sender"]?.jid
        let envelope = Envelope(root)
        self.data = envelope.data
        self.content = EventContent(envelope.name, envelope.data, owner: owner)
    }

    /// The event's name in its one spelling, for comparing; empty where the body has none.
    package var normalisedName: String { name.map(EventName.normalised) ?? "" }

    private static func instance(_ root: JSONValue) -> InstanceName? {
        let name = root["instance"]?.text ?? root["instance"]?["instanceName"]?.text ?? root["instanceName"]?.text
        return name.map { InstanceName($0) }
    }
}

/// Where an event's name and data stand.
///
/// Besides Evolution's own form there are two of a server that imitates its first generation: `{instanceName,
/// message: {key, message, pushName}}`, which has no event, and `{event, instance, data}` with the settings' names
/// of events (`MESSAGES_UPSERT`), where a QR code stands under `qr`.
private struct Envelope {
    let name: String
    let data: JSONValue?

    init(_ root: JSONValue) {
        let name = root["event"]?.text.map(EventName.normalised)
        if name == nil, let message = root["message"], message["key"] != nil {
            self.name = "messages.upsert"
            self.data = message
        } else {
            self.name = name ?? ""
            self.data = root["data"] ?? root["qr"]
        }
    }
}
