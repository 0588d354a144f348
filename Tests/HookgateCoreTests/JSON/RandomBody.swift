import HookgateCore

/// A random JSON value that knows its own text: the model that scanner and stripper are held against.
///
/// Strings and keys carry their raw text (escapes chosen at random) beside what they mean, so the model never needs a
/// parser of its own.
indirect enum RandomBody {
    struct Text {
        /// As it stands between the quotes.
        let raw: String
        /// What is left of it when tokens are masked.
        let strippedRaw: String
        let meaning: String
    }

    case scalar(String)
    case string(Text)
    case array([RandomBody])
    case object([(key: Text, value: RandomBody)])
}

// MARK: - Making

extension RandomBody {
    static func object(depth: Int, using random: inout some RandomNumberGenerator) -> RandomBody {
        let count = Int.random(in: 0...7, using: &random)
        return .object(
            (0..<count).map { _ in
                let name = keys.randomElement(using: &random) ?? ""
                return (text(name, using: &random), value(of: name, depth: depth - 1, using: &random))
            })
    }

    /// Mostly what the scanner hopes to find under that key, else anything.
    private static func value(
        of name: String, depth: Int, using random: inout some RandomNumberGenerator
    ) -> RandomBody {
        guard Int.random(in: 0...9, using: &random) < 7 else { return value(depth: depth, using: &random) }
        switch name {
        case "data", "key", "message", "qrcode":
            return depth > 0 ? object(depth: depth, using: &random) : value(depth: 0, using: &random)
        case "event", "instance", "instanceName", "id", "keyId", "remoteJid", "chatId":
            return .string(text(strings.randomElement(using: &random) ?? "", using: &random))
        default: return value(depth: depth, using: &random)
        }
    }

    private static func value(depth: Int, using random: inout some RandomNumberGenerator) -> RandomBody {
        switch Int.random(in: 0...(depth > 0 ? 9 : 5), using: &random) {
        case 0...1: .scalar(scalars.randomElement(using: &random) ?? "0")
        case 2...4: .string(text(strings.randomElement(using: &random) ?? "", using: &random))
        case 5: .string(textWithToken(using: &random))
        case 6:
            .array((0..<Int.random(in: 0...4, using: &random)).map { _ in value(depth: depth - 1, using: &random) })
        default: object(depth: depth, using: &random)
        }
    }

    private static let keys = [
        "event", "event", "instance", "instanceName", "data", "data", "data", "data", "key", "key", "key", "id", "id",
        "remoteJid", "keyId",
        "chatId", "message", "apikey", "ApiKey", "api_key", "destination", "DESTINATION", "jwt", "qrcode", "QRCode",
        "qr", "code", "base64", "pairingCode", "token", "hash", "conversation", "a key, with: {odd} [things] \"", "",
    ]
    private static let strings = [
        "qrcode.updated", "QRCODE_UPDATED", "instance.create", "messages.delete", "messages.upsert", "", "3A00",
        "1555@s.whatsapp.net", "olá, \"você\" 😀\n{\"apikey\":\"x\"}", "hgw_too-short", "hgw_hgw_", "\\", "/", ",", "}",
    ]
    private static let scalars = [
        "0", "-0", "12.5e-3", "1e400", "123456789012345678901234567890", "true", "false", "null",
    ]

    private static func text(_ meaning: String, using random: inout some RandomNumberGenerator) -> Text {
        let raw = escaped(meaning, using: &random)
        return Text(raw: raw, strippedRaw: raw, meaning: meaning)
    }

    /// A token of our form between two words that cannot be part of it.
    private static func textWithToken(using random: inout some RandomNumberGenerator) -> Text {
        let token = WebhookToken(randomBytes: (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) })
            .secretText
        let before = ["", "https://h/é/", "hgw_ "].randomElement(using: &random) ?? ""
        let after = ["", "/messages-upsert", " \"x\""].randomElement(using: &random) ?? ""
        let (rawBefore, rawAfter) = (escaped(before, using: &random), escaped(after, using: &random))
        return Text(
            raw: rawBefore + escaped(token, using: &random) + rawAfter, strippedRaw: rawBefore + "hgw_…" + rawAfter,
            meaning: before + token + after)
    }

    private static func escaped(_ text: String, using random: inout some RandomNumberGenerator) -> String {
        let escapes = Int.random(in: 0...3, using: &random) == 0
        return text.unicodeScalars.map { scalar in
            let mustEscape = scalar == "\"" || scalar == "\\" || scalar.value < 0x20
            guard mustEscape || escapes && Int.random(in: 0...3, using: &random) == 0 else { return String(scalar) }
            return (UTF16.encode(scalar).map(Array.init) ?? []).map { unit in
                let digits = String(unit, radix: 16, uppercase: Bool.random(using: &random))
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }.joined()
        }.joined()
    }
}

