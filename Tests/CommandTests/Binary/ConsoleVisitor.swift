import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Testing

/// A person with a browser who is signed in to a running console.
struct ConsoleVisitor {
    let address: String
    let cookie: String
    let formToken: String

    /// - Parameter secret: a key, a link's, or the configuration's token.
    static func signIn(_ address: String, _ secret: String) async throws -> ConsoleVisitor {
        let form = try await Self.get("\(address)/login")
        let nonce = try #require(form.headers.first(name: "set-cookie")).prefix { $0 != ";" }
        let answer = try await Self.post(
            "\(address)/login", "form_token=\(try await Self.formToken(form))&key=\(secret)", cookie: String(nonce))
        #expect(answer.status == .seeOther)
        let cookie = String(try #require(answer.headers.first(name: "set-cookie")).prefix { $0 != ";" })
        let page = try await Self.get("\(address)/", cookie: cookie)
        return ConsoleVisitor(address: address, cookie: cookie, formToken: String(try await Self.formToken(page)))
    }

    func post(_ path: String, _ fields: String = "") async throws -> HTTPResponseStatus {
        try await Self.post("\(self.address)\(path)", "form_token=\(self.formToken)&\(fields)", cookie: self.cookie)
            .status
    }

    private static func get(_ url: String, cookie: String? = nil) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: url)
        if let cookie { request.headers.add(name: "cookie", value: cookie) }
        return try await HTTPClient.shared.execute(request, timeout: .seconds(20))
    }

    private static func formToken(_ page: HTTPClientResponse) async throws -> Substring {
        let text = String(buffer: try await page.body.collect(upTo: 4 << 20))
        let start = try #require(text.firstRange(of: #"name="form_token" value=""#)).upperBound
        return text[start...].prefix { $0 != "\"" }
    }

    /// The answer itself, wherever it leads.
    private static func post(_ url: String, _ fields: String, cookie: String) async throws -> HTTPClientResponse {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "cookie", value: cookie)
        request.headers.add(name: "content-type", value: "application/x-www-form-urlencoded")
        request.body = .bytes(ByteBuffer(string: fields))
        let response = try await client.execute(request, timeout: .seconds(20))
        try await client.shutdown()
        return response
    }
}
