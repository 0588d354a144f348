import HookgateCore
import HookgateTestSupport
import Testing

@Suite(.timeLimit(.minutes(3)))
struct ExplainCommandTests {
    @Test func aTokenFromStandardInputIsExplainedAndNotPrinted() async throws {
        try await withHeldEvents { held in
            _ = try await held.add("clinic-a", token: HeldEvents.token)
            let secret = HeldEvents.token.secretText
            let hookgate = HookgateBinary(databaseURL: held.database.url)
            let explained = try await hookgate.run("explain", "-", "--listen", "127.0.0.1:1", input: secret + "\n")
            #expect(explained.exitCode == 0, "\(explained.complaint)")
            #expect(explained.output.contains("200 ok"))
            #expect(explained.output.contains("no gateway answers at http://127.0.0.1:1"))
            let wrong = try await hookgate.run("explain", "--json", secret + "x")
            #expect(wrong.exitCode == 3)
            #expect(wrong.output.contains("\"http_status\" : 404"))
            for ending in [explained, wrong] {
                #expect(!(ending.output + ending.complaint).contains(secret.dropFirst(8)))
            }
            #expect(try await hookgate.run("explain", "-").exitCode == 64)
        }
    }

    @Test func aRunningGatewaysWordIsAsked() async throws {
        try await withHeldEvents { held in
            _ = try await held.add("clinic-a", enabled: false)
            let directory = try TestCluster.makeFolder(prefix: "hookgate-explain")
            let hookgate = HookgateBinary(databaseURL: held.database.url, dataDirectory: directory)
            let exitCode = try await hookgate.serving { address in
                let listen = String(address.dropFirst("http://".count))
                let explained = try await hookgate.run("explain", "clinic-a", "--listen", listen)
                #expect(explained.exitCode == 3)
                #expect(explained.output.contains("the gateway at \(address)"))
                #expect(explained.output.contains("200 quarantined (integration_disabled)"))
            }
            #expect(exitCode == 0)
        }
    }
}
