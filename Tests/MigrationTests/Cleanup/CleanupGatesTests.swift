import FoundationEssentials
import HookgateCore
import Migration
import Testing

/// What evidence comes to, gate by gate.
struct CleanupGatesTests {
    private static let now = Date(timeIntervalSince1970: 1_764_000_000)
    private static let window = CoverageInterval(from: now.addingTimeInterval(-14 * 86_400), until: now)

    private static func ago(_ seconds: TimeInterval) -> Date { now.addingTimeInterval(-seconds) }
    private static let day: TimeInterval = 86_400

    // MARK: Traffic on the old URLs

    private static func traffic(_ name: String, seen: TimeInterval, live: TimeInterval?) -> LegacyTraffic {
        LegacyTraffic(
            instance: InstanceName(name),
            traffic: RouteTraffic(
                firstSeen: ago(100 * day), lastSeen: ago(seen), lastLive: live.map { ago($0) }, events: 9, retries: 2))
    }

    @Test(
        arguments: [
            // Seen last, live last, switched, and whether the gate holds.
            (20 * day, 20 * day, nil, true),
            (3 * day, 3 * day, nil, false),
            (3 * day, 3 * day, 30 * day, false),
            (3 * day, 3 * day, 3 * day + 60, false),
            // Under way when the webhook was switched over, just before the window.
            (14 * day - 60, 14 * day - 60, 14 * day + 600, true),
            (14 * day - 3_600, 14 * day - 3_600, 14 * day + 600, false),
            // Retries alone, of what came before the window.
            (14 * day - 60, 14 * day + 60, nil, true),
            (3 * day, nil, nil, true),
        ] as [(TimeInterval, TimeInterval?, TimeInterval?, Bool)])
    func oldURLsMustBeSilentThroughoutTheWindow(
        seen: TimeInterval, live: TimeInterval?, switched: TimeInterval?, holds: Bool
    ) {
        let finding = CleanupGates.legacyTraffic(
            [Self.traffic("a", seen: seen, live: live)],
            switched: switched.map { [InstanceName("a"): Self.ago($0)] } ?? [:], window: Self.window)
        #expect(finding.state == (holds ? .met : .notMet))
    }

    @Test func theFindingSaysWhenItWouldHold() {
        let finding = CleanupGates.legacyTraffic(
            [
                Self.traffic("a", seen: 2 * Self.day, live: 2 * Self.day),
                Self.traffic("b", seen: Self.day, live: Self.day),
            ],
            switched: [:], window: Self.window)
        #expect(finding.total == 2)
        #expect(finding.summary.contains(Self.now.addingTimeInterval(13 * Self.day).formatted(.iso8601)))
        #expect(finding.evidence.map(\.at) == [Self.ago(2 * Self.day), Self.ago(Self.day)])
        #expect(finding.remedy?.commands.isEmpty == false)
    }

    // MARK: Coverage

    private static func report(_ gaps: [(from: TimeInterval, seconds: TimeInterval)]) -> CoverageReport {
        var report = CoverageReport(window: window)
        var start = window.from
        for gap in gaps.sorted(by: { $0.from > $1.from }) {
            report.add(CoverageInterval(from: start, until: ago(gap.from)))
            start = ago(gap.from - gap.seconds)
        }
        report.add(CoverageInterval(from: start, until: window.until))
        report.finish()
        return report
    }

    @Test(
        arguments: [
            ([], true), ([(5 * day, 30)], true), ([(5 * day, 15 * 60)], true), ([(5 * day, 15 * 60 + 1)], false),
            // Short gaps, and too many of them: 1 % of two weeks is 3 h 21 min.
            ((1...13).map { (Double($0) * day, 15 * 60) }, true),
            ((1...27).map { (Double($0) * day / 2, 15 * 60) }, false),
            ([(14 * day, 13 * day)], false),
        ] as [([(TimeInterval, TimeInterval)], Bool)])
    func gapsOfARestartAreLetPass(gaps: [(TimeInterval, TimeInterval)], holds: Bool) {
        let finding = CleanupGates.observation(Self.report(gaps.map { ($0.0, $0.1) }))
        #expect(finding.state == (holds ? .met : .notMet), "\(finding.summary)")
    }

