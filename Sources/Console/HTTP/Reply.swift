import FoundationEssentials
import HookgateCore

/// What a route answers, before the headers that every answer has.
struct Reply: Sendable {
    var status: Int
    var contentType: String
    var headers: [(name: String, value: String)] = []
    var body: ConsoleResponse.Body
    /// Whether the address never gives anything else, so that a browser may keep it.
    var isImmutable = false

    static func html(_ page: HTML, status: Int = 200) -> Reply {
        Reply(status: status, contentType: "text/html; charset=utf-8", body: .bytes(Array(page.text.utf8)))
    }

    static func json(_ value: some Encodable, status: Int = 200) throws -> Reply {
        Reply(status: status, contentType: "application/json", body: .bytes(try JSONText.bytes(value)))
    }

    /// The browser asks for another page, by GET.
    static func seeOther(_ location: String) -> Reply {
        Reply(
            status: 303, contentType: "text/html; charset=utf-8", headers: [("location", location)],
            body: .bytes(Array("<!doctype html><title>See other</title>".utf8)))
    }

    /// An error in the form of RFC 9457.
    static func problem(_ error: ConsoleError) -> Reply {
        let problem = Problem(type: "about:blank", title: error.title, status: error.status, detail: error.detail)
        // Four plain members: nothing in them can fail to be encoded.
        let body = (try? JSONText.bytes(problem)) ?? []
        return Reply(
            status: error.status, contentType: "application/problem+json", headers: error.headers, body: .bytes(body))
    }

    private struct Problem: Encodable {
        let type: String
        let title: String
        let status: Int
        let detail: String
    }
}

/// JSON as the API writes it: keys in the database's spelling (`clinic_id`) and a fixed order, times in UTC.
enum JSONText {
    static func bytes(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            try container.encode(date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
        }
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return Array(try encoder.encode(value))
    }
}
