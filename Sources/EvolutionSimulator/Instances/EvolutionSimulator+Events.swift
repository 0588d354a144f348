import FoundationEssentials
import Synchronization

extension EvolutionSimulator {
    private static let mostWaiting = 10_000

    /// Something happened to an instance: it is posted to wherever its settings say now.
    package func emit(_ event: String, _ data: WireJSON, of name: String) {
        emit(event, data, of: name, whenSettled: nil)
    }

    /// A message comes in; the answer is its id.
    @discardableResult
    package func receiveMessage(_ text: String, of name: String, from sender: String = "15550101999") -> String {
        let (profile, instance, number) = state.withLock { state in
            state.lastNumber += 1
            return (state.profile, state.instances[name], state.lastNumber)
        }
        let digits = String(number, radix: 16, uppercase: true)
        let id = "3A" + String(repeating: "0", count: 18 - digits.count) + digits
        let seconds = Int(time.now.timeIntervalSince1970)
        emit(
            "messages.upsert",
            .record([
                "key": .record([
                    "remoteJid": .text("\(sender)@s.whatsapp.net"), "fromMe": .flag(false), "id": .text(id),
                ]),
                "pushName": .text("Simulated sender"), "status": profile.isFirst ? nil : .text("DELIVERY_ACK"),
                "message": .record(["conversation": .text(text)]), "messageType": .text("conversation"),
                "messageTimestamp": .count(seconds), "owner": profile.isFirst ? .text(name) : nil,
                "instanceId": profile.isFirst ? nil : instance.map { .text($0.id) }, "source": .text("ios"),
            ]), of: name)
        return id
    }

    func emit(_ event: String, _ data: WireJSON, of name: String, whenSettled: (@Sendable () -> Void)?) {
        let jobs = state.withLock { state -> [(DeliveryEngine.Job, isAwaited: Bool)]? in
            if let waiting = state.waiting[name] {
                if waiting.count < Self.mostWaiting { state.waiting[name]?.append((event, data)) }
                return nil
            }
            let due = self.jobs(event, data, of: name, state)
            if due.contains(where: \.isAwaited) { state.waiting[name] = [] }
            return due
        }
        guard let jobs, !jobs.isEmpty else {
            whenSettled?()
            return
        }
        for (index, job) in jobs.enumerated() {
            let isLast = index == jobs.count - 1
            engine.send(job.0) { [weak self] in
                if job.isAwaited { self?.goOn(name) }
                if isLast { whenSettled?() }
            }
        }
    }

    /// The server handles what came meanwhile, up to the next event that it waits for.
    private func goOn(_ name: String) {
        var waiting = state.withLock { state in
            defer { state.waiting[name] = nil }
            return state.waiting[name] ?? []
        }[...]
        while let next = waiting.popFirst() {
            emit(next.event, next.data, of: name)
        }
    }

    /// The instance's own webhook and the global one.
    private func jobs(
        _ event: String, _ data: WireJSON, of name: String, _ state: State
    ) -> [(DeliveryEngine.Job, isAwaited: Bool)] {
        guard let instance = state.instances[name] else { return [] }
        let profile = state.profile
        let own = instance.shown(at: time.elapsed()).flatMap {
            WebhookTarget(stored: $0, event: event, profile: profile)
        }
        let global = options.globalWebhookURL.map { WebhookTarget(global: $0) }
        return [own, global].compactMap { $0 }.enumerated().map { index, target in
            let isOwn = own != nil && index == 0
            return (
                DeliveryEngine.Job(
                    instance: name, event: event, url: target.url(for: event),
                    headers: headers(target, event, instance, profile, isOwn: isOwn),
                    body: body(event, data, instance, target, profile).encoded, policy: profile.retries,
                    timeout: profile.requestTimeout),
                isAwaited: isOwn && profile.awaitedEvents.contains(event)
            )
        }
    }

    private func body(
        _ event: String, _ data: WireJSON, _ instance: SimulatedInstance, _ target: WebhookTarget,
        _ profile: ServerProfile
    ) -> WireJSON {
        .record([
            "event": .text(event), "instance": .text(instance.name), "data": data,
            "destination": .text(target.base), "date_time": .text(time.wallClockStamp),
            "sender": instance.jid.map { .text($0) }, "server_url": .text("http://localhost:8080"),
            "apikey": !profile.isFirst || options.exposesKey ? .text(instance.token) : nil,
        ])
    }

    private func headers(
        _ target: WebhookTarget, _ event: String, _ instance: SimulatedInstance, _ profile: ServerProfile, isOwn: Bool
    ) -> [(name: String, value: String)] {
        var headers = [("Accept", "application/json, text/plain, */*"), ("Content-Type", "application/json")]
        headers += target.headers
        if let key = target.jwtKey { headers.append(("Authorization", WebhookJWT.bearer(key: key, at: time.now))) }
        if isOwn, profile.sendsInstanceHeaders {
            headers += [
                ("X-Instance-ID", instance.id), ("X-Instance-Name", instance.name), ("X-Event-Type", event),
                ("X-Timestamp", "\(Int(time.now.timeIntervalSince1970 * 1_000))"),
            ]
        }
        return headers + [
            ("User-Agent", isOwn || !profile.sendsInstanceHeaders ? profile.userAgent : "axios/1.13.2"),
            ("Accept-Encoding", "gzip, compress, deflate, br"), ("Connection", "keep-alive"),
        ]
    }
}
