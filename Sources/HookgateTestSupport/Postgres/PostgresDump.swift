import Subprocess

extension TestDatabase {
    /// Everything but our own schema, as `pg_dump` writes it: the opinion of PostgreSQL itself on what is there.
    package func dump() async throws -> String {
        let result = try await Subprocess.run(
            .name("pg_dump"), arguments: ["--dbname", url, "--exclude-schema", "hookgate"],
            output: .string(limit: 16 << 20), error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else {
            throw TestSupportError("pg_dump failed: \(result.standardError)")
        }
        // Newer releases put a key of their own at both ends, another one each time.
        return result.standardOutput.split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.hasPrefix("\\restrict ") && !$0.hasPrefix("\\unrestrict ") }.joined(separator: "\n")
    }
}
