package import HookgateCore
import Synchronization

/// A spool that keeps events in the test, answers at once or when told, and can fail.
package final class InMemorySpool: EventSpool {
    /// How an append is answered.
    package enum Behaviour: Sendable {
        case stores
        /// Kept, and answered by ``release()``.
        case holds
        case fails(SpoolError)
    }

    private typealias Completion = @Sendable (Result<SpoolPosition, SpoolError>) -> Void

    private struct State {
        var behaviour: Behaviour
        var events: [AcceptedEvent] = []
        var held: [Completion] = []
    }

    private let state: Mutex<State>
    package let appends = Milestone()

    package init(_ behaviour: Behaviour = .stores) {
        self.state = Mutex(State(behaviour: behaviour))
    }

    package var events: [AcceptedEvent] { self.state.withLock { $0.events } }

    package func become(_ behaviour: Behaviour) {
        self.state.withLock { $0.behaviour = behaviour }
    }

    /// Answers everything that was held back: it is stored.
    package func release() {
        let held = self.state.withLock { state in
            defer { state.held = [] }
            state.behaviour = .stores
            return state.held
        }
        for completion in held { completion(.success(SpoolPosition(segment: 1, offset: 0))) }
    }

    package func append(
        _ event: AcceptedEvent, completion: @escaping @Sendable (Result<SpoolPosition, SpoolError>) -> Void
    ) {
        let answer = self.state.withLock { state -> Result<SpoolPosition, SpoolError>? in
            switch state.behaviour {
            case .stores:
                state.events.append(event)
                return .success(SpoolPosition(segment: 1, offset: UInt64(state.events.count)))
            case .holds:
                state.events.append(event)
                state.held.append(completion)
                return nil
            case .fails(let error):
                return .failure(error)
            }
        }
        self.appends.reach()
        if let answer { completion(answer) }
    }
}
