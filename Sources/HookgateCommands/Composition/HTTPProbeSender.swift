import AsyncHTTPClient
import FoundationEssentials
import HookgateCore
import NIOCore
import NIOHTTP1
import NIOPosix

/// Posts a probe with AsyncHTTPClient, following no redirect: Evolution would turn it into a GET.
struct HTTPProbeSender: ProbeSender {
    private static let timeout = TimeAmount.seconds(10)
    private static let longestAnswer = 16 * 1024

    func post(_ request: ProbeRequest) async throws(ProbeFailure) -> ProbeAnswer {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let result: Result<ProbeAnswer, ProbeFailure>
        do {
            result = .success(try await Self.exchange(request, over: client))
        } catch {
            let reason =
                error is NIOConnectionError
                ? "no connection (is the gateway running there?)" : NetworkFailure.reason(error)
            result = .failure(.unreachable(reason))
        }
        // Nothing is in flight any more; a failure to close idle connections changes nothing for the caller.
        try? await client.shutdown()
        return try result.get()
    }

    private static func exchange(_ request: ProbeRequest, over client: HTTPClient) async throws -> ProbeAnswer {
        var message = HTTPClientRequest(url: request.url)
        message.method = .POST
        for header in request.headers { message.headers.add(name: header.name, value: header.value) }
        message.body = .bytes(ByteBuffer(bytes: request.body))
        let response = try await client.execute(message, timeout: timeout)
        let body = try await response.body.collect(upTo: longestAnswer)
        return ProbeAnswer(status: Int(response.status.code), body: Array(body.readableBytesView))
    }
}
