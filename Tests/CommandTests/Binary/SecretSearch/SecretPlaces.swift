import FoundationEssentials
import HookgateTestSupport
import Subprocess
import SystemPackage
import Testing

/// Collects what a gateway leaves behind: in Redis, in PostgreSQL, in its directory.
enum SecretPlaces {
    /// Bodies wait here until the inbox has them, and nowhere else but in the inbox's own table of them.
    static let segments = "segment"
    static let bodies = "database: bodies"
    /// The source of truth for tokens, keys and addresses with passwords, and what is needed to restore exactly.
    static let keepsakes = "database: what keeps secrets"

    private static let keepers = [
        "healthcare.integrations", "public.evolution_instances", "hookgate.destinations",
        "hookgate.destination_secrets",
        "hookgate.second_factors", "hookgate.switch_overs",
    ]

    static func collect(_ redis: RedisServer, _ evidence: Evidence) async throws {
        let script = """
            local all = {}
            for _, key in ipairs(redis.call('KEYS', '*')) do
                all[#all + 1] = key
                local kind = redis.call('TYPE', key).ok
                if kind == 'string' then all[#all + 1] = redis.call('GET', key) end
                if kind == 'hash' then for _, v in ipairs(redis.call('HGETALL', key)) do all[#all + 1] = v end end
                if kind == 'stream' then all[#all + 1] = cjson.encode(redis.call('XRANGE', key, '-', '+')) end
            end
            return all
            """
        let result = try await Subprocess.run(
            .path("/usr/bin/redis-cli"),
            arguments: ["-s", redis.socket, "-a", "SenhaDoRedisS8", "--raw", "EVAL", script, "0"],
            output: .bytes(limit: 8 << 20), error: .discarded)
        evidence.add("Redis", result.standardOutput)
    }

    /// The database by PostgreSQL's own tool, in three parts: what may hold words, what may hold secrets, the rest.
    static func collect(_ database: TestDatabase, _ evidence: Evidence) async throws {
        let places = try FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql").sorted()
        let tool = "/usr/lib/postgresql/\(try #require(places.last))/bin/pg_dump"
        let parts: [(String, [String])] = [
            ("database", (["hookgate.event_bodies*"] + keepers).map { "--exclude-table=\($0)" }),
            (bodies, ["--table=hookgate.event_bodies*"]),
            (keepsakes, keepers.map { "--table=\($0)" }),
        ]
        for (place, arguments) in parts {
            let result = try await Subprocess.run(
                .path(.init(tool)), arguments: Arguments(["--dbname=\(database.url)"] + arguments),
                output: .bytes(limit: 64 << 20), error: .string(limit: 1 << 20))
            #expect(result.terminationStatus.isSuccess, "\(result.standardError)")
            evidence.add(place, result.standardOutput)
        }
    }

    static func collect(directory: String, _ evidence: Evidence) throws {
        for name in try names(below: directory) {
            guard let bytes = FileManager.default.contents(atPath: "\(directory)/\(name)") else { continue }
            let isSegment = name.hasPrefix("spool/") && (name.hasSuffix(".log") || name.hasSuffix(".segment"))
            evidence.add(isSegment ? "\(segments) \(name)" : "file \(name)", Array(bytes))
        }
    }

    private static func names(below folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).flatMap { name -> [String] in
            var isFolder = false
            guard FileManager.default.fileExists(atPath: "\(folder)/\(name)", isDirectory: &isFolder), isFolder else {
                return [name]
            }
            return try names(below: "\(folder)/\(name)").map { "\(name)/\($0)" }
        }
    }
}
