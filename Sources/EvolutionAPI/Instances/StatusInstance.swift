package import FoundationEssentials
package import HookgateCore

/// An instance was closed for good: the one report of it that says why (2.3.0 and later).
package struct StatusInstance: Sendable, Equatable {
    package let status: String?
    package let reason: Int64?
    /// WhatsApp's word for a conflict: `device_removed` when the phone's owner unlinked it.
    package let conflict: String?
    package let at: Date?

    init(_ data: JSONValue) {
        self.status = data["status"]?.text
        self.reason = data["disconnectionReasonCode"]?.integer
        self.at = data["disconnectionAt"]?.instant
        self.conflict = data["disconnectionObject"]?.text.flatMap { Self.conflict(inside: $0) }
    }

    /// Nil while the instance is not closed.
    package var integrationStatus: IntegrationStatus? {
        guard status == "closed" else { return nil }
        return reason.map { ConnectionUpdate.status(ofClose: $0) } ?? .disconnected
    }

    /// The reason stands in a JSON text inside a string.
    private static func conflict(inside text: String) -> String? {
        let error = (try? JSONDocument(Array(text.utf8)))?.root["error"]?["data"]
        return error?["content"]?.elements?.lazy.compactMap { $0["attrs"]?["type"]?.text }.first
    }
}

/// The life of an instance in Evolution itself.
package enum InstanceLifecycle: String, Sendable, CaseIterable {
    case created = "instance.create"
    case deleted = "instance.delete"
    case loggedOut = "logout.instance"
    case removed = "remove.instance"

    package var status: IntegrationStatus? {
        self == .created ? nil : .disconnected
    }
}
