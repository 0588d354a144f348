import EvolutionClient
import EvolutionSimulator
import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Store
import Testing

@testable import Migration

/// A second factor that comes along with a switch-over, and goes with a rollback.
@Suite(.timeLimit(.minutes(2)))
struct SwitchOverFactorTests {
    private static func options(_ choice: SecondFactorChoice) -> SwitchOverOptions {
        var options = Rehearsal.options
        options.secondFactor = choice
        return options
    }

    private static func headers(_ rehearsal: Rehearsal) async throws -> [EvolutionMember] {
        try await rehearsal.client.webhook(of: InstanceName("a")).effective.headers
    }

    private static func factor(_ rehearsal: Rehearsal) async throws -> SecondFactor? {
        try await rehearsal.factors.current(of: "a").secondFactor
    }

    /// Whether what Evolution sends is what counts here.
    private static func isInstalled(_ rehearsal: Rehearsal) async throws -> Bool {
        let current = try await factor(rehearsal)
        let there = try await rehearsal.client.webhook(of: InstanceName("a")).effective
        let aim = FactorAim(
            current: current, header: current?.secrets.header?.name, wantsJWT: current?.secrets.jwtKey != nil)
        return current != nil && !there.headers.isEmpty && aim.isMet(by: there)
    }

    @Test(arguments: [SecondFactorChoice.header, .jwt, .both])
    func itIsInstalledReadBackAndUndoneOnRollback(choice: SecondFactorChoice) async throws {
        try await Rehearsal.run(["a"]) { rehearsal in
            let old = EvolutionWebhookSettings(
                url: Rehearsal.oldURL + "a", isEnabled: true, events: ["CALL"],
                headers: [EvolutionMember(name: "X-Old", json: "\"1\"")])
            try await rehearsal.client.setWebhook(old, of: InstanceName("a"))
            try await rehearsal.store("a")
            #expect(try await rehearsal.switchOver(options: Self.options(choice)) == [.confirmed])
            #expect(try await Self.isInstalled(rehearsal))
            #expect(try await Self.headers(rehearsal).contains { $0.name == "X-Old" })
            #expect(try await Self.headers(rehearsal).count == (choice == .both ? 3 : 2))
            #expect(try await rehearsal.rollBack() == [.rolledBack])
            #expect(try await rehearsal.client.webhook(of: InstanceName("a")).effective == old)
            #expect(try await Self.factor(rehearsal) == nil)
        }
    }

    @Test func anIntegrationsOwnOneComesAlongByItself() async throws {
        try await Rehearsal.run(["a"]) { rehearsal in
            var request = SecondFactorRequest()
            request.header = .standard
            request.mode = .set(.enforce)
            let plan = try await rehearsal.factors.plan(
                request, for: "a", at: Rehearsal.now, random: Array(repeating: 1, count: 64))
            try await rehearsal.factors.carryOut(plan, actor: "test", at: Rehearsal.now)
            let before = try await Self.factor(rehearsal)
            #expect(try await rehearsal.switchOver(options: Self.options(.nothing)) == [.configured])
            #expect(try await Self.headers(rehearsal).isEmpty)
            #expect(try await rehearsal.switchOver() == [.configured])
            #expect(try await Self.isInstalled(rehearsal))
            let after = try await Self.factor(rehearsal)
            #expect(after?.mode == .enforce && after?.retired?.secrets == before?.secrets)
            // It comes along now: another run makes no further one.
            #expect(try await rehearsal.switchOver() == [.configured])
            #expect(try await Self.factor(rehearsal) == after)
            #expect(try await rehearsal.rollBack() == [.rolledBack])
            let restored = try await Self.factor(rehearsal)
            #expect(restored?.secrets == before?.secrets && restored?.mode == .enforce)
            #expect(restored?.retired?.secrets == after?.secrets)
        }
    }

    @Test func aReleaseThatSendsNoHeadersIsNotSwitchedWithOne() async throws {
        try await Rehearsal.run(["a"], release: "1.8.6") { rehearsal in
            let outcomes = try await rehearsal.switchOver(options: Self.options(.header))
            #expect(outcomes == [.refused(.secondFactorUnsupported)])
            #expect(rehearsal.simulator.webhookURL(of: "a") == Rehearsal.oldURL + "a")
            #expect(try await rehearsal.switchOver() == [.configured])
        }
    }

    @Test func onePersonsChangeSinceIsNotTakenBack() async throws {
        try await Rehearsal.run(["a"]) { rehearsal in
            #expect(try await rehearsal.switchOver(options: Self.options(.header)) == [.configured])
            var request = SecondFactorRequest()
            request.header = SecretHeaderName("X-Mine")
            let plan = try await rehearsal.factors.plan(
                request, for: "a", at: Rehearsal.now, random: Array(repeating: 2, count: 64))
            try await rehearsal.factors.carryOut(plan, actor: "test", at: Rehearsal.now)
            #expect(try await rehearsal.rollBack() == [.rolledBack])
            #expect(try await Self.factor(rehearsal)?.secrets.header?.name.text == "X-Mine")
        }
    }

    @Test func killedBeforeAnyStepItIsInstalledOnceMoreAndStillUndone() async throws {
        for steps in 0..<14 {
            try await Rehearsal.run(["a"]) { rehearsal in
                try await rehearsal.store("a")
                _ = try? await rehearsal.switchOver(options: Self.options(.both), dying: steps)
                #expect(try await rehearsal.switchOver(options: Self.options(.both)) == [.confirmed], "\(steps)")
                #expect(try await Self.isInstalled(rehearsal), "after \(steps) steps")
                _ = try? await rehearsal.rollBack(dying: min(steps, 6))
                _ = try await rehearsal.rollBack()
                #expect(rehearsal.simulator.webhookURL(of: "a") == Rehearsal.oldURL + "a")
                #expect(try await Self.headers(rehearsal).isEmpty)
                #expect(try await Self.factor(rehearsal) == nil, "after \(steps) steps")
            }
        }
    }

    @Test func switchesAndRollbacksAreInTheAuditLogBeforeTheyAreSent() async throws {
        try await Rehearsal.run(["a"]) { rehearsal in
            rehearsal.simulator.inject(.keyRefused, times: nil, instance: "a")
            _ = try await rehearsal.switchOver()
            rehearsal.simulator.clearFailures()
            _ = try await rehearsal.switchOver()
            _ = try await rehearsal.rollBack()
            let rows = try await rehearsal.database.pool.query(
                "SELECT actor, action, detail->>'instance_name' AS name FROM hookgate.audit_log ORDER BY id")
            let entries = try rows.map { row in
                let parts: [String] = [
                    try row.decode("actor"), try row.decode("action"), try row.decode("name"),
                ]
                return parts.joined(separator: " ")
            }
            #expect(entries == ["anna@test webhook.switch a", "anna@test webhook.roll_back a"])
            guard case .whole = try await AuditLog.verify(rehearsal.database.pool) else {
                Issue.record("the chain of the audit log is broken")
                return
            }
        }
    }
}
