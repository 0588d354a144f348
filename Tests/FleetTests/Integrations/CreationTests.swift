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
struct CreationTests {
    @Test(arguments: ServerProfile.releases)
    func anIntegrationLivesFromTheFirstCodeToItsDeletion(release: String) async throws {
        try await LifeRehearsal.run(release: release) { rehearsal in
            let name = LifeRehearsal.name()
            #expect(try await rehearsal.create() == .created)
            try await rehearsal.expectWhole(name, "\(release)")
            #expect(try await rehearsal.create() == .present)
            let keeper = try rehearsal.keeper()
            var states: [PairingState] = []
            for try await state in keeper.connect(name, number: nil) {
                states.append(state)
                if case .code = state { rehearsal.simulator.scan(name, number: "15550101001") }
            }
            guard case .code(let code, _)? = states.first else {
                Issue.record("no code came first: \(states)")
                return
            }
            #expect(code.qrText?.hasPrefix("2@") == true)
            #expect(states.last == .connected(PhoneNumber("+15550101001")))
            let view = try await keeper.show(name).evolution
            #expect(view == .present(server: "default", connection: .open, webhook: .inStep))
            let deletion = try await keeper.delete(name, DeletionOptions(), actor: "test")
            #expect(deletion.outcome == .deleted)
            try await rehearsal.expectNothing(name, "\(release)")
        }
    }

    @Test func sixClicksMakeOneInstance() async throws {
        try await LifeRehearsal.run { rehearsal in
            let outcomes = try await withThrowingTaskGroup(of: IntegrationCreation.Outcome.self) { tasks in
                for _ in 0..<6 { tasks.addTask { try await rehearsal.create() } }
                var outcomes: [IntegrationCreation.Outcome] = []
                for try await outcome in tasks { outcomes.append(outcome) }
                return outcomes
            }
            #expect(outcomes.count { $0 == .created } == 1)
            #expect(outcomes.count { $0 == .present } == 5)
            #expect(try await rehearsal.client.instances().count == 1)
            try await rehearsal.expectWhole(LifeRehearsal.name(), "six at once")
        }
    }

