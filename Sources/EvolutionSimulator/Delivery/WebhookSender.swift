import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// Posts webhooks the way axios does, redirects included.
struct WebhookSender: Sendable {
    /// What follow-redirects stops at.
    private static let mostRedirects = 21
    private static let longestAnswer = 64 * 1024 * 1024
    /// Where a release waits for ever, a connection must end all the same some day.
    private static let longestWait = Duration.seconds(3_600)

    /// One for the whole process, so that nobody has to close it.
    private static let http: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        // Where nobody listens axios fails at once; the client would try to connect for ten seconds.
        configuration.connectionPool.retryConnectionEstablishment = false
        // There is no bound on what is sent at the same time.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1_000
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    /// The status after all redirects; nil where no answer came.
    func post(
        _ body: [UInt8], to url: String, headers: [(name: String, value: String)], timeout: Duration?
    ) async -> Int? {
        let deadline = NIODeadline.now() + TimeAmount(timeout ?? Self.longestWait)
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        for header in headers { request.headers.add(name: header.name, value: header.value) }
        request.body = .bytes(ByteBuffer(bytes: body))
        for _ in 0...Self.mostRedirects {
            guard let response = try? await Self.http.execute(request, deadline: deadline),
                (try? await response.body.collect(upTo: Self.longestAnswer)) != nil
            else { return nil }
            let status = Int(response.status.code)
            guard (300..<400).contains(status), let location = response.headers.first(name: "location"),
                let next = URL(string: location, relativeTo: URL(string: request.url))?.absoluteString
            else { return status }
            request = Self.redirected(request, to: next, status: status)
        }
        return nil
    }

    /// 301, 302 and 303 turn the POST into a GET without a body, and what answers that counts as delivered.
    private static func redirected(_ request: HTTPClientRequest, to url: String, status: Int) -> HTTPClientRequest {
        var next = HTTPClientRequest(url: url)
        next.headers = request.headers
        if [301, 302, 303].contains(status) {
            next.method = .GET
            next.headers.remove(name: "content-type")
        } else {
            next.method = request.method
            next.body = request.body
        }
        if URL(string: url)?.host() != URL(string: request.url)?.host() { next.headers.remove(name: "authorization") }
        return next
    }
}
