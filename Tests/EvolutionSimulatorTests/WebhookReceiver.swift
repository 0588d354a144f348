import HookgateTestSupport
import NIOHTTP1
import Synchronization

@testable import EvolutionSimulator

/// Takes webhooks over HTTP and answers what the test says.
final class WebhookReceiver: Sendable {
    struct Arrival: Sendable {
        let method: String
        let path: String
        let headers: HTTPHeaders
        let body: [UInt8]

        var json: WireJSON? { try? WireJSONReader.read(body) }
    }

    private let held = Mutex<[Arrival]>([])
    private let answers: Mutex<[Int]>
    let arrived = Milestone()
    private let redirects: [String: (status: Int, location: String)]

    /// - Parameters:
    ///   - answers: the statuses of the first webhooks; then 200.
    ///   - redirects: paths that lead elsewhere.
    init(answers: [Int] = [], redirects: [String: (status: Int, location: String)] = [:]) {
        self.answers = Mutex(answers)
        self.redirects = redirects
    }

    var arrivals: [Arrival] { held.withLock { $0 } }

    /// Serves while `body` runs.
    func serve(_ body: (_ base: String) async throws -> Void) async throws {
        let server = try await SimulatorServer.bind(port: 0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await server.run { request in self.answer(request) }
            }
            try await body("http://127.0.0.1:\(server.port)")
            group.cancelAll()
        }
    }

    private func answer(_ request: SimulatedRequest) -> SimulatedResponse {
        if let redirect = redirects[request.target] {
            return .redirect(redirect.status, to: redirect.location)
        }
        held.withLock {
            $0.append(
                Arrival(method: request.method, path: request.target, headers: request.headers, body: request.body))
        }
        let status = answers.withLock { $0.isEmpty ? 200 : $0.removeFirst() }
        arrived.reach()
        return .json(status, .object([]))
    }
}
