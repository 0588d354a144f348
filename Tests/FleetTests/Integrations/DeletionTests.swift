import EvolutionClient
import EvolutionSimulator
import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Store
import Testing

@testable import Fleet

@Suite(.timeLimit(.minutes(3)))
struct DeletionTests {
    private static func delete(
        _ rehearsal: LifeRehearsal, _ subject: String, keepsInstance: Bool = false, isDryRun: Bool = false
    ) async throws -> IntegrationDeletion.Outcome {
        var options = DeletionOptions()
        options.keepsInstance = keepsInstance
        options.isDryRun = isDryRun
        return try await rehearsal.keeper().delete(subject, options, actor: "test").outcome
    }

    @Test func aDryRunDeletesNothing() async throws {
        try await LifeRehearsal.run { rehearsal in
            try await rehearsal.create()
            #expect(try await Self.delete(rehearsal, LifeRehearsal.name(), isDryRun: true) == .wouldDelete)
            try await rehearsal.expectWhole(LifeRehearsal.name(), "dry run")
        }
    }

    @Test func anotherInstallationsInstanceOutlivesEveryDeletion() async throws {
        try await LifeRehearsal.run { rehearsal in
            let name = LifeRehearsal.name()
            try await rehearsal.create()
            rehearsal.simulator.edit(name, url: "https://other.example.test/hook")
            #expect(try await Self.delete(rehearsal, name) == .foreignInstance)
            #expect(try await rehearsal.rows(name).count == 1)
            #expect(try await rehearsal.isAtEvolution(name))
            #expect(try await Self.delete(rehearsal, name, keepsInstance: true) == .rowDeleted(.wanted))
            #expect(try await rehearsal.rows(name).isEmpty)
            #expect(try await rehearsal.isAtEvolution(name))
        }
    }

    @Test func anInstanceThatAnotherRowNamesStays() async throws {
        try await LifeRehearsal.run { rehearsal in
            let name = LifeRehearsal.name()
            try await rehearsal.create()
            let first = try #require(try await rehearsal.rows(name).first?.id)
            // Another provider's word, so that the index lets it in.
            let other = try await rehearsal.database.pool.query(
                """
                INSERT INTO healthcare.integrations (type, provider, status, config)
                VALUES ('whatsapp', 'evolution_api', 'active', jsonb_build_object('instance_name', $1::text))
                RETURNING id
                """, [name])
            let id = IntegrationID(try other[0].decode("id", as: UUID.self))
            await #expect(throws: IntegrationError.self) { try await Self.delete(rehearsal, name) }
            #expect(try await Self.delete(rehearsal, first.text) == .rowDeleted(.namedByOther(id)))
            #expect(try await rehearsal.isAtEvolution(name))
            #expect(try await Self.delete(rehearsal, id.text) == .deleted)
            #expect(try await !rehearsal.isAtEvolution(name))
        }
    }

