import EvolutionClient
import EvolutionSimulator
import HookgateCore
import HookgateTestSupport
import Testing

/// The client against simulated servers of every release, over HTTP.
@Suite(.timeLimit(.minutes(1)))
struct ReleaseTests {
    static let name = InstanceName("clínica/1 ü")

    static func withServer(
        _ release: String, key: String? = "GLOBAL", retries: [Duration] = [.zero, .zero],
        _ body: (EvolutionClient, EvolutionSimulator) async throws -> Void
    ) async throws {
        var options = SimulatorOptions()
        options.globalKey = "GLOBAL"
        let simulator = EvolutionSimulator(profile: try #require(ServerProfile(release)), options: options)
        simulator.add(name.text, id: "id-1", token: "TOKEN")
        try await simulator.start()
        var clientOptions = EvolutionClientOptions()
        clientOptions.callSpacing = .zero
        clientOptions.retryPauses = retries
        clientOptions.briefTimeout = .seconds(5)
        let client = EvolutionClient(name: "main", url: simulator.baseURL + "/", key: key, options: clientOptions)
        do {
            try await body(client, simulator)
        } catch {
            Issue.record(error)
        }
        await simulator.stop()
    }

    /// Asks until the settings are these: the older releases answer a set before they have written it.
    static func settled(
        _ client: EvolutionClient, _ wanted: EvolutionWebhookSettings
    ) async throws -> [EvolutionWebhookSettings.Part] {
        var differences: [EvolutionWebhookSettings.Part] = []
        for _ in 0..<200 {
            differences = try await client.webhook(of: name).effective.differences(from: wanted)
            if differences.isEmpty { break }
        }
        return differences
    }

    @Test(arguments: ServerProfile.releases)
    func settingsAreSetReadBackAndRestored(release: String) async throws {
        try await Self.withServer(release) { client, simulator in
            let found = try await client.release()
            #expect(found.version?.description == release)
            #expect(try await client.webhook(of: Self.name).effective.isVoid)
            var old = EvolutionWebhookSettings(
                url: "https://old.example.test/webhooks/evolution/x", isEnabled: true,
                events: ["MESSAGES_UPSERT", "CONNECTION_UPDATE"], byEvents: true, base64: true)
            if found.acceptsHeaders { old.headers = [EvolutionMember(name: "X-Old", json: "\"1\"")] }
            try await client.setWebhook(old, of: Self.name)
            #expect(try await Self.settled(client, old).isEmpty)
            let snapshot = try #require(try await client.webhook(of: Self.name).settings)
            let new = snapshot.pointing(to: "https://new.example.test/webhooks/evolution/whatsapp/token")
            try await client.setWebhook(new, of: Self.name)
            #expect(try await Self.settled(client, new).isEmpty)
            #expect(simulator.webhookURL(of: Self.name.text) == new.url)
            try await client.setWebhook(snapshot, of: Self.name)
            #expect(try await Self.settled(client, snapshot).isEmpty)
            let off = EvolutionWebhookSettings(url: "", isEnabled: false, events: [])
            try await client.setWebhook(off, of: Self.name)
            #expect(try await Self.settled(client, off).isEmpty)
        }
    }

    @Test(arguments: ServerProfile.releases)
    func anInstanceIsMadePairedAndTakenAway(release: String) async throws {
        try await Self.withServer(release) { client, simulator in
            let name = InstanceName("new clinic")
            let draft = EvolutionInstanceDraft(
                name: name,
                webhook: EvolutionWebhookSettings(
                    url: "http://127.0.0.1:9/hook", isEnabled: true, events: ["MESSAGES_UPSERT"]))
            let created = try await client.create(draft)
            #expect(created.connection == .closed)
            #expect(simulator.webhookURL(of: name.text) == draft.webhook.url)
            await #expect(throws: EvolutionFailure.nameTaken(name)) { try await client.create(draft) }
            guard case .pair(let pairing) = try await client.connect(name, number: "15550101001") else {
                Issue.record("no code came")
                return
            }
            #expect(pairing.qrText?.hasPrefix("2@") == true && pairing.pairingCode?.count == 8)
            var connection = try await client.connection(of: name)
            #expect(connection == .connecting)
            simulator.scan(name.text, number: "15550101001")
            connection = try await client.connection(of: name)
            #expect(connection == .open)
            let again = try await client.connect(name, number: nil)
            #expect(again == .alreadyOpen)
            try await client.restart(name)
            let listed = try await client.instances().first { $0.name == name }
            #expect(listed?.owner == PhoneNumber("+15550101001") && listed?.connection == .open)
            try await client.logOut(name)
            try await client.logOut(name)
            connection = try await client.connection(of: name)
            #expect(connection == .closed)
            try await client.delete(name)
            await #expect(throws: EvolutionFailure.instanceUnknown(name)) { try await client.delete(name) }
            let left = try await client.instances().map(\.name)
            #expect(left == [Self.name])
        }
    }

    @Test(arguments: [
        ("2.3.7", "1.8.6"), ("1.8.6", "2.3.7"), ("2.3.7", "2.1.0"), ("2.1.0", "2.3.7"),
    ])
    func anUpgradeBetweenTwoCallsIsFollowed(before: String, after: String) async throws {
        try await Self.withServer(before) { client, simulator in
            _ = try await client.release()
            simulator.upgrade(to: try #require(ServerProfile(after)))
            let wanted = EvolutionWebhookSettings(
                url: "https://new.example.test/x", isEnabled: true, events: ["MESSAGES_UPSERT"])
            try await client.setWebhook(wanted, of: Self.name)
            #expect(try await Self.settled(client, wanted).isEmpty)
            let learned = try await client.release().version?.description
            #expect(learned == after)
        }
    }

    @Test func theListOfNoInstanceIsEmpty() async throws {
        try await Self.withServer("2.3.7") { client, simulator in
            try await client.delete(Self.name)
            #expect(try await client.instances().isEmpty)
        }
    }
}
