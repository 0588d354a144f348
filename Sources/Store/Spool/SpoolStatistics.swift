package import FoundationEssentials

/// What `/metrics` and `spool status` say of a spool.
///
/// Counts are durable positions, not counters of this process: they go on after a restart, so that at any
/// moment `accepted = shipped + waiting + lost`.
package struct SpoolStatistics: Sendable, Equatable {
    /// Every event ever made durable here.
    package let acceptedRecords: UInt64
    package let shippedRecords: UInt64
    /// Given up because their bytes were damaged; the segments are kept aside.
    package let lostRecords: UInt64
    /// Durable and not yet shipped.
    package var depthRecords: UInt64 { acceptedRecords - shippedRecords - lostRecords }
    /// What the waiting segments take on disk.
    package let depthBytes: Int
    package let segments: Int
    package let damagedSegments: Int
    /// When the oldest waiting event was received.
    package let oldestReceivedAt: Date?
    package let lastSyncAt: Date?
    package let syncs: UInt64
    /// False after a failure until an attempt to write works again.
    package let isWritable: Bool
    package let lastFailure: String?
    /// A disk that answers later than this keeps senders waiting too long: they get a 503.
    package static let longestWait: TimeInterval = 5
    /// How long the oldest event has been between `append` and completion, in seconds.
    package let longestWaiting: TimeInterval
    /// Whether an event that came now would be stored in time, as far as can be told without one.
    package var takesEvents: Bool { isWritable && longestWaiting < Self.longestWait }
    /// Between `append` and completion.
    package let waitingRecords: Int
    package let waitingBytes: Int
    /// Of events that nobody could decide, on disk or on the way there; those of earlier processes are not counted.
    package let undecidedBytes: Int
    package let undecidedLimitBytes: Int
    /// From 80 % of that limit on a person is told.
    package var isUndecidedAlarmed: Bool { undecidedBytes >= undecidedLimitBytes / 10 * 8 }
    /// Long bodies that are being received.
    package let openBodies: Int
    /// Of the file system under the spool, from 0 to 1; as it was looked at last.
    package let diskUsedShare: Double?
    /// What that means for senders.
    package let diskLevel: DiskWatermarks.Level

    init(ledger: SpoolLedger, queue: SpoolQueue, openBodies: Int, options: SpoolOptions, at now: Date) {
        self.acceptedRecords = ledger.durableSequence
        self.shippedRecords = ledger.checkpoint.sequence - ledger.checkpoint.lost
        self.lostRecords = ledger.checkpoint.lost
        self.depthBytes = ledger.depthBytes
        self.segments = ledger.segments.count
        self.damagedSegments = ledger.damagedSegments
        self.oldestReceivedAt = ledger.oldestReceivedAt
        self.lastSyncAt = ledger.lastSyncAt
        self.syncs = ledger.syncs
        self.isWritable = ledger.failure == nil
        self.lastFailure = ledger.failure
        self.longestWaiting = queue.waitingSince.map { max(0, now.timeIntervalSince($0)) } ?? 0
        self.waitingRecords = queue.records
        self.waitingBytes = queue.bytes
        self.undecidedBytes = ledger.undecidedBytes + queue.undecidedBytes
        self.undecidedLimitBytes = options.maximumUndecidedBytes
        self.openBodies = openBodies
        self.diskUsedShare = ledger.diskUsedShare
        self.diskLevel = ledger.diskUsedShare.map(options.watermarks.level(usedShare:)) ?? .fine
    }
}

/// What opening a spool found and mended.
package struct SpoolRecovery: Sendable, Equatable {
    /// Durable events that wait to be shipped.
    package var waitingRecords: UInt64 = 0
    package var segments = 0
    /// Bytes that are no record were cut off the end of the last segment: an event that was being written when
    /// the machine stopped, and that nobody was told of as stored.
    package var hadTornTail = false
    /// Records of the last segment that are gone, with whole ones after them.
    package var lostRecords: UInt64 = 0
    /// Segments whose header could not be read; set aside.
    package var unreadableSegments: [String] = []
    /// The checkpoint was missing or unreadable although there are segments: they are shipped again, which the
    /// inbox recognises by the events' ids.
    package var checkpointWasLost = false
    /// Long bodies without a record, of events that nobody was told of as stored or that were shipped.
    package var removedBodies = 0
    /// What could not be mended at once; the spool works nevertheless.
    package var warnings: [String] = []
}
