import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Store
import Testing

/// Whatever the old tables look like, moving them away and back leaves every row and every definition as it was.
@Suite(.timeLimit(.minutes(3)))
struct RandomArchiveTests {
    private static let columns = [
        "n integer", "t text COLLATE \"C\"", "j jsonb", "a text[]", "b bytea", "d timestamptz", "u uuid",
        "x numeric(12, 3)",
        "f double precision", "p point", "i interval", "r int4range", "e inet", "\"Mixed Case\" boolean",
    ]
    private static let values = [
        "7", "'it''s \\ \"odd\" 🦷'", "'{\"k\": [1, null, {}]}'", "ARRAY['a', NULL, '', '{']", "'\\x00ff'",
        "'2024-02-29 23:59:59.999999+13:45'", "'c0000000-0000-4000-8000-00000000000c'", "-0.125", "'NaN'", "'(1,-2.5)'",
        "'1 mon -3 days 04:05:06'", "'[3,)'", "'10.0.0.1/8'", "true",
    ]
    private static let decorations = [
        "CREATE INDEX ON @ (%)", "CREATE UNIQUE INDEX ON @ (number, (% IS NULL))",
        "ALTER TABLE @ ADD CHECK (number >= 0)", "ALTER TABLE @ ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE @ ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON @ USING (number > 1)",
        "GRANT SELECT (%) ON @ TO anon", "COMMENT ON COLUMN @.% IS 'x'", "ALTER TABLE @ CLUSTER ON #",
        "CREATE STATISTICS public.of_# ON number, % FROM @", "ALTER TABLE @ REPLICA IDENTITY USING INDEX #",
        "CREATE RULE nothing AS ON DELETE TO @ DO INSTEAD NOTHING", "ALTER TABLE @ ALTER COLUMN % SET NOT NULL",
    ]

    /// One table with random columns, rows and what belongs to a table.
    private static func script(_ source: LegacySource, _ generator: inout SeededGenerator) -> String {
        let table = source.rawValue
        let key = "\(source.table)_key_\(source.schema)"
        let picked = columns.indices.filter { _ in Bool.random(using: &generator) }
        let names = picked.map {
            columns[$0].hasPrefix("\"") ? "\"Mixed Case\"" : String(columns[$0].prefix { $0 != " " })
        }
        var lines = [
            "CREATE TABLE \(table) (number serial CONSTRAINT \(key) PRIMARY KEY, instance_name text"
                + picked.map { ", \(columns[$0])" }.joined() + ");"
        ]
        for number in 0..<Int.random(in: 0...40, using: &generator) {
            let row = picked.map { Int.random(in: 0...4, using: &generator) == 0 ? "NULL" : values[$0] }
            lines.append(
                "INSERT INTO \(table) (instance_name\(names.map { ", \($0)" }.joined())) "
                    + "VALUES ('clinic-\(number)'\(row.map { ", \($0)" }.joined()));")
        }
        for _ in 0..<3 {
            guard let column = names.filter({ !["p", "j"].contains($0) }).randomElement(using: &generator),
                let decoration = decorations.randomElement(using: &generator)
            else { continue }
            let text = decoration.replacing("@", with: table).replacing("%", with: column).replacing("#", with: key)
            // What does not fit what is there already is left out.
            lines.append("DO $$ BEGIN \(text); EXCEPTION WHEN OTHERS THEN NULL; END $$;")
        }
        return lines.joined(separator: "\n")
    }

    @Test(arguments: UInt64(1)...8)
    func everyRowAndDefinitionComesBack(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let sources = LegacySource.archived.filter { _ in Int.random(in: 0...5, using: &generator) > 0 }
        let script = sources.map { Self.script($0, &generator) }.joined(separator: "\n")
        try await withSchema { database in
            try await database.makePostgRESTRoles()
            try await database.pool.execute(script: "CREATE SCHEMA core;\n" + script)
            let old = OldTables(database: database)
            let before = try await database.dump()
            let archive = try await old.archive(tables: sources)
            #expect(archive.tables.count == sources.count)
            try await old.restore(archive, isRehearsal: true)
            try await old.restore(archive)
            #expect(try await database.dump() == before, "seed \(seed)")
        }
    }
}
