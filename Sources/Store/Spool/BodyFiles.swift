import Crypto

/// The files of bodies that are too long for a segment: one for each record that refers to one, named by the record's
/// segment and sequence. So who owns a file, and whether anybody still does, is known without reading a record.
struct BodyFiles: Sendable {
    struct Name: Sendable, Hashable {
        let segment: UInt64
        let sequence: UInt64

        var text: String { SpoolFiles.digits(segment) + "-" + SpoolFiles.digits(sequence) + BodyFiles.suffix }

        init(segment: UInt64, sequence: UInt64) {
            self.segment = segment
            self.sequence = sequence
        }

        init?(_ text: String) {
            guard text.hasSuffix(BodyFiles.suffix) else { return nil }
            let parts = text.dropLast(BodyFiles.suffix.count).split(separator: "-", omittingEmptySubsequences: false)
            guard parts.count == 2, let segment = UInt64(parts[0]), let sequence = UInt64(parts[1]) else { return nil }
            self.init(segment: segment, sequence: sequence)
            guard self.text == text else { return nil }
        }
    }

    private static let suffix = ".body"
    /// Read at a time, so that a body costs little more than itself.
    private static let pieceBytes = 1 << 20

    let disk: any SpoolDisk

    func names() throws(SpoolDiskError) -> [Name] {
        try disk.names().compactMap(Name.init)
    }

    func byteCount(of name: Name) throws(SpoolDiskError) -> Int {
        try disk.open(name.text).byteCount()
    }

    func remove(_ name: Name) throws(SpoolDiskError) {
        try disk.remove(name.text)
    }

    /// What is there of a segment that nobody needs any more.
    func removeAll(of segment: UInt64) throws(SpoolDiskError) {
        for name in try names() where name.segment == segment { try remove(name) }
    }

    enum Contents {
        case whole([UInt8])
        case missing
        /// It cannot be read, or is not what was written.
        case damaged
    }

    /// Reads a body, and proves that it is the one that was sealed.
    func read(_ name: Name, _ reference: BodyReference) throws(SpoolDiskError) -> Contents {
        var bytes: [UInt8] = []
        let isWhole = try check(name, reference) { piece in
            if bytes.isEmpty { bytes.reserveCapacity(reference.byteCount) }
            bytes += piece
        }
        guard let isWhole else { return .missing }
        return isWhole ? .whole(bytes) : .damaged
    }

    /// The same without keeping it; nil when there is no such file.
    func check(
        _ name: Name, _ reference: BodyReference, onPiece: ([UInt8]) -> Void = { _ in }
    ) throws(SpoolDiskError) -> Bool? {
        guard try disk.names().contains(name.text) else { return nil }
        do throws(SpoolDiskError) {
            let file = try disk.open(name.text)
            guard try file.byteCount() == reference.byteCount else { return false }
            var hash = SHA256()
            var offset = 0
            while offset < reference.byteCount {
                let piece = try file.read(at: offset, count: min(Self.pieceBytes, reference.byteCount - offset))
                guard !piece.isEmpty else { return false }
                hash.update(data: piece)
                onPiece(piece)
                offset += piece.count
            }
            return Array(hash.finalize()) == reference.sha256
        } catch {
            // Trying again would find the same sector; any other failure may pass.
            guard error.isBadMedium else { throw error }
            return false
        }
    }
}
