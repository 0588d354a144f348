/// Where an accepted event is made durable before its sender gets a 200.
package protocol EventSpool: Sendable {
    /// Stores an event and calls back once: with its position when it is on disk (fsynced), or with the reason
    /// why it is not. The callback runs on the spool's own thread and must not block it; an event that is refused at
    /// once calls back on the caller's, before `append` returns.
    func append(_ event: AcceptedEvent, completion: @escaping @Sendable (Result<SpoolPosition, SpoolError>) -> Void)
}

/// Where an event lies in the spool: positions grow, and every byte below one was accepted before it.
package struct SpoolPosition: Sendable, Hashable, Comparable {
    package let segment: UInt64
    package let offset: UInt64

    package init(segment: UInt64, offset: UInt64) {
        self.segment = segment
        self.offset = offset
    }

    package static func < (left: SpoolPosition, right: SpoolPosition) -> Bool {
        (left.segment, left.offset) < (right.segment, right.offset)
    }
}

/// Why an event could not be made durable. Each of these is a 503 to the sender, and nothing was stored.
package enum SpoolError: Error, Equatable {
    /// The queue before the writer is at its bound.
    case overloaded
    /// The bound on the spool's size, or the disk, is reached.
    case full
    /// The bound on events that nobody could decide is reached; decided ones are still stored.
    case undecidedFull
    /// A write or an fsync failed; the segment is given up and will not be written again.
    case diskFailed(String)
    case closed
}
