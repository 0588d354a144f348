import FoundationEssentials
import HookgateCore

/// Events for tests that need no database.
enum Sample {
    static let start = Date(timeIntervalSince1970: 1_760_918_400)

    static func event(
        kind: String? = "messages.upsert", chat: String? = "5511@s.whatsapp.net", message: String? = nil,
        clinic: UUID = UUID(), integration: UUID = UUID(), at offset: TimeInterval = 0, isReplay: Bool = false
    ) -> DeliveryEvent {
        DeliveryEvent(
            id: EventID(UUID()), receivedAt: start.addingTimeInterval(offset),
            integrationID: IntegrationID(integration), organizationID: nil, clinicID: ClinicID(clinic),
            instanceName: InstanceName("clinic"), route: .token, kind: kind, eventSuffix: nil, chat: chat,
            messageID: message, isReplay: isReplay)
    }

    static func destination(_ id: String = "default", width: Int = 32, isPaused: Bool = false) -> Destination {
        Destination(
            id: DestinationID(id), kind: .webhook(url: "http://127.0.0.1"), timeout: .seconds(1), width: width,
            isPaused: isPaused)
    }
}
