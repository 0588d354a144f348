import Synchronization

extension EvolutionSimulator {
    private static let delay = Duration.seconds(2)

    func respond(to request: SimulatedRequest) async -> SimulatedResponse {
        if request.segments.first == Self.controlPrefix { return control(request) }
        let body: WireJSON
        switch Self.body(of: request) {
        case .success(let parsed): body = parsed
        case .failure(let error): return .failure(400, "Internal Server Error", .text(error.message))
        }
        let profile = state.withLock { $0.profile }
        guard let route = Route(request, profile: profile) else { return .unrouted(request) }
        let named = route.instance ?? body["instanceName"]?.text
        let failure = state.withLock { $0.failures.next(route.failureCall, instance: named) }
        if let failure, let response = instead(failure, route) { return response }
        if let refusal = guarded(route, request) { return refusal }
        let target = request.query("instanceName").map { route.retargeted(to: $0) } ?? route
        let response = await handle(target, request, body, failure)
        return failure == .truncatedAnswer ? Self.truncated(response) : response
    }

    /// What is not JSON by its type counts as an empty object.
    private static func body(of request: SimulatedRequest) -> Result<WireJSON, WireJSONError> {
        guard !request.body.isEmpty, request.contentType?.lowercased().hasPrefix("application/json") == true else {
            return .success(.object([]))
        }
        return Result { () throws(WireJSONError) in try WireJSONReader.read(request.body) }
    }

    /// Failures that leave the server itself out of it.
    private func instead(_ failure: FailureMode, _ route: Route) -> SimulatedResponse? {
        switch failure {
        case .licenceInactive: Self.licenceRequired
        case .keyRefused: .unauthorized
        case .instanceGone: route.instance.map { .unknown($0) }
        case .gatewayError: .page(502, "<html><body><h1>502 Bad Gateway</h1></body></html>")
        case .tooManyRequests: .page(429, "<html><body><h1>429 Too Many Requests</h1></body></html>")
        case .redirect: .redirect(301, to: "https://evolution.example.test/")
        case .hang: .silence(options.longestHang)
        case .failBeforeWrite: .crash("Timed out fetching a new connection from the connection pool.")
        case .resetBeforeWrite: .reset
        default: nil
        }
    }

    private static func truncated(_ response: SimulatedResponse) -> SimulatedResponse {
        guard case .json(_, let body) = response else { return response }
        return .truncated(body)
    }

    /// That the instance exists is looked at before the key.
    private func guarded(_ route: Route, _ request: SimulatedRequest) -> SimulatedResponse? {
        state.withLock { state in
            let isGlobal = request.apiKey == options.globalKey
            switch route {
            case .welcome, .licenceStatus: return nil
            case .verifyCredentials, .createInstance: return isGlobal ? nil : .unauthorized
            case .fetchInstances:
                let isOwn = state.instances.values.contains { $0.token == request.apiKey }
                return isGlobal || isOwn ? nil : .unauthorized
            default:
                guard let name = route.instance, let instance = state.instances[name],
                    instance.isLoaded || !state.profile.isFirst
                else { return .unknown(route.instance ?? "") }
                return isGlobal || instance.token == request.apiKey ? nil : .unauthorized
            }
        }
    }

    private func handle(
        _ route: Route, _ request: SimulatedRequest, _ body: WireJSON, _ failure: FailureMode?
    ) async -> SimulatedResponse {
        switch route {
        case .welcome: .ok(welcome)
        case .licenceStatus: .ok(.record(["status": .text("active")]))
        case .verifyCredentials: .ok(.record(["status": .count(200), "message": .text("Credentials are valid")]))
        case .findWebhook(let name): .ok(find(name, failure))
        case .setWebhook(let name): set(name, body, failure)
        case .createInstance: after(failure, create(body, hasEffect: failure != .acceptedWithoutEffect), body)
        case .fetchInstances: fetch(request)
        case .connectionState(let name): .ok(connectionState(name))
        case .connect(let name): connect(name, number: request.query("number"))
        case .restart(let name): restart(name)
        case .logOut(let name): after(failure, logOut(name, hasEffect: failure != .acceptedWithoutEffect), body)
        case .delete(let name):
            after(failure, await delete(name, hasEffect: failure != .acceptedWithoutEffect), body)
        }
    }

    private static let licenceRequired = SimulatedResponse.json(
        503,
        .record([
            "error": .text("service not activated"), "code": .text("LICENSE_REQUIRED"),
            "register_url": .text("https://licence.example.test/register"), "instance_id": .text("simulated"),
            "docs_url": .text("https://licence.example.test/docs"), "message": .text("Activate this installation."),
        ]))

    private var welcome: WireJSON {
        let profile = state.withLock { $0.profile }
        return .record([
            "status": .count(200), "message": .text("Welcome to the Evolution API, it is working!"),
            "version": .text(profile.version), "clientName": profile.isFirst ? nil : .text("evolution_exchange"),
            "swagger": profile.isFirst ? .text("\(baseURL)/docs") : nil, "manager": .text("\(baseURL)/manager"),
            "documentation": .text("https://doc.evolution-api.com"),
        ])
    }

    private func find(_ name: String, _ failure: FailureMode?) -> WireJSON {
        state.withLock { state in
            let profile = state.profile
            guard failure != .nullFind, let instance = state.instances[name], instance.isLoaded else { return .null }
            let row = failure == .staleFind ? instance.earlier : instance.shown(at: time.elapsed())
            guard profile.isFirst else { return row ?? .null }
            let shown = row ?? WebhookRow.empty(of: instance, profile: profile, at: time)
            let names = ["enabled", "url", "events", "webhook_by_events", "webhook_base64"]
            return .object(names.compactMap { name in shown[name].map { WireJSON.Member(name, $0) } })
        }
    }

    private func set(_ name: String, _ body: WireJSON, _ failure: FailureMode?) -> SimulatedResponse {
        let response = state.withLock { state -> SimulatedResponse in
            guard let instance = state.instances[name] else { return .unknown(name) }
            switch WebhookRules(profile: state.profile, instance: instance, time: time).set(body) {
            case .refused(let response): return response
            case .stored(let row, let answer):
                guard failure != .acceptedWithoutEffect else { return .json(201, answer) }
                let usual = state.profile.writesLate ? Duration.milliseconds(40) : .zero
                let delay = failure == .delayedWrite ? Self.delay : usual
                state.instances[name]?.store(row, visibleFrom: delay == .zero ? .zero : time.elapsed() + delay)
                if failure == .otherEvents, let url = row["url"]?.text {
                    write(url: url, events: Array(state.profile.eventNames.prefix(1)), of: name, &state)
                }
                if failure == .otherEditor {
                    write(url: "https://other.example.test/hook", events: nil, of: name, &state)
                }
                return .json(201, answer)
            }
        }
        return after(failure, response, body)
    }

    /// What befalls a call whose effect is there.
    private func after(
        _ failure: FailureMode?, _ response: SimulatedResponse, _ body: WireJSON
    ) -> SimulatedResponse {
        switch failure {
        case .failAfterWrite: return .crash("Timed out fetching a new connection from the connection pool.")
        case .resetAfterWrite: return .reset
        case .restartAfterSet:
            restart()
            return response
        case .otherEditor:
            if let name = body["instanceName"]?.text { edit(name, url: "https://other.example.test/hook") }
            return response
        default: return response
        }
    }
}
