import FoundationEssentials
import HookgateCore
import Testing

struct CleanupValuesTests {
    private static let now = Date(timeIntervalSince1970: 1_764_000_000)

    @Test(arguments: ["hookgate_archive_20251124", "hookgate_archive_20251124_2", "hookgate_archive_20251124_10"])
    func anArchivesNameIsRead(text: String) {
        #expect(ArchiveName(text)?.text == text)
    }

    @Test(
        arguments: [
            "", "public", "hookgate", "hookgate_archive_", "hookgate_archive_2025112", "hookgate_archive_20251124_",
            "hookgate_archive_20251124_2_3", "hookgate_archive_20251124; DROP SCHEMA x", "hookgate_archive_２0251124",
            "HOOKGATE_ARCHIVE_20251124", "hookgate_archive_20251124_123456789",
        ])
    func noOtherSchemaIsAnArchive(text: String) {
        #expect(ArchiveName(text) == nil)
    }

    @Test func theNamesOfADayAreNumbered() throws {
        var taken: Set<String> = []
        for expected in ["hookgate_archive_20251124", "hookgate_archive_20251124_2", "hookgate_archive_20251124_3"] {
            let name = ArchiveName(at: Self.now, taken: taken)
            #expect(name.text == expected)
            #expect(ArchiveName(name.text) == name)
            taken.insert(name.text)
        }
    }

    @Test func sixTablesAreMovedAndTwoNever() {
        #expect(LegacySource.archived.count == 6)
        #expect(!LegacySource.archived.contains(.publicIntegrations))
        #expect(!LegacySource.archived.contains(.conversations))
    }

    @Test func aMarkCanBeComparedForSomeTablesAlone() {
        let mark = InventoryMark("public.evolution_instances 2 17\npublic.integrations 5 1\nhealthcare.clinics 1 1")
        let later = InventoryMark("public.evolution_instances 2 17\npublic.integrations 6 9\nhealthcare.clinics 1 1")
        #expect(mark.part(of: LegacySource.archived) == later.part(of: LegacySource.archived))
        #expect(mark.part(of: [.publicIntegrations]) != later.part(of: [.publicIntegrations]))
    }

    @Test func anOpenPlanHasEveryGateMet() {
        func plan(_ state: CleanupFinding.State) -> CleanupPlan {
            CleanupPlan(
                madeAt: Self.now, window: CoverageInterval(from: Self.now, until: Self.now),
                findings: CleanupGate.allCases.map { CleanupFinding($0, $0 == .webhooks ? state : .met, "") },
                tables: [], archive: ArchiveName(at: Self.now, taken: []), statements: [], digest: "", archives: [])
        }
        #expect(plan(.met).isOpen)
        // What nobody can say is no permission.
        #expect(!plan(.unknown).isOpen)
        #expect(plan(.notMet).obstacles.map(\.gate) == [.webhooks])
    }

    // MARK: The clock of rehearsals

    @Test func aScaledClockRunsFasterFromItsOriginOn() throws {
        let clock = try #require(ScaledClock("20160@2025-11-24T16:00:00Z"))
        #expect(clock.origin == Self.now)
        #expect(clock.time(at: Self.now.addingTimeInterval(-5)) == Self.now.addingTimeInterval(-5))
        #expect(clock.time(at: Self.now.addingTimeInterval(30)) == Self.now.addingTimeInterval(7 * 86_400))
        #expect(clock.source(of: TimeSource { Self.now.addingTimeInterval(60) }).now == clock.time(at: Self.now + 60))
    }

    @Test(
        arguments: [
            "", "2", "2@", "@2025-11-24T16:00:00Z", "0@2025-11-24T16:00:00Z", "-1@2025-11-24T16:00:00Z",
            "nan@2025-11-24T16:00:00Z", "1e9@2025-11-24T16:00:00Z", "2@yesterday",
        ])
    func noOtherTextIsAClock(text: String) {
        #expect(ScaledClock(text) == nil)
    }

    @Test func twoLooksTellWhatOthersDid() {
        func look(scans: Int64, own: Int64, writes: Int64 = 0, identity: Int64 = 1) -> TableLook {
            TableLook(
                source: .evolutionInstances, at: Self.now, identity: identity, scans: scans, writes: writes,
                ownScans: own,
                resetAt: nil)
        }
        let first = look(scans: 10, own: 3)
        #expect(look(scans: 14, own: 7).use(since: first) == TableUse(reads: 0, writes: 0))
        #expect(look(scans: 15, own: 7, writes: 2).use(since: first) == TableUse(reads: 1, writes: 2))
        #expect(look(scans: 14, own: 8).use(since: first) == TableUse(reads: 0, writes: 0))
        #expect(look(scans: 9, own: 3).use(since: first) == nil)
        #expect(look(scans: 14, own: 3, identity: 2).use(since: first) == nil)
    }
}
