package import HookgateCore

extension IntegrationKeeper {
    private static let look = Duration.seconds(3)
    /// About how long WhatsApp takes a code; the next one is shown when it comes.
    private static let codeLasts = Duration.seconds(40)
    /// So many failed looks in a row end it.
    private static let mostFailures = 5

    package func connect(_ subject: String, number: String?) -> AsyncThrowingStream<PairingState, any Error> {
        // A consumer that falls behind needs the newest alone.
        let (stream, continuation) = AsyncThrowingStream.makeStream(
            of: PairingState.self, bufferingPolicy: .bufferingNewest(16))
        // Ends with its consumer.
        let task = Task {
            do {
                try await follow(subject, number) { continuation.yield($0) }
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    package func pairing(_ subject: String, number: String?) async throws -> PairingState {
        let (server, name) = try await present(try await find(subject))
        do throws(EvolutionFailure) {
            switch try await server.connect(name, number: number) {
            case .alreadyOpen: return .connected(await owner(of: name, on: server))
            case .waiting: return .waiting
            case .pair(let code): return .code(code, lasts: Self.codeLasts)
            }
        } catch {
            throw IntegrationError.server(server.name, error)
        }
    }

    private func follow(
        _ subject: String, _ number: String?, _ show: @Sendable (PairingState) -> Void
    ) async throws {
        let integration = try await find(subject)
        let (server, name) = try await present(integration)
        var shown: EvolutionPairing?
        var hasWaited = false
        var failures = 0
        while !Task.isCancelled {
            do throws(EvolutionFailure) {
                switch try await server.connect(name, number: number) {
                case .alreadyOpen: return show(.connected(await owner(of: name, on: server)))
                case .waiting where !hasWaited:
                    hasWaited = true
                    show(.waiting)
                case .waiting: break
                case .pair(let code) where code != shown:
                    if shown != nil { show(.renewed) }
                    shown = code
                    show(.code(code, lasts: Self.codeLasts))
                case .pair: break
                }
                failures = 0
            } catch {
                failures += 1
                // Between two codes a release may answer a look with an error.
                guard failures < Self.mostFailures, error.isPassing || error.isFault else {
                    throw IntegrationError.server(server.name, error)
                }
            }
            try await pause(Self.look)
        }
    }

    /// Where an integration's instance is; throws where that is not certain.
    func present(
        _ integration: IntegrationSummary
    ) async throws(IntegrationError) -> (server: any EvolutionServer, name: InstanceName) {
        guard let name = integration.instanceName else { throw .noInstanceName }
        switch await servers.place(of: name, on: integration.server) {
        case .on(let server, _): return (server, name)
        case .nowhere: throw .instanceMissing(name)
        case .several(let names): throw .onSeveralServers(names)
        case .unknown(let server, let failure): throw .server(server, failure)
        }
    }

    private func owner(of name: InstanceName, on server: any EvolutionServer) async -> PhoneNumber? {
        (try? await server.instances())?.first { $0.name == name }?.owner
    }
}

extension EvolutionFailure {
    fileprivate var isFault: Bool {
        if case .serverFault = self { true } else { false }
    }
}
