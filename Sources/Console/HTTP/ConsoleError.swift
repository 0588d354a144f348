/// Why a request of the console is not carried out. The detail is for a person, and repeats nothing secret.
enum ConsoleError: Error, Equatable {
    case badRequest(String)
    /// Nobody is signed in, or the key is not good.
    case unauthenticated
    case forbidden(String)
    case notFound(String)
    case methodNotAllowed([String])
    case conflict(String)
    case unsupportedMediaType(String)
    /// The request is understood, and what it asks for cannot be.
    case unprocessable(String)
    case tooManyAttempts(retryAfterSeconds: Int)
    case unavailable(String)

    static let nothingHere = ConsoleError.notFound("There is nothing at this address.")

    /// - Parameter actor: who began it, as whoever asks may be told.
    static func underWay(_ actor: String) -> ConsoleError {
        .conflict("This is under way already, begun by \(actor). Look at it, or stop it.")
    }

    var status: Int {
        switch self {
        case .badRequest: 400
        case .unauthenticated: 401
        case .forbidden: 403
        case .notFound: 404
        case .methodNotAllowed: 405
        case .conflict: 409
        case .unsupportedMediaType: 415
        case .unprocessable: 422
        case .tooManyAttempts: 429
        case .unavailable: 503
        }
    }

    var title: String {
        switch self {
        case .badRequest: "Bad request"
        case .unauthenticated: "Not signed in"
        case .forbidden: "Not allowed"
        case .notFound: "Not found"
        case .methodNotAllowed: "Method not allowed"
        case .conflict: "Conflict"
        case .unsupportedMediaType: "Unsupported media type"
        case .unprocessable: "Cannot be done"
        case .tooManyAttempts: "Too many attempts"
        case .unavailable: "Not available"
        }
    }

    var detail: String {
        switch self {
        case .badRequest(let text), .forbidden(let text), .notFound(let text), .conflict(let text),
            .unsupportedMediaType(let text), .unprocessable(let text), .unavailable(let text):
            text
        case .unauthenticated: "Send a key: Authorization: Bearer hgk_… (see: hookgate keys create)."
        case .methodNotAllowed(let methods): "This address answers to \(methods.joined(separator: ", ")) only."
        case .tooManyAttempts(let seconds): "Too many wrong keys came. Try again in \(seconds) seconds."
        }
    }

    var headers: [(name: String, value: String)] {
        switch self {
        case .unauthenticated: [("www-authenticate", "Bearer realm=\"hookgate\"")]
        case .methodNotAllowed(let methods): [("allow", methods.joined(separator: ", "))]
        case .tooManyAttempts(let seconds): [("retry-after", "\(seconds)")]
        case .unavailable: [("retry-after", "5")]
        default: []
        }
    }
}
