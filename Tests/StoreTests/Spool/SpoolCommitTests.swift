import Dispatch
import FoundationEssentials
import HookgateCore
import Store
import Synchronization
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(1))) struct SpoolCommitTests {
    @Test func appendsThatArriveDuringASyncShareTheNext() async throws {
        let entered = AsyncStream.makeStream(of: Void.self)
        let gate = DispatchSemaphore(value: 0)
        let blocksNext = Atomic(false)
        let disk = SimulatedDisk(beforeSync: { _ in
            guard blocksNext.exchange(false, ordering: .relaxed) else { return }
            entered.continuation.yield()
            gate.wait()
        })
        var options = SpoolOptions()
        options.segmentBytes = 1 << 20
        let manual = ManualExecution()
        // Only batches sync here: the next segment is never prepared.
        let execution = SpoolExecution(
            write: SpoolExecution.threads().write, read: manual.execution.read, prepare: manual.execution.prepare)
        let spool = try Spool(disk: disk, options: options, execution: execution)
        blocksNext.store(true, ordering: .relaxed)
        let answers = Answers()
        spool.append(.sample(0), to: answers)
        var waiting = entered.stream.makeAsyncIterator()
        await waiting.next()
        let before = disk.fileSyncs
        for number in 1...1000 { spool.append(.sample(UInt64(number)), to: answers) }
        #expect(answers.count == 0)
        gate.signal()
        await spool.close()
        #expect(answers.stored.count == 1001)
        #expect(disk.fileSyncs - before <= 3)
        #expect(try spool.everyID() == (0...1000).map { AcceptedEvent.sample(UInt64($0)).id })
    }

    @Test func theNextSegmentGrowsAsTheOneThatIsWrittenDoes() throws {
        let syncs = Atomic(0)
        let disk = SimulatedDisk(beforeSync: {
            if $0 == SpoolFiles.unfinishedSpareName { syncs.add(1, ordering: .relaxed) }
        })
        var options = SpoolOptions()
        options.segmentBytes = 2 << 20
        let manual = ManualExecution()
        let spool = try Spool(disk: disk, options: options, execution: manual.execution)
        manual.runPreparation()
        // Nothing is written yet, so that nothing is in anybody's way.
        #expect(disk.bytes(of: SpoolFiles.unfinishedSpareName) == nil)
        let piece = UnfinishedSpare.pieceBytes
        let answers = Answers()
        syncs.store(0, ordering: .relaxed)
        for number in 0..<16 {
            spool.append(.sample(UInt64(number), bodyBytes: 100_000), to: answers)
            manual.runWriter()
            manual.runPreparation()
            let written = spool.statistics().depthBytes + SegmentHeader.regionByteCount
            let wanted = (written + written / 4 + piece - 1) / piece * piece
            guard wanted < options.segmentBytes else { break }
            #expect(disk.bytes(of: SpoolFiles.unfinishedSpareName)?.count == wanted)
            // Each piece is on the medium before the next is written.
            #expect(syncs.load(ordering: .relaxed) == wanted / piece)
        }
        #expect(disk.bytes(of: SpoolFiles.unfinishedSpareName) == nil)
        #expect(disk.bytes(of: SpoolFiles.spareName) == [UInt8](repeating: 0, count: options.segmentBytes))
        #expect(answers.errors.isEmpty)
    }

    @Test func noJobIsBegunForAPieceThatIsNotDueYet() throws {
        var options = SpoolOptions()
        options.segmentBytes = 1 << 20
        let manual = ManualExecution()
        let spool = try Spool(disk: SimulatedDisk(), options: options, execution: manual.execution)
        let answers = Answers()
        var jobs = 0
        for number in 0..<200 {
            spool.append(.sample(UInt64(number), bodyBytes: 1_000), to: answers)
            manual.runWriter()
            jobs += manual.preparationCount
            manual.runPreparation()
        }
        let wanted = (spool.statistics().depthBytes + SegmentHeader.regionByteCount) * 5 / 4
        #expect(jobs == wanted / UnfinishedSpare.pieceBytes + 1)
        #expect(answers.stored.count == 200)
    }

    @Test func aPieceThatCannotBeWrittenIsTriedAgainWithTheNextSegment() throws {
        let disk = SimulatedDisk()
        var options = SpoolOptions()
        options.segmentBytes = 512 << 10
        let manual = ManualExecution()
        let spool = try Spool(disk: disk, options: options, execution: manual.execution)
        let answers = Answers()
        func append(_ number: Int, failingSyncs: Int) {
            spool.append(.sample(UInt64(number), bodyBytes: 100_000), to: answers)
            manual.runWriter()
            disk.set(SimulatedDisk.Faults(failingSyncs: failingSyncs))
            manual.runPreparation()
            disk.set(SimulatedDisk.Faults())
        }
        for number in 0..<5 { append(number, failingSyncs: 1) }
        #expect(disk.fileNames.filter { $0.hasPrefix(SpoolFiles.spareName) } == [])
        for number in 5..<10 { append(number, failingSyncs: 0) }
        #expect(disk.bytes(of: SpoolFiles.spareName)?.count == options.segmentBytes)
        #expect(answers.stored.count == 10)
    }

    @Test func completionNeverComesBeforeTheSync() async throws {
        let answers = Answers()
        let round = Atomic(0)
        let synced = Mutex<Set<Int>>([])
        let disk = SimulatedDisk(beforeSync: { _ in
            let current = round.load(ordering: .relaxed)
            #expect(answers.count == current)
            synced.withLock { _ = $0.insert(current) }
        })
        let manual = ManualExecution()
        let spool = try Spool(disk: disk, options: .tiny, execution: manual.execution)
        synced.withLock { $0 = [] }
        for number in 0..<20 {
            round.store(number, ordering: .relaxed)
            spool.append(.sample(UInt64(number)), to: answers)
            manual.runWriter()
        }
        round.store(20, ordering: .relaxed)
        #expect(synced.withLock { $0 } == Set(0..<20))
        disk.losePower()
        #expect(try Spool(disk: disk, options: .tiny).everyID() == answers.stored)
    }

    /// Takes jobs, and runs them when the test says so.
    private final class Place: Sendable {
        private let jobs = Mutex<[SpoolExecution.Job]>([])

        var place: CompletionPlace { CompletionPlace(self) { job in self.jobs.withLock { $0.append(job) } } }

        /// How many jobs there were.
        func run() -> Int {
            let taken = jobs.withLock { jobs in
                defer { jobs = [] }
                return jobs
            }
            for job in taken { job() }
            return taken.count
        }
    }

    @Test func whatOneSyncStoresIsToldInOneJobAtEachPlace() throws {
        let (spool, manual, answers) = try open(SpoolOptions())
        let here = Place()
        let there = Place()
        let events = (0..<9).map { AcceptedEvent.sample(UInt64($0)) }
        for (number, event) in events.enumerated() {
            let place: CompletionPlace? = [here.place, there.place, nil][number % 3]
            spool.append(event, at: place, completion: answers.completion(for: event.id))
        }
        // Each place is asked to say when its turn ends.
        #expect(here.run() == 1 && there.run() == 1)
        manual.runWriter()
        #expect(answers.stored == [events[2], events[5], events[8]].map(\.id))
        #expect(here.run() == 1)
        #expect(answers.stored.suffix(3) == [events[0], events[3], events[6]].map(\.id))
        #expect(there.run() == 1)
        #expect(answers.stored.suffix(3) == [events[1], events[4], events[7]].map(\.id))
    }

    @Test func whatComesInOneTurnIsWrittenAtItsEnd() async throws {
        let (spool, manual, answers) = try open(SpoolOptions())
        let here = Place()
        func append(_ number: UInt64, at place: CompletionPlace?) {
            let event = AcceptedEvent.sample(number)
            spool.append(event, at: place, completion: answers.completion(for: event.id))
        }
        for number in 0..<UInt64(3) { append(number, at: here.place) }
        manual.runWriter()
        #expect(spool.statistics().acceptedRecords == 0)
        #expect(here.run() == 1)
        manual.runWriter()
        #expect(spool.statistics().acceptedRecords == 3)
        // An event of nowhere is written at once, and what has gathered with it.
        append(3, at: here.place)
        append(4, at: nil)
        manual.runWriter()
        #expect(spool.statistics().acceptedRecords == 5)
        #expect(spool.statistics().syncs == 2)
    }

    @Test(arguments: [true, false])
    func aLoopWaitsForTheWriterWhereItsEventsAreFewAndTheDiskIsQuick(isQuick: Bool) throws {
        var options = SpoolOptions()
        options.segmentBytes = 64 << 10
        options.loopPatience = isQuick ? .seconds(60) : .zero
        let manual = ManualExecution()
        let waits = Atomic(0)
        let execution = SpoolExecution(
            write: manual.execution.write, read: manual.execution.read, prepare: manual.execution.prepare,
            writeNext: { job, patience in
                #expect(patience == .seconds(60))
                waits.add(1, ordering: .relaxed)
                job()
            })
        let spool = try Spool(disk: SimulatedDisk(), options: options, execution: execution)
        let here = Place()
        let answers = Answers()
        var number: UInt64 = 0
        /// Returns whether the loop waited.
        func turn(events: Int) -> Bool {
            let before = waits.load(ordering: .relaxed)
            for _ in 0..<events {
                let event = AcceptedEvent.sample(number)
                spool.append(event, at: here.place, completion: answers.completion(for: event.id))
                number += 1
            }
            #expect(here.run() == 1)
            let waited = waits.load(ordering: .relaxed) > before
            #expect(spool.statistics().acceptedRecords == (waited ? number : number - UInt64(events)))
            manual.runWriter()
            #expect(here.run() == 1)
            #expect(answers.stored.count == Int(number))
            return waited
        }
        // How quick the disk is, is not known yet.
        #expect(!turn(events: 1))
        #expect(turn(events: 1) == isQuick)
        #expect(turn(events: 16) == isQuick)
        #expect(!turn(events: 17))
        #expect(turn(events: 1) == isQuick)
    }

    @Test func whoSharesAProcessorWithTheWriterWaitsForItAndNotForever() {
        let execution = SpoolExecution.threads(sharesProcessor: true)
        let ended = Atomic(0)
        let end: SpoolExecution.Job = { ended.add(1, ordering: .sequentiallyConsistent) }
        execution.writeNext(end, .seconds(60))
        #expect(ended.load(ordering: .sequentiallyConsistent) == 1)
        let gate = DispatchSemaphore(value: 0)
        execution.writeNext({ gate.wait() }, .milliseconds(1))
        #expect(ended.load(ordering: .sequentiallyConsistent) == 1)
        gate.signal()
        execution.writeNext(end, .seconds(60))
        #expect(ended.load(ordering: .sequentiallyConsistent) == 2)
    }

    @Test func aTurnWithoutEndIsWrittenBitByBitAndAtTheClose() async throws {
        let (spool, manual, answers) = try open(SpoolOptions())
        let here = Place()
        for number in 0..<UInt64(130) {
            let event = AcceptedEvent.sample(number)
            spool.append(event, at: here.place, completion: answers.completion(for: event.id))
        }
        manual.runWriter()
        #expect(spool.statistics().acceptedRecords == 130)
        let last = AcceptedEvent.sample(130)
        spool.append(last, at: here.place, completion: answers.completion(for: last.id))
        manual.runWriter()
        #expect(spool.statistics().acceptedRecords == 130)
        async let closed: Void = spool.close()
        while spool.statistics().acceptedRecords == 130 {
            manual.runWriter()
            await Task.yield()
        }
        await closed
        #expect(spool.statistics().acceptedRecords == 131)
    }

    @Test func whatCannotBeWrittenIsToldAtItsPlaceAndWhatIsNotEvenTakenAtOnce() throws {
        var options = SpoolOptions()
        options.maximumWaitingRecords = 2
        let disk = SimulatedDisk()
        let (spool, manual, answers) = try open(options, on: disk)
        let here = Place()
        for number in 0..<UInt64(3) {
            let event = AcceptedEvent.sample(number)
            spool.append(event, at: here.place, completion: answers.completion(for: event.id))
        }
        #expect(answers.errors == [.overloaded])
        disk.set(SimulatedDisk.Faults(failingWrites: 1))
        #expect(here.run() == 1)
        manual.runWriter()
        #expect(answers.count == 1)
        #expect(here.run() == 1)
        #expect(answers.count == 3 && answers.stored.isEmpty)
    }

    @Test func tooManyWaitingAreRefusedAsOverload() throws {
        var options = SpoolOptions.tiny
        options.maximumWaitingRecords = 3
        let (spool, manual, answers) = try open(options)
        for number in 0..<UInt64(5) { spool.append(.sample(number), to: answers) }
        #expect(answers.errors == [.overloaded, .overloaded])
        manual.runWriter()
        #expect(answers.stored.count == 3)
        spool.append(.sample(9), to: answers)
        manual.runWriter()
        #expect(answers.stored.count == 4)
    }

    @Test func tooManyWaitingBytesAreRefusedAsOverload() throws {
        var options = SpoolOptions.tiny
        options.maximumWaitingBytes = 3000
        let (spool, manual, answers) = try open(options)
        for number in 0..<UInt64(3) { spool.append(.sample(number, bodyBytes: 1200), to: answers) }
        manual.runWriter()
        #expect(answers.errors == [.overloaded])
        #expect(answers.stored.count == 2)
    }

    @Test func boundOnTheWholeRefusesUntilSomethingIsShipped() throws {
        var options = SpoolOptions.tiny
        options.maximumBytes = 8192
        let (spool, manual, answers) = try open(options)
        var number: UInt64 = 0
        while answers.errors.isEmpty, number < 100 {
            spool.append(.sample(number), to: answers)
            manual.runWriter()
            number += 1
        }
        #expect(answers.errors == [.full])
        #expect(spool.statistics().depthBytes <= 8192)
        try spool.reader.advanceNow(past: spool.everything())
        spool.append(.sample(number), to: answers)
        manual.runWriter()
        #expect(answers.stored.last == AcceptedEvent.sample(number).id)
    }

    @Test func fullDiskRefusesAndRecoversByItself() throws {
        let disk = SimulatedDisk()
        let (spool, manual, answers) = try open(.tiny, on: disk)
        disk.set(SimulatedDisk.Faults(isFull: true))
        spool.append(.sample(1), to: answers)
        manual.runWriter()
        #expect(answers.errors == [.full])
        #expect(!spool.statistics().isWritable)
        disk.set(SimulatedDisk.Faults())
        spool.append(.sample(2), to: answers)
        manual.runWriter()
        #expect(answers.stored == [AcceptedEvent.sample(2).id])
        #expect(spool.statistics().isWritable)
    }

    @Test func closedSpoolRefusesAndHasFlushed() async throws {
        let spool = try Spool(disk: SimulatedDisk(), options: .tiny)
        let answers = Answers()
        for number in 0..<UInt64(50) { spool.append(.sample(number), to: answers) }
        await spool.close()
        #expect(answers.stored.count == 50)
        spool.append(.sample(50), to: answers)
        #expect(answers.errors == [.closed])
        await spool.close()
    }

    @Test func largeEventGetsASegmentOfItsOwn() throws {
        let disk = SimulatedDisk()
        let (spool, manual, answers) = try open(.tiny, on: disk)
        let events = [
            AcceptedEvent.sample(1), .sample(2, bodyBytes: 200_000), .sample(3), .sample(4, bodyBytes: 1900),
            .sample(5),
        ]
        for event in events { spool.append(event, to: answers) }
        manual.runWriter()
        #expect(answers.stored == events.map(\.id))
        #expect(try spool.everything().entries.map(\.event) == events)
        disk.losePower()
        #expect(try Spool(disk: disk, options: .tiny).everything().entries.map(\.event) == events)
    }

    private func open(
        _ options: SpoolOptions, on disk: SimulatedDisk = SimulatedDisk()
    ) throws -> (Spool, ManualExecution, Answers) {
        let manual = ManualExecution()
        return (try Spool(disk: disk, options: options, execution: manual.execution), manual, Answers())
    }
}
