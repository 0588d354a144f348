/// What a release does with the body of `POST /webhook/set`.
struct WebhookRules {
    enum Outcome {
        case refused(SimulatedResponse)
        case stored(WireJSON, answer: WireJSON)
    }

    let profile: ServerProfile
    let instance: SimulatedInstance
    let time: SimulatorTime

    func set(_ body: WireJSON) -> Outcome {
        switch profile.dialect {
        case .flatSnake: flat(body, required: ["url"], byEvents: "webhook_by_events", base64: "webhook_base64")
        case .flatCamel: flat(body, required: ["enabled", "url"], byEvents: "webhookByEvents", base64: "webhookBase64")
        case .nested: nested(body)
        }
    }

    private func flat(_ body: WireJSON, required: [String], byEvents: String, base64: String) -> Outcome {
        let types = [("url", "string"), ("enabled", "boolean"), (byEvents, "boolean"), (base64, "boolean")]
        if let refusal = violations(body, at: "", types: types, required: required) { return .refused(refusal) }
        let url = body["url"]?.text ?? ""
        guard URLRule.accepts(url) else { return .refused(.badRequest(["Invalid \"url\" property"])) }
        var normal = body["enabled"] == nil ? body.setting("enabled", to: .flag(true)) : body
        if normal["enabled"]?.flag == true {
            guard let events = normal["events"]?.items else { return .refused(Self.crashWithoutEvents) }
            if events.isEmpty { normal = normal.setting("events", to: .texts(profile.eventNames)) }
        } else {
            normal = normal.setting("url", to: .text("")).setting("events", to: .list([]))
        }
        let answer = WireJSON.record([
            "webhook": .record(["instanceName": .text(instance.name), "webhook": normal])
        ])
        guard profile.dialect == .flatCamel else { return .stored(normal, answer: answer) }
        guard instance.isLoaded else { return .refused(Self.crashWithoutInstance) }
        return .stored(merged(normal, byEvents: byEvents, base64: base64), answer: answer)
    }

    private func nested(_ body: WireJSON) -> Outcome {
        guard let webhook = body["webhook"] else {
            return .refused(.violation(["instance requires property \"webhook\""]))
        }
        guard webhook.members != nil else { return .refused(.violation(["webhook is not of a type(s) object"])) }
        let types = [
            ("enabled", "boolean"), ("url", "string"), ("headers", "object"), ("byEvents", "boolean"),
            ("base64", "boolean"),
        ]
        if let refusal = violations(webhook, at: "webhook", types: types, required: ["enabled", "url"]) {
            return .refused(refusal)
        }
        if profile.checksURLWhenSet, !URLRule.accepts(webhook["url"]?.text ?? "") {
            return .refused(.badRequest(["Invalid \"url\" property"]))
        }
        guard instance.isLoaded else { return .refused(Self.crashWithoutInstance) }
        guard (webhook["url"]?.text ?? "").utf8.count <= 500 else {
            return .refused(.crash("The provided value for the column is too long for the column's type. Column: url"))
        }
        var normal = webhook
        if webhook["enabled"]?.flag == true {
            guard let events = webhook["events"]?.items else { return .refused(Self.crashWithoutEvents) }
            if events.isEmpty { normal = normal.setting("events", to: .texts(profile.eventNames)) }
        } else {
            normal = normal.setting("events", to: .list([]))
        }
        let row = merged(normal, byEvents: "byEvents", base64: "base64")
        return .stored(row, answer: row)
    }

    /// What is left out keeps its stored value; names that only answers have are ignored.
    private func merged(_ body: WireJSON, byEvents: String, base64: String) -> WireJSON {
        var row = instance.stored ?? WebhookRow.empty(of: instance, profile: profile, at: time)
        let columns = [
            ("url", "url"), ("headers", "headers"), ("enabled", "enabled"), ("events", "events"),
            (byEvents, "webhookByEvents"), (base64, "webhookBase64"),
        ]
        for (name, column) in columns where row[column] != nil {
            if let value = body[name] { row = row.setting(column, to: value) }
        }
        return row.setting("updatedAt", to: .text(time.stamp))
    }

    /// In the words of the schema's checker. Nil when there is nothing to complain of.
    private func violations(
        _ object: WireJSON, at place: String, types: [(String, String)], required: [String]
    ) -> SimulatedResponse? {
        let prefix = place.isEmpty ? "" : place + "."
        var found: [String] = []
        for (name, type) in types {
            if let value = object[name], !Self.is(value, type) {
                found.append("\(prefix)\(name) is not of a type(s) \(type)")
            }
        }
        if let events = object["events"] {
            if let items = events.items {
                for (index, item) in items.enumerated() where !profile.eventNames.contains(item.text ?? "") {
                    let names = profile.eventNames.joined(separator: ",")
                    found.append("\(prefix)events[\(index)] is not one of enum values: \(names)")
                }
            } else {
                found.append("\(prefix)events is not of a type(s) array")
            }
        }
        for name in required where object[name] == nil {
            found.append("\(place.isEmpty ? "instance" : place) requires property \"\(name)\"")
        }
        // The rule against an empty URL holds only where nothing but what is required is sent.
        if found.isEmpty, object["url"]?.text == "", object.members?.count == required.count {
            found.append("The \"url\" cannot be empty")
        }
        return found.isEmpty ? nil : .violation(found)
    }

    private static func `is`(_ value: WireJSON, _ type: String) -> Bool {
        switch type {
        case "string": value.text != nil
        case "boolean": value.flag != nil
        default: value.members != nil
        }
    }

    private static let crashWithoutEvents = SimulatedResponse.crash(
        "Cannot read properties of undefined (reading 'length')")
    private static let crashWithoutInstance = SimulatedResponse.crash(
        "Cannot read properties of undefined (reading 'instanceId')")
}
