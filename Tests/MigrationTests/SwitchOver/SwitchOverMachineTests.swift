import FoundationEssentials
import HookgateCore
import Testing

@testable import Migration

/// The decisions of one instance's switch-over, without anything around them.
struct SwitchOverMachineTests {
    private static let name = InstanceName("a")
    private static let new = "https://new.example.test/webhooks/evolution/whatsapp/token"
    private static let old = EvolutionWebhookSettings(
        url: "https://old.example.test/webhooks/evolution/a", isEnabled: true, events: ["CALL"])

    private static func webhook(_ settings: EvolutionWebhookSettings?) -> EvolutionWebhook {
        EvolutionWebhook(settings: settings, text: "as it came")
    }

    private static func entry(_ state: SwitchOverState, previous: EvolutionWebhookSettings? = old) -> SwitchOverEntry {
        SwitchOverEntry(
            run: RunID(UUID()), instance: name, integrationID: IntegrationID(UUID()), server: "main", state: state,
            previous: previous.map { webhook($0) }, urlDigest: TokenDigest(of: new), changedAt: .now)
    }

    private static func machine(_ entry: SwitchOverEntry? = nil, isRollback: Bool = false) -> SwitchOverMachine {
        SwitchOverMachine(
            instance: name, url: new, entry: entry, policy: SwitchOverMachine.Policy(looks: [.zero, .seconds(1)]),
            isRollback: isRollback)
    }

    @Test func theWayThere() {
        var machine = Self.machine()
        let wanted = Self.old.pointing(to: Self.new)
        #expect(machine.begin() == .read)
        #expect(machine.next(after: .settings(Self.webhook(Self.old))) == .record(.snapshotted))
        #expect(machine.previous == Self.webhook(Self.old))
        #expect(machine.next(after: .recorded) == .probe)
        #expect(machine.next(after: .proven) == .record(.setting))
        #expect(machine.next(after: .recorded) == .set(wanted))
        #expect(machine.next(after: .accepted) == .look(after: .zero))
        #expect(machine.next(after: .settings(Self.webhook(Self.old))) == .look(after: .seconds(1)))
        #expect(machine.next(after: .settings(Self.webhook(wanted))) == .record(.configured))
        #expect(machine.next(after: .recorded) == .finish(.configured))
    }

    @Test func aSetThatDoesNotShowIsSentOnceMoreAndNoThirdTime() {
        var machine = Self.machine(Self.entry(.snapshotted))
        let wanted = Self.old.pointing(to: Self.new)
        let before = SwitchOverMachine.Result.settings(Self.webhook(Self.old))
        #expect(machine.next(after: before) == .probe)
        #expect(machine.next(after: .proven) == .record(.setting))
        #expect(machine.next(after: .recorded) == .set(wanted))
        // An answer that never came is looked for like one that did.
        #expect(machine.next(after: .failed(.unanswered("reset"))) == .look(after: .zero))
        #expect(machine.next(after: before) == .look(after: .seconds(1)))
        #expect(machine.next(after: before) == .set(wanted))
        #expect(machine.next(after: .accepted) == .look(after: .zero))
        #expect(machine.next(after: before) == .look(after: .seconds(1)))
        #expect(machine.next(after: before) == .finish(.notTaken))
    }

    @Test func aSetThatFailedAndDoesNotShowIsSaidWithItsReason() {
        let fault = EvolutionFailure.serverFault(status: 500, reason: "the pool is full")
        let before = SwitchOverMachine.Result.settings(Self.webhook(Self.old))
        var machine = Self.machine(Self.entry(.snapshotted))
        _ = machine.next(after: before)
        _ = machine.next(after: .proven)
        _ = machine.next(after: .recorded)
        for last in [SwitchOverMachine.Step.set(Self.old.pointing(to: Self.new)), .finish(.failed(fault))] {
            #expect(machine.next(after: .failed(fault)) == .look(after: .zero))
            #expect(machine.next(after: before) == .look(after: .seconds(1)))
            #expect(machine.next(after: before) == last)
        }
        var back = Self.machine(Self.entry(.configured), isRollback: true)
        let ours = SwitchOverMachine.Result.settings(Self.webhook(Self.old.pointing(to: Self.new)))
        #expect(back.next(after: ours) == .record(.restoring))
        #expect(back.next(after: .recorded) == .set(Self.old))
        #expect(back.next(after: .failed(fault)) == .look(after: .zero))
        #expect(back.next(after: ours) == .look(after: .seconds(1)))
        #expect(back.next(after: ours) == .finish(.failed(fault)))
        var deaf = Self.machine(Self.entry(.configured), isRollback: true)
        _ = deaf.next(after: ours)
        _ = deaf.next(after: .recorded)
        _ = deaf.next(after: .accepted)
        _ = deaf.next(after: ours)
        #expect(deaf.next(after: ours) == .finish(.notRestored))
    }

