/// A body without what ``SecretStripper`` takes out: the parts of it that stay, none of which is copied.
package struct StrippedBody: Sendable {
    package let byteCount: Int
    private let original: [UInt8]
    private let edits: BodyEdits
    private let destination: Range<Int>?

    package init(_ body: [UInt8]) {
        let (edits, destination) = SecretStripper.edits(of: body)
        var byteCount = 0
        _ = body.withUnsafeBufferPointer { bytes in
            edits.forEachPart(of: bytes) { part in
                byteCount += part.count
                return true
            }
        }
        self.original = body
        self.edits = edits
        self.destination = destination
        self.byteCount = byteCount
    }

    /// A body that was sealed after it was stripped.
    package init(sealed bytes: [UInt8]) {
        self.original = bytes
        self.edits = BodyEdits()
        self.destination = nil
        self.byteCount = bytes.count
    }

    /// Of the token in the URL that the sender says it posts to: the one that stood in its settings when the event
    /// happened, also where this is a retry from long after. Nil where it says none.
    package var tokenDigest: TokenDigest? {
        guard let destination, destination.count <= EvolutionWebhookSettings.longestURL,
            case .token(let token)? = WebhookAddress(url: String(decoding: original[destination], as: UTF8.self))?
                .target
        else { return nil }
        return token.digest
    }

    /// The whole, copied together where something was taken out.
    package var bytes: [UInt8] {
        if edits.isEmpty { return original }
        var result: [UInt8] = []
        result.reserveCapacity(byteCount)
        _ = forEachPart { part in
            result.append(contentsOf: part)
            return true
        }
        return result
    }

    /// Shows its parts in order. Returns false when `show` wanted no more.
    package func forEachPart(_ show: (UnsafeRawBufferPointer) -> Bool) -> Bool {
        original.withUnsafeBufferPointer { bytes in
            edits.forEachPart(of: bytes) { show(UnsafeRawBufferPointer($0)) }
        }
    }
}
