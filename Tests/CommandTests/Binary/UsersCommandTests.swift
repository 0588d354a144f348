import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import NIOHTTP1
import PostgresClient
import Testing

/// `hookgate users` as a person runs it, and what it does to consoles that run.
@Suite(.timeLimit(.minutes(3)))
struct UsersCommandTests {
    private static let organization = "6b1f0c1e-52a9-4c0e-9a53-6a6d2b1c7a10"

    private static func withDataDirectory(_ body: (String) async throws -> Void) async throws {
        let path = "/tmp/hookgate-users-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await body(path)
    }

    @Test func usersAreMadeChangedInvitedDisabledAndListed() async throws {
        try await withSchema { database in
            let hookgate = HookgateBinary(
                databaseURL: database.url, settings: ["HOOKGATE_ADMIN_TOKEN": ConsoleCaller.adminToken])
            #expect(try await hookgate.run("users").output.hasPrefix("No users."))
            let create = ["users", "create", "ana", "--role", "viewer", "--display-name", "Ana Souza"]
            let preview = try await hookgate.run(create + ["--dry-run"])
            #expect(preview.exitCode == 0 && preview.output == "Would make ana: viewer, sees everything.\n")
            let made = try await hookgate.run(create)
            #expect(made.exitCode == 0 && made.output.hasPrefix("Made ana (Ana Souza): viewer, sees everything."))
            #expect(try await hookgate.run(create).exitCode == 3)
            #expect(try await hookgate.run(create + ["--dry-run"]).exitCode == 3)
            #expect(try await hookgate.run("users", "create", "Ana", "--role", "viewer").exitCode == 64)
            #expect(try await hookgate.run("users", "set", "ana").exitCode == 64)
            #expect(try await hookgate.run("users", "set", "nobody", "--role", "admin").exitCode == 1)
            let set = ["users", "set", "ana", "--role", "admin", "--organization", Self.organization]
            let dry = try await hookgate.run(set + ["--dry-run"])
            #expect(dry.exitCode == 0 && dry.output.contains("Dry run: nothing was changed."))
            let changed = try await hookgate.run(set)
            #expect(changed.output == "ana (Ana Souza): admin, sees organization \(Self.organization).\n")
            #expect(try await hookgate.run(set).output.hasPrefix("Nothing to change"))
            #expect(try await hookgate.run("users", "set", "ana", "--organization", "all").exitCode == 0)

            #expect(try await hookgate.run("keys", "create", "laptop").exitCode == 64)
            #expect(
                try await hookgate.run("keys", "create", "laptop", "--user", "ana", "--role", "admin").exitCode == 64)
            let key = try await hookgate.run("keys", "create", "laptop", "--user", "ana")
            #expect(key.exitCode == 0 && key.output.contains("Made 'laptop', admin."), "\(key.complaint)")
            #expect(try await hookgate.run("keys", "list").output.contains("laptop of ana: admin, sees everything"))
            #expect(try await hookgate.run("keys", "create", "ana", "--role", "viewer").exitCode == 3)
            #expect(try await hookgate.run("users", "invite", "ana", "--expires", "31d").exitCode == 64)

            #expect(try await hookgate.run("users", "disable", "ana").exitCode == 3)
            let disabled = try await hookgate.run("users", "disable", "ana", "--yes", "--json")
            #expect(disabled.output.contains(#""ended_keys" : 1"#) && disabled.output.contains(#""outcome" : "done""#))
            #expect(try await hookgate.run("users", "invite", "ana").exitCode == 3)
            #expect(try await hookgate.run("keys", "create", "phone", "--user", "ana").exitCode == 3)
            #expect(try await hookgate.run("users", "list").output.contains("disabled 20"))
            #expect(try await hookgate.run("users", "enable", "ana").exitCode == 0)
            let list = try await hookgate.run("users", "list", "--json")
            #expect(list.output.contains(#""name" : "ana""#) && !list.output.contains("disabled_at"))
            #expect(try await hookgate.run("audit", "verify").exitCode == 0)
            #expect(try await hookgate.run("audit", "list", "--action", "users.disable").output.contains("ana"))
        }
    }

    @Test func theLastAdminIsKeptUnlessForced() async throws {
        try await withSchema { database in
            let hookgate = HookgateBinary(databaseURL: database.url)
            _ = try await hookgate.run("users", "create", "ana", "--role", "admin")
            _ = try await hookgate.run("keys", "create", "laptop", "--user", "ana")
            for deed in [
                ["users", "disable", "ana", "--yes"], ["users", "set", "ana", "--role", "viewer"],
                ["users", "set", "ana", "--organization", Self.organization],
                ["keys", "revoke", "ana/laptop", "--yes"],
                ["users", "disable", "ana", "--dry-run"],
            ] {
                let refused = try await hookgate.run(deed)
                #expect(refused.exitCode == 3 && refused.complaint.contains("--force"), "\(deed)")
            }
            let token = HookgateBinary(
                databaseURL: database.url, settings: ["HOOKGATE_ADMIN_TOKEN": ConsoleCaller.adminToken])
            #expect(try await token.run("users", "disable", "ana", "--dry-run").exitCode == 0)
            #expect(try await hookgate.run("users", "disable", "ana", "--yes", "--force").exitCode == 0)
        }
    }

    @Test func aDisabledUserIsRefusedByEveryConsoleThatRuns() async throws {
        try await withSchema { database in
            try await Self.withDataDirectory { one in
                try await Self.withDataDirectory { other in
                    let settings = ["HOOKGATE_ADMIN_TOKEN": ConsoleCaller.adminToken]
                    let first = HookgateBinary(databaseURL: database.url, dataDirectory: one, settings: settings)
                    let second = HookgateBinary(databaseURL: database.url, dataDirectory: other, settings: settings)
                    let log = "\(other)-log"
                    defer { try? FileManager.default.removeItem(atPath: log) }
                    _ = try await first.run("users", "create", "ana", "--role", "operator")
                    let exitCode = try await first.serving(log: log) { address in
                        _ = try await second.serving(log: log) { elsewhere in
                            let link = try await first.run("users", "invite", "ana", "--base", address)
                            #expect(link.exitCode == 0 && link.output.hasPrefix("\(address)/login/hgl_"))
                            let secret = String(
                                try #require(link.output.split(separator: "/").last).prefix { !$0.isWhitespace })
                            let ana = try await ConsoleVisitor.signIn(address, secret)
                            let there = ConsoleVisitor(
                                address: elsewhere, cookie: ana.cookie, formToken: ana.formToken)
                            #expect(try await there.post("/account/keys", "name=laptop") == .ok)
                            #expect(try await first.run("users", "set", "ana", "--role", "viewer").exitCode == 0)
                            #expect(try await there.post("/audit/verify") == .forbidden)
                            #expect(try await first.run("users", "disable", "ana", "--yes").exitCode == 0)
                            for visitor in [ana, there] {
                                #expect(try await visitor.post("/account/keys", "name=phone") == .seeOther)
                            }
                            let logged = try String(contentsOfFile: log, encoding: .utf8)
                            #expect(!logged.contains(secret))
                        }
                    }
                    #expect(exitCode == 0)
                }
            }
            let keys = try await database.pool.query("SELECT name FROM hookgate.access_keys WHERE kind = 'key'")
            #expect(try keys.map { try $0.decode("name", as: String.self) } == ["laptop"])
        }
    }
}
