/// How new a cached record is: what stands in front of each, in digits of a fixed number.
///
/// Records of one row are ordered by revision, and by what the reader knew where the revision is the same; the text of
/// both together orders as they do, so that Redis can compare it without understanding it.
struct CacheStamp: Sendable, Equatable {
    let origin: DatabaseIdentity
    /// The row's own: every change of it gives a higher one.
    let revision: UInt64
    /// Everything that ended below this transaction is in the record.
    let asOf: UInt64

    private static let version = "1"
    private static let originLength = 16
    private static let numberLength = 20

    var text: String {
        "\(Self.version) \(self.origin.text) \(Self.padded(self.revision)) \(Self.padded(self.asOf))"
    }

    init(origin: DatabaseIdentity, revision: UInt64, asOf: UInt64) {
        self.origin = origin
        self.revision = revision
        self.asOf = asOf
    }

    /// Reads the first four words of a record; nil when they are none of ours.
    init?(words: ArraySlice<Substring>) {
        let words = Array(words)
        guard words.count == 4, words[0] == Self.version, words[1].utf8.count == Self.originLength,
            words[1].allSatisfy(\.isHexDigit),
            let revision = Self.number(words[2]), let asOf = Self.number(words[3])
        else { return nil }
        self.init(origin: DatabaseIdentity(text: String(words[1])), revision: revision, asOf: asOf)
    }

    private static func number(_ digits: Substring) -> UInt64? {
        guard digits.utf8.count == self.numberLength, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return UInt64(digits)
    }

    private static func padded(_ number: UInt64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: self.numberLength - digits.count) + digits
    }
}
