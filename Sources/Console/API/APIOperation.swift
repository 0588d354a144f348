/// What an endpoint is, for `/openapi.json`: the description that clients and tests are driven by.
struct APIOperation: Sendable {
    struct Parameter: Sendable {
        let name: String
        let schema: Schema
        let description: String

        init(_ name: String, _ schema: Schema, _ description: String = "") {
            self.name = name
            self.schema = schema
            self.description = description
        }
    }

    let summary: String
    var query: [Parameter] = []
    /// Of the named parts of the path, where they are no plain texts.
    var path: [String: Schema] = [:]
    /// Nil where none is read.
    var body: Schema?
    var answer: Schema
    var status = 200
    /// Answers besides those that every endpoint can give.
    var problems: [Int] = []
    var takesIdempotencyKey = false

    init(
        _ summary: String, query: [Parameter] = [], path: [String: Schema] = [:], body: Schema? = nil,
        answer: Schema, status: Int = 200, problems: [Int] = [], takesIdempotencyKey: Bool = false
    ) {
        self.summary = summary
        self.query = query
        self.path = path
        self.body = body
        self.answer = answer
        self.status = status
        self.problems = problems
        self.takesIdempotencyKey = takesIdempotencyKey
    }

    /// Where a page begins, and how long it is.
    static func page(largest: Int) -> [Parameter] {
        [
            Parameter("cursor", .text, "Where the page before ended: its next_cursor."),
            Parameter("limit", .integer(1, largest), "How many at most."),
        ]
    }
}

/// A JSON schema, as far as the API needs one.
indirect enum Schema: Sendable {
    case text
    case uuid
    case time
    case boolean
    case integer(Int? = nil, Int? = nil)
    case number
    case words([String])
    case list(Schema)
    /// Names to numbers.
    case counts
    case nullable(Schema)
    case object([(name: String, schema: Schema)], required: [String] = [])

    var node: JSONNode {
        switch self {
        case .text: .object([("type", "string")])
        case .uuid: .object([("type", "string"), ("format", "uuid")])
        case .time: .object([("type", "string"), ("format", "date-time")])
        case .boolean: .object([("type", "boolean")])
        case .number: .object([("type", "number")])
        case .integer(let least, let most):
            .object(
                [("type", "integer")] + (least.map { [("minimum", .number($0))] } ?? [])
                    + (most.map { [("maximum", .number($0))] } ?? []))
        case .words(let words): .object([("type", "string"), ("enum", .list(words.map { .text($0) }))])
        case .list(let element): .object([("type", "array"), ("items", element.node)])
        case .counts: .object([("type", "object"), ("additionalProperties", .object([("type", "integer")]))])
        case .nullable(let schema): .object([("anyOf", .list([schema.node, .object([("type", "null")])]))])
        case .object(let members, let required):
            .object(
                [
                    ("type", "object"),
                    ("properties", .object(members.map { ($0.name, $0.schema.node) })),
                ] + (required.isEmpty ? [] : [("required", .list(required.map { .text($0) }))]))
        }
    }
}

/// JSON as it is written, members in their order.
indirect enum JSONNode: Sendable, ExpressibleByStringLiteral {
    case text(String)
    case number(Int)
    case boolean(Bool)
    case list([JSONNode])
    case object([(String, JSONNode)])

    init(stringLiteral text: String) { self = .text(text) }

    var json: String {
        switch self {
        case .text(let text): Self.quoted(text)
        case .number(let number): String(number)
        case .boolean(let isTrue): isTrue ? "true" : "false"
        case .list(let elements): "[" + elements.map(\.json).joined(separator: ",") + "]"
        case .object(let members):
            "{" + members.map { "\(Self.quoted($0.0)):\($0.1.json)" }.joined(separator: ",") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.reduce(into: "") { result, scalar in
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return "\"\(escaped)\""
    }
}