    @Test func aServerThatDoesNotAnswerLeavesEverything() async throws {
        try await LifeRehearsal.run { rehearsal in
            let name = LifeRehearsal.name()
            try await rehearsal.create()
            rehearsal.simulator.inject(.gatewayError, times: nil)
            await #expect(throws: IntegrationError.server("default", .gatewayFault(status: 502))) {
                try await Self.delete(rehearsal, name)
            }
            #expect(try await rehearsal.rows(name).count == 1)
            #expect(try await rehearsal.store.openLives().isEmpty)
            rehearsal.simulator.clearFailures()
            try await rehearsal.expectWhole(name, "outage")
        }
    }

    @Test func anInstanceThatIsWronglyDeniedIsNotLeftBehind() async throws {
        try await LifeRehearsal.run { rehearsal in
            let name = LifeRehearsal.name()
            try await rehearsal.create()
            rehearsal.simulator.inject(.instanceGone, instance: name)
            #expect(try await Self.delete(rehearsal, name) == .deleted)
            try await rehearsal.expectNothing(name, "denied when it was looked for")
            try await rehearsal.create()
            rehearsal.simulator.inject(.instanceGone, times: 2, instance: name)
            #expect(try await Self.delete(rehearsal, name) == .deleted)
            try await rehearsal.expectNothing(name, "denied once more before it was deleted")
        }
    }

    @Test func aCreationThatStaysHalfDoneKeepsItsRow() async throws {
        try await LifeRehearsal.run { rehearsal in
            let name = LifeRehearsal.name()
            rehearsal.simulator.add(name, webhook: LifeRehearsal.base + "/webhooks/evolution/\(name)")
            rehearsal.simulator.inject(.otherEvents, times: nil)
            guard case .unfinished = try await rehearsal.create() else {
                Issue.record("nothing is left half done")
                return
            }
            for keepsInstance in [true, false] {
                await #expect(throws: IntegrationError.self) {
                    try await Self.delete(rehearsal, name, keepsInstance: keepsInstance)
                }
            }
            #expect(try await rehearsal.store.openLife(of: InstanceName(name))?.kind == .create)
            #expect(try await rehearsal.rows(name).count == 1)
            #expect(try await rehearsal.isAtEvolution(name))
        }
    }

    @Test func aRowWhoseInstanceIsGoneIsDeletedAlone() async throws {
        try await LifeRehearsal.run { rehearsal in
            let name = LifeRehearsal.name()
            try await rehearsal.create()
            try await rehearsal.client.delete(InstanceName(name))
            #expect(try await Self.delete(rehearsal, name) == .rowDeleted(.absent))
            try await rehearsal.expectNothing(name, "gone before")
        }
    }

    @Test func disablingLeavesTheWebhookAndIsUndoneByAPersonAlone() async throws {
        try await LifeRehearsal.run { rehearsal in
            let name = LifeRehearsal.name()
            try await rehearsal.create()
            let url = rehearsal.simulator.webhookURL(of: name)
            let keeper = try rehearsal.keeper()
            _ = try await keeper.setEnabled(false, name, isDryRun: true, actor: "test")
            #expect(try await rehearsal.rows(name).first?.isEnabled == true)
            _ = try await keeper.setEnabled(false, name, isDryRun: false, actor: "test")
            #expect(try await rehearsal.rows(name).first?.isEnabled == false)
            #expect(rehearsal.simulator.webhookURL(of: name) == url)
            _ = try await keeper.setEnabled(true, name, isDryRun: false, actor: "test")
            #expect(try await rehearsal.rows(name).first?.isEnabled == true)
        }
    }

    @Test func orphansAreToldOnlyWhenEveryServerAnswers() async throws {
        try await LifeRehearsal.run { rehearsal in
            try await rehearsal.create()
            rehearsal.simulator.add("stray", webhook: LifeRehearsal.base + "/webhooks/evolution/stray")
            rehearsal.simulator.add("staging", webhook: "https://staging.example.test/webhooks/evolution/staging")
            rehearsal.simulator.add("silent")
            let report = try await rehearsal.keeper().orphans()
            #expect(report.unanswered.isEmpty)
            #expect(report.orphans.map(\.instance.text) == ["silent", "staging", "stray"])
            #expect(report.orphans.map(\.owner) == [.nobody, .elsewhere, .ours])
            // More often than the client asks again.
            rehearsal.simulator.inject(.truncatedAnswer, times: nil)
            let partial = try await rehearsal.keeper().orphans()
            #expect(partial.orphans.isEmpty && partial.unanswered.map(\.name) == ["default"])
        }
    }

    @Test func whoSharesANumberIsShown() async throws {
        try await LifeRehearsal.run { rehearsal in
            let name = LifeRehearsal.name()
            try await rehearsal.create()
            rehearsal.simulator.scan(name, number: "15550101001")
            rehearsal.simulator.add("second", owner: "15550101001")
            rehearsal.simulator.add("another", owner: "15550101002")
            let sharers = try await rehearsal.keeper().show(name).sharingNumber
            #expect(sharers.map(\.instance.text) == ["second"])
            #expect(sharers.first?.integrationID == nil)
        }
    }
}
