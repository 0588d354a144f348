package import HookgateCore

/// Somebody in a chat: the address that names them, and the phone number where it is truly known.
///
/// Many of WhatsApp's users are named by a LID today. Its digits are no phone number: an answer sent to them would
/// reach a stranger.
package struct Correspondent: Sendable, Hashable {
    package let jid: JID
    package let phone: PhoneNumber?

    /// - Parameter alternatives: other addresses of the same person, best first.
    init(_ jid: JID, alternatives: [JID] = []) {
        self.jid = jid
        self.phone = jid.phone ?? alternatives.lazy.compactMap(\.phone).first
    }

    /// The phone number in E.164 form, or else the full address.
    package var name: String { phone?.text ?? jid.identity }
}