    @Test func aClinicsSecondNumberIsAnotherInstance() async throws {
        try await LifeRehearsal.run { rehearsal in
            let outcomes = [try await rehearsal.create(), try await rehearsal.create(label: "night")]
            #expect(outcomes == [.created, .created])
            #expect(try await rehearsal.client.instances().count == 2)
            await #expect(throws: IntegrationError.labelInvalid("Night")) {
                try await rehearsal.create(label: "Night")
            }
        }
    }

    @Test func anInstanceWithoutAWebhookIsAdopted() async throws {
        try await LifeRehearsal.run { rehearsal in
            let name = LifeRehearsal.name()
            rehearsal.simulator.add(name)
            #expect(try await rehearsal.create() == .adopted)
            try await rehearsal.expectWhole(name, "adopted")
        }
    }

    @Test func aConnectedInstanceWithoutAWebhookIsAskedFor() async throws {
        try await LifeRehearsal.run { rehearsal in
            let name = LifeRehearsal.name()
            rehearsal.simulator.add(name, owner: "15550101001")
            let outcome = try await rehearsal.create()
            #expect(outcome == .takenBack(.connectedInstance))
            #expect(try await rehearsal.rows(name).isEmpty)
            #expect(try await rehearsal.isAtEvolution(name))
            var request = try LifeRehearsal.request()
            request.adoptsConnected = true
            #expect(try await rehearsal.keeper().create(request, actor: "test").outcome == .adopted)
            try await rehearsal.expectWhole(name, "adopted")
        }
    }

    @Test func anotherInstallationsInstanceIsLeftAlone() async throws {
        try await LifeRehearsal.run { rehearsal in
            let name = LifeRehearsal.name()
            let url = "https://staging.example.test/webhooks/evolution/\(name)"
            rehearsal.simulator.add(name, webhook: url)
            let outcome = try await rehearsal.create()
            #expect(outcome == .takenBack(.foreignInstance))
            #expect(try await rehearsal.rows(name).isEmpty)
            #expect(rehearsal.simulator.webhookURL(of: name) == url)
        }
    }

    @Test func anotherClinicsInstanceIsNotTaken() async throws {
        try await LifeRehearsal.run { rehearsal in
            let name = LifeRehearsal.name()
            rehearsal.simulator.add(name)
            let rows = try await rehearsal.database.pool.query(
                """
                INSERT INTO healthcare.integrations (clinic_id, type, provider, status, config)
                VALUES (gen_random_uuid(), 'whatsapp', 'evolution', 'active',
                    jsonb_build_object('instance_name', $1::text))
                RETURNING id
                """, [name])
            let error = IntegrationError.nameOfOther(
                InstanceName(name), IntegrationID(try rows[0].decode("id", as: UUID.self)))
            await #expect(throws: error) { try await rehearsal.create() }
            await #expect(throws: error) {
                var request = try LifeRehearsal.request()
                request.isDryRun = true
                _ = try await rehearsal.keeper().create(request, actor: "test")
            }
            #expect(rehearsal.simulator.webhookURL(of: name) == nil)
            #expect(try await rehearsal.create(label: "night") == .created)
        }
    }

    @Test func whatCannotBePutBackStaysOpenWithItsSnapshot() async throws {
        try await LifeRehearsal.run { rehearsal in
            let name = LifeRehearsal.name()
            let url = LifeRehearsal.base + "/webhooks/evolution/\(name)"
            rehearsal.simulator.add(name, webhook: url)
            rehearsal.simulator.inject(.otherEvents, times: nil)
            guard case .unfinished(.unanswered) = try await rehearsal.create() else {
                Issue.record("it counts as taken back")
                return
            }
            let life = try await rehearsal.store.openLife(of: InstanceName(name))
            #expect(life?.state == .undoing && life?.previous?.effective.url == url)
            rehearsal.simulator.clearFailures()
            #expect(try await rehearsal.keeper().resume() == 1)
            let settings = try await rehearsal.client.webhook(of: InstanceName(name)).effective
            #expect(settings == life?.previous?.effective)
        }
    }

    @Test func aRowSaysTheServerThatGetsItsInstance() async throws {
        try await LifeRehearsal.run { rehearsal in
            let name = LifeRehearsal.name()
            #expect(try await rehearsal.create() == .created)
            try await rehearsal.client.delete(InstanceName(name))
            try await rehearsal.database.pool.query(
                """
                UPDATE healthcare.integrations SET config = config || '{"evolution_server": "other", "kept": true}'
                """)
            let other = EvolutionClient(name: "other", url: rehearsal.simulator.baseURL, key: "GLOBAL")
            var request = try LifeRehearsal.request()
            request.server = "default"
            let keeper = try rehearsal.keeper(servers: [rehearsal.client, other])
            #expect(try await keeper.create(request, actor: "test").outcome == .created)
            #expect(try await rehearsal.rows(name).map(\.server) == ["default"])
            let kept = try await rehearsal.database.pool.query(
                "SELECT FROM healthcare.integrations WHERE config->>'kept' = 'true'")
            #expect(kept.count == 1)
        }
    }

    @Test func aDryRunMakesNothing() async throws {
        try await LifeRehearsal.run { rehearsal in
            var request = try LifeRehearsal.request()
            request.isDryRun = true
            let keeper = try rehearsal.keeper()
            #expect(try await keeper.create(request, actor: "test").outcome == .wouldCreate)
            try await rehearsal.expectNothing(LifeRehearsal.name(), "dry run")
            rehearsal.simulator.add(LifeRehearsal.name())
            #expect(try await keeper.create(request, actor: "test").outcome == .wouldAdopt)
            #expect(try await rehearsal.rows(LifeRehearsal.name()).isEmpty)
        }
    }

    @Test func whatStaysWrongIsTakenBackWhole() async throws {
        for (mode, obstacle) in [
            (FailureMode.licenceInactive, CreationObstacle.server(.licenceInactive)),
            (.keyRefused, .server(.keyRefused)),
        ] {
            try await LifeRehearsal.run(release: "2.4.0") { rehearsal in
                rehearsal.simulator.inject(mode, times: nil)
                #expect(try await rehearsal.create() == .takenBack(obstacle))
                rehearsal.simulator.clearFailures()
                try await rehearsal.expectNothing(LifeRehearsal.name(), "\(mode)")
            }
        }
    }

    @Test func anInstallationWithoutSecondFactorsSetsNoHeader() async throws {
        try await LifeRehearsal.run { rehearsal in
            let keeper = try rehearsal.keeper(mode: .off)
            #expect(try await keeper.create(try LifeRehearsal.request(), actor: "test").outcome == .created)
            let settings = try await rehearsal.client.webhook(of: InstanceName(LifeRehearsal.name())).effective
            #expect(settings.headers.isEmpty)
        }
    }

    @Test func aClinicThatNobodyKnowsNeedsItsOrganization() async throws {
        try await LifeRehearsal.run { rehearsal in
            let clinic = try #require(ClinicID("c0000000-0000-4000-8000-000000000009"))
            var request = IntegrationRequest(clinic: clinic)
            let keeper = try rehearsal.keeper()
            await #expect(throws: IntegrationError.clinicUnknown(clinic)) {
                try await keeper.create(request, actor: "test")
            }
            request.organization = LifeRehearsal.organization
            #expect(try await keeper.create(request, actor: "test").outcome == .created)
            var other = try LifeRehearsal.request()
            other.organization = OrganizationID("a0000000-0000-4000-8000-000000000002")
            let wrong = other
            let error = IntegrationError.clinicOfOther(try #require(LifeRehearsal.organization))
            await #expect(throws: error) {
                try await keeper.create(wrong, actor: "test")
            }
        }
    }

    @Test func aCodeThatRanOutIsFollowedByTheNext() async throws {
        try await LifeRehearsal.run { rehearsal in
            let name = LifeRehearsal.name()
            #expect(try await rehearsal.create() == .created)
            var codes: [String] = []
            var isRenewed = false
            for try await state in try rehearsal.keeper().connect(name, number: "15550101001") {
                switch state {
                case .code(let pairing, _):
                    codes.append(pairing.qrText ?? "")
                    #expect(pairing.pairingCode?.count == 8)
                    if codes.count == 1 {
                        rehearsal.simulator.expireCode(name)
                    } else {
                        rehearsal.simulator.scan(name, number: "15550101001")
                    }
                case .renewed: isRenewed = true
                case .waiting, .connected: break
                }
            }
            #expect(Set(codes).count == 2)
            #expect(isRenewed)
            // The same instance all the time.
            #expect(try await rehearsal.client.instances().count == 1)
        }
    }
}
