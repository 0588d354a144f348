import Crypto

/// A digest of JSON tokens, each told from the next by bytes that no UTF-8 text has.
struct JSONDigest {
    enum Kind: UInt8 {
        case key = 0xFC
        case string = 0xFD
        /// A number, a literal or a bracket.
        case other = 0xFE
    }

    private static let flushLimit = 4_096

    private var hash = SHA256()
    private var pending: [UInt8] = []

    mutating func add(_ kind: Kind, _ base: UnsafePointer<UInt8>, _ range: Range<Int>) {
        pending.append(kind.rawValue)
        let bytes = UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count)
        if range.count > Self.flushLimit {
            flush()
            hash.update(bufferPointer: bytes)
        } else {
            pending.append(contentsOf: bytes)
            if pending.count > Self.flushLimit { flush() }
        }
    }

    private mutating func flush() {
        hash.update(data: pending)
        pending.removeAll(keepingCapacity: true)
    }

    consuming func finished() -> [UInt8] {
        flush()
        return Array(hash.finalize())
    }
}
