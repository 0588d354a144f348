package import HookgateCore

/// One call of Evolution's REST API, ready to be sent.
package struct EvolutionRequest: Sendable, Equatable {
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"
    }

    /// How long the server may take for it.
    package enum Patience: Sendable {
        case brief
        /// It waits for WhatsApp, or for webhooks that it sends first.
        case long
    }

    package let method: Method
    /// From the server's base on; names in it are percent-encoded. Never with a query: one that the server knows
    /// takes the place of the path's instance after the key was checked.
    package let path: String
    package let body: [UInt8]?
    package let patience: Patience
    /// Whom it is about, for messages.
    package let instance: InstanceName?

    package init(
        _ method: Method, _ path: String, body: [UInt8]? = nil, patience: Patience = .brief,
        instance: InstanceName? = nil
    ) {
        self.method = method
        self.path = path
        self.body = body
        self.patience = patience
        self.instance = instance
    }

    /// Whether it changes nothing, so that it can be sent again whatever became of it.
    package var isRead: Bool { method == .get && patience == .brief }

    private init(
        _ method: Method, _ route: String, of instance: InstanceName, body: [UInt8]? = nil,
        patience: Patience = .brief
    ) {
        self.init(
            method, "\(route)/\(PercentEncoding.encode(instance.text))", body: body, patience: patience,
            instance: instance)
    }
}

extension EvolutionRequest {
    package static let welcome = EvolutionRequest(.get, "/")
    package static let instances = EvolutionRequest(.get, "/instance/fetchInstances")

    package static func webhook(of instance: InstanceName) -> EvolutionRequest {
        EvolutionRequest(.get, "/webhook/find", of: instance)
    }

    /// Throws ``EvolutionFailure/eventsMissing`` where the settings would subscribe to every event.
    package static func setWebhook(
        _ settings: EvolutionWebhookSettings, of instance: InstanceName, dialect: EvolutionDialect
    ) throws(EvolutionFailure) -> EvolutionRequest {
        EvolutionRequest(
            .post, "/webhook/set", of: instance, body: try WebhookBody.encode(settings, dialect: dialect))
    }

    package static func connection(of instance: InstanceName) -> EvolutionRequest {
        EvolutionRequest(.get, "/instance/connectionState", of: instance)
    }

    package static func create(
        _ draft: EvolutionInstanceDraft, dialect: EvolutionDialect
    ) throws(EvolutionFailure) -> EvolutionRequest {
        EvolutionRequest(
            .post, "/instance/create", body: try InstanceBody.encode(draft, dialect: dialect), patience: .long,
            instance: draft.name)
    }

    /// The one query that is sent: the number, which no route takes for anything else.
    package static func connect(_ instance: InstanceName, number: String?) -> EvolutionRequest {
        let plain = EvolutionRequest(.get, "/instance/connect", of: instance, patience: .long)
        guard let number else { return plain }
        return EvolutionRequest(
            .get, "\(plain.path)?number=\(PercentEncoding.encode(number))", patience: .long, instance: instance)
    }

    package static func restart(_ instance: InstanceName, dialect: EvolutionDialect) -> EvolutionRequest {
        EvolutionRequest(dialect == .flatSnake ? .put : .post, "/instance/restart", of: instance, patience: .long)
    }

    package static func logOut(_ instance: InstanceName) -> EvolutionRequest {
        EvolutionRequest(.delete, "/instance/logout", of: instance, patience: .long)
    }

    package static func delete(_ instance: InstanceName) -> EvolutionRequest {
        EvolutionRequest(.delete, "/instance/delete", of: instance, patience: .long)
    }
}
