import Dispatch
import FoundationEssentials
package import HookgateCore

/// Intervals of coverage in a small file of the spool's directory, for as long as the database cannot take them.
package struct LocalCoverageShelf: CoverageShelf {
    private static let name = "coverage"
    private static let title = "hookgate-coverage-1"

    private let files: SpoolFiles
    /// Files block, which Swift's shared threads must not.
    private let queue = DispatchQueue(label: "hookgate.coverage", qos: .utility)

    /// - Parameter directory: an open spool's, which keeps other processes out.
    package init(directory: String) {
        self.files = SpoolFiles(disk: LocalSpoolDisk(directory: directory))
    }

    package func load() async -> [CoverageInterval] {
        await withCheckedContinuation { continuation in
            queue.async { [files] in
                // What cannot be read proves nothing; the time in it counts as a gap.
                let bytes = try? files.contents(of: Self.name)
                continuation.resume(returning: bytes.flatMap(Self.decode) ?? [])
            }
        }
    }

    package func save(_ intervals: [CoverageInterval]) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            queue.async { [files] in
                continuation.resume(with: Result { try files.replace(Self.name, with: Self.encode(intervals)) })
            }
        }
    }

    /// A title, two numbers for each interval, and a checksum of all before it.
    static func encode(_ intervals: [CoverageInterval]) -> [UInt8] {
        let numbers = intervals.map {
            "\($0.from.timeIntervalSinceReferenceDate) \($0.until.timeIntervalSinceReferenceDate)"
        }
        let text = ([title] + numbers).joined(separator: "\n")
        return Array("\(text)\n\(CRC32C.checksum(Array(text.utf8)))\n".utf8)
    }

    /// Nil when these bytes are not a whole file.
    static func decode(_ bytes: [UInt8]) -> [CoverageInterval]? {
        let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: { $0 == " " || $0 == "\n" })
        guard words.first == Substring(title), words.count.isMultiple(of: 2) else { return nil }
        let dates = words.dropFirst().dropLast().compactMap { Double($0) }
            .map { Date(timeIntervalSinceReferenceDate: $0) }
        guard dates.count == words.count - 2 else { return nil }
        let intervals = stride(from: 0, to: dates.count, by: 2).map {
            CoverageInterval(from: dates[$0], until: dates[$0 + 1])
        }
        return encode(intervals) == bytes ? intervals : nil
    }
}
