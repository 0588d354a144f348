package import HookgateCore
import Synchronization

/// A spool on a disk that may not outlive its machine: an event counts as stored once the inbox has it.
///
/// It takes the same way as ever, spool and shipper; only the answer waits for the end of it. An event that the inbox
/// does not get in time is answered with a 503 and stays in the spool: should it be shipped after all, the sender's
/// retry is recognised as one.
package final class SharedSpool: EventSpool {
    /// A sender wants its answer within a second, also when PostgreSQL is down.
    package static let patience = Duration.milliseconds(800)

    private let spool: Spool
    private let patience: Duration
    private let sleep: @Sendable (Duration) async throws -> Void

    package init(
        _ spool: Spool, patience: Duration = SharedSpool.patience,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.spool = spool
        self.patience = patience
        self.sleep = sleep
    }

    /// Gathered by its place's turn like any other; only the answer waits for the inbox.
    package func append(_ event: AcceptedEvent, at place: CompletionPlace?, completion: @escaping Completion) {
        spool.append(event, at: place, completion: sharing(completion))
    }

    package func makeBody() -> any SpoolBody {
        SharedBody(spool.makeBody(), sharing)
    }

    /// The tasks that watch the time are as many as events that wait, which the connections bound.
    @Sendable private func sharing(_ completion: @escaping Completion) -> Completion {
        { result in
            guard case .success(let position) = result else { return completion(result) }
            let answer = AnswerOnce(completion)
            self.spool.whenShipped(position) { answer.give(result) }
            Task {
                try? await self.sleep(self.patience)
                self.spool.forgetWaiter(for: position)
                answer.give(.failure(.notShared))
            }
        }
    }
}

/// Gives the first answer of two.
private final class AnswerOnce: Sendable {
    private let completion: Mutex<EventSpool.Completion?>

    init(_ completion: @escaping EventSpool.Completion) {
        self.completion = Mutex(completion)
    }

    func give(_ result: Result<SpoolPosition, SpoolError>) {
        let completion = completion.withLock { $0.take() }
        completion?(result)
    }
}

/// A long body whose event is answered when it is shared.
private final class SharedBody: SpoolBody {
    private let body: any SpoolBody
    private let sharing: @Sendable (@escaping EventSpool.Completion) -> EventSpool.Completion

    init(
        _ body: any SpoolBody, _ sharing: @escaping @Sendable (@escaping EventSpool.Completion) -> EventSpool.Completion
    ) {
        self.body = body
        self.sharing = sharing
    }

    func write(_ piece: [UInt8]) throws(SpoolError) { try body.write(piece) }
    func seal(_ read: ReadBody) throws(SpoolError) { try body.seal(read) }

    func store(_ event: AcceptedEvent, at place: CompletionPlace?, completion: @escaping EventSpool.Completion) {
        body.store(event, at: place, completion: sharing(completion))
    }
}