    @Test func aServerThatChangesMoreThanTheURLGetsTheOldSettingsBack() {
        var machine = Self.machine(Self.entry(.setting))
        var damaged = Self.old.pointing(to: Self.new)
        damaged.events = ["CALL", "MESSAGES_UPSERT"]
        #expect(machine.next(after: .settings(Self.webhook(damaged))) == .record(.restoring))
        #expect(machine.next(after: .recorded) == .set(Self.old))
        #expect(machine.next(after: .accepted) == .look(after: .zero))
        #expect(machine.next(after: .settings(Self.webhook(Self.old))) == .record(.rolledBack))
        #expect(machine.next(after: .recorded) == .finish(.undone([.events])))
    }

    @Test(arguments: [SwitchOverState.setting, .configured, .confirmed, .restoring])
    func aWayBackThatAnOldAnswerShowsHasStillToBeGone(state: SwitchOverState) {
        let (before, after) = (Self.webhook(Self.old), Self.webhook(Self.old.pointing(to: Self.new)))
        var fooled = Self.machine(Self.entry(state), isRollback: true)
        #expect(fooled.next(after: .settings(before)) == .look(after: .seconds(1)))
        #expect(fooled.next(after: .settings(after)) == .record(.restoring))
        var back = Self.machine(Self.entry(state), isRollback: true)
        #expect(back.next(after: .settings(before)) == .look(after: .seconds(1)))
        #expect(back.next(after: .settings(before)) == .record(.rolledBack))
    }

    @Test func aSwitchOverThatEndsAnotherRunsWayBackIsNotWell() {
        var machine = Self.machine(Self.entry(.restoring))
        #expect(machine.next(after: .settings(Self.webhook(Self.old))) == .look(after: .seconds(1)))
        #expect(machine.next(after: .settings(Self.webhook(Self.old))) == .record(.rolledBack))
        #expect(machine.next(after: .recorded) == .finish(.undone([])))
        #expect(!SwitchOverOutcome.undone([]).isWell)
    }

    @Test func oldSettingsThatCameBackInPartAreSentOnceMoreAlsoByTheNextRun() {
        var damaged = Self.old
        damaged.events = ["CALL", "MESSAGES_UPSERT"]
        let half = SwitchOverMachine.Result.settings(Self.webhook(damaged))
        var machine = Self.machine(Self.entry(.restoring), isRollback: true)
        #expect(machine.next(after: half) == .record(.restoring))
        #expect(machine.next(after: .recorded) == .set(Self.old))
        #expect(machine.next(after: .accepted) == .look(after: .zero))
        #expect(machine.next(after: half) == .look(after: .seconds(1)))
        #expect(machine.next(after: half) == .set(Self.old))
        #expect(machine.next(after: .accepted) == .look(after: .zero))
        #expect(machine.next(after: .settings(Self.webhook(Self.old))) == .record(.rolledBack))
        // Whose they are where nothing was on its way back, nobody knows.
        var other = Self.machine(Self.entry(.configured), isRollback: true)
        #expect(other.next(after: half) == .finish(.conflict))
    }

