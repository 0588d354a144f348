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

    /// Shows what stays of the bytes, part by part. Returns false when `show` wanted no more.
    func forEachPart(
        of bytes: UnsafeBufferPointer<UInt8>, _ show: (UnsafeBufferPointer<UInt8>) -> Bool
    ) -> Bool {
        var kept = 0
        for edit in edits {
            guard show(UnsafeBufferPointer(rebasing: bytes[kept..<edit.range.lowerBound])) else { return false }
            if edit.isToken {
                guard TokenRedaction.mask.withUnsafeBufferPointer(show) else { return false }
            }
            kept = edit.range.upperBound
        }
        return show(UnsafeBufferPointer(rebasing: bytes[kept...]))
    }
}
