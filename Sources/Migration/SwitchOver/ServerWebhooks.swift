package import HookgateCore

/// Asks the configured servers for the webhooks of a fleet, as far as that takes a reasonable time.
package actor ServerWebhooks: EvolutionWebhookSource {
    /// Each costs a call, and a server gets at most twenty a second.
    package static let mostInstances = 1_000
    private static let width = 5

    private let servers: [any EvolutionServer]
    private var directory: ServerDirectory?
    private var asked = 0

    package init(servers: [any EvolutionServer]) {
        self.servers = servers
    }

    package func webhooks(of names: [InstanceName]) async -> [InstanceName: WebhookAtEvolution] {
        let names = names.prefix(max(0, Self.mostInstances - asked))
        asked += names.count
        if directory == nil { directory = await ServerDirectory.ask(servers) }
        let places = names.map { ($0, directory?.place(of: $0)) }
        return await withTaskGroup(of: (InstanceName, WebhookAtEvolution).self) { tasks in
            var found: [InstanceName: WebhookAtEvolution] = [:]
            var waiting = places[...]
            var running = 0
            while running > 0 || !waiting.isEmpty {
                if running < Self.width, let (name, place) = waiting.popFirst() {
                    running += 1
                    tasks.addTask { (name, await Self.webhook(of: name, at: place)) }
                } else if let (name, webhook) = await tasks.next() {
                    running -= 1
                    found[name] = webhook
                }
            }
            return found
        }
    }

    private static func webhook(of name: InstanceName, at place: ServerDirectory.Place?) async -> WebhookAtEvolution {
        switch place {
        case .nowhere, nil: return .nowhere
        case .several(let servers): return .several(servers)
        case .unknown(let failure): return .unknown(failure)
        case .on(let server, _):
            do {
                return .settings(try await server.loadedWebhook(of: name).effective)
            } catch {
                return .unknown(error)
            }
        }
    }
}
