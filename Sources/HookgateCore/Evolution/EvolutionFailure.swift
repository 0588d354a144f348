/// Why a call to an Evolution server brought no result. Holds no key, no token and no body.
package enum EvolutionFailure: Error, Equatable {
    /// The server says that it has no such instance. It says so before it looks at the key.
    case instanceUnknown(InstanceName)
    /// The instance is in the server's database and not in the running process.
    case instanceNotLoaded(InstanceName)
    /// A new instance's name is in use.
    case nameTaken(InstanceName)
    /// The server has no such method and path at all, which says nothing about any instance.
    case unrouted(String)
    case keyRefused
    /// The request was understood and refused; sending it again would bring the same.
    case refused(status: Int, reason: String)
    /// The server asks for settings of another release: it was upgraded, or was never what it said.
    case wrongDialect(EvolutionDialect)
    /// Enabled without events would subscribe to every event there is.
    case eventsMissing
    case licenceInactive
    case tooManyRequests
    /// The server failed over this request.
    case serverFault(status: Int, reason: String)
    /// Something in front of the server answered in its place.
    case gatewayFault(status: Int)
    /// What answers is no Evolution API.
    case notEvolution(status: Int)
    case redirected(status: Int)
    /// Not sent: nothing has changed at the server.
    case unreachable(String)
    /// Sent, and not answered: whether it took effect must be read back.
    case unanswered(String)
    case answerTooLarge(limitBytes: Int)
}

extension EvolutionFailure {
    /// Whether asking again soon may bring something else.
    package var isPassing: Bool {
        switch self {
        case .tooManyRequests, .gatewayFault, .unreachable, .unanswered: true
        case .serverFault, .instanceUnknown, .instanceNotLoaded, .nameTaken, .unrouted, .keyRefused, .refused,
            .wrongDialect, .eventsMissing, .licenceInactive, .notEvolution, .redirected, .answerTooLarge:
            false
        }
    }

    /// Whether a change that failed like this may have been made all the same.
    package var leavesOutcomeOpen: Bool {
        switch self {
        case .unanswered, .gatewayFault, .serverFault, .answerTooLarge, .notEvolution: true
        case .tooManyRequests, .unreachable, .instanceUnknown, .instanceNotLoaded, .nameTaken, .unrouted, .keyRefused,
            .refused, .wrongDialect, .eventsMissing, .licenceInactive, .redirected:
            false
        }
    }

    /// Whether it concerns the server and not the one instance that was asked for.
    package var concernsServer: Bool {
        switch self {
        case .instanceUnknown, .instanceNotLoaded, .nameTaken, .refused, .eventsMissing, .serverFault: false
        case .unrouted, .keyRefused, .wrongDialect, .licenceInactive, .tooManyRequests, .gatewayFault, .notEvolution,
            .redirected, .unreachable, .unanswered, .answerTooLarge:
            true
        }
    }
}

extension EvolutionFailure: CustomStringConvertible {
    /// What happened and what to do.
    package var description: String {
        switch self {
        case .instanceUnknown(let name):
            "the server has no instance '\(name)'; check the name, its capitals, and which server it is on"
        case .instanceNotLoaded(let name):
            "the server knows '\(name)' but has not loaded it; restart the instance or the server, then try again"
        case .nameTaken(let name): "an instance '\(name)' is there already; choose another name or adopt that one"
        case .unrouted(let call):
            "the server has no route for \(call); check that the URL is the server's base, without a path"
        case .keyRefused: "the server refuses the API key; set EVOLUTION_API_KEY to its AUTHENTICATION_API_KEY"
        case .refused(let status, let reason): "the server refuses it (\(status)): \(reason)"
        case .wrongDialect: "the server speaks another release's settings; run it again, it is asked anew"
        case .eventsMissing:
            "the settings name no event, which Evolution would read as every event; choose the events there first"
        case .licenceInactive: "the server's licence is not active; activate it (its /license/status says more)"
        case .tooManyRequests: "the server asks for fewer requests; wait, or run it slower with --pace"
        case .serverFault(let status, let reason): "the server failed (\(status)): \(reason); its log says more"
        case .gatewayFault(let status):
            "a proxy in front of the server answered \(status); check that Evolution runs behind it"
        case .notEvolution(let status):
            "what answers there (\(status)) is no Evolution API; check the URL"
        case .redirected(let status):
            "the server answers with a redirect (\(status)); set the URL that it leads to"
        case .unreachable(let reason): "the server cannot be reached: \(reason)"
        case .unanswered(let reason): "the server did not answer: \(reason)"
        case .answerTooLarge(let limit): "the server's answer is longer than \(limit) bytes"
        }
    }
}
