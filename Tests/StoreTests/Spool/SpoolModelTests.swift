import FoundationEssentials
import HookgateCore
import Store
import Testing

/// Random sequences of everything that can happen to a spool, against the one promise: what was acknowledged is
/// found, once, in order, and nothing is found that was never sent.
@Suite(.timeLimit(.minutes(10))) struct SpoolModelTests {
    /// Set HOOKGATE_MODEL_SEQUENCES for a longer search; each block is one core's work.
    private static let sequencesPerBlock =
        ProcessInfo.processInfo.environment["HOOKGATE_MODEL_SEQUENCES"].flatMap { UInt64($0) }.map { $0 / 8 } ?? 250

    @Test(arguments: UInt64(0)..<8)
    func acknowledgedEventsSurviveWhateverHappens(_ block: UInt64) throws {
        for seed in block * Self.sequencesPerBlock..<(block + 1) * Self.sequencesPerBlock {
            var model = try SpoolModel(seed: seed, options: .tiny)
            try model.run(actions: 40)
        }
    }

    @Test func acknowledgedEventsSurviveWithTheSizesOfProduction() throws {
        var model = try SpoolModel(seed: 4711, options: SpoolOptions())
        try model.run(actions: 25)
    }
}

private struct SpoolModel {
    private let seed: UInt64
    private let options: SpoolOptions
    private let disk: SimulatedDisk
    private var random: SeededGenerator
    private var manual = ManualExecution()
    private var spool: Spool
    private var answers = Answers()
    private var nextNumber: UInt64 = 1

    private var sent: [EventID: AcceptedEvent] = [:]
    /// In the order of their acknowledgement.
    private var acknowledged: [EventID] = []
    /// What the inbox has, in the order it came: durable elsewhere, and it ignores what it has already.
    private var inbox: [EventID] = []
    private var inInbox: Set<EventID> = []

    init(seed: UInt64, options: SpoolOptions) throws {
        self.seed = seed
        self.options = options
        self.random = SeededGenerator(seed: seed)
        self.disk = SimulatedDisk(seed: seed &* 31, sectorBytes: options.segmentBytes / 32)
        self.spool = try Spool(disk: disk, options: options, execution: manual.execution)
    }

    mutating func run(actions: Int) throws {
        for _ in 0..<actions { try act() }
        disk.set(SimulatedDisk.Faults())
        try restart(losingPower: Bool.random(using: &random))
        while try ship(.max, commits: true) {}
        try check()
    }

    private mutating func act() throws {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<40: append()
        case 40..<62: write()
        case 62..<70: manual.runPreparation()
        case 70..<80: try shipAfterFaults(Int.random(in: 1...6, using: &random), commits: true)
        case 80..<83: try shipAfterFaults(Int.random(in: 1...6, using: &random), commits: false)
        case 83..<91: injectFault()
        case 91..<95: try restart(losingPower: false)
        default: try restart(losingPower: true)
        }
    }

    private mutating func append() {
        for _ in 0..<Int.random(in: 1...5, using: &random) {
            let size = Int.random(in: 0..<20, using: &random) == 0 ? 4000 : Int.random(in: 30..<300, using: &random)
            let event = AcceptedEvent.sample(nextNumber, bodyBytes: size)
            nextNumber += 1
            sent[event.id] = event
            if Int.random(in: 0..<6, using: &random) == 0 {
                // Refused while its body was received: its sender was told so, and nothing may be left of it.
                try? spool.appendLong(event, pieceBytes: 90, to: answers)
            } else {
                spool.append(event, to: answers)
            }
        }
    }

    private mutating func write() {
        manual.runWriter()
        acknowledged += answers.stored
        answers = Answers()
    }

    private mutating func injectFault() {
        var faults = SimulatedDisk.Faults()
        switch Int.random(in: 0..<5, using: &random) {
        case 0: faults.failingSyncs = Int.random(in: 1...3, using: &random)
        case 1: faults.failingWrites = Int.random(in: 1...3, using: &random)
        case 2:
            faults.failingWrites = 1
            faults.tearsWrites = true
        case 3: faults.isFull = true
        default: break
        }
        disk.set(faults)
    }

    /// The disk may fail while shipping as well; then nothing is shipped, and that is all.
    private mutating func shipAfterFaults(_ records: Int, commits: Bool) throws {
        do {
            _ = try ship(records, commits: commits)
        } catch is SpoolDiskError {
            // The next attempt finds the same records again.
        }
    }

    /// `commits` false: the process dies between the inbox's commit and the checkpoint.
    private mutating func ship(_ records: Int, commits: Bool) throws -> Bool {
        let batch = try spool.reader.nextNow(maximumRecords: records, maximumBytes: .max)
        try #require(
            Set(batch.entries.map(\.event.id)).count == batch.entries.count, "twice in one batch, seed \(seed)")
        for entry in batch.entries {
            try #require(sent[entry.event.id] == entry.event, "invented or changed, seed \(seed)")
            if inInbox.insert(entry.event.id).inserted { inbox.append(entry.event.id) }
        }
        if commits { try spool.reader.advanceNow(past: batch) }
        return batch.advances && commits
    }

    private mutating func restart(losingPower: Bool) throws {
        if losingPower { disk.losePower() }
        // What was not completed never will be: its sender saw the connection break.
        manual = ManualExecution()
        answers = Answers()
        do {
            spool = try Spool(disk: disk, options: options, execution: manual.execution)
        } catch SpoolOpenError.disk {
            disk.set(SimulatedDisk.Faults())
            spool = try Spool(disk: disk, options: options, execution: manual.execution)
        }
    }

    private func check() throws {
        try #require(acknowledged.allSatisfy(inInbox.contains), "lost an acknowledged event, seed \(seed)")
        let isAcknowledged = Set(acknowledged)
        try #require(inbox.filter(isAcknowledged.contains) == acknowledged, "out of order, seed \(seed)")
        // A body is there exactly as long as somebody needs it.
        manual.runPreparation()
        let bodies = disk.fileNames.filter { $0.hasSuffix(".body") }
        let isKeptAside = disk.fileNames.contains { $0.hasSuffix(".damaged") }
        try #require(bodies.isEmpty || isKeptAside, "bodies are left, seed \(seed)")
        let statistics = spool.statistics()
        try #require(statistics.openBodies == 0, "a place of a body was not given back, seed \(seed)")
        try #require(statistics.depthRecords == 0, "something is left, seed \(seed)")
        try #require(
            statistics.acceptedRecords == statistics.shippedRecords + statistics.lostRecords, "balance, seed \(seed)")
    }
}
