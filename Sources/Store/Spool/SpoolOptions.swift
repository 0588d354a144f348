/// The bounds of a spool.
package struct SpoolOptions: Sendable {
    /// One segment file; an event larger than this gets a file of its own.
    package var segmentBytes = 64 << 20
    /// All that waits to be shipped. Beyond it events are refused as ``SpoolError/full``.
    package var maximumBytes = 16 << 30
    /// Of that, what nobody could decide: strangers must not take the room of senders that are known. Half a day of
    /// a fleet of 50 events a second, should PostgreSQL be down from the start.
    package var maximumUndecidedBytes = 4 << 30
    /// Events between `append` and their completion: more than 30,000 requests in flight would be an attack.
    package var maximumWaitingRecords = 32_768
    /// Their bytes; at least one body of the largest size Evolution sends (136 MiB) must fit.
    package var maximumWaitingBytes = 256 << 20
    /// One sync covers at most this much; bounds the writer's buffer and the wait of the first in the batch.
    package var maximumBatchBytes = 8 << 20
    /// So long an event loop waits for the sync of a few events of its own, where it shares its processor with the
    /// writer; and not at all, as long as the disk takes longer.
    package var loopPatience = Duration.milliseconds(1)
    /// Bodies that are being received into files of their own at one time.
    package var maximumOpenBodies = 512
    /// What is refused as the disk fills up.
    package var watermarks = DiskWatermarks()
    /// How many damaged segments are kept for a person to look at.
    package var maximumDamagedSegments = 4

    /// False for a spool that is only emptied: no file is made ahead of events that will not come.
    package var preparesAhead = true

    package init() {}
}
