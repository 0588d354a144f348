package import FoundationEssentials
package import HookgateCore
import Synchronization

/// The local, synced log in which every event is before its sender gets a 200.
///
/// Appends from any thread gather in a bounded queue; one writer takes all that gathered while it was busy,
/// writes it, syncs once and completes each. ``reader`` hands out what is durable, in order, and removes segments
/// once the inbox has them.
///
///     let spool = try await Spool.open(directory: "/var/lib/hookgate/spool", time: .system)
///     spool.append(event) { result in … }
///     await spool.close()
package final class Spool: EventSpool {
    private struct Shared {
        var queue = SpoolQueue()
        var ledger: SpoolLedger
        /// Of long bodies whose records are not written yet.
        var openBodies = 0
        var openBodyBytes = 0
        /// How long the disk took for the last batch; nil before the first.
        var lastSync: Duration?
        /// Told when the inbox has what lies at their positions.
        var shipWaiters: [SpoolPosition: @Sendable () -> Void] = [:]

        /// What counts against the bound on the whole, but for what waits in the queue.
        var depthBytes: Int { ledger.depthBytes + openBodyBytes }
    }

    /// So many events of one turn are few: their loop may wait for their sync, if there is nothing else to do with its
    /// processor. With more, reading the next ones takes longer than a sync does.
    private static let fewRecords = 16

    /// What was found and mended when the spool was opened.
    package let recovery: SpoolRecovery
    /// Names this spool in its segments, for as long as the directory lives.
    package let gatewayID: UUID
    /// Ticks when new records are durable. For one consumer.
    package let newRecords: AsyncStream<Void>

    /// How long the disk took to make batches durable.
    package let syncTimes = DurationHistogram()

    let options: SpoolOptions
    let files: SpoolFiles
    let execution: SpoolExecution
    private let time: TimeSource
    private let signal: AsyncStream<Void>.Continuation
    private let lock: any SpoolLock
    private let shared: Mutex<Shared>
    /// Only jobs of `execution.write` enter, one at a time: this lock is never waited for.
    private let writer: Mutex<SegmentWriter>
    private let spare: SpareSegment

    /// Opens a spool in its directory, in the directory's own file system.
    /// - Parameter sharesProcessor: whether the spool and the event loops that append have one processor among them.
    package static func open(
        directory: String, options: SpoolOptions = SpoolOptions(), time: TimeSource = .system,
        sharesProcessor: Bool = false
    ) async throws(SpoolOpenError) -> Spool {
        let execution = SpoolExecution.threads(sharesProcessor: sharesProcessor)
        let result: Result<Spool, SpoolOpenError> = await withCheckedContinuation { continuation in
            execution.write {
                let disk = LocalSpoolDisk(directory: directory)
                continuation.resume(
                    returning: Result { () throws(SpoolOpenError) in
                        try Spool(disk: disk, options: options, time: time, execution: execution)
                    })
            }
        }
        return try result.get()
    }

    /// Opens a spool on a disk. Blocks while it recovers what the last process left.
    package init(
        disk: any SpoolDisk, options: SpoolOptions = SpoolOptions(), time: TimeSource = .system,
        execution: SpoolExecution = .threads(), makeGatewayID: () -> UUID = { UUID() }
    ) throws(SpoolOpenError) {
        do throws(SpoolDiskError) {
            try disk.prepareDirectory()
        } catch {
            throw .disk(error)
        }
        let files = SpoolFiles(disk: disk)
        self.lock = try disk.lock()
        let opening = try SpoolOpening(files: files, makeGatewayID: makeGatewayID)
        let spare = SpareSegment(files: files, options: options, execution: execution, lock: lock)
        self.files = files
        self.options = options
        self.execution = execution
        self.time = time
        self.spare = spare
        self.recovery = opening.recovery
        self.gatewayID = opening.gatewayID
        (self.newRecords, self.signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.shared = Mutex(Shared(ledger: opening.ledger))
        self.writer = Mutex(
            SegmentWriter(
                files: files, options: options, gatewayID: opening.gatewayID, lastNumber: opening.lastNumber,
                nextSequence: opening.ledger.durableSequence + 1, syncTimes: syncTimes, takeSpare: { spare.take() }))
        if options.preparesAhead {
            spare.prepareNow()
            startAhead()
        }
        countDamaged()
        if opening.ledger.durableSequence > opening.ledger.checkpoint.sequence { signal.yield() }
    }

    deinit {
        signal.finish()
    }

    /// Calls back at the place or, without one, on the writer's thread; on the caller's, before returning, when the event
    /// is refused at once.
    package func append(_ event: AcceptedEvent, at place: CompletionPlace?, completion: @escaping Completion) {
        append(WaitingAppend(event, at: place, completion: completion))
    }

    package func makeBody() -> any SpoolBody {
        BodyFile(spool: self)
    }

    func append(_ append: WaitingAppend) {
        let admission = shared.withLock { shared in
            shared.queue.admit(
                append, depthBytes: shared.depthBytes, undecidedDepthBytes: shared.ledger.undecidedBytes,
                options: options)
        }
        switch admission {
        case .refused(let error):
            append.completion(.failure(error))
        case .admitted(let opensTurn, let wakesWriter):
            // After the jobs that the place has already, and so after what it is doing now.
            if opensTurn, let place = append.place { place.run { self.endTurn(of: place) } }
            if wakesWriter { execution.write { self.writeBatches() } }
        }
    }

    private func endTurn(of place: CompletionPlace) {
        let (wakesWriter, isQuick) = shared.withLock { shared in
            let areFew = shared.queue.records <= Self.fewRecords
            let isDiskQuick = shared.lastSync.map { $0 < options.loopPatience } ?? false
            return (shared.queue.endTurn(of: place), areFew && isDiskQuick)
        }
        guard wakesWriter else { return }
        if isQuick {
            execution.writeNext({ self.writeBatches() }, options.loopPatience)
        } else {
            execution.write { self.writeBatches() }
        }
    }

    /// Stops accepting and returns when everything accepted before is on disk. Reading goes on.
    package func close() async {
        await withCheckedContinuation { continuation in
            let (isEmpty, wakesWriter) = shared.withLock { $0.queue.close(continuation) }
            if isEmpty { continuation.resume() }
            if wakesWriter { execution.write { self.writeBatches() } }
        }
    }

    package var reader: SpoolReader { SpoolReader(spool: self) }

    /// The spool's figures, from memory and at once.
    package func statistics() -> SpoolStatistics {
        let now = time.now
        return shared.withLock {
            SpoolStatistics(ledger: $0.ledger, queue: $0.queue, openBodies: $0.openBodies, options: options, at: now)
        }
    }

    /// ``close()``, then gives the directory back, once nothing of this spool touches it any more. The reader must
    /// not be used afterwards. A process that ends need not call this.
    package func release() async {
        await close()
        await withCheckedContinuation { continuation in
            // Each of these runs one job at a time: whatever was under way has ended when they come to ours.
            execution.write { self.execution.prepare { self.execution.read { continuation.resume() } } }
        }
        lock.release()
    }

    /// Reads or changes what reader and writer both see; for a few lines, never across a disk operation.
    func withLedger<T: Sendable>(_ body: (inout SpoolLedger) -> T) -> T {
        shared.withLock { body(&$0.ledger) }
    }

    /// Looks how full the disk is and, after a failure, whether it can be written again. Appends do so by themselves, but
    /// where nobody appends any more nobody would notice.
    package func recheck() {
        let isFirst = withLedger { ledger in
            defer { ledger.isRechecking = true }
            return !ledger.isRechecking
        }
        if isFirst { execution.write { self.recheckNow() } }
    }

    // MARK: - On the writer's thread

    private func recheckNow() {
        let hadFailed = withLedger { ledger in
            ledger.isRechecking = false
            return ledger.failure != nil
        }
        do throws(SpoolWriteFailure) {
            guard try lookAtDisk() < .full else { throw SpoolWriteFailure(usedShare: options.watermarks.full) }
        } catch {
            return withLedger { $0.failed(error.reason) }
        }
        guard hadFailed else { return }
        withLedger { $0.recovered() }
        startAhead()
    }

    private func writeBatches() {
        while true {
            let (batch, closers) = shared.withLock { shared in
                (shared.queue.takeBatch(maximumBytes: options.maximumBatchBytes), shared.queue.takeClosers())
            }
            for closer in closers { closer.resume() }
            if batch.isEmpty { return }
            write(batch)
        }
    }

    private func write(_ whole: [WaitingAppend]) {
        var batch = whole
        var done = 0
        do throws(SpoolWriteFailure) {
            batch = try withoutRefused(whole)
            guard !batch.isEmpty else { return }
            try writer.withLock { (writer) throws(SpoolWriteFailure) in
                do throws(SpoolDiskError) {
                    try writer.commit(batch) { done += record($0) }
                } catch {
                    throw SpoolWriteFailure(error)
                }
            }
        } catch {
            fail(batch[done...], with: error)
        }
    }

    /// Tells the ledger and the waiters of what the writer did. Returns how many appends are completed by it.
    private func record(_ event: SegmentWriter.Event) -> Int {
        switch event {
        case .started(let segment):
            withLedger { $0.started(segment) }
            spare.prepare()
            return 0
        case .committed(let commit):
            let now = time.now
            let bodies = commit.records.compactMap(\.bodyFile)
            for body in bodies { body.keep() }
            shared.withLock { shared in
                shared.ledger.committed(commit.records, end: commit.end, at: now)
                shared.lastSync = commit.syncTime
                shared.queue.finished(commit.records)
                shared.openBodies -= bodies.count
                shared.openBodyBytes -= commit.records.reduce(0) { $0 + $1.bodyFileByteCount }
            }
            CompletedBatch(commit.records, .stored(commit.positions)).tell()
            signal.yield()
            spare.follow(writtenBytes: commit.end)
            return commit.records.count
        }
    }

    private func fail(_ appends: ArraySlice<WaitingAppend>, with failure: SpoolWriteFailure) {
        shared.withLock { shared in
            shared.ledger.failed(failure.reason)
            shared.queue.finished(appends)
        }
        CompletedBatch(appends, .refused(failure.error)).tell()
    }

    /// Refuses what a disk this full has no room for, and returns the rest; throws when it has room for nothing.
    private func withoutRefused(_ batch: [WaitingAppend]) throws(SpoolWriteFailure) -> [WaitingAppend] {
        let level = try lookAtDisk()
        guard level < .full else { throw SpoolWriteFailure(usedShare: withLedger { $0.diskUsedShare } ?? 1) }
        guard level > .fine else { return batch }
        let refused = batch.filter(level.refuses)
        guard !refused.isEmpty else { return batch }
        shared.withLock { $0.queue.finished(refused[...]) }
        CompletedBatch(refused[...], .refused(.diskScarce)).tell()
        return batch.filter { !level.refuses($0) }
    }

    private func lookAtDisk() throws(SpoolWriteFailure) -> DiskWatermarks.Level {
        let share: Double
        do throws(SpoolDiskError) {
            share = try files.disk.space().usedShare
        } catch {
            throw SpoolWriteFailure(error)
        }
        withLedger { $0.diskUsedShare = share }
        return options.watermarks.level(usedShare: share)
    }

    private func startAhead() {
        do throws(SpoolDiskError) {
            try writer.withLock { (writer) throws(SpoolDiskError) in try writer.startAhead { _ = record($0) } }
        } catch {
            // The first append tries again; until then what waits can be shipped.
            withLedger { $0.failed("\(error)") }
        }
    }

    private func countDamaged() {
        do throws(SpoolDiskError) {
            let count = try files.damagedSegments().count
            withLedger { $0.damagedSegments = count }
        } catch {
            withLedger { $0.failed("\(error)") }
        }
    }
}

// MARK: - For bodies on their way

extension Spool {
    /// Takes one of the places for bodies that are received.
    func openBody() throws(SpoolError) {
        try checkRoomForBody()
        let refusal = shared.withLock { shared -> SpoolError? in
            if shared.queue.isClosed { return .closed }
            if shared.openBodies >= options.maximumOpenBodies { return .overloaded }
            shared.openBodies += 1
            return nil
        }
        if let refusal { throw refusal }
    }

    /// Counts bytes that are about to be written against the bound on the whole.
    func reserveBody(_ byteCount: Int) throws(SpoolError) {
        let fits = shared.withLock { shared in
            guard shared.depthBytes + shared.queue.bytes + byteCount <= options.maximumBytes else { return false }
            shared.openBodyBytes += byteCount
            return true
        }
        guard fits else { throw .full }
    }

    func forgetBody(_ byteCount: Int, wasOpened: Bool) {
        shared.withLock { shared in
            shared.openBodyBytes -= byteCount
            if wasOpened { shared.openBodies -= 1 }
        }
    }

    /// A body that was begun while there was room may still be refused when there is none any more.
    func checkRoomForBody() throws(SpoolError) {
        let share: Double
        do throws(SpoolDiskError) {
            share = try files.disk.space().usedShare
        } catch {
            throw failedBody(error)
        }
        withLedger { $0.diskUsedShare = share }
        guard options.watermarks.level(usedShare: share) < .scarce else { throw .diskScarce }
    }

    /// Notes that the disk failed, and says so to the sender.
    func failedBody(_ error: SpoolDiskError) -> SpoolError {
        let failure = SpoolWriteFailure(error)
        withLedger { $0.failed(failure.reason) }
        return failure.error
    }
}

// MARK: - For whoever waits for the inbox

extension Spool {
    /// Calls back once the inbox has the record at a position, perhaps at once; never, when it is lost before that or
    /// forgotten.
    func whenShipped(_ position: SpoolPosition, _ body: @escaping @Sendable () -> Void) {
        let isShipped = shared.withLock { shared in
            if position < shared.ledger.checkpoint.position { return true }
            shared.shipWaiters[position] = body
            return false
        }
        if isShipped { body() }
    }

    var waiterCount: Int { shared.withLock { $0.shipWaiters.count } }

    func forgetWaiter(for position: SpoolPosition) {
        shared.withLock { $0.shipWaiters[position] = nil }
    }

    /// The checkpoint has moved: everything before it is in the inbox.
    func tellWaiters() {
        let ready = shared.withLock { shared -> [@Sendable () -> Void] in
            let shipped = shared.shipWaiters.filter { $0.key < shared.ledger.checkpoint.position }
            for position in shipped.keys { shared.shipWaiters[position] = nil }
            return Array(shipped.values)
        }
        for waiter in ready { waiter() }
    }
}
