import FoundationEssentials
import HookgateCore

/// Everything that may be under way behind the pages.
struct WorkDesk: Sendable {
    let plan = LongWork<PlanReport>()
    let look = LongWork<WebhookLook>()
    let gates = LongWork<GateReport>()
    let archive = LongWork<ArchiveReport>()
    let examination = LongWork<DoctorReader.Report>()
    let probes = ProbeGate()
    let migration: LeasedWork<MigrationJob>
    let switchOver: LeasedWork<SwitchOverJob>
    let rotation: LeasedWork<RotationJob>
    let keeper: WorkKeeper

    init(_ parts: ConsoleParts) {
        let holder = UUID()
        let board = WorkBoard(parts.work, parts.time)
        self.migration = LeasedWork(parts, holder: holder, board: board)
        self.switchOver = LeasedWork(parts, holder: holder, board: board)
        self.rotation = LeasedWork(parts, holder: holder, board: board)
        self.keeper = WorkKeeper(parts, [self.migration, self.switchOver, self.rotation])
    }

    func end() async {
        await self.keeper.handOver()
        await self.plan.end()
        await self.look.end()
        await self.gates.end()
        await self.archive.end()
        await self.examination.end()
    }
}
