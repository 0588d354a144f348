/// Where an accepted event is made durable before its sender gets a 200.
package protocol EventSpool: Sendable {
    typealias Completion = @Sendable (Result<SpoolPosition, SpoolError>) -> Void

    /// Stores an event and calls back once: with its position when it is on disk (fsynced), or with the reason
    /// why it is not. The callback runs at `place` as a rule, else on a thread of the spool's that it must not block (and
    /// nowhere, where that loop has ended meanwhile: the event is stored all the same); an
    /// event that is refused at once calls back on the caller's, before `append` returns.
    func append(_ event: AcceptedEvent, at place: CompletionPlace?, completion: @escaping Completion)

    /// A place for a body that is too long for memory. It goes with the last reference to it, unless it was stored.
    func makeBody() -> any SpoolBody
}

extension EventSpool {
    /// Stores an event, and calls back wherever the spool is.
    package func append(_ event: AcceptedEvent, completion: @escaping Completion) {
        append(event, at: nil, completion: completion)
    }
}

/// A body on its way to the disk, piece by piece. For one caller at a time, who may block.
package protocol SpoolBody: AnyObject, Sendable {
    /// Takes the next piece; returns when the disk has room for more.
    func write(_ piece: [UInt8]) throws(SpoolError)

    /// The body is whole; returns when it is on disk (fsynced).
    func seal(_ read: ReadBody) throws(SpoolError)

    /// Stores the event that has this body, as ``EventSpool/append(_:at:completion:)`` does with one in memory. Once,
    /// after ``seal(_:)``; does not block.
    func store(_ event: AcceptedEvent, at place: CompletionPlace?, completion: @escaping EventSpool.Completion)
}

/// An event loop, or another thread that takes jobs and runs them one after the other. What is to be stored for it in one
/// turn is stored by one sync, and told there in one job: a job for each event would wake it as often as there are events.
package struct CompletionPlace: Sendable, Equatable {
    private let id: ObjectIdentifier
    /// Takes a job, and runs it after those that it took before; does not wait for it.
    package let run: @Sendable (@escaping @Sendable () -> Void) -> Void

    /// - Parameter thread: what the place is known by; it must live as long as the place is used.
    package init(_ thread: AnyObject, run: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void) {
        self.id = ObjectIdentifier(thread)
        self.run = run
    }

    package static func == (left: CompletionPlace, right: CompletionPlace) -> Bool { left.id == right.id }
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

/// Why an event could not be made durable. Each of these is a 503 to the sender, and nothing was stored, but for
/// ``notShared``.
package enum SpoolError: Error, Equatable {
    /// The queue before the writer is at its bound.
    case overloaded
    /// The bound on the spool's size, or the disk, is reached.
    case full
    /// The disk is filling up, and this kind of event is refused before others.
    case diskScarce
    /// The bound on events that nobody could decide is reached; decided ones are still stored.
    case undecidedFull
    /// A write or an fsync failed; the segment is given up and will not be written again.
    case diskFailed(String)
    /// It is on this machine's disk and not in the inbox yet, where that is promised. A retry is recognised there.
    case notShared
    case closed
}
