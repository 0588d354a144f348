import FoundationEssentials
package import HookgateCore

/// Durable records in the order of their acceptance, from the checkpoint on, and the checkpoint itself. For one
/// consumer: the shipper.
package struct SpoolReader: Sendable {
    private let spool: Spool

    init(spool: Spool) {
        self.spool = spool
    }

    /// What comes next, bounded; empty when all is shipped. Asked again without ``advance(past:)`` in between it
    /// gives the same again.
    package func next(maximumRecords: Int, maximumBytes: Int) async throws(SpoolDiskError) -> SpoolBatch {
        try await run { () throws(SpoolDiskError) in
            try nextNow(maximumRecords: maximumRecords, maximumBytes: maximumBytes)
        }
    }

    /// To be called when a batch is committed in the inbox: makes the checkpoint durable, then removes the
    /// segments that lie wholly below it.
    package func advance(past batch: SpoolBatch) async throws(SpoolDiskError) {
        try await run { () throws(SpoolDiskError) in try advanceNow(past: batch) }
    }

    /// ``Spool/statistics()`` with what waits and the disk looked at afresh.
    package func statistics() async -> SpoolStatistics {
        await withCheckedContinuation { continuation in
            spool.execution.read { continuation.resume(returning: statisticsNow()) }
        }
    }

    private func run<T: Sendable>(
        _ body: @escaping @Sendable () throws(SpoolDiskError) -> T
    ) async throws(SpoolDiskError) -> T {
        let result: Result<T, SpoolDiskError> = await withCheckedContinuation { continuation in
            spool.execution.read {
                continuation.resume(returning: Result { () throws(SpoolDiskError) in try body() })
            }
        }
        return try result.get()
    }
}

// MARK: - On the reader's thread

extension SpoolReader {
    /// ``next(maximumRecords:maximumBytes:)`` for a caller that may block.
    package func nextNow(maximumRecords: Int, maximumBytes: Int) throws(SpoolDiskError) -> SpoolBatch {
        try nextNow(maximumRecords: maximumRecords, maximumBytes: maximumBytes, bodies: spool.files.bodies)
    }

    /// - Parameter bodies: nil where nobody looks at the bodies.
    private func nextNow(
        maximumRecords: Int, maximumBytes: Int, bodies: BodyFiles?
    ) throws(SpoolDiskError) -> SpoolBatch {
        var batch = SpoolBatch(following: spool.withLedger { $0.checkpoint })
        var walk = SpoolWalk(
            maximumRecords: maximumRecords, maximumBytes: maximumBytes, bodies: bodies,
            isShippedAgain: spool.recovery.checkpointWasLost)
        while !walk.isFull, let stretch = spool.withLedger({ $0.stretch(at: batch.checkpoint.position) }) {
            let file = try spool.files.disk.open(SpoolFiles.segmentName(stretch.segment.number))
            guard try walk.read(stretch, of: file, into: &batch) else { break }
        }
        let oldest = batch.entries.first?.event.receivedAt
        spool.withLedger { $0.sawOldest(oldest) }
        return batch
    }

    /// ``advance(past:)`` for a caller that may block.
    package func advanceNow(past batch: SpoolBatch) throws(SpoolDiskError) {
        try spool.files.replace(SpoolFiles.checkpointName, with: batch.checkpoint.encode())
        let passed = spool.withLedger { ledger in
            for number in batch.damagedSegments { ledger.damaged(number) }
            return ledger.advanced(past: batch)
        }
        spool.tellWaiters()
        for body in batch.bodies {
            try spool.files.bodies.remove(body.name)
            spool.withLedger { $0.removedBody(body.name, bytes: body.bytes) }
        }
        for segment in passed {
            if segment.mayHaveBodyFiles, !segment.isDamaged { try spool.files.bodies.removeAll(of: segment.number) }
            let name = SpoolFiles.segmentName(segment.number)
            if segment.isDamaged {
                try setAside(name)
            } else {
                try spool.files.disk.remove(name)
            }
            // Only now: what could not be removed is tried again the next time.
            spool.withLedger { $0.removed(segment.number) }
        }
    }

