import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Migration
import PostgresClient
import Store
import Testing

@Suite(.timeLimit(.minutes(3))) struct MigrateTests {
    @Test func guidesSecondScenarioFromCheckToVerifiedTokens() async throws {
        try await Fleet.withSchema { fleet in
            let shtern = try await fleet.addClinic("Shtern Dental Clinic")
            let other = try await fleet.addClinic("Another Clinic")
            try await fleet.addInstance(
                "clinic-abc123", organization: shtern.organization, phone: "+1234567890",
                config: #"{"instance_key": "K1", "sync_enabled": true}"#)
            try await fleet.addInstance("clinic-xyz789", organization: other.organization, status: "disconnected")

            let before = try await fleet.check()
            #expect(before.report.analysis == .needed)
            #expect(before.states["clinic-abc123"]?.nextStep == .migrate)

            let log = EventLog()
            let summary = try await fleet.migrate(MigrationOptions(), log)
            #expect(summary.survey.instanceCount == 2)
            #expect(summary.counts.inserted == 2)
            #expect(summary.verification?.verified == 2)
            #expect(!summary.needsAttention)
            #expect(
                log.migrated.map { "\($0.name) → \($0.clinic?.name ?? "?")" } == [
                    "clinic-abc123 → Shtern Dental Clinic", "clinic-xyz789 → Another Clinic",
                ])
            #expect(try await fleet.value("clinic_id", of: "clinic-abc123") == shtern.clinic.uuidString.lowercased())
            #expect(try await fleet.value("config->>'instance'", of: "clinic-abc123") == "clinic-abc123")
            #expect(try await fleet.value("config->>'sync_enabled'", of: "clinic-abc123") == "true")
            #expect(try await fleet.value("status", of: "clinic-xyz789") == "disconnected")
            #expect(try await fleet.value("enabled", of: "clinic-xyz789") == "true")
            #expect(try await fleet.value("migrated_status", of: "clinic-xyz789") == "disconnected")
            let token = try await fleet.value("webhook_token", of: "clinic-abc123")
            #expect(token.flatMap { WebhookToken($0) }?.isChecksummed == true)

            let after = try await fleet.check()
            #expect(after.report.analysis == .complete)
            #expect(after.states["clinic-abc123"]?.nextStep == .switchOver)
        }
    }

    @Test func secondRunChangesNothingAtAll() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances((1...20).map { "clinic-\($0)" })
            try await fleet.migrate()
            let images = try await fleet.images(except: [Fleet.verifications])
            let second = try await fleet.migrate()
            #expect(second.counts.unchanged == 20)
            #expect(second.counts.written == 0)
            #expect(second.run == nil)
            #expect(try await fleet.images(except: [Fleet.verifications]) == images)
        }
    }

    @Test func dryRunWritesNothingAndItsDigestIsTheRunsDigest() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances(["one", "two"])
            let images = try await fleet.images()
            let dry = try await fleet.migrate(MigrationOptions(isDryRun: true))
            #expect(dry.counts.inserted == 2)
            #expect(try await fleet.images() == images)
            #expect(try await fleet.migrate(MigrationOptions(expectedDigest: dry.digest)).digest == dry.digest)
        }
    }

    @Test func dryRunWorksBeforeOurSchemaExists() async throws {
        try await Fleet.withoutSchema { fleet in
            try await fleet.addInstances(["one", "two"])
            let images = try await fleet.images()
            let dry = try await fleet.migrate(MigrationOptions(isDryRun: true))
            #expect(dry.counts.inserted == 2)
            #expect(try await fleet.images() == images)
        }
    }

    @Test func executingWithoutOurSchemaIsRefused() async throws {
        try await Fleet.withoutSchema { fleet in
            try await fleet.addInstances(["one"])
            let error = await #expect(throws: MigrationError.self) { try await fleet.migrate() }
            guard case .schemaMissing = error else {
                Issue.record("refused for another reason: \(String(describing: error))")
                return
            }
        }
    }

    @Test func planThatIsNoLongerTheReviewedOneIsRefused() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances(["one"])
            let reviewed = try await fleet.migrate(MigrationOptions(isDryRun: true)).digest
            try await fleet.addInstances(["two"])
            let images = try await fleet.images()
            await #expect(throws: MigrationError.self) {
                try await fleet.migrate(MigrationOptions(expectedDigest: reviewed))
            }
            #expect(try await fleet.images() == images)
        }
    }

    @Test func fifteenHundredRowsAreAllMigratedAndThreeRunsAtOnceEndAsOne() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances((1...1_500).map { "clinic-\($0)" })
            let inserted = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 1...3 {
                    group.addTask {
                        let pool = PostgresPool(url: fleet.database.url)
                        let own = Fleet(fleet.database, pool: pool)
                        // On a busy machine the two that wait do so for longer than a person would.
                        let summary = try await own.migrate(MigrationOptions(lockWait: .seconds(150)))
                        await pool.close()
                        return summary.counts.inserted
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(inserted.sorted() == [0, 0, 1_500])
            #expect(try await fleet.integrationCount() == 1_500)
            #expect(try await fleet.verify().summary.verified == 1_500)
        }
    }

    @Test(arguments: [1, 2, 3])
    func runCutOffBetweenBatchesIsFinishedByTheNext(after batches: Int) async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances((1...20).map { "clinic-\($0)" })
            let log = EventLog()
            await #expect(throws: CutOff.self) {
                try await fleet.service.migrate(MigrationOptions(batchSize: 5)) { event in
                    log.add(event)
                    if log.batches == batches { throw CutOff() }
                }
            }
            #expect(try await fleet.integrationCount() == batches * 5)
            let rest = try await fleet.migrate(MigrationOptions(batchSize: 5))
            #expect(rest.counts.inserted == 20 - batches * 5)
            #expect(rest.counts.unchanged == batches * 5)
            #expect(rest.verification?.verified == 20)
            #expect(try await fleet.service.runs(limit: 10).map(\.outcome.state) == [.finished, .failed])
        }
    }

    @Test func decisionsAreCarriedOutAndVerified() async throws {
        try await Fleet.withSchema { fleet in
            let organization = UUID()
            let a = try await fleet.addClinic("A", organization: organization)
            try await fleet.addClinic("B", organization: organization)
            try await fleet.addInstance("undecided", organization: organization)
            try await fleet.addInstance("closed", organization: organization)
            #expect(try await fleet.migrate().counts.ambiguous == 2)
            let decisions = MigrationDecisions(
                clinics: [InstanceName("undecided"): ClinicID(a.clinic)], excluded: [InstanceName("closed"): "closed"])
            let summary = try await fleet.migrate(MigrationOptions(decisions: decisions))
            #expect(summary.counts.inserted == 1)
            #expect(summary.counts.excluded == 1)
            #expect(summary.verification?.holds == true)
            #expect(!summary.needsAttention)
            // Once it is there, the integration itself says which clinic it is.
            #expect(try await fleet.verify().results["undecided"]?.outcome == .verified)
        }
    }

    @Test func rowInsertedBySomebodyElseBetweenPlanAndWriteIsLeftAsItIs() async throws {
        try await Fleet.withSchema { fleet in
            let own = try await fleet.addClinic("Own")
            try await fleet.addInstance("b-raced", organization: own.organization)
            try await fleet.addInstance("c-other", organization: own.organization)
            // Sorts first and has no clinic: when it is told, its page is planned and nothing is written yet.
            try await fleet.addInstance("a-held", organization: UUID())
            let summary = try await fleet.service.migrate(MigrationOptions()) { event in
                guard case .planned(let instance) = event, instance.name.text == "a-held" else { return }
                try await fleet.run(
                    """
                    INSERT INTO healthcare.integrations (organization_id, type, provider, status, display_name, config)
                    VALUES ($1::uuid, 'whatsapp', 'evolution', 'active', 'By hand', '{"instance_name": "b-raced"}')
                    """, [own.organization])
            }
            #expect(summary.counts.inserted == 1)
            #expect(summary.counts.updated == 1)
            #expect(try await fleet.integrationCount() == 2)
            #expect(try await fleet.value("display_name", of: "b-raced") == "By hand")
            #expect(try await fleet.value("clinic_id", of: "b-raced") == own.clinic.uuidString.lowercased())
        }
    }

    @Test func rowThatTheDatabaseRefusesIsReportedAndTheOthersGetThrough() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances((1...9).map { "clinic-\($0)" })
            try await fleet.run(
                "ALTER TABLE healthcare.integrations ADD CONSTRAINT no_sevens CHECK (config->>'instance' <> 'clinic-7')"
            )
            let log = EventLog()
            let summary = try await fleet.migrate(MigrationOptions(), log)
            #expect(summary.counts.inserted == 8)
            #expect(log.planned.map(\.action) == [.conflict(.refused("constraint no_sevens"))])
            #expect(summary.needsAttention)
        }
    }

    @Test func editsMadeAfterTheMigrationSurviveEveryFurtherRun() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances(["one"])
            try await fleet.migrate()
            try await fleet.run(
                """
                UPDATE healthcare.integrations
                SET display_name = 'Reception', phone_number = NULL, enabled = false, config = config || '{"mine": 1}'
                """)
            let images = try await fleet.images(except: [Fleet.verifications])
            let summary = try await fleet.migrate()
            #expect(summary.counts.written == 0)
            #expect(try await fleet.images(except: [Fleet.verifications]) == images)
            #expect(summary.verification?.verified == 1)
            #expect(summary.verification?.withEdits == 1)
        }
    }

    @Test func legacyRowThatChangesAfterwardsIsFollowedUnlessEdited() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances(["one", "two"])
            try await fleet.migrate()
            try await fleet.run(
                "UPDATE public.evolution_instances SET status = 'disconnected', config = '{\"new\": 1}'")
            try await fleet.run(
                "UPDATE healthcare.integrations SET status = 'pending' WHERE config->>'instance_name' = 'two'")
            #expect(try await fleet.verify().results["one"]?.outcome == .mismatch)
            let summary = try await fleet.migrate()
            #expect(summary.counts.updated == 2)
            #expect(try await fleet.value("status", of: "one") == "disconnected")
            #expect(try await fleet.value("status", of: "two") == "pending")
            #expect(try await fleet.value("config->>'new'", of: "one") == "1")
            #expect(try await fleet.value("config->>'instance_key'", of: "one") == "K")
        }
    }

    @Test func existingIntegrationGetsItsGapsFilledAndKeepsItsToken() async throws {
        try await Fleet.withSchema { fleet in
            let own = try await fleet.addClinic("Own")
            try await fleet.addInstance("one", organization: own.organization, phone: "+1234567890")
            // As the old script left it: one key, no clinic, switched off because the phone was.
            try await fleet.run(
                """
                INSERT INTO healthcare.integrations (organization_id, type, provider, status, enabled, config, webhook_token)
                VALUES ($1::uuid, 'whatsapp', 'evolution', 'pending', false, '{"instance": "one"}', $2)
                """, [own.organization, "dGhpc2lzYXRva2VuZXhhbXBsZTEyMzQ1"])
            let summary = try await fleet.migrate()
            #expect(summary.counts.updated == 1)
            #expect(try await fleet.integrationCount() == 1)
            #expect(try await fleet.value("webhook_token", of: "one") == "dGhpc2lzYXRva2VuZXhhbXBsZTEyMzQ1")
            #expect(try await fleet.value("clinic_id", of: "one") == own.clinic.uuidString.lowercased())
            #expect(try await fleet.value("phone_number", of: "one") == "+1234567890")
            #expect(try await fleet.value("enabled", of: "one") == "false")
            #expect(try await fleet.value("status", of: "one") == "pending")
        }
    }
}

private struct CutOff: Error {}
