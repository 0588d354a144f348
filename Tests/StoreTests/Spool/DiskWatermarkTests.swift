import HookgateCore
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(1))) struct DiskWatermarkTests {
    private static let undecided = AcceptedEvent.Disposition.undecided(.instance(InstanceName("x")))

    @Test(arguments: [
        (0.79, DiskWatermarks.Level.fine), (0.81, .alarm), (0.90, .alarm), (0.91, .scarce), (0.95, .scarce),
        (0.96, .full), (1, .full),
    ])
    func eachShareOfTheDiskHasItsLevel(share: Double, level: DiskWatermarks.Level) {
        #expect(DiskWatermarks().level(usedShare: share) == level)
    }

    /// What can best be done without goes first: an undecided event, then a held or a long one, then all.
    @Test func whatIsKeptBackFromUsIsNeitherUsedNorThere() {
        // Of 252 blocks 24 are in use and 71 may be: `df` says 25 %.
        let space = DiskSpace(usedBytes: 24, availableBytes: 71)
        #expect(abs(space.usedShare - 24.0 / 95) < 0.001)
        #expect(DiskWatermarks().level(usedShare: space.usedShare) == .fine)
        #expect(DiskSpace(usedBytes: 95, availableBytes: 0).usedShare == 1)
    }

    @Test(arguments: [
        (0.5, [true, true, true, true]), (0.85, [false, true, true, true]), (0.92, [false, false, false, true]),
        (0.97, [false, false, false, false]),
    ])
    func theFullerTheDiskTheLessIsStored(share: Double, isStored: [Bool]) throws {
        let disk = SimulatedDisk()
        let manual = ManualExecution()
        let spool = try Spool(disk: disk, options: .tiny, execution: manual.execution)
        var faults = SimulatedDisk.Faults()
        faults.usedShare = share
        disk.set(faults)
        let kinds: [AcceptedEvent] = [
            .sample(1, disposition: Self.undecided), .sample(2, disposition: .quarantined(.noClinic)),
            .sample(3, bodyBytes: 900), .sample(4),
        ]
        for (event, isStored) in zip(kinds, isStored) {
            let answers = Answers()
            let isLong = event.body.count == 900
            var refusals: [SpoolError] = []
            do throws(SpoolError) {
                if isLong { try spool.appendLong(event, to: answers) } else { spool.append(event, to: answers) }
            } catch {
                refusals.append(error)
            }
            manual.runWriter()
            #expect(answers.stored.isEmpty != isStored, "\(event.disposition)")
            if !isStored { #expect((answers.errors + refusals).count == 1) }
        }
        #expect(spool.statistics().diskLevel == DiskWatermarks().level(usedShare: share))
    }

    @Test func oneLookAtTheDiskIsEnoughToSeeItHasRoomAgain() throws {
        let disk = SimulatedDisk()
        let manual = ManualExecution()
        let spool = try Spool(disk: disk, options: .tiny, execution: manual.execution)
        var faults = SimulatedDisk.Faults()
        for (share, level) in [(0.97, DiskWatermarks.Level.full), (0.85, .alarm), (0.1, .fine)] {
            faults.usedShare = share
            disk.set(faults)
            spool.recheck()
            spool.recheck()
            manual.runWriter()
            #expect(spool.statistics().diskLevel == level)
            #expect(spool.statistics().isWritable == (level < .full))
        }
    }
}
