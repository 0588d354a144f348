import FoundationEssentials
import HookgateCore

/// Integrations, tokens and bodies that the tests of this target share.
enum Sample {
    static let token = WebhookToken(randomBytes: Array(0...31))
    static let otherToken = WebhookToken(randomBytes: Array(32...63))
    static let digest = token.digest
    static let name = InstanceName("clinic-abc123")
    static let body = #"{"event":"messages.upsert","instance":"clinic-abc123","data":{"key":{"id":"A1"}}}"#

    static func integrationID(_ number: Int = 1) -> IntegrationID {
        IntegrationID(
            UUID(uuid: (0, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, UInt8(number >> 8), UInt8(number & 255))))
    }

    static func entry(
        _ number: Int = 1, name: InstanceName? = Sample.name, enabled: Bool = true, clinic: Bool = true,
        revision: UInt64 = 1
    ) -> RoutingEntry {
        RoutingEntry(
            integrationID: integrationID(number), organizationID: OrganizationID(integrationID(100).uuid),
            clinicID: clinic ? ClinicID(integrationID(200 + number).uuid) : nil, instanceName: name,
            isEnabled: enabled, revision: revision)
    }

    /// One integration with its token: the usual world.
    static func world(enabled: Bool = true) -> [RoutingChange] {
        [
            .integration(entry(enabled: enabled)),
            .token(digest, integrationID(), .current, revision: 1),
        ]
    }
}
