package import HookgateCore
import Synchronization

extension SwitchOverService: WebhookStandings {
    package func standings() async throws -> (
        standings: [WebhookStanding], failures: [(server: String, failure: EvolutionFailure)]
    ) {
        let collected = Mutex<[WebhookStanding]>([])
        let failures = try await status { standing in collected.withLock { $0.append(standing) } }
        return (collected.withLock { $0 }, failures)
    }
}
