import FoundationEssentials
import HookgateCore

/// Bodies of API requests.
enum APIBody {
    /// Reads a JSON body; one that is none, or lacks what is asked for, is the client's mistake.
    static func read<Body: Decodable>(_ type: Body.Type, _ request: PageRequest) throws(ConsoleError) -> Body {
        let contentType = request.header("content-type")?.prefix { $0 != ";" }.lowercased()
        guard contentType == "application/json" else {
            throw .unsupportedMediaType("Send the body as application/json.")
        }
        // Checked by our own scanner first: depth is bounded, and text is UTF-8.
        guard (try? BodyScanner.scan(request.body)) != nil else { throw .badRequest("The body is not a JSON object.") }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(type, from: Data(request.body))
        } catch {
            throw .badRequest("The body is not as /openapi.json describes it\(Self.place(of: error)).")
        }
    }

    private static func place(of error: any Error) -> String {
        let path: [any CodingKey]? =
            switch error {
            case DecodingError.keyNotFound(let key, let context): context.codingPath + [key]
            case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
                DecodingError.dataCorrupted(let context):
                context.codingPath
            default: nil
            }
        // Only names that are ours: those of the described members.
        guard let path, !path.isEmpty else { return "" }
        return " (at \(path.map(\.stringValue).joined(separator: ".").printable))"
    }
}

/// Requests that make something are carried out once, however often a client that heard no answer sends them.
enum Idempotency {
    static let header = "idempotency-key"
    private static let longest = 255

    static func carryOut(_ visit: Visit, _ work: () async throws -> Reply) async throws -> Reply {
        try await self.revealOnce(visit) {
            let reply = try await work()
            return (reply: reply, kept: reply)
        }
    }

    /// The same for an answer that holds a secret, which no table may have: what is kept is answered from then on.
    static func revealOnce(
        _ visit: Visit, _ work: () async throws -> (reply: Reply, kept: Reply)
    ) async throws -> Reply {
        guard let text = visit.request.header(self.header) else { return try await work().reply }
        guard (1...self.longest).contains(text.utf8.count), text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else {
            throw ConsoleError.badRequest("Idempotency-Key has from 1 to \(self.longest) plain characters.")
        }
        let key = Self.key(text, visit)
        let store = visit.parts.idempotency
        switch try await store.begin(key, at: visit.now) {
        case .isNew: break
        case .answered(let status, let body):
            return Reply(
                status: status, contentType: "application/json", headers: [("idempotency-replayed", "true")],
                body: .bytes(body))
        case .inProgress: throw ConsoleError.conflict("The first request of this Idempotency-Key is not done yet.")
        case .differs: throw ConsoleError.unprocessable("This Idempotency-Key was used for another request.")
        }
        do {
            let (reply, kept) = try await work()
            if case .bytes(let body) = kept.body {
                try await Self.toItsEnd { try await store.finish(key, status: kept.status, body: body) }
            }
            return reply
        } catch {
            // Nothing was made, so the same may be asked for again.
            try? await Self.toItsEnd { try await store.abandon(key) }
            throw error
        }
    }

    /// A form that is sent again, by a second click or by going back, leads where it led first.
    /// - Parameters:
    ///   - text: what the form has been given to tell it from the next one; nil for one that was given nothing.
    ///   - work: does it, and says where to go on. It has to stand being done twice at once.
    static func once(_ visit: Visit, form text: String?, _ work: () async throws -> String) async throws -> String {
        guard let text, text.utf8.count <= self.longest else { return try await work() }
        let key = Self.key("form \(text)", visit)
        let store = visit.parts.idempotency
        switch try await store.begin(key, at: visit.now) {
        case .isNew: break
        case .answered(_, let place): return String(decoding: place, as: UTF8.self)
        case .inProgress: return try await work()
        case .differs: throw ConsoleError.conflict("This form was sent already, with other fields. Open it anew.")
        }
        do {
            let place = try await work()
            try await Self.toItsEnd { try await store.finish(key, status: 303, body: Array(place.utf8)) }
            return place
        } catch {
            try? await Self.toItsEnd { try await store.abandon(key) }
            throw error
        }
    }

    /// A client that goes cancels all that its request does. What was done has to be written down all the same: it is the
    /// very client that will ask again.
    private static func toItsEnd(_ work: @escaping @Sendable () async throws -> Void) async throws {
        try await Task { try await work() }.value
    }

    private static func key(_ text: String, _ visit: Visit) -> IdempotencyKey {
        // A key's name may be given again, to a key of another organization, and a user may come to another one.
        let what =
            "\(visit.scope?.text ?? "") \(visit.request.method) \(visit.request.target) \(Base64URL.encode(visit.request.body))"
        return IdempotencyKey(visitor: visit.visitor.name, text: text, request: TokenDigest(of: what))
    }
}
