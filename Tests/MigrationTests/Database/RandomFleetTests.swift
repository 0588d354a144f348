import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Migration
import PostgresClient
import Testing

/// Whatever the fleet: planned, cut off anywhere, finished, verified and undone, it is as it was.
@Suite(.timeLimit(.minutes(3))) struct RandomFleetTests {
    @Test(arguments: UInt64(1)...6)
    func randomFleetIsMigratedVerifiedAndUndone(seed: UInt64) async throws {
        try await Fleet.withSchema { fleet in
            var random = RandomFleet(seed: seed)
            try await random.fill(fleet)
            let before = try await fleet.imagesBesideOurs()

            let cutOff = Int.random(in: 1...3, using: &random.generator)
            let log = EventLog()
            _ = try? await fleet.service.migrate(MigrationOptions(batchSize: 4)) { event in
                log.add(event)
                if log.batches == cutOff { throw RandomCutOff() }
            }
            let summary = try await fleet.migrate(MigrationOptions(batchSize: 4))
            #expect(summary.verification?.mismatched == 0)
            #expect(summary.verification?.missing == 0)
            #expect(summary.verification?.undecided == summary.counts.needsDecision)
            #expect(summary.counts.total == summary.survey.instanceCount)

            // Days later the legacy rows have moved on, and a further run follows them.
            try await random.change(fleet)
            let changed = try await fleet.imagesBesideOurs()["public.evolution_instances"]
            let further = try await fleet.migrate(MigrationOptions(batchSize: 4))
            #expect(further.verification?.mismatched == 0)

            let runs = try await fleet.service.runs(limit: 10)
            #expect(!runs.isEmpty)
            for run in runs {
                #expect(try await fleet.service.undo(run.id, UndoOptions()) { _ in }.refused == 0)
            }
            var after = try await fleet.imagesBesideOurs()
            #expect(after["public.evolution_instances"] == changed, "nobody but the test wrote there")
            after["public.evolution_instances"] = before["public.evolution_instances"]
            #expect(after == before)
        }
    }
}

private struct RandomCutOff: Error {}

/// Makes fleets of every kind that the old system had: shared names, wrong ids, no clinics, half-migrated rows.
private struct RandomFleet {
    var generator: SeededGenerator

    init(seed: UInt64) {
        self.generator = SeededGenerator(seed: seed)
    }

    mutating func fill(_ fleet: Fleet) async throws {
        var clinics: [(organization: UUID, clinic: UUID?, number: String?)] = []
        for _ in 0..<6 {
            let organization = uuid()
            clinics.append((organization, nil, nil))
            for _ in 0..<Int.random(in: 0...3, using: &generator) {
                let number =
                    Bool.random(using: &generator) ? "+4917\(Int.random(in: 0...9_999_999, using: &generator))" : nil
                let added = try await fleet.addClinic(
                    "Clinic \(clinics.count)", organization: organization, id: uuid(), number: number)
                clinics.append((organization, added.clinic, number))
            }
        }
        for number in 0..<25 {
            guard let owner = clinics.randomElement(using: &generator) else { return }
            let names = [
                "instance \(number)", "clinic-\(owner.clinic ?? owner.organization)-\(number)", "\"\(number)' 🦷",
                "shared \(number % 3)",
            ]
            guard let name = names.randomElement(using: &generator) else { return }
            let statuses = ["connected", "disconnected", "error", "banana", nil]
            try await fleet.addInstance(
                name, organization: owner.organization, status: statuses.randomElement(using: &generator) ?? nil,
                phone: owner.number, config: Bool.random(using: &generator) ? #"{"instance_key": "K", "n": 1.50}"# : nil
            )
            if Int.random(in: 0..<5, using: &generator) == 0 {
                try await fleet.run(
                    """
                    INSERT INTO healthcare.integrations (organization_id, type, provider, status, config)
                    VALUES ($1::uuid, 'whatsapp', 'evolution', 'pending', jsonb_build_object('instance', $2::text))
                    ON CONFLICT DO NOTHING
                    """, [owner.organization, name])
            }
        }
    }

    /// Changes some legacy rows as the old system does: status words, keys, new members of `config`.
    mutating func change(_ fleet: Fleet) async throws {
        for remainder in 0..<3 {
            let status = ["connected", "disconnected", "error"].randomElement(using: &generator) ?? "error"
            let config =
                [
                    "{\"instance_key\": \"L\"}", "{\"fresh\": [1, null]}",
                    "{\"n\": 2.50, \"instance_key\": {\"deep\": 1}}",
                ]
                .randomElement(using: &generator) ?? "{}"
            try await fleet.run(
                """
                UPDATE public.evolution_instances SET status = $1, config = coalesce(config, '{}') || $2::jsonb
                WHERE abs(hashtext(instance_name)) % 4 = $3::int
                """, [status, config, remainder])
        }
    }

    private mutating func uuid() -> UUID {
        func byte() -> UInt8 { UInt8.random(in: 0...255, using: &generator) }
        return UUID(
            uuid: (
                byte(), byte(), byte(), byte(), byte(), byte(), byte(), byte(),
                byte(), byte(), byte(), byte(), byte(), byte(), byte(), byte()
            ))
    }
}
