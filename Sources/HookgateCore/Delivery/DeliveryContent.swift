package import FoundationEssentials

/// What is sent for a task, before it is signed: where to, and which bytes.
package struct DeliveryContent: Sendable, Equatable {
    package let body: [UInt8]
    /// What the format adds to the destination's own address.
    package let path: DeliveryPath
    /// What a receiver needs besides the body. No secret and no word of a patient.
    package let headers: [(name: String, value: String)]

    package static func == (left: DeliveryContent, right: DeliveryContent) -> Bool {
        left.body == right.body && left.path == right.path
            && left.headers.elementsEqual(right.headers) { $0 == $1 }
    }

    init(_ task: DeliveryTask, body: [UInt8]) {
        self.body = body
        self.path = DeliveryPath(task)
        self.headers = Self.headers(task)
    }

    private static func headers(_ task: DeliveryTask) -> [(name: String, value: String)] {
        let event = task.event
        let known: [(String, String?)] = [
            ("content-type", "application/json"),
            ("x-hookgate-attempt", "\(task.attempt)"),
            ("x-hookgate-kind", event.kind.map(EventName.normalised).flatMap(Self.token)),
            ("x-hookgate-organization-id", event.organizationID?.text),
            ("x-hookgate-clinic-id", event.clinicID?.text),
            ("x-hookgate-integration-id", event.integrationID?.text),
            ("x-hookgate-orphan", task.isOrphan ? "true" : nil),
            ("x-hookgate-replay", event.isReplay ? "true" : nil),
        ]
        return known.compactMap { name, value in value.map { (name, $0) } }
    }

    /// A kind comes out of the body: what is no plain word stays out of the headers.
    private static func token(_ kind: String) -> String? {
        guard (1...64).contains(kind.utf8.count),
            kind.utf8.allSatisfy({ Base64URL.isMember($0) || $0 == UInt8(ascii: ".") })
        else { return nil }
        return kind
    }
}

/// Makes what is sent out of what was stored.
package struct DeliveryComposer: Sendable {
    private let normaliser: any EventNormaliser
    /// Nil as long as the key that signs links is not known.
    private let mediaLinks: @Sendable () -> MediaLinks?

    package init(normaliser: any EventNormaliser, mediaLinks: @escaping @Sendable () -> MediaLinks?) {
        self.normaliser = normaliser
        self.mediaLinks = mediaLinks
    }

    /// - Throws: what stands in the way of sending it, now or ever.
    package func content(of task: DeliveryTask, at now: Date) throws(AttemptRefusal) -> DeliveryContent {
        let splitsMedia = task.destination.media == .reference
        // As Evolution sent it: not even read.
        if task.destination.format == .evolution, !splitsMedia { return DeliveryContent(task, body: task.body) }
        guard let event = normaliser.normalised(task.body) else { throw AttemptRefusal(.unsendable(.bodyUnreadable)) }
        var raw = task.body
        var url: ((Int) -> String)?
        if splitsMedia, !event.inlineMedia.isEmpty {
            guard let links = mediaLinks() else { throw AttemptRefusal(.unsendable(.secretsMissing)) }
            let id = task.event.id
            let address = { (part: Int) in links.url(of: id, part: part, at: now) }
            raw = MediaReferences.replacing(event.inlineMedia, in: raw, url: address)
            url = address
        }
        guard task.destination.format == .envelope else { return DeliveryContent(task, body: raw) }
        let envelope = EventEnvelope(task.event, isOrphan: task.isOrphan, normalised: event, mediaURL: url)
        guard let body = try? envelope.encoded(around: raw) else {
            throw AttemptRefusal(.unsendable(.bodyUnreadable))
        }
        return DeliveryContent(task, body: body)
    }
}

/// Why nothing was sent, as the attempt's result.
package struct AttemptRefusal: Error, Sendable, Equatable {
    package let result: AttemptResult

    package init(_ result: AttemptResult) {
        self.result = result
    }
}
