/// The calls that a release knows.
enum Route: Sendable, Equatable {
    case welcome
    case licenceStatus
    case verifyCredentials
    case findWebhook(String)
    case setWebhook(String)
    case createInstance
    case fetchInstances
    case connectionState(String)
    case connect(String)
    case restart(String)
    case logOut(String)
    case delete(String)

    /// Nil where the release has no such method and path.
    init?(_ request: SimulatedRequest, profile: ServerProfile) {
        let segments = request.segments
        let path = segments.prefix(2).map { $0.lowercased() }
        let name = segments.count == 3 ? segments[2] : nil
        switch (request.method, path, name) {
        case ("GET", [], nil): self = .welcome
        case ("GET", ["license", "status"], nil) where profile.hasLicence: self = .licenceStatus
        case ("POST", ["verify-creds"], nil) where !profile.isFirst && segments.count == 1: self = .verifyCredentials
        case ("GET", ["webhook", "find"], let name?): self = .findWebhook(name)
        case ("POST", ["webhook", "set"], let name?): self = .setWebhook(name)
        case ("POST", ["instance", "create"], nil) where segments.count == 2: self = .createInstance
        case ("GET", ["instance", "fetchinstances"], nil) where segments.count == 2: self = .fetchInstances
        case ("GET", ["instance", "connectionstate"], let name?): self = .connectionState(name)
        case ("GET", ["instance", "connect"], let name?): self = .connect(name)
        case (profile.restartMethod, ["instance", "restart"], let name?): self = .restart(name)
        case ("DELETE", ["instance", "logout"], let name?): self = .logOut(name)
        case ("DELETE", ["instance", "delete"], let name?): self = .delete(name)
        default: return nil
        }
    }

    /// The instance that the path names.
    var instance: String? {
        switch self {
        case .findWebhook(let name), .setWebhook(let name), .connectionState(let name), .connect(let name),
            .restart(let name), .logOut(let name), .delete(let name):
            name
        case .welcome, .licenceStatus, .verifyCredentials, .createInstance, .fetchInstances: nil
        }
    }

    /// The same call for another instance: a query's `instanceName` takes the path's place after the guards.
    func retargeted(to name: String) -> Route {
        switch self {
        case .findWebhook: .findWebhook(name)
        case .setWebhook: .setWebhook(name)
        case .connectionState: .connectionState(name)
        case .connect: .connect(name)
        case .restart: .restart(name)
        case .logOut: .logOut(name)
        case .delete: .delete(name)
        case .welcome, .licenceStatus, .verifyCredentials, .createInstance, .fetchInstances: self
        }
    }

    var failureCall: FailureMode.Call {
        switch self {
        case .findWebhook: .find
        case .setWebhook, .createInstance, .logOut, .delete: .set
        default: .any
        }
    }
}
