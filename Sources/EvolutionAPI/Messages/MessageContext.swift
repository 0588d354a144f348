import HookgateCore

/// The message that another one answers, and whom it mentions.
package struct MessageContext: Sendable, Equatable {
    package let quotedID: String?
    package let quotedAuthor: JID?
    package let mentions: [JID]
    /// Whether the chat was begun by tapping an advertisement.
    package let isFromAdvertisement: Bool

    /// - Parameter data: `data`. The context stands in the content itself, beside it, or in `data`; the content's own
    ///   is the one that WhatsApp sent.
    init?(_ data: JSONValue) {
        let message = data["message"].map { MessageWrapper.innermost($0) }
        let inside = message?.members?.lazy.compactMap { $0.value["contextInfo"] }.first
        guard let info = inside ?? message?["contextInfo"] ?? data["contextInfo"], info.isObject else { return nil }
        self.quotedID = info["stanzaId"]?.text
        self.quotedAuthor = info["participant"]?.jid
        self.mentions = (info["mentionedJid"]?.elements ?? []).compactMap(\.jid)
        self.isFromAdvertisement =
            info["externalAdReply"] != nil || info["entryPointConversionSource"]?.text == "ctwa_ad"
    }
}
