import HookgateCore
import NIOHTTP1

/// A response before it is bytes.
struct Answer: Sendable, Equatable {
    struct Header: Sendable, Equatable {
        let name: String
        let value: String
    }

    enum Body: Sendable, Equatable {
        case bytes([UInt8])
        /// What nearly every answer is: no bytes until they are written.
        case event(EventReceipt)

        var byteCount: Int {
            switch self {
            case .bytes(let bytes): bytes.count
            case .event(let receipt): receipt.byteCount
            }
        }
    }

    var status: HTTPResponseStatus
    var contentType: String
    var body: Body
    var headers: [Header] = []

    static func json(_ status: HTTPResponseStatus, _ body: [UInt8]) -> Answer {
        Answer(status: status, contentType: "application/json", body: .bytes(body))
    }

    private static func event(_ status: String, _ id: EventID, members: String = "") -> Answer {
        Answer(
            status: .ok, contentType: "application/json",
            body: .event(EventReceipt(status: status, id: id, members: members)))
    }

    /// An error in the form of RFC 9457. The detail is always a text of ours: it never repeats a token, a name or a body.
    static func problem(_ status: HTTPResponseStatus, _ detail: String, headers: [Header] = []) -> Answer {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(100 + detail.utf8.count)
        bytes += #"{"type":"about:blank","title":""#.utf8
        bytes += status.reasonPhrase.utf8
        bytes += #"","status":"#.utf8
        bytes += String(status.code).utf8
        bytes += #","detail":""#.utf8
        bytes += detail.utf8
        bytes += #""}"#.utf8
        return Answer(
            status: status, contentType: "application/problem+json", body: .bytes(bytes), headers: headers)
    }

    static func unavailable(_ detail: String, retryAfterSeconds: Int) -> Answer {
        .problem(.serviceUnavailable, detail, headers: [Header(name: "retry-after", value: "\(retryAfterSeconds)")])
    }
}

extension Answer {
    static let unknown = Answer.problem(
        .notFound, "No integration has this webhook address. Compare it with the output of: hookgate tokens")
    static let revoked = Answer.problem(
        .forbidden, "This token was revoked. Set the integration's current webhook URL at the sender.")
    static let noSuchPath = Answer.problem(.notFound, "There is nothing at this path.")
    static let encodedBody = Answer.problem(
        .unsupportedMediaType, "Send the body without a content encoding.",
        headers: [Header(name: "accept-encoding", value: "identity")])
    static let tooSlow = Answer.problem(.requestTimeout, "The request did not arrive in time.")
    static let unreadable = Answer.problem(.badRequest, "This is not a well-formed HTTP/1.1 request.")
    static let headersTooLong = Answer.problem(
        .requestHeaderFieldsTooLarge, "The request's target and headers are too long.")
    static let unknownVersion = Answer.problem(.httpVersionNotSupported, "Speak HTTP/1.1.")

    static func tooLarge(limit: Int) -> Answer {
        .problem(.payloadTooLarge, "The body is longer than \(limit) bytes.")
    }

    static func methodNotAllowed(_ allowed: String) -> Answer {
        .problem(
            .methodNotAllowed, "This path answers to \(allowed) only.",
            headers: [Header(name: "allow", value: allowed)])
    }

    /// The answer to a webhook, as its sender gets it.
    init(_ result: IntakeResult, retryAfterSeconds: Int) {
        switch result {
        case .stored(let id):
            self = .event("ok", id)
        case .quarantined(let id, let reason):
            self = .event("quarantined", id, members: #","reason":"\#(reason.rawValue)""#)
        case .undecided(let id):
            self = .event("undecided", id)
        case .probe(let id, let isResolved):
            self = .event(isResolved ? "ok" : "undecided", id, members: #","probe":true"#)
        case .malformed(let error):
            self = .problem(.badRequest, error.description)
        case .refused(.revoked):
            self = .revoked
        case .refused(.unknown):
            self = .unknown
        case .notStored(let error):
            self = .unavailable(Self.detail(error), retryAfterSeconds: retryAfterSeconds)
        case .quarantineFull:
            self = .unavailable(
                "As many events of this integration are held back as may be. See: hookgate quarantine list",
                retryAfterSeconds: retryAfterSeconds)
        }
    }

    private static func detail(_ error: SpoolError) -> String {
        switch error {
        case .overloaded: "More arrives than can be stored. Try again."
        case .full: "The spool is full. Try again."
        case .diskScarce: "The disk is nearly full, and this kind of event is refused first. Try again."
        case .undecidedFull: "Nobody can say whose this is, and too much of that kind waits. Try again."
        case .diskFailed: "The spool cannot be written. Try again."
        case .notShared: "Stored here, and not in the database yet. Try again: what comes twice is kept once."
        case .closed: "The gateway is shutting down. Try again."
        }
    }
}
