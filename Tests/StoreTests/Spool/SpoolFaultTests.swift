import FoundationEssentials
import HookgateCore
import Store
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(1))) struct SpoolFaultTests {
    private let disk = SimulatedDisk()
    private let manual = ManualExecution()
    private let answers = Answers()

    @Test func failedSyncGivesTheSegmentUpAndTheNextAppendHasANewOne() throws {
        let spool = try open()
        append(1, to: spool)
        let first = logNames
        disk.set(SimulatedDisk.Faults(failingSyncs: 1))
        append(2, to: spool)
        #expect(answers.errors.count == 1)
        guard case .diskFailed(let reason) = answers.errors.first else {
            Issue.record("another error than a failed disk")
            return
        }
        #expect(reason.contains("fdatasync"))
        let bytes = disk.bytes(of: first[0])
        append(3, to: spool)
        #expect(disk.bytes(of: first[0]) == bytes, "a segment whose sync failed was written again")
        #expect(logNames.count == 2)
        #expect(try spool.everyID() == ids(1, 3))
        disk.losePower()
        let reopened = try open()
        #expect(try reopened.everyID() == ids(1, 3))
        #expect(try reopened.everything().lostRecords == 0)
    }

    @Test func refusedEventOfAFailedSegmentDoesNotComeBackWithAnothersNumber() throws {
        let spool = try open()
        append(1, to: spool)
        // Written, not synced: its bytes are in the file, and the file lives on without a power cut.
        disk.set(SimulatedDisk.Faults(failingSyncs: 1))
        append(2, to: spool)
        append(3, to: spool)
        append(4, to: spool)
        #expect(try open().everyID() == ids(1, 3, 4))
    }

    @Test(arguments: [false, true])
    func failedWriteIsNotStored(tears: Bool) throws {
        let spool = try open()
        append(1, to: spool)
        disk.set(SimulatedDisk.Faults(failingWrites: 1, tearsWrites: tears))
        append(2, to: spool)
        append(3, to: spool)
        #expect(answers.stored == ids(1, 3))
        #expect(try spool.everyID() == ids(1, 3))
        #expect(try open().everyID() == ids(1, 3))
    }

    @Test func spoolThatCannotStartASegmentSaysSoAndTriesWithEachBatch() throws {
        let spool = try open()
        manual.runPreparation()
        append(1, to: spool)
        disk.set(SimulatedDisk.Faults(failingSyncs: .max, failsCreation: true))
        append(2, to: spool)
        append(3, to: spool)
        #expect(answers.errors.count == 2)
        #expect(!spool.statistics().isWritable)
        #expect(try spool.everyID() == ids(1))
        disk.set(SimulatedDisk.Faults())
        append(4, to: spool)
        #expect(spool.statistics().isWritable)
        #expect(try spool.everyID() == ids(1, 4))
    }

    @Test func spoolThatNobodyAppendsToFindsTheDiskWritableAgain() throws {
        let spool = try open()
        disk.set(SimulatedDisk.Faults(isFull: true))
        append(1, to: spool)
        #expect(answers.errors.count == 1)
        spool.recheck()
        manual.runWriter()
        #expect(!spool.statistics().isWritable)
        disk.set(SimulatedDisk.Faults())
        spool.recheck()
        manual.runWriter()
        #expect(spool.statistics().isWritable)
        append(2, to: spool)
        #expect(try spool.everyID() == ids(2))
    }

    @Test func spoolOnABrokenDiskOpensForReading() throws {
        let spool = try open()
        append(1, to: spool)
        disk.set(SimulatedDisk.Faults(isFull: true))
        let reopened = try open()
        #expect(!reopened.statistics().isWritable)
        #expect(try reopened.everyID() == ids(1))
    }

    @Test func unreadableSectorCostsOnlyWhatIsInIt() throws {
        let spool = try open()
        for number in 1...8 { append(UInt64(number), to: spool) }
        let offset = try spool.everything().entries[3].position.offset
        let segment = try spool.everything().entries[3].position.segment
        disk.set(SimulatedDisk.Faults(unreadable: [Int(offset) + 30]))
        let batch = try spool.everything()
        // The simulated segment is smaller than one block of a real disk: all of it is gone, and nothing else.
        let gone = try #require(batch.lostRecords > 0 ? batch.lostRecords : nil)
        #expect(batch.entries.count == 8 - Int(gone))
        #expect(batch.entries.allSatisfy { $0.position.segment != segment })
        #expect(batch.checkpoint.sequence == 8)
    }

    @Test func damagedSegmentIsKeptAsideWhenItIsPassed() throws {
        let spool = try open()
        for number in 1...30 { append(UInt64(number), to: spool) }
        let entry = try spool.everything().entries[2]
        try flip(segment: entry.position.segment, at: Int(entry.position.offset) + 40)
        let reopened = try open()
        let batch = try reopened.everything()
        #expect(batch.lostRecords == 1)
        #expect(batch.entries.map(\.sequence) == [1, 2] + Array(4...30))
        try reopened.reader.advanceNow(past: batch)
        #expect(disk.fileNames.filter { $0.hasSuffix(".damaged") }.count == 1)
        #expect(reopened.statistics().damagedSegments == 1)
        #expect(reopened.statistics().lostRecords == 1)
        #expect(reopened.statistics().shippedRecords == 29)
        #expect(try open().statistics().lostRecords == 1)
    }

    @Test func unknownFormatVersionIsRefusedAndNothingIsTouched() throws {
        let spool = try open()
        append(1, to: spool)
        let name = logNames[0]
        var bytes = try #require(disk.bytes(of: name))
        // Both copies, with checksums that hold: what a later release would write.
        for copy in [0, 512] {
            bytes[copy + 8] = 9
            let checksum = CRC32C.checksum(bytes[copy..<copy + 60])
            withUnsafeBytes(of: checksum.littleEndian) { bytes.replaceSubrange(copy + 60..<copy + 64, with: $0) }
        }
        disk.put(name, bytes)
        let before = disk.fileNames
        #expect(throws: SpoolOpenError.formatTooNew(file: name, version: 9)) { try open() }
        #expect(disk.fileNames == before)
        #expect("\(SpoolOpenError.formatTooNew(file: name, version: 9))".contains("version 9, newer than"))
    }

    @Test func segmentWithoutAReadableHeadIsSetAsideAndCounted() throws {
        let spool = try open()
        for number in 1...30 { append(UInt64(number), to: spool) }
        let all = try spool.everything().entries
        let second = logNames[1]
        disk.put(second, [UInt8](repeating: 0xFF, count: 2048))
        let reopened = try open()
        #expect(reopened.recovery.unreadableSegments == [second])
        let kept = all.filter { $0.position.segment != SpoolFiles.segmentNumber(second) }
        let batch = try reopened.everything()
        #expect(batch.entries == kept)
        #expect(Int(batch.lostRecords) == all.count - kept.count)
    }

    @Test func lostCheckpointShipsAgainRatherThanNever() throws {
        let spool = try open()
        for number in 1...30 { append(UInt64(number), to: spool) }
        let first = try spool.reader.nextNow(maximumRecords: 20, maximumBytes: .max)
        try spool.reader.advanceNow(past: first)
        disk.put(SpoolFiles.checkpointName, Array("garbage".utf8))
        let reopened = try open()
        #expect(reopened.recovery.checkpointWasLost)
        let again = try reopened.everything()
        #expect(again.lostRecords == 0)
        #expect(again.entries.map(\.sequence).suffix(10) == Array(21...30)[...])
        #expect(reopened.statistics().acceptedRecords == 30)
    }

    private var logNames: [String] { disk.fileNames.filter { $0.hasSuffix(".log") } }

    private func open() throws -> Spool {
        try Spool(disk: disk, options: .tiny, execution: manual.execution)
    }

    private func append(_ number: UInt64, to spool: Spool) {
        spool.append(.sample(number), to: answers)
        manual.runWriter()
    }

    private func ids(_ numbers: UInt64...) -> [EventID] { numbers.map { AcceptedEvent.sample($0).id } }

    private func flip(segment: UInt64, at offset: Int) throws {
        let name = SpoolFiles.segmentName(segment)
        var bytes = try #require(disk.bytes(of: name))
        bytes[offset] ^= 0xFF
        disk.put(name, bytes)
    }
}
