package import FoundationEssentials

/// Whose events go to a destination.
package enum DestinationScope: Sendable, Hashable {
    /// Everybody's who has none of their own.
    case `default`
    case organization(OrganizationID)
    case clinic(ClinicID)
    case integration(IntegrationID)

    /// `default`, or `clinic:6b1f0c1e-…`: what names a destination everywhere.
    package var text: String {
        switch self {
        case .default: "default"
        case .organization(let id): "organization:\(id.text)"
        case .clinic(let id): "clinic:\(id.text)"
        case .integration(let id): "integration:\(id.text)"
        }
    }

    /// Reads what ``text`` writes; nil for anything else.
    package init?(_ text: String) {
        if text == "default" {
            self = .default
            return
        }
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return nil }
        let scope: DestinationScope? =
            switch parts[0] {
            case "organization": OrganizationID(parts[1]).map { .organization($0) }
            case "clinic": ClinicID(parts[1]).map { .clinic($0) }
            case "integration": IntegrationID(parts[1]).map { .integration($0) }
            default: nil
            }
        guard let scope else { return nil }
        self = scope
    }

    package var destinationID: DestinationID { DestinationID(text) }

    /// From the narrowest to the widest of an event.
    package static func scopes(of event: DeliveryEvent) -> [DestinationScope] {
        [
            event.integrationID.map { .integration($0) }, event.clinicID.map { .clinic($0) },
            event.organizationID.map { .organization($0) }, .default,
        ].compactMap(\.self)
    }
}

/// A destination as it is kept: set through command line or API.
package struct DestinationRecord: Sendable, Equatable {
    package let scope: DestinationScope
    /// Whose key set it: only events of this organization go there, whomever its clinic or integration belongs to by then.
    /// Nil for the operator's own.
    package var organization: OrganizationID?
    /// Nil for a default that only pauses or filters what the configuration names.
    package var kind: Destination.Kind?
    package var format = Destination.Format.evolution
    package var media = Destination.Media.inline
    package var selection = EventSelection.sensible
    package var timeout = Destination.defaultTimeout
    package var width = Destination.defaultWidth
    package var isPaused = false
    package var secrets: SigningSecrets?

    package init(scope: DestinationScope) {
        self.scope = scope
    }

    /// What events go to; nil where it names no address.
    package var destination: Destination? {
        kind.map { kind in
            Destination(
                id: scope.destinationID, kind: kind, format: format, media: media, selection: selection,
                timeout: timeout, width: width, isPaused: isPaused, trust: .configured,
                secretsReference: secrets == nil ? nil : scope.text)
        }
    }
}

/// A destination as it was read, and a word for that version of it: another one as soon as anybody writes it again.
package struct KeptDestination: Sendable, Equatable {
    /// Stands where there is no version, since there is no destination yet.
    package static let none = "none"

    package let record: DestinationRecord
    package let revision: String

    package init(record: DestinationRecord, revision: String) {
        self.record = record
        self.revision = revision
    }
}

/// Keeps destinations. Filled by the store.
package protocol DestinationStore: Sendable {
    /// Every destination, by its name.
    func all() async throws -> [DestinationRecord]

    func kept(_ scope: DestinationScope) async throws -> KeptDestination?

    /// Writes it as it is now, with the audit log's entry in the same transaction. False, and nothing is written, when
    /// somebody else has changed it since it was read.
    /// - Parameter before: what was read; nil where there was none.
    func save(
        _ record: DestinationRecord, over before: DestinationRecord?, at now: Date, audit: AuditEntry
    ) async throws -> Bool

    /// Takes it away. False when there was none.
    func remove(_ scope: DestinationScope, at now: Date, audit: AuditEntry) async throws -> Bool
}

extension DestinationStore {
    package func destination(of scope: DestinationScope) async throws -> DestinationRecord? {
        try await kept(scope)?.record
    }
}
