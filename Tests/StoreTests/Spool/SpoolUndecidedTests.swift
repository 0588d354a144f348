import HookgateCore
import Testing

@testable import Store

/// What nobody can decide has a bound of its own.
@Suite struct SpoolUndecidedTests {
    private static let unknown = AcceptedEvent.Disposition.undecided(.instance(InstanceName("stranger")))

    /// Room for two undecided events of 200 bytes.
    private static func spool(on disk: SimulatedDisk, _ manual: ManualExecution) throws -> Spool {
        var options = SpoolOptions.tiny
        let size = WaitingAppend(.sample(1, bodyBytes: 200, disposition: unknown)) { _ in }.byteCount
        options.maximumUndecidedBytes = 2 * size
        return try Spool(disk: disk, options: options, execution: manual.execution)
    }

    @Test func undecidedEventsOverTheirBoundAreRefusedAndDecidedOnesAreNot() throws {
        let manual = ManualExecution()
        let spool = try Self.spool(on: SimulatedDisk(), manual)
        let answers = Answers()
        for number in 1...UInt64(3) {
            spool.append(.sample(number, bodyBytes: 200, disposition: Self.unknown), to: answers)
            manual.runWriter()
        }
        #expect(answers.errors == [.undecidedFull])
        #expect(spool.statistics().isUndecidedAlarmed)
        spool.append(.sample(4, bodyBytes: 200), to: answers)
        manual.runWriter()
        #expect(answers.stored.count == 3)
    }

    @Test func shippingMakesRoomForThem() throws {
        let manual = ManualExecution()
        let spool = try Self.spool(on: SimulatedDisk(), manual)
        let answers = Answers()
        for number in 1...UInt64(2) {
            spool.append(.sample(number, bodyBytes: 200, disposition: Self.unknown), to: answers)
            manual.runWriter()
        }
        try spool.reader.advanceNow(past: spool.reader.nextNow(maximumRecords: 1, maximumBytes: .max))
        spool.append(.sample(3, bodyBytes: 200, disposition: Self.unknown), to: answers)
        spool.append(.sample(4, bodyBytes: 200, disposition: Self.unknown), to: answers)
        manual.runWriter()
        #expect(answers.errors == [.undecidedFull])
        #expect(answers.stored.count == 3)
        try spool.reader.advanceNow(past: spool.everything())
        #expect(spool.statistics().undecidedBytes == 0)
    }

    @Test func whatCouldNotBeWrittenTakesNoRoom() throws {
        let disk = SimulatedDisk()
        let manual = ManualExecution()
        let spool = try Self.spool(on: disk, manual)
        let answers = Answers()
        disk.set(SimulatedDisk.Faults(failingSyncs: 1))
        spool.append(.sample(1, bodyBytes: 200, disposition: Self.unknown), to: answers)
        manual.runWriter()
        #expect(answers.stored.isEmpty)
        #expect(spool.statistics().undecidedBytes == 0)
    }

    @Test func aLaterReleasesReasonKeepsTheEventHeld() throws {
        let event = AcceptedEvent.sample(1, disposition: .quarantined(.noClinic))
        var payload = SpoolRecord.encodeHead(of: event) + event.body
        let word = Array("no_clinic".utf8)
        let start = try #require(payload.indices.first { payload[$0...].starts(with: word) })
        payload.replaceSubrange(start..<start + word.count, with: Array("new_words".utf8))
        #expect(try SpoolRecord.decode(payload[...]).disposition == .quarantined(.undecided))
    }
}