    /// Takes away the last segment too, once all of it is shipped: for a spool in which nothing will be written again.
    package func removeShipped() async throws(SpoolDiskError) {
        try await run { () throws(SpoolDiskError) in try removeShippedNow() }
    }

    private func removeShippedNow() throws(SpoolDiskError) {
        let (last, checkpoint, isShipped) = spool.withLedger { ledger in
            (ledger.segments.last, ledger.checkpoint, ledger.checkpoint.sequence == ledger.durableSequence)
        }
        guard let last, isShipped else { return }
        var batch = SpoolBatch(following: checkpoint)
        batch.checkpoint.position = SpoolPosition(
            segment: last.number + 1, offset: UInt64(SegmentHeader.regionByteCount))
        try advanceNow(past: batch)
        try spool.files.disk.remove(SpoolFiles.spareName)
        try spool.files.disk.synchronizeDirectory()
    }

    private func statisticsNow() -> SpoolStatistics {
        do throws(SpoolDiskError) {
            _ = try nextNow(maximumRecords: 1, maximumBytes: 1, bodies: nil)
            let share = try spool.files.disk.space().usedShare
            spool.withLedger { $0.diskUsedShare = share }
        } catch {
            spool.withLedger { $0.failed("\(error)") }
        }
        return spool.statistics()
    }

    /// Keeps a damaged segment for a person to look at, and no more of them than the bound says.
    private func setAside(_ name: String) throws(SpoolDiskError) {
        try spool.files.disk.rename(name, to: name + SpoolFiles.damagedSuffix)
        let kept = try spool.files.damagedSegments()
        let excess = max(0, kept.count - spool.options.maximumDamagedSegments)
        for old in kept.prefix(excess) {
            if let number = SpoolFiles.numberOfDamaged(old) { try spool.files.bodies.removeAll(of: number) }
            try spool.files.disk.remove(old)
        }
        spool.withLedger { $0.damagedSegments = kept.count - excess }
    }
}

/// Some records that follow each other, and the checkpoint that holds once they are shipped.
package struct SpoolBatch: Sendable {
    /// One durable record.
    package struct Entry: Sendable, Equatable {
        package let sequence: UInt64
        package let position: SpoolPosition
        package let event: AcceptedEvent
    }

    package internal(set) var entries: [Entry] = []
    /// How many records between the last batch and the end of this one are damaged beyond reading.
    package internal(set) var lostRecords: UInt64 = 0
    var damagedSegments: Set<UInt64> = []
    var checkpoint: SpoolCheckpoint
    /// The records that nobody could decide when they came, with what they take on disk.
    var undecided: [(sequence: UInt64, bytes: Int)] = []
    /// The files of long bodies that go once their records are shipped.
    var bodies: [(name: BodyFiles.Name, bytes: Int)] = []
    private let start: SpoolCheckpoint

    init(following checkpoint: SpoolCheckpoint) {
        self.start = checkpoint
        self.checkpoint = checkpoint
    }

    /// False when the checkpoint would stay where it is.
    package var advances: Bool { checkpoint != start }
}

/// Reads stretch after stretch into a batch until that is full.
private struct SpoolWalk {
    private let maximumRecords: Int
    private let maximumBytes: Int
    private let bodies: BodyFiles?
    /// The checkpoint was lost, and with it which bodies are rightly gone.
    private let isShippedAgain: Bool
    private var records = 0
    private var bytes = 0
    /// The next body does not go with those that the batch has.
    private var hasNoRoom = false

    init(maximumRecords: Int, maximumBytes: Int, bodies: BodyFiles?, isShippedAgain: Bool) {
        self.maximumRecords = maximumRecords
        self.maximumBytes = maximumBytes
        self.bodies = bodies
        self.isShippedAgain = isShippedAgain
    }

    var isFull: Bool { records >= maximumRecords || bytes >= maximumBytes || hasNoRoom }

