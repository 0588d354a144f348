import HookgateCore
import NIOHTTP1

/// What a request's method and target ask for.
enum Endpoint: Sendable, Equatable {
    case webhook(WebhookAddress)
    /// Liveness: `/health`, and the original's `GET /webhooks/evolution/test`.
    case health
    case readiness
    case metrics
    /// A file of an event, at an address that we signed.
    case media(MediaLinkRequest)
    case methodNotAllowed(allowed: String)
    case nothing

    init(method: HTTPMethod, target: String) {
        let target = Self.originForm(target)
        if let address = WebhookAddress(requestTarget: target) {
            self = Self.webhook(method, address)
            return
        }
        let endpoint: Endpoint
        switch target.prefix(while: { $0 != "?" }) {
        case "/health": endpoint = .health
        case "/health/ready": endpoint = .readiness
        case "/metrics": endpoint = .metrics
        default:
            guard let link = MediaLinkRequest(requestTarget: target) else {
                self = .nothing
                return
            }
            endpoint = .media(link)
        }
        self = method == .GET || method == .HEAD ? endpoint : .methodNotAllowed(allowed: "GET, HEAD")
    }

    private static func webhook(_ method: HTTPMethod, _ address: WebhookAddress) -> Endpoint {
        if method == .POST { return .webhook(address) }
        // A POST there is a webhook of an instance called "test".
        let isLiveTest = address.eventSuffix == nil && address.target == .instance(InstanceName("test"))
        guard isLiveTest else { return .methodNotAllowed(allowed: "POST") }
        return method == .GET || method == .HEAD ? .health : .methodNotAllowed(allowed: "GET, HEAD, POST")
    }

    /// A client that believes it speaks to a proxy sends the whole URL; RFC 9112 has servers accept it.
    static func originForm(_ target: String) -> String {
        guard !target.hasPrefix("/"), let scheme = ["http://", "https://"].first(where: { target.hasPrefix($0) })
        else { return target }
        let rest = target.dropFirst(scheme.count)
        return rest.firstIndex(of: "/").map { String(rest[$0...]) } ?? "/"
    }
}
