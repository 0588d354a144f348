package import HookgateCore

/// A WhatsApp address: `15550101001@s.whatsapp.net`, `745311422038486@lid`, `120363692661879058@g.us`.
package struct JID: Sendable, Hashable {
    /// What an address stands for.
    package enum Kind: Sendable, Hashable {
        /// A person or business, by phone number.
        case user
        /// A person by an id that is no phone number, though it has 15 digits and looks like one.
        case lid
        case group
        /// `status@broadcast` (what people post to all their contacts) and mailing lists.
        case broadcast
        case newsletter
        /// A server that this release does not know.
        case other
    }

    /// As it stands in the body.
    package let text: String
    package let kind: Kind
    /// Without the device (`15550100002:75@…`), so that two devices of one person are one address.
    package let identity: String

    /// Nil when the text is no address.
    package init?(_ text: String) {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
        let user = parts[0].prefix { $0 != ":" }
        self.text = text
        self.kind = Kind(server: parts[1])
        self.identity = "\(user)@\(parts[1])"
    }

    /// The phone number that the address holds; nil for everything but a user.
    package var phone: PhoneNumber? {
        kind == .user ? PhoneNumber("+" + text.prefix { $0 != "@" && $0 != ":" }) : nil
    }

    package var isStatus: Bool { identity == "status@broadcast" }
}

extension JID.Kind {
    fileprivate init(server: Substring) {
        switch server {
        case "s.whatsapp.net", "c.us": self = .user
        case "lid": self = .lid
        case "g.us": self = .group
        case "broadcast": self = .broadcast
        case "newsletter": self = .newsletter
        default: self = .other
        }
    }
}

extension JSONValue {
    var jid: JID? { string.flatMap { JID($0) } }
}
