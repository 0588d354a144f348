import EvolutionClient
import HookgateCore

/// The configured Evolution servers.
enum EvolutionServers {
    static let missing = CommandFailure(
        "No Evolution server is configured. Set EVOLUTION_API_URL and EVOLUTION_API_KEY, or name the servers in the "
            + "configuration file (see docs/configuration.md).", status: .wrongUsage)

    static func configured(_ configuration: Configuration) throws -> [any HookgateCore.EvolutionServer] {
        guard !configuration.evolutionServers.isEmpty else { throw missing }
        return configuration.evolutionServers.map {
            EvolutionClient(name: $0.name, url: $0.url, key: $0.key?.secretText)
        }
    }

    /// The same; none where none is configured.
    static func optional(_ configuration: Configuration) throws -> [any HookgateCore.EvolutionServer] {
        configuration.evolutionServers.isEmpty ? [] : try configured(configuration)
    }
}
