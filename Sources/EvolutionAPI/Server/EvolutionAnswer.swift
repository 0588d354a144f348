package import HookgateCore

/// A server's answer, and what it means: what was asked for, or why not.
package struct EvolutionAnswer: Sendable {
    package let status: Int
    package let body: [UInt8]

    package init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }

    /// The answer's JSON. Throws what the answer says in its place.
    /// - Parameter dialect: what the request was written in, for telling that the server speaks another.
    package func document(
        for request: EvolutionRequest, dialect: EvolutionDialect? = nil
    ) throws(EvolutionFailure) -> JSONDocument {
        let document = try? JSONDocument(body)
        guard (200..<300).contains(status) else { throw failure(document?.root, request, dialect) }
        guard let document else { throw .notEvolution(status: status) }
        return document
    }

    private func failure(
        _ root: JSONValue?, _ request: EvolutionRequest, _ dialect: EvolutionDialect?
    ) -> EvolutionFailure {
        let messages = Self.messages(root)
        switch status {
        case 300..<400: return .redirected(status: status)
        case 401: return root == nil ? .notEvolution(status: status) : .keyRefused
        case 404: return notFound(messages, request)
        case 429: return .tooManyRequests
        case 503 where root?["code"]?.string == "LICENSE_REQUIRED": return .licenceInactive
        case 502, 503, 504: return .gatewayFault(status: status)
        default: break
        }
        guard root?["response"] != nil else {
            return status >= 500 ? .gatewayFault(status: status) : .notEvolution(status: status)
        }
        if status == 400, let dialect, let other = dialect.contradicted(by: messages) { return .wrongDialect(other) }
        if status == 403 {
            if messages.contains(where: { $0.contains("global api key") }) { return .keyRefused }
            if let name = request.instance, messages.contains(where: { $0.contains("already in use") }) {
                return .nameTaken(name)
            }
        }
        if status == 500, let name = request.instance,
            messages.contains(where: { $0.contains("(reading 'instanceId')") })
        {
            return .instanceNotLoaded(name)
        }
        let reason = Self.shown(messages.joined(separator: "; "))
        return status >= 500 ? .serverFault(status: status, reason: reason) : .refused(status: status, reason: reason)
    }

    /// A route that is not there is answered by the same status as an instance that is not: the text tells.
    private func notFound(_ messages: [String], _ request: EvolutionRequest) -> EvolutionFailure {
        if messages.contains(where: { $0.hasPrefix("Cannot ") }) {
            let route = request.path.split(separator: "/").prefix(2).joined(separator: "/")
            return .unrouted("\(request.method.rawValue) /\(route)")
        }
        let namesInstance = messages.contains {
            $0.hasSuffix("instance does not exist") || $0.hasPrefix("Instance \"") && $0.hasSuffix("not found")
        }
        guard namesInstance, let name = request.instance else { return .notEvolution(status: status) }
        return .instanceUnknown(name)
    }

    /// The words of the envelope: a string, a list of strings, or a list in a list.
    package static func messages(_ root: JSONValue?) -> [String] {
        guard let message = root?["response"]?["message"] else { return [] }
        var found: [String] = []
        var open = [message]
        while let value = open.popLast(), found.count < mostMessages {
            if let text = value.string { found.append(text) }
            open += value.elements?.reversed() ?? []
        }
        return found
    }

    private static let mostMessages = 16
    private static let longestReason = 200

    /// A server's words for people: short, on one line, and with what looks like a secret or a URL left out.
    static func shown(_ text: String) -> String {
        let words = text.split(separator: " ").map { word in
            word.contains("://") || word.contains(WebhookToken.prefix) || word.utf8.count > 64 ? "…" : String(word)
        }
        let whole = words.joined(separator: " ").printable
        return whole.count > longestReason ? whole.prefix(longestReason) + "…" : whole
    }
}
