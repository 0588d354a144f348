import Synchronization

/// Holds what arrived until the reader takes it. What is waiting already is not kept twice: to the reader two equal
/// notifications in a row say no more than one.
final class NotificationBuffer: Sendable {
    private typealias Reader = CheckedContinuation<Result<PostgresNotification?, PostgresError>, Never>

    private struct State {
        var waiting: [PostgresNotification] = []
        var known: Set<NotificationContent> = []
        var end: Result<Void, PostgresError>?
        var reader: Reader?
    }

    private let capacity: Int
    private let state = Mutex(State())

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// False when the reader has fallen behind and the stream was ended with an error for it.
    func add(_ notification: PostgresNotification) -> Bool {
        let (reader, fits) = state.withLock { state -> (Reader?, Bool) in
            if let reader = state.reader.take() { return (reader, true) }
            guard state.known.insert(NotificationContent(notification)).inserted else { return (nil, true) }
            guard state.waiting.count < capacity else { return (nil, false) }
            state.waiting.append(notification)
            return (nil, true)
        }
        reader?.resume(returning: .success(notification))
        if !fits { end(.failure(overflow)) }
        return fits
    }

    /// Ends the stream after what is waiting. Only the first end counts.
    func end(_ result: Result<Void, PostgresError>) {
        let reader = state.withLock { state in
            state.end = state.end ?? result
            return state.reader.take()
        }
        reader?.resume(returning: result.map { nil })
    }

    /// The oldest notification; nil at the end.
    func next() async throws(PostgresError) -> PostgresNotification? {
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { (reader: Reader) in
                let outcome: Result<PostgresNotification?, PostgresError>? = state.withLock { state in
                    if !state.waiting.isEmpty {
                        let notification = state.waiting.removeFirst()
                        state.known.remove(NotificationContent(notification))
                        return .success(notification)
                    }
                    if let end = state.end { return end.map { nil } }
                    if state.reader != nil { return .failure(Self.secondReader) }
                    state.reader = reader
                    return nil
                }
                if let outcome { reader.resume(returning: outcome) }
            }
        } onCancel: {
            end(.success(()))
        }
        return try outcome.get()
    }

    private static let secondReader = PostgresError(.misuse, "Notifications have one reader, and there is one already.")

    private var overflow: PostgresError {
        PostgresError(
            .misuse,
            "More than \(capacity) notifications were waiting to be read. Read everything anew and listen again."
        )
    }
}

/// What makes two notifications equal to a reader, whoever sent them.
private struct NotificationContent: Hashable {
    let channel: String
    let payload: String

    init(_ notification: PostgresNotification) {
        channel = notification.channel
        payload = notification.payload
    }
}
