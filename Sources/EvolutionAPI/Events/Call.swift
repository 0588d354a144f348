package import FoundationEssentials
import HookgateCore

/// Somebody calls.
package struct Call: Sendable, Equatable {
    package let id: String?
    package let chat: JID?
    package let caller: Correspondent?
    /// `offer`, `ringing`, `timeout`, `reject`, `accept`, `terminate`.
    package let status: String?
    package let isVideo: Bool
    package let isGroup: Bool
    package let at: Date?

    init(_ data: JSONValue) {
        self.id = data["id"]?.text
        self.chat = data["chatId"]?.jid
        self.caller = data["from"]?.jid.map { Correspondent($0) }
        self.status = data["status"]?.text
        self.isVideo = data["isVideo"]?.bool ?? false
        self.isGroup = data["isGroup"]?.bool ?? false
        self.at = data["date"]?.instant
    }
}

/// Somebody types, or is there.
package struct Presence: Sendable, Equatable {
    package let chat: JID
    /// By person: `available`, `unavailable`, `composing`, `recording`, `paused`.
    package let states: [JID: String]

    init?(_ data: JSONValue) {
        guard let chat = data["id"]?.jid else { return nil }
        self.chat = chat
        var states: [JID: String] = [:]
        for (person, state) in data["presences"]?.members ?? [] {
            if let person = JID(person) { states[person] = state["lastKnownPresence"]?.text }
        }
        self.states = states
    }
}

/// People join or leave a group, or get other rights in it.
package struct GroupChange: Sendable, Equatable {
    package let group: JID
    package let author: JID?
    /// `add`, `remove`, `promote`, `demote`, `modify`.
    package let action: String?
    package let participants: [Correspondent]

    init?(_ data: JSONValue) {
        guard let group = data["id"]?.jid else { return nil }
        self.group = group
        self.author = data["author"]?.jid
        self.action = data["action"]?.text
        self.participants = Self.participants(data)
    }

    /// Addresses up to 2.3.5, objects in 2.3.6; beside them, in 2.3.5 and 2.3.7, a list that also knows the phone
    /// numbers, or has `[object Object]` for them.
    private static func participants(_ data: JSONValue) -> [Correspondent] {
        var phones: [String: JID] = [:]
        for known in data["participantsData"]?.elements ?? [] {
            if let jid = known["jid"]?.jid, let phone = known["phoneNumber"]?.jid { phones[jid.identity] = phone }
        }
        return (data["participants"]?.elements ?? []).compactMap { participant in
            guard let jid = participant.jid ?? participant["id"]?.jid else { return nil }
            let others = [participant["phoneNumber"]?.jid, participant["jid"]?.jid, phones[jid.identity]]
            return Correspondent(jid, alternatives: others.compactMap(\.self))
        }
    }
}
