package import FoundationEssentials

/// What `/metrics` and `spool status` say of a spool.
///
/// Counts are durable positions, not counters of this process: they go on after a restart, so that at any
/// moment `accepted = shipped + waiting + lost`.
package struct SpoolStatistics: Sendable, Equatable {
    /// Every event ever made durable here.
    package var acceptedRecords: UInt64
    package var shippedRecords: UInt64
    /// Given up because their bytes were damaged; the segments are kept aside.
    package var lostRecords: UInt64
    /// Durable and not yet shipped.
    package var depthRecords: UInt64 { acceptedRecords - shippedRecords - lostRecords }
    /// What the waiting segments take on disk.
    package var depthBytes: Int
    package var segments: Int
    package var damagedSegments: Int
    /// When the oldest waiting event was received.
    package var oldestReceivedAt: Date?
    package var lastSyncAt: Date?
    package var syncs: UInt64
    /// False after a failure until an attempt to write works again.
    package var isWritable: Bool
    package var lastFailure: String?
    /// Between `append` and completion.
    package var waitingRecords: Int
    package var waitingBytes: Int
    /// Of the file system under the spool, from 0 to 1; nil when it cannot be asked.
    package var diskUsedShare: Double?
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
    /// What could not be mended at once; the spool works nevertheless.
    package var warnings: [String] = []
}
