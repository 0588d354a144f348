import Crypto
import FoundationEssentials

/// The bearer that a header called `jwt_key` is turned into.
enum WebhookJWT {
    /// Made once for an event, so that a late retry carries one that has run out.
    static func bearer(key: String, at now: Date) -> String {
        let issued = Int(now.timeIntervalSince1970)
        let header = WireJSON.record(["alg": .text("HS256"), "typ": .text("JWT")])
        let payload = WireJSON.record([
            "iat": .count(issued), "exp": .count(issued + 600), "app": .text("evolution"), "action": .text("webhook"),
        ])
        let signed = base64URL(header.encoded) + "." + base64URL(payload.encoded)
        let code = HMAC<SHA256>.authenticationCode(
            for: Array(signed.utf8), using: SymmetricKey(data: Array(key.utf8)))
        return "Bearer \(signed).\(base64URL(Array(code)))"
    }

    private static func base64URL(_ bytes: [UInt8]) -> String {
        String(
            Data(bytes).base64EncodedString().compactMap { character -> Character? in
                switch character {
                case "+": "-"
                case "/": "_"
                case "=": nil
                default: character
                }
            })
    }
}
