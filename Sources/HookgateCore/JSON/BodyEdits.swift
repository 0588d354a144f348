/// Cuts and replacements in a body, in the order of their places and never overlapping.
struct BodyEdits {
    private struct Edit {
        var range: Range<Int>
        /// Whether `hgw_…` takes the place of the range, or nothing.
        let isToken: Bool
    }

    private var edits: [Edit] = []

    var isEmpty: Bool { edits.isEmpty }

    /// Takes out a range. It may reach back over earlier edits, which are then part of it.
    mutating func cut(_ range: Range<Int>) {
        while let last = edits.last, last.range.lowerBound >= range.lowerBound { edits.removeLast() }
        if let last = edits.last, !last.isToken, last.range.upperBound >= range.lowerBound {
            edits[edits.count - 1].range = last.range.lowerBound..<max(last.range.upperBound, range.upperBound)
        } else {
            edits.append(Edit(range: range, isToken: false))
        }
    }

    /// Masks a token. Tokens are met in order, and never inside an earlier edit.
    mutating func maskToken(_ range: Range<Int>) {
        edits.append(Edit(range: range, isToken: true))
    }

    func applied(to bytes: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var kept = 0
        for edit in edits {
            result.append(contentsOf: bytes[kept..<edit.range.lowerBound])
            if edit.isToken { result.append(contentsOf: TokenRedaction.mask) }
            kept = edit.range.upperBound
        }
        result.append(contentsOf: bytes[kept...])
        return result
    }
}
