import AsyncHTTPClient
import FoundationEssentials
import HookgateCore
import NIOCore

/// Asks the gateway on this machine for its readiness.
struct HTTPRunningGateway: RunningGateway {
    private struct Readiness: Decodable {
        struct Part: Decodable {
            let name: String
            let status: String
            let detail: String?
        }

        let parts: [Part]
    }

    /// It answers from memory, so one that takes longer is no help to a person who waits.
    private static let timeout = TimeAmount.seconds(2)
    private static let longestAnswer = 64 * 1024

    let address: ListenAddress

    func word() async -> RunningGatewayWord {
        let base = "http://\(address.reachableText)"
        guard let readiness = try? await readiness("\(base)/health/ready"),
            let routing = readiness.parts.first(where: { $0.name == "routing" })
        else { return .nobodyAnswers(address: base) }
        return .routing(address: base, state: routing.status, detail: routing.detail)
    }

    private func readiness(_ url: String) async throws -> Readiness {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let result: Result<Readiness, any Error>
        do {
            let response = try await client.execute(HTTPClientRequest(url: url), timeout: Self.timeout)
            let body = try await response.body.collect(upTo: Self.longestAnswer)
            result = .success(try JSONDecoder().decode(Readiness.self, from: Data(body.readableBytesView)))
        } catch {
            result = .failure(error)
        }
        // Nothing is in flight any more; a failure to close idle connections changes nothing for the caller.
        try? await client.shutdown()
        return try result.get()
    }
}
