import FoundationEssentials
import HookgateCore
import Store
import Synchronization

/// Jobs that run when a test says so, on the test's own thread.
final class ManualExecution: Sendable {
    private let writes = Mutex<[SpoolExecution.Job]>([])
    private let preparations = Mutex<[SpoolExecution.Job]>([])

    var execution: SpoolExecution {
        SpoolExecution(
            write: { job in self.writes.withLock { $0.append(job) } }, read: { job in job() },
            prepare: { job in self.preparations.withLock { $0.append(job) } })
    }

    var preparationCount: Int { preparations.withLock { $0.count } }

    func runWriter() { Self.run(writes) }
    func runPreparation() { Self.run(preparations) }

    private static func run(_ jobs: borrowing Mutex<[SpoolExecution.Job]>) {
        let taken = jobs.withLock { jobs in
            defer { jobs = [] }
            return jobs
        }
        for job in taken { job() }
    }
}

/// Collects what appends were answered with, in the order of the answers.
final class Answers: Sendable {
    private let results = Mutex<[(EventID, Result<SpoolPosition, SpoolError>)]>([])

    var count: Int { results.withLock { $0.count } }

    var stored: [EventID] {
        results.withLock { $0.compactMap { id, result in (try? result.get()) == nil ? nil : id } }
    }

    var errors: [SpoolError] {
        results.withLock { results in
            results.compactMap { _, result in
                if case .failure(let error) = result { error } else { nil }
            }
        }
    }

    func completion(for id: EventID) -> @Sendable (Result<SpoolPosition, SpoolError>) -> Void {
        { result in self.results.withLock { $0.append((id, result)) } }
    }
}

extension Spool {
    func append(_ event: AcceptedEvent, to answers: Answers) {
        append(event, completion: answers.completion(for: event.id))
    }

    /// Appends an event whose body comes in pieces and goes to a file of its own.
    func appendLong(_ event: AcceptedEvent, pieceBytes: Int = 100, to answers: Answers) throws(SpoolError) {
        let file = makeBody()
        let reading = BodyReading()
        var rest = event.body[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(pieceBytes))
            reading.read(piece)
            try file.write(piece)
            rest = rest.dropFirst(pieceBytes)
        }
        try file.seal(reading.finish())
        file.store(event.withoutBody, at: nil, completion: answers.completion(for: event.id))
    }

    /// Everything that waits, without moving the checkpoint.
    func everything() throws -> SpoolBatch {
        try reader.nextNow(maximumRecords: .max, maximumBytes: .max)
    }

    func everyID() throws -> [EventID] {
        try everything().entries.map(\.event.id)
    }
}

extension SpoolOptions {
    /// Segments of a few records.
    static var tiny: SpoolOptions {
        var options = SpoolOptions()
        options.segmentBytes = 2048
        return options
    }
}

extension AcceptedEvent {
    /// As it is while its body lies in a file.
    var withoutBody: AcceptedEvent {
        AcceptedEvent(
            id: id, receivedAt: receivedAt, route: route, eventSuffix: eventSuffix, disposition: disposition,
            integrationID: integrationID, organizationID: organizationID, clinicID: clinicID,
            instanceName: instanceName, facts: facts, body: [], bodyByteCount: body.count)
    }

    /// An event with a recognisable id and body.
    static func sample(_ number: UInt64, bodyBytes: Int = 40, disposition: Disposition = .pending) -> AcceptedEvent {
        let time = Date(timeIntervalSince1970: 1_760_000_000 + Double(number))
        let text = "{\"event\":\"messages.upsert\",\"number\":\(number)}"
        var body = Array(text.utf8)
        body += [UInt8](repeating: UInt8(ascii: " "), count: max(0, bodyBytes - body.count))
        return AcceptedEvent(
            id: .timeOrdered(at: time, random: (number, number)), receivedAt: time, route: .token,
            eventSuffix: nil, disposition: disposition, integrationID: IntegrationID(UUID()), organizationID: nil,
            clinicID: nil, instanceName: InstanceName("clinic-abc123"),
            facts: BodyFacts(event: "messages.upsert", instance: "clinic-abc123", messageID: "M\(number)"), body: body)
    }
}
