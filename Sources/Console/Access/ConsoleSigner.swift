import Crypto
import FoundationEssentials
import HookgateCore

/// Signs what browsers keep for us: a session's cookie, and the token in a form. So that what is made up costs no
/// look-up, and a form can be sent by nobody but the page that showed it.
struct ConsoleSigner: Sendable {
    /// What a signature is for; one is never good for another.
    enum Purpose: String {
        case session
        case form
        /// The form that signs in, before there is a session.
        case signIn = "sign-in"
    }

    private let key: SymmetricKey

    init(key: [UInt8]) {
        self.key = SymmetricKey(data: key)
    }

    /// The text, a dot and its signature.
    func signed(_ text: String, _ purpose: Purpose) -> String {
        "\(text).\(self.signature(text, purpose))"
    }

    /// The text without its signature; nil when that does not hold.
    func verified(_ signed: String, _ purpose: Purpose) -> String? {
        guard let dot = signed.lastIndex(of: ".") else { return nil }
        let text = String(signed[..<dot])
        guard self.isSignature(String(signed[signed.index(after: dot)...]), of: text, purpose) else { return nil }
        return text
    }

    func signature(_ text: String, _ purpose: Purpose) -> String {
        Base64URL.encode(HMAC<SHA256>.authenticationCode(for: Self.message(text, purpose), using: self.key))
    }

    func isSignature(_ signature: String, of text: String, _ purpose: Purpose) -> Bool {
        guard let code = Base64URL.decode(signature.utf8) else { return false }
        return HMAC<SHA256>.isValidAuthenticationCode(
            code, authenticating: Self.message(text, purpose), using: self.key)
    }

    private static func message(_ text: String, _ purpose: Purpose) -> Data {
        Data("hookgate:\(purpose.rawValue):\(text)".utf8)
    }
}