    @Test(arguments: [SwitchOverState.snapshotted, .setting, .configured])
    func whereSomebodyElseHasSetAnotherURLNothingIsDone(state: SwitchOverState) {
        var machine = Self.machine(Self.entry(state))
        let other = Self.webhook(Self.old.pointing(to: "https://other.example.test/"))
        #expect(machine.next(after: .settings(other)) == .finish(.conflict))
        var rollback = Self.machine(Self.entry(state), isRollback: true)
        #expect(rollback.next(after: .settings(other)) == .finish(.conflict))
    }

    @Test func aSnapshotIsNeverTakenOfOurOwnURL() {
        var fresh = Self.machine()
        let ours = Self.webhook(Self.old.pointing(to: Self.new))
        #expect(fresh.next(after: .settings(ours)) == .record(.configured))
        #expect(fresh.previous == nil)
        var again = Self.machine(Self.entry(.confirmed))
        #expect(again.next(after: .settings(ours)) == .finish(.confirmed))
        var rollback = Self.machine(Self.entry(.configured, previous: nil), isRollback: true)
        #expect(rollback.next(after: .settings(ours)) == .finish(.nothingToRestore))
    }

    @Test func anInstanceThatHadNoWebhookIsSwitchedOffAgain() {
        var machine = SwitchOverMachine(
            instance: Self.name, url: Self.new,
            entry: SwitchOverEntry(
                run: RunID(UUID()), instance: Self.name, integrationID: IntegrationID(UUID()), server: "main",
                state: .confirmed, previous: Self.webhook(nil), urlDigest: TokenDigest(of: Self.new), changedAt: .now),
            policy: SwitchOverMachine.Policy(), isRollback: true)
        #expect(machine.next(after: .settings(Self.webhook(Self.old.pointing(to: Self.new)))) == .record(.restoring))
        let off = EvolutionWebhookSettings(url: "", isEnabled: false, events: [])
        #expect(machine.next(after: .recorded) == .set(off))
        #expect(machine.next(after: .accepted) == .look(after: .zero))
        let wiped = EvolutionWebhookSettings(url: Self.new, isEnabled: false, events: [])
        #expect(machine.next(after: .settings(Self.webhook(wiped))) == .record(.rolledBack))
    }

    @Test func whatSurelyChangedNothingEndsTheEntry() {
        var machine = Self.machine(Self.entry(.snapshotted))
        _ = machine.next(after: .settings(Self.webhook(Self.old)))
        _ = machine.next(after: .proven)
        _ = machine.next(after: .recorded)
        #expect(machine.next(after: .failed(.keyRefused)) == .record(.abandoned))
        #expect(machine.next(after: .recorded) == .finish(.failed(.keyRefused)))
    }

    @Test(arguments: [
        ("https://x.example/webhooks/evolution/a", WebhookURLKind.legacy),
        ("https://x.example/webhooks/evolution/a/messages-upsert", .legacy), ("http://x/webhooks/whatsapp", .legacy),
        ("http://x/webhooks/evolution", .legacy), ("https://x.example/webhooks/evolution/b", .other),
        ("https://n8n.example/hook", .other), ("not a url", .other), ("", .other),
        ("https://x/webhooks/evolution/whatsapp/AbCdEfGhIjKlMnOp0123", .token("AbCdEfGhIjKlMnOp0123")),
        ("https://x/base/webhooks/evolution/whatsapp/AbCdEfGhIjKlMnOp0123", .token("AbCdEfGhIjKlMnOp0123")),
        ("https://x.example/api/v1/webhooks/evolution/a", .legacy), ("x.example/webhooks/evolution/a", .other),
    ])
    func aURLIsKnownByItsPath(url: String, kind: WebhookURLKind) {
        #expect(WebhookURLKind(url, instance: Self.name) == kind)
    }

    @Test func aRunStopsWhenFailuresRise() {
        var rule = StopRule()
        for outcome in [SwitchOverOutcome.configured, .notTaken, .conflict, .configured] { rule.count(outcome) }
        #expect(!rule.saysStop)
        for _ in 0..<3 { rule.count(.failed(.keyRefused)) }
        #expect(rule.saysStop)
        var spread = StopRule()
        for index in 0..<20 { spread.count(index % 4 == 0 ? .notTaken : .configured) }
        #expect(spread.saysStop)
    }
}
