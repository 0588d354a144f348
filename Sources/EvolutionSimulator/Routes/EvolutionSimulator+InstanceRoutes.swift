import FoundationEssentials
import Synchronization

extension EvolutionSimulator {
    /// - Parameter hasEffect: false answers as if it had been done.
    func create(_ body: WireJSON, hasEffect: Bool) -> SimulatedResponse {
        guard let given = body["instanceName"]?.text, !given.isEmpty else {
            return .violation(["instance requires property \"instanceName\""])
        }
        let profile = state.withLock { $0.profile }
        let name =
            profile.hasLicence ? String(given.reversed().drop { $0 == " " }.reversed().drop { $0 == " " }) : given
        guard state.withLock({ $0.instances[name] == nil }) else {
            return .failure(403, "Forbidden", .texts(["This name \"\(name)\" is already in use."]))
        }
        let channel = body["integration"]?.text
        if profile.dialect == .nested, !["WHATSAPP-BAILEYS", "WHATSAPP-BUSINESS", "EVOLUTION"].contains(channel) {
            return .badRequest(["Invalid integration"])
        }
        let instance = SimulatedInstance(
            name: name, id: UUID().uuidString.lowercased(), token: body["token"]?.text ?? UUID().uuidString)
        let settings: WireJSON?
        switch webhook(in: body, of: instance, profile) {
        case .success(let row): settings = row
        case .failure(let refusal): return refusal.response
        }
        guard hasEffect else {
            return .json(201, created(instance, channel: channel, settings: settings, codes: nil, profile))
        }
        state.withLock { state in
            state.instances[name] = instance
            if let settings { state.instances[name]?.store(settings, visibleFrom: .zero) }
        }
        emit(
            "instance.create",
            .record(["instanceName": .text(name), "instanceId": .text(instance.id)]), of: name)
        let codes = body["qrcode"]?.flag == true ? beginPairing(name, number: body["number"]?.text) : nil
        return .json(201, created(instance, channel: channel, settings: settings, codes: codes, profile))
    }

    private struct Refusal: Error {
        let response: SimulatedResponse
    }

    /// The webhook that a body asks for, as it will be stored; nil where it asks for none.
    private func webhook(
        in body: WireJSON, of instance: SimulatedInstance, _ profile: ServerProfile
    ) -> Result<WireJSON?, Refusal> {
        let members: [(String, String)]
        let source: WireJSON
        switch profile.dialect {
        case .flatSnake:
            source = body
            members = [
                ("url", "webhook"), ("webhook_by_events", "webhook_by_events"), ("webhook_base64", "webhook_base64"),
                ("events", "events"),
            ]
        case .flatCamel:
            source = body
            members = [
                ("url", "webhookUrl"), ("webhookByEvents", "webhookByEvents"), ("webhookBase64", "webhookBase64"),
                ("events", "webhookEvents"),
            ]
        case .nested:
            source = body["webhook"] ?? .object([])
            members = ["url", "headers", "byEvents", "base64", "events"].map { ($0, $0) }
        }
        guard source[members[0].1]?.text?.isEmpty == false else { return .success(nil) }
        let settings = WireJSON.object(
            [WireJSON.Member("enabled", .flag(true))]
                + members.compactMap { name, given in source[given].map { WireJSON.Member(name, $0) } })
        let asked = profile.dialect == .nested ? WireJSON.record(["webhook": settings]) : settings
        switch WebhookRules(profile: profile, instance: instance, time: time).set(asked) {
        case .stored(let row, _): return .success(row)
        case .refused(let response):
            guard case .json(500, let crash) = response else { return .failure(Refusal(response: response)) }
            // Every crash of a creation comes out as a bad request, and of its text 1.x keeps one character.
            let text = crash["response"]?["message"]?.text ?? ""
            return .failure(Refusal(response: .badRequest([profile.isFirst ? String(text.prefix(1)) : text])))
        }
    }

    private func created(
        _ instance: SimulatedInstance, channel: String?, settings: WireJSON?, codes: WireJSON?, _ profile: ServerProfile
    ) -> WireJSON {
        let now = state.withLock { $0.instances[instance.name]?.state ?? .close }
        let token = WireJSON.text(instance.token)
        return .record([
            "instance": .record([
                "instanceName": .text(instance.name), "instanceId": .text(instance.id),
                "integration": .text(channel ?? "WHATSAPP-BAILEYS"),
                "status": .text(profile.isFirst ? "created" : now.rawValue),
            ]),
            "hash": profile.isFirst ? .record(["apikey": token]) : token,
            "webhook": .record([
                profile.isFirst ? "webhook" : "webhookUrl": settings?["url"] ?? .text("")
            ]),
            "settings": .record([:]), "qrcode": codes,
        ])
    }

