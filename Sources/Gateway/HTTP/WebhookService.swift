package import HookgateCore
import NIOHTTP1

/// What all connections of a listener share: the intake behind them, the bounds over them, and what they report.
package final class WebhookService: Sendable {
    /// What a listener answers beside its health.
    package enum Surface: Sendable {
        /// Webhooks, metrics and the console, on one port.
        case everything
        /// The console listens elsewhere, and has the metrics with it.
        case webhooks
        /// The console, with the metrics of that other listener.
        case console(metricsOf: WebhookService)

        var hasWebhooks: Bool {
            if case .console = self { false } else { true }
        }
    }

    let intake: WebhookIntake
    let limits: GatewayLimits
    let metrics: GatewayMetrics
    let budget: ByteBudget
    let tenants: TenantBudget
    let connections: ConnectionRegistry
    let writer: AnswerWriter
    let legacyRoute: LegacyRouteNotice
    /// Nil where no files are handed out.
    let media: MediaReads?
    let surface: Surface
    /// Nil where there is none.
    let console: (any ConsoleResponder)?
    let consoleBudget: ByteBudget
    let consoleWork: WorkBound
    private let resolver: Resolver
    private let reporting: any GatewayReporting

    package init(
        intake: WebhookIntake, resolver: Resolver, reporting: any GatewayReporting, metrics: GatewayMetrics,
        limits: GatewayLimits = GatewayLimits(), legacyRoute: LegacyRouteNotice = LegacyRouteNotice(),
        surface: Surface = .everything, console: (any ConsoleResponder)? = nil, media: MediaReads? = nil,
        clock: TimeSource = .system
    ) {
        self.intake = intake
        self.limits = limits
        self.metrics = metrics
        self.budget = ByteBudget(limit: limits.inFlightBodyBytes)
        self.tenants = TenantBudget(
            requestLimit: limits.tenantRequests, byteLimit: limits.tenantBodyBytes)
        self.connections = ConnectionRegistry(limit: limits.connections, refusedLimit: limits.refusedConnections)
        self.writer = AnswerWriter(clock: clock)
        self.legacyRoute = legacyRoute
        self.media = media
        self.resolver = resolver
        self.reporting = reporting
        self.surface = surface
        self.console = console
        self.consoleBudget = ByteBudget(limit: limits.consoleBodyBytesInAll)
        self.consoleWork = WorkBound(most: limits.consoleRequests)
    }

    /// `/metrics`: the gateway's samples, then those of the rest of the process.
    package func metricsText() -> String {
        let gauges = [
            MetricSample(
                "hookgate_in_flight_body_bytes", .gauge, help: "Body bytes in memory until they are on disk.",
                value: Double(self.budget.inUse)),
            MetricSample(
                "hookgate_connections", .gauge, help: "Open connections.", value: Double(self.connections.count)),
            MetricSample(
                "hookgate_busy_integrations", .gauge, help: "Integrations with a webhook in progress.",
                value: Double(self.tenants.count)),
        ]
        return MetricsText.render(
            self.metrics.samples() + gauges + self.resolver.samples() + self.reporting.samples())
    }

    /// The answer to a request that is no webhook.
    func answer(to endpoint: Endpoint) -> Answer {
        switch endpoint {
        case .health: .json(.ok, Array(#"{"status":"ok"}"#.utf8))
        case .readiness: self.readiness()
        case .metrics: self.metricsAnswer()
        case .methodNotAllowed(let allowed): .methodNotAllowed(allowed)
        case .media, .nothing, .webhook: .noSuchPath
        }
    }

    /// Whether a request is the console's to answer, be it with a 404.
    func leavesToConsole(_ endpoint: Endpoint) -> Bool {
        guard self.console != nil else { return false }
        switch endpoint {
        case .nothing: return true
        case .webhook, .methodNotAllowed: return !self.surface.hasWebhooks
        case .health, .readiness, .metrics, .media: return false
        }
    }

    private func metricsAnswer() -> Answer {
        let text: String
        switch self.surface {
        case .everything: text = self.metricsText()
        case .webhooks: return .noSuchPath
        case .console(let gateway): text = gateway.metricsText()
        }
        return Answer(status: .ok, contentType: MetricsText.contentType, body: .bytes(Array(text.utf8)))
    }

    private func readiness() -> Answer {
        let readiness = self.reporting.readiness()
        let parts = readiness.parts.map { part in
            let detail = part.detail.map { #","detail":"\#(JSONText.escaped($0))""# } ?? ""
            return #"{"name":"\#(JSONText.escaped(part.name))","status":"\#(part.state.rawValue)"\#(detail)}"#
        }
        let body = #"{"status":"\#(readiness.state.rawValue)","parts":[\#(parts.joined(separator: ","))]}"#
        return .json(readiness.state == .failed ? .serviceUnavailable : .ok, Array(body.utf8))
    }
}

/// The members of a JSON string (RFC 8259, section 7).
private enum JSONText {
    static func escaped(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { result, scalar in
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
    }
}
