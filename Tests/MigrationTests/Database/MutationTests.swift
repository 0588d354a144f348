import HookgateCore
import HookgateTestSupport
import Migration
import PostgresClient
import Testing

/// Changes every field that the migration fills, of instances chosen at random, and looks whether verification sees it.
@Suite(.timeLimit(.minutes(3))) struct MutationTests {
    private static let names = (1...8).map { "clinic-\($0)" }

    @Test(arguments: UInt64(1)...3)
    func everyMappedFieldChangedBehindItsBackIsCaughtEveryTime(seed: UInt64) async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances(Self.names)
            try await fleet.migrate()
            let drafts = try await drafts(fleet)
            var random = SeededGenerator(seed: seed)
            var fields: Set<MappedField> = []
            for field in try #require(drafts[Self.names[0]]).fields {
                fields.insert(field)
                let name = Self.names.randomElement(using: &random) ?? Self.names[0]
                try await changing(field, of: name, in: fleet) {
                    let (summary, results) = try await fleet.verify()
                    #expect(results.filter { !$0.value.findings.isEmpty || $0.value.outcome != .verified }.count == 1)
                    try expectCaught(field, of: name, in: results[name], legacy: drafts[name]?.value(of: field))
                    #expect(!summary.holds || summary.withEdits == 1)
                }
                #expect(try await fleet.verify().results[name]?.findings == [], "put back")
            }
            #expect(fields.count == 12, "nine columns and three members of config")
        }
    }

    private func expectCaught(
        _ field: MappedField, of name: String, in result: InstanceVerification?, legacy: String?
    ) throws {
        // An instance of another name is another instance: this one is missing.
        if field == .config("instance_name") {
            #expect(result?.outcome == .missing)
            return
        }
        let differences = result?.findings.compactMap { finding in
            switch finding {
            case .mismatch(let difference), .edited(let difference): difference
            default: nil
            }
        }
        let difference = try #require(differences?.first { $0.field == field }, "\(field.name) of \(name)")
        #expect(difference.legacy == legacy)
        #expect(difference.integration != legacy)
        #expect(difference.description.contains(field.name))
        if field.isSecret, let legacy { #expect(!difference.description.contains(legacy)) }
    }

    /// Changes one field in SQL while a body runs, and then puts the row back.
    private func changing(
        _ field: MappedField, of name: String, in fleet: Fleet, _ body: () async throws -> Void
    ) async throws {
        let assignment =
            switch field {
            case .organization: "organization_id = gen_random_uuid()"
            case .clinic: "clinic_id = gen_random_uuid()"
            case .status: "status = 'error'"
            case .enabled: "enabled = NOT enabled"
            case .phoneNumber: "phone_number = '+1999999999'"
            case .displayName: "display_name = display_name || ' '"
            case .connectedAt: "connected_at = connected_at + interval '1 microsecond'"
            case .lastSeenAt: "last_seen_at = last_seen_at - interval '1 microsecond'"
            case .createdAt: "created_at = created_at + interval '1 microsecond'"
            case .config(let key): "config = jsonb_set(config::jsonb, '{\(key)}', '\"else\"')"
            }
        try await fleet.run("CREATE TABLE public.kept AS SELECT * FROM healthcare.integrations")
        try await fleet.run(
            "UPDATE healthcare.integrations SET \(assignment) WHERE config->>'instance_name' = $1", [name])
        try await body()
        try await fleet.run(
            """
            UPDATE healthcare.integrations i SET organization_id = k.organization_id, clinic_id = k.clinic_id,
                status = k.status, enabled = k.enabled, phone_number = k.phone_number, display_name = k.display_name,
                connected_at = k.connected_at, last_seen_at = k.last_seen_at, created_at = k.created_at, config = k.config
            FROM public.kept k WHERE k.id = i.id
            """)
        try await fleet.run("DROP TABLE public.kept")
    }

    private func drafts(_ fleet: Fleet) async throws -> [String: IntegrationDraft] {
        try await fleet.plan().compactMapValues(\.action.draft)
    }
}
