import HookgateCore
import HookgateTestSupport
import Logging

@testable import Gateway

/// A gateway over ports that live in the test.
struct TestGateway {
    let source: InMemoryRoutingSource
    let spool: InMemorySpool
    let table: RoutingTable
    let metrics = GatewayMetrics()
    private(set) var service: WebhookService
    private let resolver: Resolver
    let reporting = StillReporting()
    let quarantine: QuarantineBounds
    let refusals: RefusalTally
    let tallies: SecondFactorTallies

    static let probeKeyBytes = [UInt8](repeating: 9, count: 32)

    /// - Parameters:
    ///   - resident: whether the world is in memory already, or only the source has it.
    ///   - lookUpDeadline: in real time.
    ///   - lookUps: how many may be asked at once and wait; without any, all is answered on the caller's thread.
    init(
        _ world: [RoutingChange] = Sample.world(), resident: Bool = true, spool: InMemorySpool.Behaviour = .stores,
        clock: TimeSource = .system, lookUpDeadline: Duration = .seconds(30), lookUps: Int? = nil,
        servesMetrics: Bool = true, console: (any ConsoleResponder)? = nil, media: MediaReads? = nil,
        legacyRoute: LegacyRouteNotice = LegacyRouteNotice(), quarantineLimits: QuarantineLimits = QuarantineLimits(),
        secondFactor: SecondFactorPolicy = SecondFactorPolicy(),
        legacyRequests: (any LegacyRequestObserver)? = nil, _ change: (inout GatewayLimits) -> Void = { _ in }
    ) {
        var limits = GatewayLimits()
        change(&limits)
        var settings = Resolver.Settings()
        settings.deadline = lookUpDeadline
        settings.concurrentLookUps = lookUps ?? settings.concurrentLookUps
        settings.queuedLookUps = lookUps ?? settings.queuedLookUps
        self.source = InMemoryRoutingSource(world)
        self.spool = InMemorySpool(spool)
        self.table = RoutingTable()
        if resident {
            self.table.apply(world)
            self.table.markLoaded()
            self.table.markPolled(at: MonotonicTime.system.now)
        }
        self.resolver = Resolver(
            table: self.table, source: self.source, settings: settings, metrics: self.metrics, clock: clock)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let log = TrafficLog(logger: logger, metrics: self.metrics)
        self.quarantine = QuarantineBounds(limits: quarantineLimits, logger: logger)
        self.refusals = RefusalTally(clock: clock)
        self.tallies = SecondFactorTallies(logger: logger)
        let intake = WebhookIntake(
            resolver: self.resolver, spool: self.spool, clock: clock,
            probeKeys: { ProbeKey(TestGateway.probeKeyBytes).map { [$0] } ?? [] }, quarantine: self.quarantine,
            secondFactor: SecondFactorCheck(policy: secondFactor, metrics: self.metrics, tallies: self.tallies),
            log: log, refusals: self.refusals, legacyRequests: legacyRequests)
        self.service = WebhookService(
            intake: intake, resolver: self.resolver, reporting: self.reporting, metrics: self.metrics, limits: limits,
            legacyRoute: legacyRoute, surface: servesMetrics ? .everything : .webhooks, console: console,
            media: media, clock: clock)
    }

    /// A listener of the console's own beside this one.
    func consoleListener(_ console: any ConsoleResponder) -> TestGateway {
        var listener = self
        listener.service = WebhookService(
            intake: self.service.intake, resolver: self.resolver, reporting: self.reporting,
            metrics: GatewayMetrics(), surface: .console(metricsOf: self.service), console: console)
        return listener
    }
}

/// Reports one part that is not well, and one sample.
struct StillReporting: GatewayReporting {
    func readiness() -> Readiness {
        Readiness(parts: [
            .init(name: "spool", state: .ok),
            .init(name: "postgres", state: .degraded, detail: #"no "connection""#),
        ])
    }

    func samples() -> [MetricSample] {
        [MetricSample("hookgate_spool_bytes", .gauge, help: "Bytes in the spool.", value: 12)]
    }
}

/// Requests as bytes.
enum Raw {
    static let tokenPath = "/webhooks/evolution/whatsapp/\(Sample.token.secretText)"
    static let namePath = "/webhooks/evolution/\(Sample.name.text)"

    static func post(
        _ path: String = tokenPath, _ body: String = Sample.body, headers: [String] = []
    ) -> String {
        let extra = headers.map { $0 + "\r\n" }.joined()
        return "POST \(path) HTTP/1.1\r\nHost: h\r\n\(extra)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    static func chunked(_ chunks: [String], _ path: String = tokenPath) -> String {
        let body = chunks.map { String($0.utf8.count, radix: 16) + "\r\n\($0)\r\n" }.joined()
        return "POST \(path) HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n\(body)0\r\n\r\n"
    }

    static func get(_ path: String, method: String = "GET") -> String {
        "\(method) \(path) HTTP/1.1\r\nHost: h\r\n\r\n"
    }
}

/// A response as it came over the wire.
struct RawResponse: Equatable {
    let status: Int
    let headers: [String: String]
    let body: String

    /// Takes one response from the front of the bytes; nil when it is not whole yet.
    static func take(from bytes: inout [UInt8], isHead: Bool = false) -> RawResponse? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n") else { return nil }
        let lines = text[..<end.lowerBound].split(separator: "\r\n")
        guard let first = lines.first, let status = Int(first.split(separator: " ")[1]) else { return nil }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
        }
        let headBytes = text[..<end.upperBound].utf8.count
        let length = isHead ? 0 : Int(headers["content-length"] ?? "0") ?? 0
        guard bytes.count >= headBytes + length else { return nil }
        let body = String(decoding: bytes[headBytes..<headBytes + length], as: UTF8.self)
        bytes.removeFirst(headBytes + length)
        return RawResponse(status: status, headers: headers, body: body)
    }
}

extension String {
    /// Without Foundation's, which these tests need for nothing else.
    fileprivate func range(of needle: String) -> Range<String.Index>? {
        self.firstRange(of: needle)
    }
}
