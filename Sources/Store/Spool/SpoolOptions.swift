/// The bounds of a spool.
package struct SpoolOptions: Sendable {
    /// One segment file; an event larger than this gets a file of its own.
    package var segmentBytes = 64 << 20
    /// All that waits to be shipped. Beyond it events are refused as ``SpoolError/full``.
    package var maximumBytes = 16 << 30
    /// Events between `append` and their completion: more than 30,000 requests in flight would be an attack.
    package var maximumWaitingRecords = 32_768
    /// Their bytes; at least one body of the largest size Evolution sends (136 MiB) must fit.
    package var maximumWaitingBytes = 256 << 20
    /// One sync covers at most this much; bounds the writer's buffer and the wait of the first in the batch.
    package var maximumBatchBytes = 8 << 20
    /// The share of the disk beyond which nothing is accepted any more: PostgreSQL may live on the same disk.
    package var diskWatermark = 0.95
    /// How many damaged segments are kept for a person to look at.
    package var maximumDamagedSegments = 4

    package init() {}
}
