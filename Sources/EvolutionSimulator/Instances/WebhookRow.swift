/// The record that a release keeps of an instance's webhook.
enum WebhookRow {
    /// A record without a URL, as the release would write it.
    static func empty(of instance: SimulatedInstance, profile: ServerProfile, at time: SimulatorTime) -> WireJSON {
        switch profile.dialect {
        case .flatSnake:
            .record([
                "enabled": .flag(false), "url": .text(""), "events": .list([]), "webhook_by_events": .flag(false),
                "webhook_base64": .flag(false),
            ])
        case .flatCamel, .nested:
            .record([
                "id": .text("cm" + String(instance.id.filter { $0 != "-" }.prefix(23))), "url": .text(""),
                "headers": profile.sendsHeaders ? .null : nil, "enabled": .flag(false), "events": .list([]),
                "webhookByEvents": .flag(false), "webhookBase64": .flag(false), "createdAt": .text(time.stamp),
                "updatedAt": .text(time.stamp), "instanceId": .text(instance.id),
            ])
        }
    }
}
