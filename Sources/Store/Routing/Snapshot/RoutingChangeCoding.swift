import FoundationEssentials
import HookgateCore

/// Changes of routing as bytes, and back.
enum RoutingChangeCoding {
    private enum Tag: UInt8 {
        case integration = 1
        case deleted, token
    }

    private enum Standing: UInt8 {
        case current = 1
        case grace, revoked
    }

    static func encode(_ changes: [RoutingChange]) -> [UInt8] {
        var writer = ByteWriter(reserving: 100 * changes.count)
        for change in changes { append(change, to: &writer) }
        return writer.bytes
    }

    /// Garbage is refused, whatever its bytes are.
    static func decode(_ bytes: [UInt8]) throws(SpoolRecordError) -> [RoutingChange] {
        var reader = ByteReader(bytes[...])
        var changes: [RoutingChange] = []
        while !reader.remaining.isEmpty { changes.append(try change(from: &reader)) }
        return changes
    }

    private static func append(_ change: RoutingChange, to writer: inout ByteWriter) {
        switch change {
        case .integration(let entry):
            writer.append(Tag.integration.rawValue)
            writer.append(entry.integrationID.uuid)
            writer.append(optional: entry.organizationID?.uuid)
            writer.append(optional: entry.clinicID?.uuid)
            writer.append(optional: entry.instanceName?.text)
            writer.append(UInt8(entry.isEnabled ? 1 : 0))
            writer.append(entry.revision)
        case .integrationDeleted(let id, let revision):
            writer.append(Tag.deleted.rawValue)
            writer.append(id.uuid)
            writer.append(revision)
        case .token(let digest, let id, let standing, let revision):
            writer.append(Tag.token.rawValue)
            writer.append(contentsOf: digest.bytes)
            writer.append(optional: id?.uuid)
            append(standing, to: &writer)
            writer.append(revision)
        }
    }

    private static func append(_ standing: TokenStanding, to writer: inout ByteWriter) {
        switch standing {
        case .current: writer.append(Standing.current.rawValue)
        case .grace(let end):
            writer.append(Standing.grace.rawValue)
            writer.append(end.timeIntervalSinceReferenceDate.bitPattern)
        case .revoked: writer.append(Standing.revoked.rawValue)
        }
    }

    private static func change(from reader: inout ByteReader) throws(SpoolRecordError) -> RoutingChange {
        switch Tag(rawValue: try reader.integer(UInt8.self)) {
        case .integration:
            return .integration(
                RoutingEntry(
                    integrationID: IntegrationID(try reader.uuid()),
                    organizationID: try reader.optionalUUID().map(OrganizationID.init),
                    clinicID: try reader.optionalUUID().map(ClinicID.init),
                    instanceName: try reader.optionalText().map(InstanceName.init),
                    isEnabled: try reader.isPresent(), revision: try reader.integer()))
        case .deleted:
            return .integrationDeleted(IntegrationID(try reader.uuid()), revision: try reader.integer())
        case .token:
            guard let digest = TokenDigest(bytes: Array(try reader.take(TokenDigest.byteCount))) else {
                throw .truncated
            }
            return .token(
                digest, try reader.optionalUUID().map(IntegrationID.init), try standing(from: &reader),
                revision: try reader.integer())
        case nil:
            throw .invalid("unknown change")
        }
    }

    private static func standing(from reader: inout ByteReader) throws(SpoolRecordError) -> TokenStanding {
        switch Standing(rawValue: try reader.integer(UInt8.self)) {
        case .current: return .current
        case .grace:
            return .grace(
                until: Date(timeIntervalSinceReferenceDate: Double(bitPattern: try reader.integer(UInt64.self))))
        case .revoked: return .revoked
        case nil: throw .invalid("unknown standing")
        }
    }
}
