import FoundationEssentials
import HookgateCore
import Testing

@testable import Store

/// Bodies in files of their own: there as long as their records need them, and no longer.
@Suite(.timeLimit(.minutes(1))) struct SpoolBodyTests {
    private let disk = SimulatedDisk()
    private let manual = ManualExecution()
    private let answers = Answers()

    private func open(_ options: SpoolOptions = .tiny, on other: SimulatedDisk? = nil) throws -> Spool {
        try Spool(disk: other ?? disk, options: options, execution: manual.execution)
    }

    private func append(_ event: AcceptedEvent, to spool: Spool) throws {
        try spool.appendLong(event, to: answers)
        manual.runWriter()
    }

    private func bodyNames(on other: SimulatedDisk? = nil) -> [String] {
        (other ?? disk).fileNames.filter { $0.contains(".body") || $0.hasPrefix("received-") }
    }

    @Test func aLongBodyComesBackWithItsEventAndGoesOnceItIsShipped() throws {
        let spool = try open()
        let events = [AcceptedEvent.sample(1, bodyBytes: 5_000), .sample(2), .sample(3, bodyBytes: 7_777)]
        try append(events[0], to: spool)
        spool.append(events[1], to: answers)
        manual.runWriter()
        try append(events[2], to: spool)
        #expect(answers.stored == events.map(\.id))
        for spool in [spool, try open()] {
            #expect(try spool.everything().entries.map(\.event) == events)
            #expect(spool.statistics().depthBytes >= 12_777)
        }
        #expect(bodyNames().count == 2)
        try spool.reader.advanceNow(past: try spool.everything())
        #expect(bodyNames().isEmpty)
        #expect(spool.statistics().depthBytes < 12_777)
    }

    @Test func whatWasAnsweredSurvivesAPowerCutWithItsBody() throws {
        for seed in UInt64(1)...40 {
            let disk = SimulatedDisk(seed: seed)
            let spool = try open(on: disk)
            let answers = Answers()
            let events = (1...4).map { AcceptedEvent.sample(UInt64($0), bodyBytes: 1_000 * $0) }
            for event in events { try spool.appendLong(event, to: answers) }
            manual.runWriter()
            #expect(answers.stored == events.map(\.id))
            disk.losePower()
            let reopened = try open(on: disk)
            #expect(try reopened.everything().entries.map(\.event) == events, "seed \(seed)")
        }
    }

    @Test func aBodyWithoutARecordIsRemovedAtTheStart() throws {
        let spool = try open()
        try append(.sample(1, bodyBytes: 900), to: spool)
        // Received and never stored: the process dies.
        let body = spool.makeBody()
        try body.write([1, 2, 3])
        // Moved to its place, and the record was not written any more.
        disk.put(BodyFiles.Name(segment: spool.lastSegment, sequence: 2).text, [1, 2, 3])
        // Of a segment that was shipped.
        disk.put(BodyFiles.Name(segment: 0, sequence: 1).text, [1])
        #expect(bodyNames().count == 4)
        let reopened = try open()
        #expect(reopened.recovery.removedBodies == 2)
        #expect(bodyNames() == [BodyFiles.Name(segment: spool.lastSegment, sequence: 1).text])
        #expect(try reopened.everyID() == [AcceptedEvent.sample(1).id])
        withExtendedLifetime(body) {}
    }

    @Test func aBodyThatIsGivenUpLeavesNothing() throws {
        let spool = try open()
        var body: (any SpoolBody)? = spool.makeBody()
        try body?.write([UInt8](repeating: 1, count: 500))
        #expect(spool.statistics().openBodies == 1)
        #expect(bodyNames().count == 1)
        body = nil
        manual.runPreparation()
        #expect(spool.statistics().openBodies == 0)
        #expect(bodyNames().isEmpty)
    }

    @Test func aBodyWhoseSyncFailsIsRefusedAndGone() throws {
        let spool = try open()
        disk.set(SimulatedDisk.Faults(failingSyncs: 1))
        #expect(throws: SpoolError.self) { try spool.appendLong(.sample(1, bodyBytes: 900), to: answers) }
        manual.runPreparation()
        #expect(!spool.statistics().isWritable)
        #expect(bodyNames().isEmpty)
        try append(.sample(2, bodyBytes: 900), to: spool)
        #expect(try spool.everyID() == [AcceptedEvent.sample(2).id])
    }

    @Test func aRecordThatCannotBeWrittenTakesItsBodyWithIt() throws {
        let spool = try open()
        try spool.appendLong(.sample(1, bodyBytes: 900), to: answers)
        disk.set(SimulatedDisk.Faults(failingSyncs: 4))
        manual.runWriter()
        manual.runPreparation()
        #expect(answers.errors.count == 1)
        #expect(bodyNames().isEmpty)
        #expect(try open().everyID().isEmpty)
    }

    @Test(arguments: [0, 450, 899])
    func aDamagedBodyIsCountedAsLostAndKeptAside(byte: Int) throws {
        let spool = try open()
        for number in UInt64(1)...3 { try append(.sample(number, bodyBytes: 900), to: spool) }
        let name = try #require(bodyNames().dropFirst().first)
        var bytes = try #require(disk.bytes(of: name))
        bytes[byte] ^= 1
        disk.put(name, bytes)
        let batch = try spool.everything()
        #expect(batch.entries.map(\.event.id) == [AcceptedEvent.sample(1).id, AcceptedEvent.sample(3).id])
        #expect(batch.lostRecords == 1)
        try spool.reader.advanceNow(past: batch)
        #expect(spool.statistics().lostRecords == 1)
        #expect(bodyNames() == [name])
    }

    @Test func aBodyOnARottenSectorOrGoneIsLostAndHoldsUpNothing() throws {
        for isGone in [false, true] {
            let disk = SimulatedDisk()
            let spool = try open(on: disk)
            let answers = Answers()
            try spool.appendLong(.sample(1, bodyBytes: 900_000), pieceBytes: 100_000, to: answers)
            spool.append(.sample(2), to: answers)
            manual.runWriter()
            if isGone {
                disk.remove(try #require(bodyNames(on: disk).first))
            } else {
                // Nothing but the body is that long.
                disk.set(SimulatedDisk.Faults(unreadable: [800_000]))
            }
            let batch = try spool.everything()
            #expect(batch.entries.map(\.event.id) == [AcceptedEvent.sample(2).id])
            #expect(batch.lostRecords == 1)
        }
    }

    @Test func aLostCheckpointDoesNotMakeShippedBodiesLookLost() throws {
        let spool = try open()
        for number in UInt64(1)...3 { try append(.sample(number, bodyBytes: 300), to: spool) }
        try spool.reader.advanceNow(past: try spool.reader.nextNow(maximumRecords: 2, maximumBytes: .max))
        disk.put(SpoolFiles.checkpointName, [1, 2, 3])
        let batch = try open().everything()
        #expect(batch.entries.map(\.event.id) == [AcceptedEvent.sample(3).id])
        #expect(batch.lostRecords == 0)
    }

    @Test func aBodyCountsAgainstTheBoundFromItsFirstByte() throws {
        var options = SpoolOptions.tiny
        options.maximumBytes = 20_000
        let spool = try open(options)
        let first = spool.makeBody()
        try first.write([UInt8](repeating: 1, count: 15_000))
        let second = spool.makeBody()
        #expect(throws: SpoolError.full) { try second.write([UInt8](repeating: 1, count: 15_000)) }
        spool.append(.sample(1, bodyBytes: 10_000), to: answers)
        #expect(answers.errors == [.full])
        withExtendedLifetime((first, second)) {}
    }

    @Test func bodiesThatAreReceivedAreBoundedInNumber() throws {
        var options = SpoolOptions.tiny
        options.maximumOpenBodies = 1
        let spool = try open(options)
        let first = spool.makeBody()
        try first.write([1])
        let second = spool.makeBody()
        #expect(throws: SpoolError.overloaded) { try second.write([1]) }
        withExtendedLifetime((first, second)) {}
    }

    @Test func undecidedBodiesCountAgainstTheBoundOnUndecidedOnes() throws {
        var options = SpoolOptions.tiny
        options.maximumUndecidedBytes = 2_000
        let spool = try open(options)
        let key = RoutingKey.instance(InstanceName("x"))
        try append(.sample(1, bodyBytes: 900, disposition: .undecided(key)), to: spool)
        try append(.sample(2, bodyBytes: 900, disposition: .undecided(key)), to: spool)
        #expect(answers.errors == [.undecidedFull])
        try spool.reader.advanceNow(past: try spool.everything())
        #expect(spool.statistics().undecidedBytes == 0)
    }

    @Test func aBodyThatIsMuchComesAloneInItsBatch() throws {
        let spool = try open()
        spool.append(.sample(1), to: answers)
        manual.runWriter()
        try append(.sample(2, bodyBytes: 5_000), to: spool)
        try append(.sample(3, bodyBytes: 600), to: spool)
        var batches: [[EventID]] = []
        while true {
            let batch = try spool.reader.nextNow(maximumRecords: 10, maximumBytes: 2_000)
            guard batch.advances else { break }
            batches.append(batch.entries.map(\.event.id))
            try spool.reader.advanceNow(past: batch)
        }
        #expect(batches.filter { !$0.isEmpty } == (1...3).map { [AcceptedEvent.sample(UInt64($0)).id] })
    }

    /// What a release that knows no body files can read must stay as it was.
    @Test func onlySegmentsWithLongBodiesHaveTheLaterFormat() throws {
        let spool = try open()
        spool.append(.sample(1), to: answers)
        manual.runWriter()
        #expect(versions() == [1])
        try append(.sample(2, bodyBytes: 500), to: spool)
        spool.append(.sample(3), to: answers)
        manual.runWriter()
        #expect(versions() == [1, 2])
        for number in UInt64(4)...12 { spool.append(.sample(number, bodyBytes: 400), to: answers) }
        manual.runWriter()
        #expect(versions().prefix(2) == [1, 2] && versions().last == 1)
        #expect(try spool.everyID().count == 12)
    }

    /// What a person does before going back to a release that knows no body files.
    @Test func aSpoolThatWasShippedHoldsNothingOfTheLaterFormat() async throws {
        let spool = try open()
        try append(.sample(1, bodyBytes: 500), to: spool)
        try spool.reader.advanceNow(past: try spool.everything())
        try await spool.reader.removeShipped()
        #expect(versions().isEmpty)
        #expect(bodyNames().isEmpty)
    }

    private func versions() -> [UInt16] {
        disk.fileNames.compactMap { name in
            guard SpoolFiles.segmentNumber(name) != nil, let bytes = disk.bytes(of: name),
                case .valid(let header) = SegmentHeader.decode(Array(bytes.prefix(SegmentHeader.regionByteCount)))
            else { return nil }
            return header.version
        }
    }

    @Test func whatOpeningReadsDoesNotGrowWithWhatWaits() throws {
        func bytesRead(openingAfter segments: Int) throws -> Int {
            let disk = SimulatedDisk()
            var options = SpoolOptions()
            options.segmentBytes = 64 << 10
            let spool = try open(options, on: disk)
            let answers = Answers()
            for number in 1...(UInt64(segments) * 4) {
                spool.append(.sample(number, bodyBytes: 15_000), to: answers)
                try spool.appendLong(.sample(number + 1_000_000, bodyBytes: 20_000), pieceBytes: 20_000, to: answers)
                manual.runWriter()
            }
            let before = disk.bytesRead
            let reopened = try open(options, on: disk)
            #expect(reopened.recovery.waitingRecords == UInt64(segments) * 8)
            return disk.bytesRead - before - disk.fileNames.count { SpoolFiles.segmentNumber($0) != nil } * 1_024
        }
        // But for a kilobyte of each segment, which in production has 64 MiB.
        #expect(try bytesRead(openingAfter: 40) == bytesRead(openingAfter: 10))
    }
}

extension Spool {
    fileprivate var lastSegment: UInt64 { withLedger { $0.segments.last?.number ?? 0 } }
}
