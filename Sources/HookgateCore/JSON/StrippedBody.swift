/// A body without what ``SecretStripper`` takes out: the parts of it that stay, none of which is copied.
package struct StrippedBody: Sendable {
    package let byteCount: Int
    private let original: [UInt8]
    private let edits: BodyEdits

    package init(_ body: [UInt8]) {
        let edits = SecretStripper.edits(of: body)
        var byteCount = 0
        _ = body.withUnsafeBufferPointer { bytes in
            edits.forEachPart(of: bytes) { part in
                byteCount += part.count
                return true
            }
        }
        self.original = body
        self.edits = edits
        self.byteCount = byteCount
    }

    /// A body that was sealed after it was stripped.
    package init(sealed bytes: [UInt8]) {
        self.original = bytes
        self.edits = BodyEdits()
        self.byteCount = bytes.count
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