    @Test func whatAGatewayHasYetToWriteDownIsNoGap() {
        let quiet = CleanupGates.observation(Self.report([(4, 4)]))
        #expect(quiet.summary == "all of the last 14 days" && quiet.evidence.isEmpty)
        let restarted = CleanupGates.observation(Self.report([(4, 4), (5 * Self.day, 30)]))
        #expect(restarted.summary == "all of the window but 30 seconds in 1 short gap")
        #expect(restarted.total == 1 && restarted.evidence.count == 1)
        // Longer than any gateway is behind.
        #expect(CleanupGates.observation(Self.report([(61, 61)])).summary.contains("61 seconds"))
    }

    @Test func aWindowThatNobodyWatchedProvesNothing() {
        var report = CoverageReport(window: Self.window)
        report.finish()
        #expect(CleanupGates.observation(report).state == .notMet)
    }

    // MARK: Readers

    private static func look(
        _ age: TimeInterval, scans: Int64 = 0, writes: Int64 = 0, own: Int64 = 0, identity: Int64 = 1,
        reset: Date? = nil
    ) -> TableLook {
        TableLook(
            source: .evolutionInstances, at: ago(age), identity: identity, scans: scans, writes: writes, ownScans: own,
            resetAt: reset)
    }

    @Test func twoLooksADayApartProveThatNobodyReads() {
        #expect(CleanupGates.readers([Self.look(0)], accepted: nil, at: Self.now).state == .unknown)
        #expect(
            CleanupGates.readers([Self.look(3_600), Self.look(0)], accepted: nil, at: Self.now).state == .unknown)
        #expect(
            CleanupGates.readers([Self.look(Self.day), Self.look(0)], accepted: nil, at: Self.now).state == .met)
    }

    @Test func ourOwnReadsAreToldApart() {
        let looks = [Self.look(2 * Self.day, scans: 10, own: 4), Self.look(0, scans: 15, own: 9)]
        #expect(CleanupGates.readers(looks, accepted: nil, at: Self.now).state == .met)
        let others = [Self.look(2 * Self.day, scans: 10, own: 4), Self.look(0, scans: 16, own: 9)]
        let finding = CleanupGates.readers(others, accepted: nil, at: Self.now)
        #expect(finding.state == .notMet)
        #expect(finding.evidence.first?.detail.hasPrefix("1 reads and 0 writes") == true)
    }

    @Test func readsOfLongAgoAreForgivenAndThoseOfTodayAreNot() {
        let old = Self.look(5 * Self.day, scans: 1)
        #expect(
            CleanupGates.readers(
                [old, Self.look(2 * Self.day, scans: 3), Self.look(0, scans: 3)], accepted: nil, at: Self.now
            ).state == .met)
        #expect(
            CleanupGates.readers(
                [old, Self.look(3_600, scans: 3), Self.look(0, scans: 3)], accepted: nil, at: Self.now
            ).state == .notMet)
    }

    @Test func acceptedReadsPassAndWritesNever() {
        let reads = [Self.look(2 * Self.day), Self.look(0, scans: 14)]
        let finding = CleanupGates.readers(reads, accepted: "nightly pg_dump", at: Self.now)
        #expect(finding.state == .met)
        #expect(finding.summary.contains("nightly pg_dump"))
        let writes = [Self.look(2 * Self.day), Self.look(0, writes: 1)]
        #expect(CleanupGates.readers(writes, accepted: "known", at: Self.now).state == .notMet)
    }

    @Test func countersThatBeganAnewProveNothing() {
        for earlier in [
            Self.look(2 * Self.day, identity: 2), Self.look(2 * Self.day, scans: 9),
            Self.look(2 * Self.day, reset: Self.ago(9)),
        ] {
            #expect(CleanupGates.readers([earlier, Self.look(0)], accepted: nil, at: Self.now).state == .unknown)
        }
    }

    // MARK: Instances

    private static func verification(
        mark: String = "public.evolution_instances 1 5\npublic.integrations 3 4", missing: Int = 0,
        excluded: [String: String] = [:]
    ) -> FleetVerification {
        FleetVerification(
            verifiedAt: ago(60), mark: InventoryMark(mark), verified: 5, mismatched: 0, missing: missing, undecided: 0,
            excluded: Dictionary(uniqueKeysWithValues: excluded.map { (InstanceName($0.key), $0.value) }))
    }

    private static func instances(
        _ verification: FleetVerification?, mark: String = "public.evolution_instances 1 5\npublic.integrations 3 4",
        unmatched: [String] = []
    ) -> CleanupFinding.State {
        CleanupGates.instances(
            verification, markNow: InventoryMark(mark),
            unmatched: (unmatched.map { InstanceName($0) }, unmatched.count)
        ).state
    }

    @Test func theFleetMustBeVerifiedAsItIs() {
        #expect(Self.instances(nil) == .unknown)
        #expect(Self.instances(Self.verification()) == .met)
        #expect(Self.instances(Self.verification(missing: 1)) == .notMet)
        // A legacy row has changed; rows of a table that stays may.
        #expect(Self.instances(Self.verification(), mark: "public.evolution_instances 1 6") == .notMet)
        #expect(
            Self.instances(Self.verification(), mark: "public.evolution_instances 1 5\npublic.integrations 9 9") == .met
        )
    }

    @Test func anInstanceWithoutAnIntegrationPassesOnlyByADecision() {
        #expect(Self.instances(Self.verification(), unmatched: ["x"]) == .notMet)
        #expect(Self.instances(Self.verification(excluded: ["x": "closed"]), unmatched: ["x"]) == .met)
        #expect(Self.instances(Self.verification(excluded: ["x": "closed"]), unmatched: ["x", "y"]) == .notMet)
    }

    // MARK: Evolution

    private static func standing(
        _ finding: WebhookFinding, connection: EvolutionConnection? = .open
    ) -> WebhookStanding {
        WebhookStanding(
            instance: InstanceName("a"), title: nil, legacyRows: 1, integrations: 1, server: "default",
            connection: connection, finding: finding, switchOver: nil)
    }

    @Test(arguments: [
        (WebhookFinding.inStep, CleanupFinding.State.met), (.silent, .met), (.orphan, .met), (.onlyLegacy, .met),
        (.missingAtEvolution, .met), (.onOldURL, .notMet), (.onOtherToken, .notMet), (.elsewhere, .notMet),
        (.eventsMissing, .notMet), (.notMigrated, .notMet), (.onSeveralServers(["x", "y"]), .notMet),
        (.severalIntegrations, .notMet), (.withoutToken, .notMet), (.notLoaded, .unknown),
    ])
    func everyWebhookMustPointToItsTokenURL(finding: WebhookFinding, state: CleanupFinding.State) {
        let found = CleanupGates.webhooks(
            [Self.standing(.inStep), Self.standing(finding)], failures: [], isAsked: true, at: Self.now)
        #expect(found.state == state)
    }

    @Test func withoutAnAnswerNobodyKnows() {
        #expect(CleanupGates.webhooks([], failures: [], isAsked: false, at: Self.now).state == .unknown)
        #expect(
            CleanupGates.webhooks(
                [Self.standing(.inStep)], failures: [("eu", .unreachable("down"))], isAsked: true, at: Self.now
            ).state == .unknown)
    }

    @Test(arguments: SwitchOverState.allCases)
    func onlyAConfirmedSwitchOverIsDone(state: SwitchOverState) {
        let entry = SwitchOverEntry(
            run: RunID(UUID()), instance: InstanceName("a"), integrationID: IntegrationID(UUID()), server: "default",
            state: state, previous: nil, urlDigest: TokenDigest(of: "x"), changedAt: Self.ago(60))
        func finding(_ names: Set<InstanceName>, _ standings: [WebhookStanding] = []) -> CleanupFinding.State {
            CleanupGates.switchOvers([entry], integrations: names, standings: standings).state
        }
        #expect(finding([InstanceName("a")]) == (state == .confirmed ? .met : .notMet))
        // Of an instance that nobody has any more it does not matter.
        #expect(finding([]) == .met)
        // Without a phone no event can come.
        let closed = Self.standing(.inStep, connection: .closed)
        #expect(finding([InstanceName("a")], [closed]) == ([.confirmed, .configured].contains(state) ? .met : .notMet))
        #expect(finding([InstanceName("a")], [Self.standing(.inStep)]) == (state == .confirmed ? .met : .notMet))
    }
}
