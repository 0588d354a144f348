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

    fileprivate var failure: SpoolError? {
        self.state.withLock { state in
            if case .fails(let error) = state.behaviour { error } else { nil }
        }
    }

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

    package func makeBody() -> any SpoolBody {
        InMemoryBody(spool: self)
    }

    package func append(_ event: AcceptedEvent, at place: CompletionPlace?, completion: @escaping Completion) {
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

/// A long body in the test's memory. Its spool's failure is its own, with the first piece.
private final class InMemoryBody: SpoolBody {
    private let spool: InMemorySpool
    private let bytes = Mutex<[UInt8]>([])

    init(spool: InMemorySpool) {
        self.spool = spool
    }

    func write(_ piece: [UInt8]) throws(SpoolError) {
        if let failure = self.spool.failure { throw failure }
        self.bytes.withLock { $0 += piece }
    }

    func seal(_ read: ReadBody) throws(SpoolError) {
        if let failure = self.spool.failure { throw failure }
        precondition(self.bytes.withLock { $0.count } == read.byteCount, "a piece of the body was not written")
    }

    func store(_ event: AcceptedEvent, at place: CompletionPlace?, completion: @escaping EventSpool.Completion) {
        let body = self.bytes.withLock { $0 }
        precondition(event.body.isEmpty && event.bodyByteCount == body.count, "the event has another body")
        self.spool.append(
            AcceptedEvent(
                id: event.id, receivedAt: event.receivedAt, route: event.route, eventSuffix: event.eventSuffix,
                disposition: event.disposition, integrationID: event.integrationID,
                organizationID: event.organizationID, clinicID: event.clinicID, instanceName: event.instanceName,
                facts: event.facts, body: body), at: place, completion: completion)
    }
}
