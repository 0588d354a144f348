import AsyncHTTPClient
import FoundationEssentials
package import HookgateCore
import NIOCore
import NIOHTTP1

/// Posts to destinations that are web servers, signed as Standard Webhooks say.
///
/// Redirects are not followed, and the answer's body is of no use to anybody: a little of it is read so that the
/// connection can be used again, and a longer one costs its connection.
package final class WebhookSender: Sendable {
    /// How much of an answer is read, and for how long, to use its connection again.
    private static let longestAnswer = 64 * 1024
    private static let longestDrain = Duration.milliseconds(500)

    private let secrets: any SigningSecretSource
    private let time: TimeSource
    private let clients: HostClients

    package init(
        secrets: any SigningSecretSource, options: WebhookSenderOptions = WebhookSenderOptions(),
        time: TimeSource = .system
    ) throws {
        self.secrets = secrets
        self.time = time
        self.clients = try HostClients(options: options)
    }

    func send(_ content: DeliveryContent, of task: DeliveryTask, to address: String) async -> AttemptResult {
        guard let url = try? DeliveryURL(address) else { return .unsendable(.invalidAddress) }
        guard let request = request(content, of: task, to: url) else { return .unsendable(.secretsMissing) }
        let trust = task.destination.trust
        return await Attempt.run(within: task.destination.timeout) { [clients, time] attempt in
            do {
                try await clients.withClient(for: url.host, trust: trust, attempt: task.attempt) { client in
                    // The deadline is the attempt's own; this one only has to be later.
                    let response = try await client.execute(request, timeout: .minutes(1))
                    attempt.finish(Self.result(response, at: time.now))
                    await Self.drain(response)
                }
            } catch {
                attempt.finish(SendFailure.result(error))
            }
        }
    }

    /// Closes idle connections; nothing can be sent any more.
    package func close() async { await clients.close() }

    /// Nil when it should be signed and there is nothing to sign it with.
    private func request(
        _ content: DeliveryContent, of task: DeliveryTask, to url: DeliveryURL
    ) -> HTTPClientRequest? {
        var request = HTTPClientRequest(url: url.text(content.path))
        request.method = .POST
        for header in content.headers { request.headers.add(name: header.name, value: header.value) }
        request.headers.add(name: "user-agent", value: "hookgate")
        if let credentials = url.credentials {
            let encoded = Data(credentials.utf8).base64EncodedString()
            request.headers.add(name: "authorization", value: "Basic \(encoded)")
        }
        let id = task.event.id.text
        if let reference = task.destination.secretsReference {
            guard let secrets = secrets.secrets(named: reference),
                let headers = try? StandardWebhooksSignature.headers(
                    id: id, at: time.now, body: content.body, secrets: secrets)
            else { return nil }
            for header in headers { request.headers.add(name: header.name, value: header.value) }
        } else {
            request.headers.add(name: StandardWebhooksSignature.idHeader, value: id)
        }
        request.body = .bytes(ByteBuffer(bytes: content.body))
        return request
    }

    private static func result(_ response: HTTPClientResponse, at now: Date) -> AttemptResult {
        let status = Int(response.status.code)
        let wait = response.headers.first(name: "retry-after").flatMap { RetryAfter.wait($0, at: now) }
        switch status {
        case 200..<300: return .delivered(status: status)
        case 300..<400: return .redirected(status: status)
        case 410: return .gone
        case 408, 425, 429: return .throttled(status: status, retryAfter: wait)
        case 400..<500: return .rejected(status: status)
        case 503 where wait != nil: return .throttled(status: status, retryAfter: wait)
        case 500..<600: return .serverError(status: status)
        default: return .connectionFailed(.protocolViolation)
        }
    }

    /// Reads a short answer to its end. What is left of a longer one is not worth reading: letting go of it closes
    /// the connection.
    private static func drain(_ response: HTTPClientResponse) async {
        // Its end came with its head: there is nothing to wait for.
        if response.headers.first(name: "content-length") == "0" { return await read(response.body) }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await read(response.body) }
            group.addTask { try? await Task.sleep(for: longestDrain) }
            await group.next()
            group.cancelAll()
        }
    }

    private static func read(_ body: HTTPClientResponse.Body) async {
        var count = 0
        do {
            for try await part in body {
                count += part.readableBytes
                if count > longestAnswer { return }
            }
        } catch {
            // The status has been said; how the rest of the answer ends changes nothing.
        }
    }
}

/// The bounds of a ``WebhookSender``, and what an operator may change.
package struct WebhookSenderOptions: Sendable {
    package var connectTimeout = Duration.seconds(5)
    /// Connections to one host; more requests wait for one. The engine bounds how many there are.
    package var connectionsPerHost = 128
    /// Hosts of destinations set through API and command line whose connections are kept.
    package var keptHosts = 256
    /// How long a name's address is believed before it is looked up again.
    package var addressLifetime = Duration.seconds(30)
    /// Whether destinations set through API and command line may name addresses of private networks.
    package var allowsPrivateNetworks = false
    /// A PEM file of authorities to trust besides the system's.
    package var authoritiesFile: String?
    /// Looks a name up.
    package var resolve: @Sendable (String) async throws -> [IPAddress] = SystemResolver.addresses

    package init() {}
}
