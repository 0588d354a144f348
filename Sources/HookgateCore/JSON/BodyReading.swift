import Crypto

/// Reads a body that comes in pieces: what ``BodyScanner`` finds in it, and the digest of its bytes.
package final class BodyReading {
    private let scan = BodyScan()
    private var hash = SHA256()
    private var signature: WebhookSignature?
    private var byteCount = 0

    /// - Parameter signature: the check of the signature over the body, where there is one to be made.
    package init(signature: WebhookSignature? = nil) {
        self.signature = signature
    }

    /// True once the body is proven to be none.
    package var isMalformed: Bool { scan.error != nil }

    package func read(_ piece: [UInt8]) {
        scan.read(piece.span)
        hash.update(data: piece)
        signature?.update(piece)
        byteCount += piece.count
    }

    /// The body ends here.
    package func finish() -> ReadBody {
        let facts: Result<BodyFacts, BodyError>
        do throws(BodyError) {
            facts = .success(try scan.finish())
        } catch {
            facts = .failure(error)
        }
        return ReadBody(
            facts: facts, sha256: Array(hash.finalize()), signature: signature?.outcome, byteCount: byteCount)
    }
}

/// What there is to know of a body that was read in pieces.
package struct ReadBody: Sendable {
    package let facts: Result<BodyFacts, BodyError>
    package let sha256: [UInt8]
    /// What the signature over it came to; nil where there was none to be made.
    package let signature: SecondFactorOutcome?
    package let byteCount: Int
}
