/// The names of Evolution's events in their one spelling.
package enum EventName {
    /// The dotted, lower-case form (`messages.upsert`) of a name that a fork may spell `MESSAGES_UPSERT` and a URL
    /// `messages-upsert`. Hyphens become dots too (`typebot.change.status`), so that all spellings meet.
    package static func normalised(_ name: String) -> String {
        String(decoding: name.utf8.map(folded), as: UTF8.self)
    }

    /// Whether a name, however it is spelt, is the one that is normalised to this.
    package static func isSpelling(_ name: String, of normalised: String) -> Bool {
        name.utf8.count == normalised.utf8.count && zip(name.utf8, normalised.utf8).allSatisfy { folded($0) == $1 }
    }

    private static func folded(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
        case UInt8(ascii: "_"), UInt8(ascii: "-"): UInt8(ascii: ".")
        default: byte
        }
    }
}
