import EvolutionAPI
import Fleet
import FoundationEssentials
import HookgateCore
import Store

extension Database {
    /// - Parameter servers: none where nothing outside is to be asked.
    func integrations(_ configuration: Configuration, _ servers: [any EvolutionServer])
        -> any IntegrationUseCases
    {
        let probe = Probe(
            routing: routing, catalog: catalog, sender: HTTPProbeSender(), evidence: PostgresProbeEvidence(pool: pool),
            time: .system)
        return IntegrationKeeper(
            store: PostgresIntegrations(pool: pool, lockURL: directURL), servers: servers,
            secondFactors: secondFactors(configuration.secondFactorPolicy), policy: configuration.secondFactorPolicy,
            probe: TokenProbe(probe: probe, base: configuration.publicURL), publicURL: configuration.publicURL,
            time: .system, random: { Randomness.bytes($0) })
    }
}

/// Bytes that nobody can guess.
enum Randomness {
    static func bytes(_ count: Int) -> [UInt8] {
        var system = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &system) }
    }
}

/// What a webhook's body says of its instance's connection.
enum StatusReading {
    /// Nil where it says nothing of it.
    static func read(_ body: [UInt8]) -> EventReading? {
        guard let event = try? EvolutionEvent(body) else { return nil }
        return switch event.content {
        case .connection(let update): EventReading(signal: signal(update), saidAt: event.saidAt)
        case .qrCode(.offered): EventReading(signal: .codeOffered, saidAt: event.saidAt)
        case .qrCode(.limitReached): EventReading(signal: .codesUsedUp, saidAt: event.saidAt)
        case .statusInstance(let status): signal(status).map { EventReading(signal: $0, saidAt: event.saidAt) }
        case .lifecycle(.loggedOut): EventReading(signal: .loggedOut, saidAt: event.saidAt)
        case .lifecycle(.removed), .lifecycle(.deleted): EventReading(signal: .removed, saidAt: event.saidAt)
        case .lifecycle(.created), .messages, .history, .update, .edit, .deletion, .notice, .call, .presence,
            .groupChange, .listing, .other:
            nil
        }
    }

    private static func signal(_ update: ConnectionUpdate) -> StatusSignal? {
        switch update.state {
        case .open: .open(update.phone)
        case .connecting: .connecting
        case .refused: .codesUsedUp
        case .close: update.reason == 401 ? .loggedOut : .closed(reason: update.reason)
        case .other: nil
        }
    }

    private static func signal(_ status: StatusInstance) -> StatusSignal? {
        guard status.status == "closed" else { return nil }
        if status.conflict == "device_removed" { return .deviceRemoved }
        return status.reason == nil || status.reason == 401 ? .loggedOut : .closed(reason: status.reason)
    }
}
