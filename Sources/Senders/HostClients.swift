import AsyncHTTPClient
import HookgateCore
import NIOCore
import NIOSSL
import Synchronization

/// HTTP clients by the trust that a destination has.
///
/// The operator's own destinations share one client, which looks names up as every program does. Of the others each
/// host has a client of its own that can connect to one address only: the one that was looked up and found
/// acceptable. So what a name means a moment later changes nothing, and the certificate is still the name's.
final class HostClients: Sendable {
    private struct Kept {
        let address: IPAddress
        let client: HTTPClient
        var users = 0
        var lookedUp: ContinuousClock.Instant
        var lastUse: ContinuousClock.Instant
    }

    private struct State {
        var kept: [String: Kept] = [:]
        /// Clients that have users and are to be closed after them.
        var leaving: [ObjectIdentifier: (client: HTTPClient, users: Int)] = [:]
        var isClosed = false
    }

    private let options: WebhookSenderOptions
    private let tls: TLSConfiguration
    private let shared: HTTPClient
    private let state = Mutex(State())

    init(options: WebhookSenderOptions) throws {
        self.options = options
        var tls = TLSConfiguration.makeClientConfiguration()
        if let file = options.authoritiesFile { tls.additionalTrustRoots = [.file(file)] }
        self.tls = tls
        self.shared = Self.client(options, tls, pinning: [:])
    }

    /// Runs `body` with the client for a host, which stays open for as long.
    func withClient(
        for host: String, trust: Destination.Trust, attempt: Int, _ body: (HTTPClient) async throws -> Void
    ) async throws {
        guard trust == .configured else { return try await body(shared) }
        let client = try await client(for: host, attempt: attempt)
        let result: Result<Void, any Error>
        do { result = .success(try await body(client)) } catch { result = .failure(error) }
        giveBack(client, of: host)
        try result.get()
    }

    func close() async {
        let clients = state.withLock { state in
            state.isClosed = true
            defer { state.kept = [:] }
            return state.kept.values.map(\.client)
        }
        for client in clients + [shared] { try? await client.shutdown() }
    }

    private func client(for host: String, attempt: Int) async throws -> HTTPClient {
        if let client = take(host, newAddress: nil) { return client }
        let all = try await options.resolve(host)
        let acceptable = options.allowsPrivateNetworks ? all : all.filter(\.isPublic)
        guard !acceptable.isEmpty else { throw SendFailure.forbiddenAddress }
        // Another attempt tries another address of the same host.
        guard let client = take(host, newAddress: acceptable[(max(1, attempt) - 1) % acceptable.count]) else {
            throw HTTPClientError.alreadyShutdown
        }
        return client
    }

    /// A kept client whose address is fresh, or is the new one; else a new client for the new address.
    private func take(_ host: String, newAddress: IPAddress?) -> HTTPClient? {
        let now = ContinuousClock.now
        let (taken, unused) = state.withLock { state -> (HTTPClient?, [HTTPClient]) in
            guard !state.isClosed else { return (nil, []) }
            if var kept = state.kept[host] {
                let isFresh = kept.lookedUp.duration(to: now) < options.addressLifetime
                if newAddress == nil ? isFresh : kept.address == newAddress {
                    if newAddress != nil { kept.lookedUp = now }
                    kept.users += 1
                    kept.lastUse = now
                    state.kept[host] = kept
                    return (kept.client, [])
                }
            }
            guard let newAddress else { return (nil, []) }
            var unused = [Self.retire(host, &state)]
            let client = Self.client(options, tls, pinning: [host: newAddress.description])
            state.kept[host] = Kept(address: newAddress, client: client, users: 1, lookedUp: now, lastUse: now)
            if state.kept.count > options.keptHosts {
                let idle = state.kept.filter { $0.value.users == 0 }.min { $0.value.lastUse < $1.value.lastUse }
                if let idle { unused.append(Self.retire(idle.key, &state)) }
            }
            return (client, unused.compactMap(\.self))
        }
        Self.close(unused)
        return taken
    }

    /// Takes a host's client out; returns it when nobody uses it.
    private static func retire(_ host: String, _ state: inout State) -> HTTPClient? {
        guard let kept = state.kept.removeValue(forKey: host) else { return nil }
        guard kept.users > 0 else { return kept.client }
        state.leaving[ObjectIdentifier(kept.client)] = (kept.client, kept.users)
        return nil
    }

    private func giveBack(_ client: HTTPClient, of host: String) {
        let unused = state.withLock { state -> HTTPClient? in
            if state.kept[host]?.client === client {
                state.kept[host]?.users -= 1
                return nil
            }
            guard var leaving = state.leaving[ObjectIdentifier(client)] else { return nil }
            leaving.users -= 1
            state.leaving[ObjectIdentifier(client)] = leaving.users > 0 ? leaving : nil
            return leaving.users > 0 ? nil : leaving.client
        }
        Self.close([unused].compactMap(\.self))
    }

    /// Not in the caller's time: an attempt is not longer because another host's connections are closed.
    private static func close(_ clients: [HTTPClient]) {
        for client in clients { client.shutdown { _ in } }
    }

    private static func client(
        _ options: WebhookSenderOptions, _ tls: TLSConfiguration, pinning addresses: [String: String]
    ) -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        configuration.tlsConfiguration = tls
        configuration.dnsOverride = addresses
        configuration.timeout.connect = .nanoseconds(options.connectTimeout.nanoseconds)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = options.connectionsPerHost
        // Shorter than most servers keep an idle connection: one that is closed while we write to it costs an attempt.
        configuration.connectionPool.idleTimeout = .seconds(4)
        // When to try again is the schedule's to decide.
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }
}

extension Duration {
    fileprivate var nanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}
