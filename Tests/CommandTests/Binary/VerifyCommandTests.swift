import HookgateTestSupport
import PostgresClient
import Testing

/// `migrate verify` as a script meets it: the exit code, and both values of what differs.
@Suite(.timeLimit(.minutes(3)))
struct VerifyCommandTests {
    @Test(arguments: [
        ("status = 'error'", "status is error here and active in the legacy tables"),
        ("phone_number = '+1'", "phone_number is +1 here and +15550000002 in the legacy tables"),
        (
            #"config = config || '{"instance_key": "ELSE"}'"#,
            "config.instance_key is (secret) here and (secret) in the legacy"
        ),
    ])
    func aValueChangedBehindItsBackEndsWithThree(assignment: String, sentence: String) async throws {
        try await withSchema { database in
            try await LegacyFleet.make(3, in: database)
            let hookgate = HookgateBinary(databaseURL: database.url)
            #expect(try await hookgate.run("migrate", "--no-schema").exitCode == 0)
            #expect(try await hookgate.run("migrate", "verify").exitCode == 0)
            try await database.pool.query(
                "UPDATE healthcare.integrations SET \(assignment) WHERE config->>'instance' = 'clinic-2'")
            let verify = try await hookgate.run("migrate", "verify")
            #expect(verify.exitCode == 3)
            #expect(verify.output.contains("clinic-2"))
            #expect(verify.output.contains(sentence), "\(verify.output)")
            #expect(!verify.output.contains("ELSE"))
            #expect(try await hookgate.run("migrate", "verify", "--accept-edits").exitCode == 0)
            #expect(try await hookgate.run("migrate", "--no-schema").exitCode == 0, "a run leaves edits alone")
        }
    }
}
