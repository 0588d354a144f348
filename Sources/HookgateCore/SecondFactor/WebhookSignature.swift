import Crypto

/// The key of `EVOLUTION_WEBHOOK_SECRET`, with which whoever stands before Evolution may sign bodies. Never printed.
package struct WebhookSignatureKey: Sendable {
    fileprivate let key: SymmetricKey

    /// Nil for an empty text.
    package init?(_ text: String) {
        guard !text.isEmpty else { return nil }
        self.key = SymmetricKey(data: Array(text.utf8))
    }
}

/// Checks the signature over one body, part by part as it comes.
///
/// ```swift
/// var signature = WebhookSignature(key, presented: headers["X-Webhook-Signature"])
/// signature.update(bytes)         // each part of the body, in order
/// let outcome = signature.outcome // once
/// ```
/// The header holds HMAC-SHA256 over the bytes as they came, in hexadecimal, with or without `sha256=` before it.
package struct WebhookSignature: Sendable {
    package static let headerName = "X-Webhook-Signature"
    private static let prefix = "sha256="

    private let presented: Presented
    /// Begun only where there is something to compare it with.
    private var code: HMAC<SHA256>?

    private enum Presented {
        case nothing
        case unreadable
        case code([UInt8])
    }

    /// - Parameter values: what the request has as ``headerName``.
    package init(_ key: WebhookSignatureKey, presented values: [String]) {
        self.presented = Self.read(values)
        if case .code = presented { self.code = HMAC<SHA256>(key: key.key) }
    }

    private static func read(_ values: [String]) -> Presented {
        guard let value = values.first else { return .nothing }
        let hasPrefix = value.prefix(prefix.count).lowercased() == prefix
        guard values.count == 1, let code = Hexadecimal.decode(hasPrefix ? value.dropFirst(prefix.count) : value[...]),
            code.count == SHA256.byteCount
        else { return .unreadable }
        return .code(code)
    }

    /// Takes the next bytes of the body.
    package mutating func update(_ bytes: some Sequence<UInt8>) {
        if bytes.withContiguousStorageIfAvailable({ code?.update(data: UnsafeRawBufferPointer($0)) }) == nil {
            code?.update(data: Array(bytes))
        }
    }

    /// What it comes to, once the whole body was taken.
    package var outcome: SecondFactorOutcome {
        switch presented {
        case .nothing: .missing
        case .unreadable: .wrong
        case .code(let presented):
            code.map { ConstantTime.equal($0.finalize(), presented) } == true ? .satisfied : .wrong
        }
    }
}
