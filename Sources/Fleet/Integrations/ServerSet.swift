import HookgateCore

/// The configured Evolution servers, and which of them has what.
struct ServerSet: Sendable {
    let all: [any EvolutionServer]

    init(_ servers: [any EvolutionServer]) {
        self.all = servers
    }

    subscript(name: String) -> (any EvolutionServer)? { all.first { $0.name == name } }

    /// The server for a new instance.
    func chosen(_ name: String?) throws(IntegrationError) -> any EvolutionServer {
        if let name {
            guard let server = self[name] else { throw .serverUnknown(name, all.map(\.name)) }
            return server
        }
        guard all.count == 1, let only = all.first else { throw .serverMissing(all.map(\.name)) }
        return only
    }

    enum Place: Sendable {
        case on(any EvolutionServer, EvolutionConnection)
        /// Every server that was asked answered, and none has it.
        case nowhere
        case several([String])
        case unknown(server: String, EvolutionFailure)
    }

    /// Where an instance is: on the server that its integration says, or else on whichever has it.
    func place(of name: InstanceName, on server: String?) async -> Place {
        let asked = server.flatMap { self[$0] }.map { [$0] } ?? all
        var found: [(server: any EvolutionServer, connection: EvolutionConnection)] = []
        var failure: (String, EvolutionFailure)?
        for server in asked {
            do throws(EvolutionFailure) {
                found.append((server, try await server.connection(of: name)))
            } catch .instanceUnknown {
                continue
            } catch {
                failure = (server.name, error)
            }
        }
        if found.count > 1 { return .several(found.map(\.server.name)) }
        // One that did not answer may have it too.
        if let failure { return .unknown(server: failure.0, failure.1) }
        return found.first.map { .on($0.server, $0.connection) } ?? .nowhere
    }

    /// What every server lists, with those that did not answer.
    func listed() async -> (instances: [(server: String, instance: EvolutionInstance)], unanswered: [UnansweredServer])
    {
        var listed: [(String, EvolutionInstance)] = []
        var unanswered: [UnansweredServer] = []
        for server in all {
            do throws(EvolutionFailure) {
                listed += try await server.instances().map { (server.name, $0) }
            } catch {
                unanswered.append(UnansweredServer(name: server.name, failure: error))
            }
        }
        return (listed, unanswered)
    }
}
