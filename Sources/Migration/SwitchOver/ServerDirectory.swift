import HookgateCore

/// Which configured Evolution server has which instance.
struct ServerDirectory: Sendable {
    /// Names by server, of those that answered.
    private(set) var instances: [InstanceName: [(server: any EvolutionServer, instance: EvolutionInstance)]] = [:]
    /// Servers that could not be asked: what they have is not known.
    private(set) var failures: [(server: String, failure: EvolutionFailure)] = []

    static func ask(_ servers: [any EvolutionServer]) async -> ServerDirectory {
        var directory = ServerDirectory()
        for server in servers {
            do {
                for instance in try await server.instances() {
                    directory.instances[instance.name, default: []].append((server, instance))
                }
            } catch {
                directory.failures.append((server.name, error))
            }
        }
        return directory
    }

    enum Place {
        case on(any EvolutionServer, EvolutionInstance)
        case nowhere
        case several([String])
        /// Not on those that answered.
        case unknown(EvolutionFailure)
    }

    func place(of name: InstanceName) -> Place {
        let found = instances[name] ?? []
        if found.count > 1 { return .several(found.map(\.server.name)) }
        if let only = found.first { return .on(only.server, only.instance) }
        if let failure = failures.first { return .unknown(failure.failure) }
        return .nowhere
    }
}
