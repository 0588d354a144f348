package import HookgateCore

/// Webhook settings as a server takes and as it gives them, which are not the same names.
package enum WebhookBody {
    /// What switching off sends where no URL is known: releases before 2.1.1 demand a valid one and then drop it.
    private static let placeholderURL = "https://disabled.invalid/"
    /// Columns of the row that are no settings.
    private static let rowMembers: Set<String> = ["id", "createdAt", "updatedAt", "instanceId"]
    private static let knownMembers: Set<String> = [
        "url", "enabled", "events", "headers", "webhook_by_events", "webhook_base64", "webhookByEvents",
        "webhookBase64",
    ]

    /// The body of `POST /webhook/set`, with every member that the release knows: 1.x forgets what is left out.
    package static func encode(
        _ settings: EvolutionWebhookSettings, dialect: EvolutionDialect
    ) throws(EvolutionFailure) -> [UInt8] {
        if settings.isEnabled && settings.events.isEmpty { throw .eventsMissing }
        let url = settings.url.isEmpty && !settings.isEnabled ? placeholderURL : settings.url
        let head: [(name: String, value: JSONTree)] = [("enabled", .flag(settings.isEnabled)), ("url", .text(url))]
        let events: (name: String, value: JSONTree) = ("events", .list(settings.events.map { .text($0) }))
        switch dialect {
        case .flatSnake:
            let flags = flags(settings, "webhook_by_events", "webhook_base64")
            // The whole record is replaced, with what we do not know of it.
            let others = settings.others.map { (name: $0.name, value: JSONTree.raw($0.json)) }
            return JSONTree.object(head + flags + [events] + others).encoded
        case .flatCamel:
            return JSONTree.object(head + flags(settings, "webhookByEvents", "webhookBase64") + [events]).encoded
        case .nested:
            // Members that we do not know are kept by the server, which merges.
            let headers = (name: "headers", value: headers(settings))
            let members = head + [headers] + flags(settings, "byEvents", "base64") + [events]
            return JSONTree.object([("webhook", .object(members))]).encoded
        }
    }

    /// Reads the answer of `GET /webhook/find`, whichever release gave it.
    package static func decode(_ document: JSONDocument) -> EvolutionWebhook? {
        let text = String(decoding: document.root.rawBytes, as: UTF8.self)
        if document.root.isNull { return EvolutionWebhook(settings: nil, text: text) }
        guard let members = document.root.members, let enabled = document.root["enabled"]?.bool else { return nil }
        let row = document.root
        return EvolutionWebhook(
            settings: EvolutionWebhookSettings(
                url: row["url"]?.string ?? "", isEnabled: enabled,
                events: row["events"]?.elements?.compactMap(\.string) ?? [],
                byEvents: (row["webhookByEvents"] ?? row["webhook_by_events"])?.bool ?? false,
                base64: (row["webhookBase64"] ?? row["webhook_base64"])?.bool ?? false,
                headers: row["headers"]?.members?.map(member) ?? [],
                others: members.filter { !rowMembers.contains($0.key) && !knownMembers.contains($0.key) }.map(member)),
            text: text)
    }

    static func headers(_ settings: EvolutionWebhookSettings) -> JSONTree {
        .object(settings.headers.map { ($0.name, .raw($0.json)) })
    }

    private static func flags(
        _ settings: EvolutionWebhookSettings, _ byEvents: String, _ base64: String
    ) -> [(name: String, value: JSONTree)] {
        [(byEvents, .flag(settings.byEvents)), (base64, .flag(settings.base64))]
    }

    /// A string is written anew, so that two spellings of one text are equal.
    private static func member(_ member: (key: String, value: JSONValue)) -> EvolutionMember {
        EvolutionMember(
            name: member.key,
            json: member.value.string.map(JSONTree.json) ?? String(decoding: member.value.rawBytes, as: UTF8.self))
    }
}
