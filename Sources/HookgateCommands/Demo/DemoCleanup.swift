import PostgresClient

/// The act of the clean-up: refused until the evidence is in, then done, then taken back to the last byte.
struct DemoCleanup {
    let stage: DemoStage
    let pool: PostgresPool
    /// Every row of the old tables, as they were at first. They are not read again before the end: a plan would count
    /// that as somebody who still needs them.
    let before: [String]
    let rows: () async throws -> [String]

    /// What is left of the old fleet is decided, and a first look is taken.
    func prepare() async throws {
        stage.say("\nThree instances are nobody's by now. A decision in a file leaves them out:")
        try stage.write(
            """
            hill-street: {exclude: the clinic has another number}
            nobodys-phone: {exclude: given up in May}
            reception: {exclude: was a test}

            """, to: "left-out.yaml")
        try await stage.hookgate("migrate", "--overrides", "left-out.yaml", ending: .done, showing: false)
        let early = try await stage.hookgate("cleanup", "plan", ending: .attention)
        stage.expect(
            early.contains("❌ legacy_traffic: "), "no clean-up on the day of the switch: the old URLs were just called")
    }

    /// After the observation.
    func tell() async throws {
        try await stage.hookgate("cleanup", "plan", ending: .done)
        try await stage.hookgate("cleanup", "run", "--yes", ending: .done)
        let gone = try await pool.query("SELECT to_regclass('public.evolution_instances') IS NULL AS gone")
        stage.expect(try gone[0].decode("gone"), "the old tables are out of the way, in an archive")

        stage.say("\nAnd all of it back:")
        try await stage.hookgate("cleanup", "restore", ending: .done)
        stage.expect(try await rows() == before, "every row is back where it was, byte for byte")
    }
}
