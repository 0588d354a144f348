import Synchronization

extension EvolutionSimulator {
    /// The first segment of the control API's paths. The real server has nothing there.
    static let controlPrefix = "__simulator"

    /// What a rehearsal drives the simulator by: a person with a telephone, somebody else's edit, a failure.
    func control(_ request: SimulatedRequest) -> SimulatedResponse {
        let body: WireJSON
        do {
            body = request.body.isEmpty ? .object([]) : try WireJSONReader.read(request.body)
        } catch {
            return Self.complaint("the body is no JSON: \(error.message)")
        }
        let path = request.segments.dropFirst().joined(separator: "/")
        switch (request.method, path) {
        case ("GET", "instances"): return .ok(.list(state.withLock { $0.instances.values.map(Self.shown) }))
        case ("GET", "deliveries"): return .ok(.list(deliveries.map(Self.shown)))
        case ("DELETE", "failures"):
            clearFailures()
            return Self.done
        case ("POST", "failures"): return injectFailure(body)
        case ("POST", "restart"):
            restart()
            return Self.done
        case ("POST", "upgrade"):
            guard let profile = body["version"]?.text.flatMap({ ServerProfile($0) }) else {
                return Self.complaint("version must be a release of 1.x or 2.x, as 2.3.7")
            }
            upgrade(to: profile)
            return Self.done
        default: return controlInstance(request, path, body)
        }
    }

    private func controlInstance(_ request: SimulatedRequest, _ path: String, _ body: WireJSON) -> SimulatedResponse {
        guard request.method == "POST", let name = body["instance"]?.text,
            state.withLock({ $0.instances[name] != nil })
        else {
            return .json(
                404, .record(["error": .text("no such call, or no such instance; see docs/simulator.md")]))
        }
        switch path {
        case "messages": receiveMessage(body["text"]?.text ?? "Hello", of: name)
        case "events":
            guard let event = body["event"]?.text else { return Self.complaint("event is missing, as messages.upsert") }
            emit(event, body["data"] ?? .null, of: name)
        case "scan": scan(name, number: body["number"]?.text ?? "15550101001")
        case "remove-device": removeDevice(name)
        case "expire-code": expireCode(name)
        case "drop": drop(name, reason: 428)
        case "edit":
            guard let url = body["url"]?.text else { return Self.complaint("url is missing") }
            edit(name, url: url)
        default: return Self.complaint("no such call; see docs/simulator.md")
        }
        return Self.done
    }

    private func injectFailure(_ body: WireJSON) -> SimulatedResponse {
        guard let mode = body["mode"]?.text.flatMap({ FailureMode(rawValue: $0) }) else {
            let names = FailureMode.allCases.map(\.rawValue).joined(separator: ", ")
            return Self.complaint("mode must be one of \(names)")
        }
        var times: Int? = 1
        switch body["times"] {
        case .number(let digits): times = Int(digits) ?? 1
        case .text("always"): times = nil
        default: break
        }
        inject(mode, times: times, instance: body["instance"]?.text)
        return Self.done
    }

    private static let done = SimulatedResponse.ok(.record(["status": .text("done")]))

    private static func complaint(_ text: String) -> SimulatedResponse {
        .json(400, .record(["error": .text(text)]))
    }

    private static func shown(_ instance: SimulatedInstance) -> WireJSON {
        .record([
            "name": .text(instance.name), "state": .text(instance.state.rawValue),
            "loaded": .flag(instance.isLoaded), "webhook": instance.stored ?? .null,
        ])
    }

    private static func shown(_ record: DeliveryRecord) -> WireJSON {
        .record([
            "id": .count(record.id), "instance": .text(record.instance), "event": .text(record.event),
            "url": .text(record.url), "state": .text(record.state.rawValue),
            "message": .text(orNull: message(in: record)),
            "attempts": .list(
                record.attempts.map { attempt in
                    switch attempt {
                    case .status(let status): .count(status)
                    case .failed: .text("no answer")
                    }
                }),
        ])
    }

    /// The id of the message that it carries.
    private static func message(in record: DeliveryRecord) -> String? {
        guard let body = try? WireJSONReader.read(record.body) else { return nil }
        return body["data"]?["key"]?["id"]?.text
    }
}
