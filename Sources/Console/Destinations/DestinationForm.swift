import HookgateCore

/// The form that sets a destination, and its fields as they come back.
enum DestinationForm {
    /// - Parameter revision: of what the form is filled with; nil where there is no row.
    static func html(_ visit: Visit, _ view: DestinationView, revision: String?, isNew: Bool) -> HTML {
        let record = view.record
        let isOurs = view.source == "database"
        return Form.post(
            visit, to: "/destinations/\(view.scope.text)/set",
            """
            <input type="hidden" name="whole" value="yes">\(Form.hidden("expected", revision ?? KeptDestination.none))
            \(isOurs ? address(visit, view, isNew: isNew) : HTML.nothing)
            \(Form.text("kinds", "Kinds", value: record.selection.kinds?.sorted().joined(separator: ", ") ?? "all"))
            \(Form.text(
                "without_kinds", "Without kinds",
                value: record.selection.excludedKinds.isEmpty
                    ? "none" : record.selection.excludedKinds.sorted().joined(separator: ", ")))
            \(check("groups", "Events of groups", record.selection.groups))
            \(check("status_broadcasts", "What people post as their status", record.selection.statusBroadcasts))
            \(check("newsletters", "Events of channels", record.selection.newsletters))
            \(check("own_messages", "Messages that the clinic itself sent", record.selection.ownMessages))
            \(Form.text(
                "timeout_ms", "Milliseconds for an attempt", value: "\(Int(record.timeout / .milliseconds(1)))"))
            \(Form.text("width", "Events at the same time, from each gateway", value: "\(record.width)"))
            <p class="buttons">\(Form.button("Set…", .good))</p>
            """)
    }

    private static func address(_ visit: Visit, _ view: DestinationView, isNew: Bool) -> HTML {
        let hint = isNew ? "https://backend.example.org" : "empty: as it is, \(view.to ?? "nowhere")"
        return """
            \(Form.text("url", "Address", hint: hint))
            \(visit.scope == nil ? Form.text("redis_stream", "Or the streams of our Redis", hint: "a name; empty for none") : HTML.nothing)
            \(Form.select("format", "Format", Destination.Format.allCases.map(\.rawValue), view.record.format.rawValue))
            \(Form.select("media", "Media", Destination.Media.allCases.map(\.rawValue), view.record.media.rawValue))
            \(isNew ? Form.select("secret", "Signed with", SigningSecret.Kind.allCases.map(\.rawValue), "shared") : HTML.nothing)
            """
    }

    private static func check(_ name: String, _ label: String, _ isOn: Bool) -> HTML {
        """
        <label class="check"><input type="checkbox" name="\(name)" value="yes"\(isOn ? " checked" : "")> \(label)</label>
        """
    }
}

/// The fields of that form.
enum DestinationFields {
    static func wish(_ fields: FormFields) throws(ConsoleError) -> DestinationWish {
        var wish = DestinationWish()
        wish.url = fields["url"]
        wish.redisStream = fields["redis_stream"]
        wish.format = try EventQuery.read("format", fields, "evolution or envelope", Destination.Format.init(rawValue:))
        wish.media = try EventQuery.read("media", fields, "inline or reference", Destination.Media.init(rawValue:))
        wish.kinds = fields["kinds"]
        wish.withoutKinds = fields["without_kinds"]
        // A box that is not ticked does not come.
        if fields["whole"] != nil {
            wish.groups = fields["groups"] != nil
            wish.statusBroadcasts = fields["status_broadcasts"] != nil
            wish.newsletters = fields["newsletters"] != nil
            wish.ownMessages = fields["own_messages"] != nil
        }
        wish.timeoutMilliseconds = try EventQuery.read("timeout_ms", fields, "a number") { Int($0) }
        wish.width = try EventQuery.read("width", fields, "a number") { Int($0) }
        if let secret = try EventQuery.read(
            "secret", fields, "shared or ed25519", SigningSecret.Kind.init(rawValue:))
        {
            wish.secret = secret
        }
        return wish
    }
}
