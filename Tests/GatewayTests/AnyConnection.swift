import HookgateCore
import HookgateTestSupport
import NIOCore
import NIOEmbedded

@testable import Gateway

/// A client that sends any bytes at all, and what the gateway owes even to such a one: answers of HTTP from the
/// promised set, never a 500, no 200 for what is not stored, and an end.
///
/// Shared by the seeded test and the fuzzer. The first byte of an input says how the spool behaves, how the bytes are
/// cut and how the client ends; the others are sent.
struct AnyConnection {
    private static let statuses: Set<Int> = [100, 200, 400, 403, 404, 405, 408, 413, 415, 431, 503, 505]
    private static let storing = ["ok", "quarantined", "undecided"]
    private static let behaviours: [InMemorySpool.Behaviour] = [
        .stores, .holds, .fails(.full), .fails(.diskFailed("EIO")),
    ]
    private static let pieces = [Int.max, 1, 7, 64]

    static func check(_ input: [UInt8]) throws {
        try AnyConnection(mode: input.first ?? 0).send(input.dropFirst())
    }

    private let mode: UInt8
    private let gateway: TestGateway
    private let channel = EmbeddedChannel()

    private init(mode: UInt8) throws {
        self.mode = mode
        // No look-up ever starts: it would answer from another thread, and this channel has but one.
        self.gateway = TestGateway(spool: Self.behaviours[Int(mode & 3)], lookUps: 0) { limits in
            limits.bodyBytes = 2_048
            limits.smallBodyBytes = 512
            limits.headerBytes = 1_024
            limits.headerCount = 16
            limits.backlogParts = 16
            limits.drainBytes = 1_024
        }
        let admission: ConnectionRegistry.Admission = mode & 0x80 == 0 ? .admitted : .refused
        try self.channel.pipeline.syncOperations.addWebhookHandlers(self.gateway.service, admission: admission)
        try self.channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    private func send(_ bytes: ArraySlice<UInt8>) throws {
        let size = Self.pieces[Int(self.mode >> 2 & 3)]
        var rest = bytes
        while !rest.isEmpty, self.channel.isActive {
            try self.channel.writeInbound(ByteBuffer(bytes: rest.prefix(size)))
            rest = rest.dropFirst(size)
            if self.mode & 0x10 != 0 { self.gateway.spool.release() }
        }
        let isPatient = self.mode & 0x20 != 0
        if !isPatient { self.gateway.spool.release() }
        if self.channel.isActive, self.mode & 0x40 != 0 {
            self.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        }
        self.channel.embeddedEventLoop.advanceTime(by: .hours(1))
        if isPatient { self.gateway.spool.release() }
        self.channel.embeddedEventLoop.advanceTime(by: .hours(1))
        try BrokenPromise.unless(!self.channel.isActive, "the connection never ends")
        try BrokenPromise.unless(self.gateway.service.budget.inUse == 0, "bytes of bodies are never given back")
        while let answer = try self.channel.readOutbound(as: ByteBuffer.self) { try self.check(answer) }
        _ = try? self.channel.finish(acceptAlreadyClosed: true)
    }

    /// Each answer comes in a buffer of its own.
    private func check(_ answer: ByteBuffer) throws {
        let text = String(buffer: answer)
        let words = text.prefix(13).split(separator: " ")
        guard words.count >= 2, words[0] == "HTTP/1.1", let status = Int(words[1]), Self.statuses.contains(status)
        else {
            throw BrokenPromise("an answer nobody promised: \(text.prefix(60))")
        }
        guard let end = text.firstRange(of: "\r\n\r\n") else { throw BrokenPromise("a head without an end") }
        if status == 200 { try self.check(stored: text[end.upperBound...]) }
        try BrokenPromise.unless(!text.contains(Sample.token.secretText), "an answer repeats the token")
    }

    private func check(stored body: Substring) throws {
        guard Self.storing.contains(where: { body.hasPrefix(#"{"status":"\#($0)","id":""#) }) else { return }
        let id = body.dropFirst(#"{"status":""#.count).drop { $0 != "," }.dropFirst(#","id":""#.count).prefix(36)
        try BrokenPromise.unless(
            self.gateway.spool.events.contains { $0.id.text == id }, "a 200 for what is not stored: \(body)")
    }
}

// MARK: - Where to begin

extension AnyConnection {
    /// Requests of every kind the gateway tells apart.
    static let requests: [String] = [
        Raw.post(), Raw.post(Raw.namePath), Raw.post(Raw.tokenPath + "/messages-upsert"),
        Raw.post("/webhooks/evolution//\(Sample.name.text)/MESSAGES_UPSERT?x=1"),
        Raw.post("/webhooks/evolution/a%2Fb%00"),
        Raw.post("/webhooks/evolution/whatsapp/\(Sample.otherToken.secretText)"), Raw.post("/webhooks/evolution/test"),
        Raw.post("http://h\(Raw.tokenPath)"), Raw.post("/webhooks/evolution/whatsapp/nothing"),
        Raw.chunked(["{\"event\":", "\"x\"}"]), Raw.chunked(["{}", ""], Raw.namePath), Raw.chunked([]),
        Raw.post(Raw.tokenPath, "[1]"), Raw.post(Raw.tokenPath, "{\"a\":\"\u{FFFD}"), Raw.post(Raw.tokenPath, ""),
        Raw.post(headers: ["Expect: 100-continue"]), Raw.post(headers: ["Content-Encoding: gzip"]),
        Raw.post(headers: ["Connection: close"]), Raw.post(headers: ["Connection: Upgrade", "Upgrade: h2c"]),
        Raw.post(headers: ["x-hookgate-probe: v1 0 0 0"]), Raw.post(headers: ["Transfer-Encoding: chunked"]),
        Raw.post(headers: ["Content-Length: 5"]), Raw.post(headers: [" folded", "X:\t y "]),
        Raw.get("/health"), Raw.get("/health/ready"), Raw.get("/metrics", method: "HEAD"), Raw.get("/", method: "PUT"),
        Raw.get("/webhooks/evolution/test"), Raw.get(Raw.tokenPath, method: "DELETE"),
        Raw.get("h:1", method: "CONNECT"),
        "GET /health HTTP/1.0\r\n\r\n", "POST \(Raw.tokenPath) HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}",
        "GET /health HTTP/2.0\r\n\r\n", "GET /\(String(repeating: "x", count: 1_100)) HTTP/1.1\r\n\r\n",
        "POST \(Raw.tokenPath) HTTP/1.1\r\nHost: h\r\nContent-Length: 4096\r\n\r\n{",
        "POST \(Raw.tokenPath) HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551616\r\n\r\n{",
    ]

    /// Each kind of request alone, and all of them on one connection.
    static func seeds() -> [[UInt8]] {
        requests.map { [0] + Array($0.utf8) } + [[1] + requests.flatMap { Array($0.utf8) }]
    }
}
