import FoundationEssentials
import Synchronization

extension EvolutionSimulator {
    /// Puts an instance there, as if it had been used for a while.
    /// - Parameters:
    ///   - webhook: the URL that it posts every event to; nil leaves it without settings.
    ///   - events: those it posts; nil means all of the release.
    ///   - owner: the number that it is connected to, in digits; nil leaves it closed.
    ///   - isLoaded: false leaves it in the database alone.
    package func add(
        _ name: String, id: String = UUID().uuidString.lowercased(), token: String = UUID().uuidString,
        webhook: String? = nil, events: [String]? = nil, owner: String? = nil, isLoaded: Bool = true
    ) {
        state.withLock { state in
            var instance = SimulatedInstance(name: name, id: id, token: token)
            instance.isLoaded = isLoaded
            instance.owner = owner
            instance.state = owner == nil ? .close : .open
            state.instances[name] = instance
            if let webhook { write(url: webhook, events: events, of: name, &state) }
        }
    }

    /// Another editor: the settings get another URL, past the API.
    package func edit(_ name: String, url: String) {
        state.withLock { write(url: url, events: nil, of: name, &$0) }
    }

    func write(url: String, events: [String]?, of name: String, _ state: inout State) {
        guard let instance = state.instances[name] else { return }
        let before = instance.stored
        let row = before ?? WebhookRow.empty(of: instance, profile: state.profile, at: time)
        let names: WireJSON =
            if let events {
                .texts(events)
            } else if let stored = before?["events"], stored.items?.isEmpty == false {
                stored
            } else {
                .texts(state.profile.eventNames)
            }
        state.instances[name]?.store(
            row.setting("url", to: .text(url)).setting("enabled", to: .flag(true)).setting("events", to: names),
            visibleFrom: .zero)
    }

    /// The URL that stands in the settings; nil where there are none.
    package func webhookURL(of name: String) -> String? {
        state.withLock { $0.instances[name]?.stored?["url"]?.text }
    }

    /// The settings as they are stored.
    package func webhookSettings(of name: String) -> WireJSON? {
        state.withLock { $0.instances[name]?.stored }
    }

    /// A person scans the code: the number is connected.
    package func scan(_ name: String, number: String) {
        let isKnown = state.withLock { state in
            guard state.instances[name] != nil else { return false }
            state.instances[name]?.owner = number
            state.instances[name]?.qrCount = 0
            return true
        }
        guard isKnown else { return }
        // A step of every pairing; most releases keep it to themselves.
        closePassing(name, reason: 515)
        open(name)
    }

    /// The connection breaks for a reason that the server mends by itself.
    package func drop(_ name: String, reason: Int) {
        closePassing(name, reason: reason)
        move(name, to: .connecting, reason: 200)
        open(name)
    }

    /// Unlinked on the telephone, or taken over by another server: somebody must pair anew.
    package func removeDevice(_ name: String) {
        endSession(name)
    }

    /// Nobody scanned the code in time: another one, or the end of them.
    package func expireCode(_ name: String) {
        let count = state.withLock { state -> Int? in
            guard state.instances[name]?.state == .connecting else { return nil }
            state.instances[name]?.qrCount += 1
            return state.instances[name]?.qrCount
        }
        guard let count else { return }
        if count < SimulatedInstance.mostQRCodes {
            emit("qrcode.updated", .record(["qrcode": codes(of: name, number: nil)]), of: name)
            return
        }
        emit(
            "qrcode.updated",
            .record(["message": .text("QR code limit reached, please login again"), "statusCode": .count(500)]),
            of: name)
        state.withLock { $0.instances[name]?.state = .close }
        emit(
            "connection.update",
            .record(["instance": .text(name), "state": .text("refused"), "statusReason": .count(428)]), of: name)
    }

    func beginPairing(_ name: String, number: String?) -> WireJSON {
        state.withLock { $0.instances[name]?.qrCount = 1 }
        move(name, to: .connecting, reason: 200)
        let codes = codes(of: name, number: number)
        emit("qrcode.updated", .record(["qrcode": codes]), of: name)
        return codes
    }

    /// What there is to scan or to type now.
    func codes(of name: String, number: String?) -> WireJSON {
        let (version, count) = state.withLock { ($0.profile.version, $0.instances[name]?.qrCount ?? 0) }
        let secret = "\(name)|\(count)|\(version)"
        return .record([
            "instance": .text(name),
            "pairingCode": .text(orNull: number.map { Self.pairingCode(for: $0 + secret) }),
            "code": .text("2@" + Data(secret.utf8).base64EncodedString()),
            "base64": .text("data:image/png;base64," + Data(secret.utf8).base64EncodedString()),
            "count": .count(count),
        ])
    }

    func endSession(_ name: String) {
        let profile = state.withLock { state in
            state.instances[name]?.state = .close
            return state.profile
        }
        if profile.eventNames.contains("STATUS_INSTANCE") {
            emit(
                "status.instance",
                .record(["instance": .text(name), "status": .text("closed"), "disconnectionReasonCode": .count(401)]),
                of: name)
        }
        if profile.eventNames.contains("LOGOUT_INSTANCE") { emit("logout.instance", .null, of: name) }
        emit(
            "connection.update",
            .record(["instance": .text(name), "state": .text("close"), "statusReason": .count(401)]), of: name)
    }

    private func open(_ name: String) {
        let instance = state.withLock { state in
            state.instances[name]?.state = .open
            return state.instances[name]
        }
        emit(
            "connection.update",
            .record([
                "instance": .text(name), "wuid": instance?.jid.map { .text($0) }, "profileName": .text(name),
                "profilePictureUrl": .null, "state": .text("open"), "statusReason": .count(200),
            ]), of: name)
    }

    private func closePassing(_ name: String, reason: Int) {
        guard state.withLock({ !$0.profile.hidesPassingCloses }) else { return }
        move(name, to: .close, reason: reason)
    }

    private func move(_ name: String, to new: SimulatedInstance.State, reason: Int) {
        state.withLock { $0.instances[name]?.state = new }
        emit(
            "connection.update",
            .record(["instance": .text(name), "state": .text(new.rawValue), "statusReason": .count(reason)]), of: name)
    }

    private static func pairingCode(for text: String) -> String {
        let letters = Array("123456789ABCDEFGHJKLMNPQRSTVWXYZ")
        var value = text.utf8.reduce(UInt64(14_695_981_039_346_656_037)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
        return String(
            (0..<8).map { _ in
                defer { value /= 32 }
                return letters[Int(value % 32)]
            })
    }
}
