import HookgateCore

/// How far the spool has been shipped: everything before it is committed in the inbox.
struct SpoolCheckpoint: Sendable, Equatable {
    /// Where reading goes on.
    var position = SpoolPosition(segment: 0, offset: 0)
    /// The sequence of the last record that was shipped or given up.
    var sequence: UInt64 = 0
    /// Of these, how many were given up as damaged: `shipped = sequence - lost`.
    var lost: UInt64 = 0

    private static let title = "hookgate-spool-checkpoint-1"

    /// One line of text, for whoever looks into the directory; its last word is a checksum.
    func encode() -> [UInt8] {
        let text = "\(Self.title) \(position.segment) \(position.offset) \(sequence) \(lost)"
        return Array("\(text) \(CRC32C.checksum(Array(text.utf8)))\n".utf8)
    }

    /// Nil when these bytes are not a whole checkpoint.
    static func decode(_ bytes: [UInt8]) -> SpoolCheckpoint? {
        let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: { $0 == " " || $0 == "\n" })
        let numbers = words.dropFirst().compactMap { UInt64($0) }
        guard words.count == 6, words[0] == title, numbers.count == 5 else { return nil }
        let checkpoint = SpoolCheckpoint(
            position: SpoolPosition(segment: numbers[0], offset: numbers[1]), sequence: numbers[2], lost: numbers[3])
        return checkpoint.encode() == bytes ? checkpoint : nil
    }
}
