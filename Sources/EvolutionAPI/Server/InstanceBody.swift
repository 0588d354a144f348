package import HookgateCore

/// Requests and answers about instances.
package enum InstanceBody {
    /// The only channel that a number is paired with.
    private static let channel = "WHATSAPP-BAILEYS"

    /// The body of `POST /instance/create`. The QR code is asked for separately: with it, the call would block.
    package static func encode(
        _ draft: EvolutionInstanceDraft, dialect: EvolutionDialect
    ) throws(EvolutionFailure) -> [UInt8] {
        let webhook = draft.webhook
        if webhook.events.isEmpty { throw .eventsMissing }
        let url = JSONTree.text(webhook.url)
        let events = JSONTree.list(webhook.events.map { .text($0) })
        let byEvents = JSONTree.flag(webhook.byEvents)
        let base64 = JSONTree.flag(webhook.base64)
        var members: [(name: String, value: JSONTree)] = [
            ("instanceName", .text(draft.name.text)), ("integration", .text(channel)), ("qrcode", .flag(false)),
        ]
        if let number = draft.number { members.append(("number", .text(number))) }
        switch dialect {
        case .flatSnake:
            members += [
                ("webhook", url), ("webhook_by_events", byEvents), ("webhook_base64", base64), ("events", events),
            ]
        case .flatCamel:
            members += [
                ("webhookUrl", url), ("webhookByEvents", byEvents), ("webhookBase64", base64),
                ("webhookEvents", events),
            ]
        case .nested:
            let settings: [(name: String, value: JSONTree)] = [
                ("url", url), ("headers", WebhookBody.headers(webhook)), ("byEvents", byEvents), ("base64", base64),
                ("events", events),
            ]
            members.append(("webhook", .object(settings)))
        }
        return JSONTree.object(members).encoded
    }

    package static func created(_ root: JSONValue) -> EvolutionCreatedInstance? {
        guard let instance = root["instance"], instance.isObject else { return nil }
        return EvolutionCreatedInstance(
            id: instance["instanceId"]?.string,
            // 1.x calls it `created`, before there is any connection.
            connection: instance["status"]?.string == "created"
                ? .closed : EvolutionConnection(instance["status"]?.string),
            pairing: root["qrcode"].flatMap(pairing))
    }

    package static func connection(_ root: JSONValue) -> EvolutionConnection? {
        guard let instance = root["instance"], instance.isObject else { return nil }
        return EvolutionConnection(instance["state"]?.string)
    }

    /// The answer of `GET /instance/connect`: a code, the connection where it is open, or an error in a 200.
    package static func connectAnswer(_ root: JSONValue) throws(EvolutionFailure) -> EvolutionConnectAnswer? {
        guard root.isObject else { return nil }
        if root["error"]?.bool == true {
            throw .serverFault(status: 200, reason: EvolutionAnswer.shown(root["message"]?.string ?? "no reason given"))
        }
        if let connection = connection(root) { return connection == .open ? .alreadyOpen : .waiting }
        return pairing(root).map { .pair($0) } ?? .waiting
    }

    /// The list of instances: entries of 1.x are wrapped, and one alone comes without a list.
    package static func instances(_ root: JSONValue) -> [EvolutionInstance]? {
        guard let entries = root.elements ?? (root["instance"] == nil ? nil : [root]) else { return nil }
        var instances: [EvolutionInstance] = []
        for entry in entries {
            let row = entry["instance"] ?? entry
            guard let name = (row["name"] ?? row["instanceName"])?.string else { return nil }
            instances.append(
                EvolutionInstance(
                    name: InstanceName(name), id: (row["id"] ?? row["instanceId"])?.string,
                    connection: EvolutionConnection((row["connectionStatus"] ?? row["status"])?.string),
                    owner: (row["ownerJid"] ?? row["owner"])?.string.flatMap { PhoneNumber($0) },
                    channel: row["integration"]?.string))
        }
        return instances
    }

    private static func pairing(_ value: JSONValue) -> EvolutionPairing? {
        let pairing = EvolutionPairing(
            qrText: value["code"]?.text, qrImage: value["base64"]?.text, pairingCode: value["pairingCode"]?.text)
        return pairing.qrText == nil && pairing.pairingCode == nil ? nil : pairing
    }
}
