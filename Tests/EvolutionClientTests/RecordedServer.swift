import HookgateTestSupport
import Synchronization

@testable import EvolutionSimulator

/// Answers every call with the same recorded answer, and notes what came.
final class RecordedServer: Sendable {
    private let answer = Mutex<(status: Int, body: WireJSON)>((200, .null))
    private let seen = Mutex<[SimulatedRequest]>([])

    var requests: [SimulatedRequest] { seen.withLock { $0 } }

    func play(_ status: Int, _ body: WireJSON) {
        answer.withLock { $0 = (status, body) }
        seen.withLock { $0 = [] }
    }

    func serve(_ body: (_ base: String) async throws -> Void) async throws {
        let server = try await SimulatorServer.bind(port: 0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await server.run { request in
                    self.seen.withLock { $0.append(request) }
                    let answer = self.answer.withLock { $0 }
                    return .json(answer.status, answer.body)
                }
            }
            try await body("http://127.0.0.1:\(server.port)")
            group.cancelAll()
        }
    }
}