// MARK: - Text

extension RandomBody {
    /// The JSON text; `space` gives the white space between two tokens.
    func text(space: () -> String) -> String {
        let inner: String
        switch self {
        case .scalar(let raw): inner = raw
        case .string(let text): inner = "\"\(text.raw)\""
        case .array(let elements): inner = "[" + elements.map { $0.text(space: space) }.joined(separator: ",") + "]"
        case .object(let members):
            let members = members.map { "\(space())\"\($0.key.raw)\"\(space()):\($0.value.text(space: space))" }
            inner = "{" + members.joined(separator: ",") + "\(space())}"
        }
        return space() + inner + space()
    }
}

// MARK: - The model of the scanner

extension RandomBody {
    /// As JavaScript reads it: of equal keys the last.
    subscript(_ name: String) -> RandomBody? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.key.meaning == name }?.value
    }

    var nonEmptyString: String? {
        guard case .string(let text) = self, text.meaning != "" else { return nil }
        return text.meaning
    }

    var facts: BodyFacts {
        let event = self["event"]?.nonEmptyString
        let data = self["data"]
        let namedByID = ["messages.update", "messages.delete"].contains(event)
        let chats = [
            data?["key"]?["remoteJid"], data?["remoteJid"], self["message"]?["key"]?["remoteJid"], data?["chatId"],
        ]
        let jid = data?["id"]?.nonEmptyString.flatMap { $0.contains("@") ? $0 : nil }
        return BodyFacts(
            event: event,
            instance: self["instance"]?.nonEmptyString ?? self["instance"]?["instanceName"]?.nonEmptyString
                ?? self["instanceName"]?.nonEmptyString,
            messageID: data?["key"]?["id"]?.nonEmptyString ?? data?["keyId"]?.nonEmptyString
                ?? (namedByID ? data?["id"]?.nonEmptyString : nil) ?? self["message"]?["key"]?["id"]?.nonEmptyString,
            chat: chats.lazy.compactMap { $0?.nonEmptyString }.first ?? jid
        )
    }
}

// MARK: - The model of the stripper

extension RandomBody {
    enum Place {
        case root, data, qrCode, elsewhere
    }

    /// The value without secrets, as a value: which comma goes with which member is not this model's business.
    func stripped(_ place: Place = .root, event: String?) -> RandomBody {
        switch self {
        case .scalar:
            return self
        case .string(let text):
            return .string(Text(raw: text.strippedRaw, strippedRaw: text.strippedRaw, meaning: text.meaning))
        case .array(let elements):
            return .array(elements.map { $0.stripped(place, event: event) })
        case .object(let members):
            return .object(
                members.compactMap { key, value in
                    let name = key.meaning.lowercased()
                    if Self.isSecret(name, value, place, event) { return nil }
                    return (key, value.stripped(Self.place(of: name, in: place), event: event))
                })
        }
    }

    private static func place(of name: String, in place: Place) -> Place {
        switch (place, name) {
        case (.root, "data"): .data
        case (.root, "qrcode"), (.root, "qr"), (.data, "qrcode"), (.data, "qr"): .qrCode
        default: .elsewhere
        }
    }

    private static func isSecret(_ name: String, _ value: RandomBody, _ place: Place, _ event: String?) -> Bool {
        if name == "apikey" || name == "api_key" { return true }
        let isPairing = ["code", "base64", "pairingcode"].contains(name)
        switch place {
        case .elsewhere: return false
        case .qrCode: return isPairing
        case .root, .data: break
        }
        if name == "destination" || name == "jwt" { return true }
        if isPairing { return event == "qrcode.updated" }
        if name == "token" || name == "hash" { return event == "instance.create" }
        if name == "qrcode" || name == "qr", case .string = value { return true }
        return false
    }
}