    func fetch(_ request: SimulatedRequest) -> SimulatedResponse {
        let (profile, all) = state.withLock { ($0.profile, $0.instances.values.sorted { $0.name < $1.name }) }
        let isGlobal = request.apiKey == options.globalKey
        let wanted = request.query("instanceName")
        let found = all.filter { instance in
            (isGlobal || instance.token == request.apiKey) && (wanted == nil || instance.name == wanted)
                && (!profile.isFirst || instance.isLoaded)
        }
        if let wanted, found.isEmpty { return .failure(404, "Not Found", .texts(["Instance \"\(wanted)\" not found"])) }
        let rows = found.map { profile.isFirst ? wrapped($0) : row($0) }
        if profile.isFirst, isGlobal, wanted != nil { return .ok(rows[0]) }
        return .ok(.list(rows))
    }

    private func wrapped(_ instance: SimulatedInstance) -> WireJSON {
        .record([
            "instance": .record([
                "instanceName": .text(instance.name), "instanceId": .text(instance.id),
                "owner": instance.state == .open ? instance.jid.map { .text($0) } : nil,
                "status": .text(instance.state.rawValue), "apikey": options.exposesKey ? .text(instance.token) : nil,
                "integration": .record(["integration": .text("WHATSAPP-BAILEYS")]),
            ])
        ])
    }

    private func row(_ instance: SimulatedInstance) -> WireJSON {
        .record([
            "id": .text(instance.id), "name": .text(instance.name),
            "connectionStatus": .text(instance.state.rawValue), "ownerJid": .text(orNull: instance.jid),
            "profileName": .null, "integration": .text("WHATSAPP-BAILEYS"), "number": .text(orNull: instance.owner),
            "token": .text(instance.token), "clientName": .text("evolution_exchange"), "createdAt": .text(time.stamp),
            "updatedAt": .text(time.stamp),
        ])
    }

    func connectionState(_ name: String) -> WireJSON {
        let instance = state.withLock { $0.instances[name] }
        return .record([
            "instance": .record([
                "instanceName": .text(name),
                "state": instance.flatMap { $0.isLoaded ? .text($0.state.rawValue) : nil },
            ])
        ])
    }

    func connect(_ name: String, number: String?) -> SimulatedResponse {
        guard let instance = state.withLock({ $0.instances[name] }), instance.isLoaded else {
            return .ok(.record(["error": .flag(true), "message": .text("The \"\(name)\" instance does not exist")]))
        }
        switch instance.state {
        case .open: return .ok(connectionState(name))
        case .connecting: return .ok(answered(codes(of: name, number: number)))
        case .close: return .ok(answered(beginPairing(name, number: number)))
        }
    }

    /// The call's answer has the codes without the instance.
    private func answered(_ codes: WireJSON) -> WireJSON {
        .object((codes.members ?? []).filter { $0.name != "instance" })
    }

    func restart(_ name: String) -> SimulatedResponse {
        let (profile, instance) = state.withLock { ($0.profile, $0.instances[name]) }
        guard profile.isFirst || instance?.state == .open else {
            return .ok(.record(["error": .flag(true), "message": .text("[object Object]")]))
        }
        return .ok(connectionState(name))
    }

    func logOut(_ name: String, hasEffect: Bool) -> SimulatedResponse {
        let (profile, instance) = state.withLock { ($0.profile, $0.instances[name]) }
        if instance?.state == .close {
            guard profile.logsOutTwice else {
                return .badRequest(["The \"\(name)\" instance is not connected"])
            }
            return .ok(Self.success("Instance was already disconnected"))
        }
        if hasEffect { endSession(name) }
        return .ok(Self.success("Instance logged out"))
    }

    /// The instance goes when its last webhook was taken, or given up.
    func delete(_ name: String, hasEffect: Bool) async -> SimulatedResponse {
        let (profile, instance) = state.withLock { ($0.profile, $0.instances[name]) }
        if instance?.state == .open {
            guard profile.logsOutOnDelete else {
                return .badRequest(["The \"\(name)\" instance needs to be disconnected"])
            }
            if hasEffect { endSession(name) }
        }
        guard hasEffect else { return .ok(Self.success("Instance deleted")) }
        if profile.eventNames.contains("REMOVE_INSTANCE") {
            await withCheckedContinuation { continuation in
                emit("remove.instance", .null, of: name) { continuation.resume() }
            }
        }
        state.withLock { state in
            state.instances[name] = nil
            state.waiting[name] = nil
        }
        return .ok(Self.success("Instance deleted"))
    }

    private static func success(_ message: String) -> WireJSON {
        .record([
            "status": .text("SUCCESS"), "error": .flag(false), "response": .record(["message": .text(message)]),
        ])
    }
}
