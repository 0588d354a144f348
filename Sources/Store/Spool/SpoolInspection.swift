package import FoundationEssentials
package import HookgateCore

/// A spool as it lies in its directory.
package struct SpoolInspection: Sendable, Equatable {
    package enum Owner: Sendable, Equatable {
        case nobody
        case process(pid: Int32?)
    }

    /// One segment file, by its head.
    package struct Segment: Sendable, Equatable {
        package enum Head: Sendable, Equatable {
            case readable(version: UInt16, firstSequence: UInt64)
            /// A later release wrote it.
            case newer(version: UInt16)
            case damaged
        }

        package let name: String
        package let number: UInt64
        package let head: Head
        package let fileBytes: Int

        package var formatVersion: UInt16? {
            switch head {
            case .readable(let version, _), .newer(let version): version
            case .damaged: nil
            }
        }

        /// Nil where the records cannot be read.
        package var firstSequence: UInt64? {
            if case .readable(_, let sequence) = head { sequence } else { nil }
        }
    }

    package let directory: String
    package let owner: Owner
    /// Nil in a directory that no gateway has used.
    package let gatewayID: UUID?
    package let segments: [Segment]
    /// Bodies too long for a segment, each in a file of its own.
    package let bodyFiles: Int
    /// Segments that were set aside because something in them is damaged.
    package let damagedFiles: [String]
    /// False where the file is damaged: then everything that is there is shipped again.
    package let isCheckpointReadable: Bool
    /// Where shipping goes on.
    package let next: SpoolPosition
    package let waitingRecords: UInt64
    /// Given up as damaged, over the spool's life.
    package let lostRecords: UInt64
    /// When the oldest waiting event was received.
    package let oldestReceivedAt: Date?

    /// Whether something in it needs a person.
    package var needsAttention: Bool {
        !isCheckpointReadable || !damagedFiles.isEmpty || segments.contains { $0.firstSequence == nil }
    }

    package var fileBytes: Int { segments.reduce(0) { $0 + $1.fileBytes } }
}

/// What reading every record of a spool came to.
package struct SpoolVerification: Sendable, Equatable {
    package static let mostFindings = 100

    package var records: UInt64 = 0
    package var bytes: UInt64 = 0
    /// The first ones; ``findingCount`` has all.
    package private(set) var findings: [SpoolFinding] = []
    package private(set) var findingCount = 0

    package var isWhole: Bool { findingCount == 0 }

    mutating func note(_ finding: SpoolFinding) {
        findingCount += 1
        if findings.count < Self.mostFindings { findings.append(finding) }
    }
}

/// One place of a spool that is not as it was written.
package struct SpoolFinding: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case damagedHead
        case newerFormat(version: UInt16)
        /// Bytes that are no record, with records behind them.
        case damagedBytes(count: Int)
        /// Bytes that are no record at the end of a segment.
        case tornTail
        /// Records that should be there and are not.
        case missingRecords(UInt64)
        /// Its checksum holds, and yet it is no event.
        case notAnEvent
        case damagedCheckpoint
        /// A body in a file of its own that is not what was written.
        case damagedBody
        case missingBody
    }

    package let file: String
    /// The first bad byte, where there is one.
    package let offset: Int?
    package let kind: Kind
}

extension SpoolFinding: CustomStringConvertible {
    package var description: String {
        let place = offset.map { "\(file), byte \($0)" } ?? file
        return "\(place): \(words)"
    }

    private var words: String {
        switch kind {
        case .damagedHead: "the segment's head is damaged in both copies; its records cannot be told from garbage"
        case .newerFormat(let version):
            "format version \(version) is newer than this release's \(SegmentHeader.currentVersion); "
                + "use the release that wrote it"
        case .damagedBytes(let count): "\(count) damaged bytes; the records behind them can be read"
        case .tornTail:
            "the end is no whole record: an event that was being written when the machine stopped (its sender was "
                + "told nothing), or a damaged last record"
        case .missingRecords(let count): "\(count) records are missing before this place"
        case .notAnEvent: "a record whose checksum holds is no event"
        case .damagedBody: "not the body that was stored, or it cannot be read"
        case .missingBody: "a record refers to this body, and it is not there"
        case .damagedCheckpoint: "damaged; what is there is shipped again, and the inbox takes each event once"
        }
    }
}
