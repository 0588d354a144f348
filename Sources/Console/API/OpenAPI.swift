import HookgateCore

/// `/openapi.json`: the endpoints as they are, made from the table that answers them, so that it cannot say another thing.
enum OpenAPI {
    private static let problems: [(status: Int, description: String)] = [
        (400, "The request is not as described here."), (401, "No key, or none that is good."),
        (403, "The key may not do this."), (404, "There is no such thing, or none that the key may see."),
        (405, "The address does not answer to this method."),
        (409, "Something stands against it."), (415, "The body is of another kind."), (422, "It cannot be done."),
        (429, "Too many wrong keys came."), (503, "It cannot be answered now."),
    ]
    /// What every endpoint may answer.
    private static let common = [400, 401, 403, 405, 429, 503]

    static func routes(_ endpoints: [Route]) -> [Route] {
        let document = Array(Self.document(endpoints).json.utf8)
        return [
            Route(.get, "/openapi.json", .open, .resource) { _ in
                Reply(status: 200, contentType: "application/json", body: .bytes(document))
            }
        ]
    }

    static func document(_ endpoints: [Route]) -> JSONNode {
        var paths: [(String, JSONNode)] = []
        for pattern in endpoints.map(\.pattern.text) where !paths.contains(where: { $0.0 == pattern }) {
            let methods = endpoints.filter { $0.pattern.text == pattern }.compactMap { route -> (String, JSONNode)? in
                guard case .api(let operation) = route.surface else { return nil }
                return (route.method.rawValue.lowercased(), Self.node(operation, route))
            }
            paths.append((pattern, .object(methods)))
        }
        return .object([
            ("openapi", "3.1.0"),
            (
                "info",
                .object([
                    ("title", "hookgate"), ("version", "1"),
                    (
                        "description",
                        "Everything that the console does. Lists are paged by cursors; errors are problem+json."
                    ),
                ])
            ),
            ("security", .list([.object([("key", .list([]))])])),
            ("paths", .object(paths)),
            (
                "components",
                .object([
                    (
                        "securitySchemes",
                        .object([
                            ("key", .object([("type", "http"), ("scheme", "bearer"), ("bearerFormat", "hgk_…")]))
                        ])
                    ),
                    (
                        "schemas",
                        .object([
                            (
                                "Problem",
                                Schema.object(
                                    [
                                        ("type", .text), ("title", .text), ("status", .integer()), ("detail", .text),
                                    ], required: ["type", "title", "status", "detail"]
                                ).node
                            )
                        ])
                    ),
                ])
            ),
        ])
    }

    private static func node(_ operation: APIOperation, _ route: Route) -> JSONNode {
        var members: [(String, JSONNode)] = [("summary", .text(operation.summary))]
        if case .needs(let role, let reach) = route.access {
            let whole = reach == .fleet ? ", for all organizations" : ""
            members.append(("description", .text("Needs a key of role \(role.rawValue)\(whole).")))
        }
        var parameters = route.pattern.parameters.map { name in
            Self.parameter(name, "path", operation.path[name] ?? .text, "", isRequired: true)
        }
        parameters += operation.query.map {
            Self.parameter($0.name, "query", $0.schema, $0.description, isRequired: false)
        }
        if operation.takesIdempotencyKey {
            parameters.append(
                Self.parameter(
                    "Idempotency-Key", "header", .text, "Sent again with the same request, it does nothing twice.",
                    isRequired: false))
        }
        if !parameters.isEmpty { members.append(("parameters", .list(parameters))) }
        if let body = operation.body {
            members.append(
                (
                    "requestBody",
                    .object([("content", .object([("application/json", .object([("schema", body.node)]))]))])
                ))
        }
        members.append(("responses", .object(Self.responses(operation, route))))
        return .object(members)
    }

    private static func parameter(
        _ name: String, _ place: String, _ schema: Schema, _ description: String, isRequired: Bool
    ) -> JSONNode {
        .object(
            [("name", .text(name)), ("in", .text(place)), ("schema", schema.node)]
                + (isRequired ? [("required", .boolean(true))] : [])
                + (description.isEmpty ? [] : [("description", .text(description))]))
    }

    private static func responses(_ operation: APIOperation, _ route: Route) -> [(String, JSONNode)] {
        let answer = JSONNode.object([
            ("description", "Done."),
            ("content", .object([("application/json", .object([("schema", operation.answer.node)]))])),
        ])
        var statuses = Set(Self.common + operation.problems)
        if !route.pattern.parameters.isEmpty { statuses.insert(404) }
        if operation.body != nil { statuses.formUnion([415]) }
        if operation.takesIdempotencyKey { statuses.formUnion([409, 422]) }
        return [("\(operation.status)", answer)]
            + Self.problems.filter { statuses.contains($0.status) }.map { problem in
                (
                    "\(problem.status)",
                    .object([
                        ("description", .text(problem.description)),
                        (
                            "content",
                            .object([
                                (
                                    "application/problem+json",
                                    .object([("schema", .object([("$ref", "#/components/schemas/Problem")]))])
                                )
                            ])
                        ),
                    ])
                )
            }
    }
}