    /// Returns whether there is another stretch to read.
    mutating func read(
        _ stretch: SpoolLedger.Stretch, of file: any SpoolFile, into batch: inout SpoolBatch
    ) throws(SpoolDiskError) -> Bool {
        let segment = stretch.segment
        var cursor = SegmentCursor(
            file: file, salt: segment.salt, from: stretch.from, to: segment.end, after: batch.checkpoint.sequence,
            before: stretch.lastSequence + 1)
        while !isFull {
            switch try cursor.next() {
            case .record(let record):
                guard try take(record, of: segment.number, into: &batch) else {
                    hasNoRoom = true
                    batch.checkpoint.position = position(segment.number, record.offset)
                    return false
                }
            case .damage:
                batch.damagedSegments.insert(segment.number)
            case .end(let isClean):
                if !isClean { batch.damagedSegments.insert(segment.number) }
                batch.pass(to: stretch.lastSequence)
                batch.checkpoint.position = stretch.next ?? position(segment.number, max(cursor.offset, segment.end))
                return stretch.next != nil
            }
        }
        batch.checkpoint.position = position(segment.number, cursor.offset)
        return false
    }

    /// Adds a record to the batch; false when its body is too much beside what the batch has.
    private mutating func take(
        _ record: SegmentCursor.Record, of segment: UInt64, into batch: inout SpoolBatch
    ) throws(SpoolDiskError) -> Bool {
        let content: SpoolRecord.Content
        do throws(SpoolRecordError) {
            content = try SpoolRecord.read(record.payload)
        } catch {
            // The checksum held and yet it is no event: kept aside with its segment, and counted.
            count(record.payload.count)
            giveUp(record, of: segment, in: &batch)
            return true
        }
        let bodyBytes = content.bodyFile?.byteCount ?? 0
        if bodyBytes > 0, records > 0, bytes + bodyBytes > maximumBytes { return false }
        count(record.payload.count + bodyBytes)
        guard let event = try event(content, of: record, in: segment, &batch) else { return true }
        batch.pass(to: record.sequence - 1)
        batch.entries.append(
            SpoolBatch.Entry(sequence: record.sequence, position: position(segment, record.offset), event: event))
        if event.disposition.isUndecided {
            let bytes = RecordHeader.recordByteCount(payload: record.payload.count) + bodyBytes
            batch.undecided.append((record.sequence, bytes))
        }
        batch.checkpoint.sequence = record.sequence
        return true
    }

    private mutating func count(_ byteCount: Int) {
        records += 1
        bytes += byteCount
    }

    /// The event with its body; nil when that is gone, which the batch then knows.
    private func event(
        _ content: SpoolRecord.Content, of record: SegmentCursor.Record, in segment: UInt64, _ batch: inout SpoolBatch
    ) throws(SpoolDiskError) -> AcceptedEvent? {
        guard let reference = content.bodyFile, let bodies else { return content.event }
        let name = BodyFiles.Name(segment: segment, sequence: record.sequence)
        switch try bodies.read(name, reference) {
        case .whole(let body):
            batch.bodies.append((name, body.count))
            return content.event.with(body: body)
        case .missing where isShippedAgain:
            // A file is removed only when the inbox has its event.
            batch.pass(to: record.sequence - 1)
            batch.checkpoint.sequence = record.sequence
        case .missing, .damaged:
            giveUp(record, of: segment, in: &batch)
        }
        return nil
    }

    private func giveUp(_ record: SegmentCursor.Record, of segment: UInt64, in batch: inout SpoolBatch) {
        batch.damagedSegments.insert(segment)
        batch.pass(to: record.sequence)
    }

    private func position(_ segment: UInt64, _ offset: Int) -> SpoolPosition {
        SpoolPosition(segment: segment, offset: UInt64(offset))
    }
}

extension SpoolBatch {
    /// Goes on behind a sequence; whatever was to come before it is not there any more.
    fileprivate mutating func pass(to sequence: UInt64) {
        guard sequence > checkpoint.sequence else { return }
        lostRecords += sequence - checkpoint.sequence
        checkpoint.lost += sequence - checkpoint.sequence
        checkpoint.sequence = sequence
    }
}

extension AcceptedEvent {
    fileprivate func with(body: [UInt8]) -> AcceptedEvent {
        AcceptedEvent(
            id: id, receivedAt: receivedAt, route: route, eventSuffix: eventSuffix, disposition: disposition,
            integrationID: integrationID, organizationID: organizationID, clinicID: clinicID,
            instanceName: instanceName, facts: facts, body: body)
    }
}
