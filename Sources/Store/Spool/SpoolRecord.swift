import FoundationEssentials
package import HookgateCore

/// The payload of one record of the segment log: an accepted event as bytes, and back.
///
/// Version 1, little-endian: version, length of what stands before the body, id, time, route, presence of the
/// optional fields and those present, disposition, facts; then the body to the end. The body stands last and
/// raw, so that writing an event never copies it into an encoder. Version 2 has a ``BodyReference`` in its place.
package enum SpoolRecord {
    package static let version: UInt8 = 1
    /// Of a record whose body lies in a file of its own.
    static let bodyFileVersion: UInt8 = 2

    private static let lengthOffset = 1

    /// A record as it was written.
    struct Content {
        /// Without its body, where that lies elsewhere.
        let event: AcceptedEvent
        let bodyFile: BodyReference?
    }

    /// Everything of the event but its body, which follows it in the record.
    package static func encodeHead(of event: AcceptedEvent) -> [UInt8] {
        encodeHead(of: event, version: version)
    }

    static func encodeHead(of event: AcceptedEvent, version: UInt8) -> [UInt8] {
        var writer = ByteWriter(reserving: 256)
        writer.append(version)
        writer.append(UInt32(0))
        writer.append(event.id.uuid)
        writer.append(event.receivedAt.timeIntervalSinceReferenceDate.bitPattern)
        writer.append(event.route.rawValue)
        writer.append(optional: event.integrationID?.uuid)
        writer.append(optional: event.organizationID?.uuid)
        writer.append(optional: event.clinicID?.uuid)
        writer.append(optional: event.eventSuffix)
        writer.append(optional: event.instanceName?.text)
        writer.append(event.disposition)
        writer.append(optional: event.facts.event)
        writer.append(optional: event.facts.instance)
        writer.append(optional: event.facts.messageID)
        writer.append(optional: event.facts.chat)
        writer.overwrite(UInt32(writer.bytes.count), at: lengthOffset)
        return writer.bytes
    }

    /// Reads a payload. Garbage is refused, whatever its bytes are.
    package static func decode(_ payload: ArraySlice<UInt8>) throws(SpoolRecordError) -> AcceptedEvent {
        try read(payload).event
    }

    static func read(_ payload: ArraySlice<UInt8>) throws(SpoolRecordError) -> Content {
        var reader = ByteReader(payload)
        let version = try reader.integer(UInt8.self)
        guard version == Self.version || version == bodyFileVersion else { throw .unknownVersion(version) }
        let headLength = Int(try reader.integer(UInt32.self))
        let id = EventID(try reader.uuid())
        let received = Date(timeIntervalSinceReferenceDate: Double(bitPattern: try reader.integer(UInt64.self)))
        guard let route = Route(rawValue: try reader.text()) else { throw .invalid("unknown route") }
        let integrationID = try reader.optionalUUID().map(IntegrationID.init)
        let organizationID = try reader.optionalUUID().map(OrganizationID.init)
        let clinicID = try reader.optionalUUID().map(ClinicID.init)
        let suffix = try reader.optionalText()
        let instanceName = try reader.optionalText().map(InstanceName.init)
        let disposition = try reader.disposition()
        let facts = BodyFacts(
            event: try reader.optionalText(), instance: try reader.optionalText(),
            messageID: try reader.optionalText(), chat: try reader.optionalText())
        guard reader.offset - payload.startIndex == headLength else { throw .invalid("head has another length") }
        let bodyFile = version == bodyFileVersion ? try BodyReference(&reader) : nil
        let event = AcceptedEvent(
            id: id, receivedAt: received, route: route, eventSuffix: suffix, disposition: disposition,
            integrationID: integrationID, organizationID: organizationID, clinicID: clinicID,
            instanceName: instanceName, facts: facts, body: bodyFile == nil ? Array(reader.remaining) : [],
            bodyByteCount: bodyFile?.byteCount)
        return Content(event: event, bodyFile: bodyFile)
    }
}

/// Why the bytes of a record are not an event.
package enum SpoolRecordError: Error, Equatable {
    case truncated
    case unknownVersion(UInt8)
    case invalid(String)
}

extension SpoolRecordError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .truncated: "the record ends too early"
        case .unknownVersion(let version): "the record has version \(version), which this release does not know"
        case .invalid(let what): "the record is invalid: \(what)"
        }
    }
}

/// The first byte of an encoded disposition.
private enum DispositionTag: UInt8 {
    case pending = 1
    case quarantined
    case undecidedToken
    case undecidedInstance
    case probe
}

extension ByteWriter {
    mutating func append(optional uuid: UUID?) {
        append(UInt8(uuid == nil ? 0 : 1))
        if let uuid { append(uuid) }
    }

    mutating func append(optional text: String?) {
        append(UInt8(text == nil ? 0 : 1))
        if let text { append(text) }
    }

    fileprivate mutating func append(_ disposition: AcceptedEvent.Disposition) {
        switch disposition {
        case .pending:
            append(DispositionTag.pending.rawValue)
        case .quarantined(let reason):
            append(DispositionTag.quarantined.rawValue)
            append(reason.rawValue)
        case .undecided(.token(let digest)):
            append(DispositionTag.undecidedToken.rawValue)
            append(contentsOf: digest.bytes)
        case .undecided(.instance(let name)):
            append(DispositionTag.undecidedInstance.rawValue)
            append(name.text)
        case .probe:
            append(DispositionTag.probe.rawValue)
        }
    }
}

extension ByteReader {
    mutating func isPresent() throws(SpoolRecordError) -> Bool {
        switch try integer(UInt8.self) {
        case 0: false
        case 1: true
        default: throw .invalid("presence is neither 0 nor 1")
        }
    }

    mutating func optionalUUID() throws(SpoolRecordError) -> UUID? {
        try isPresent() ? try uuid() : nil
    }

    mutating func optionalText() throws(SpoolRecordError) -> String? {
        try isPresent() ? try text() : nil
    }

    fileprivate mutating func disposition() throws(SpoolRecordError) -> AcceptedEvent.Disposition {
        switch DispositionTag(rawValue: try integer(UInt8.self)) {
        case .pending:
            return .pending
        case .quarantined:
            // A later release may hold events for reasons of its own: the event counts for more than the word.
            return .quarantined(QuarantineReason(rawValue: try text()) ?? .undecided)
        case .undecidedToken:
            guard let digest = TokenDigest(bytes: Array(try take(TokenDigest.byteCount))) else { throw .truncated }
            return .undecided(.token(digest))
        case .undecidedInstance:
            return .undecided(.instance(InstanceName(try text())))
        case .probe:
            return .probe
        case nil:
            throw .invalid("unknown disposition")
        }
    }
}
