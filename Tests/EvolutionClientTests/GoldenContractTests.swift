import EvolutionAPI
import EvolutionClient
import HookgateCore
import HookgateTestSupport
import Testing

@testable import EvolutionSimulator

/// The client against every answer that was recorded from the real releases.
@Suite(.timeLimit(.minutes(1)))
struct GoldenContractTests {
    private struct Pair {
        let release: String
        let name: String
        let request: WireJSON
        let status: Int
        let body: WireJSON

        init(_ record: WireJSON) throws {
            self.release = try #require(record["version"]?.text)
            self.name = try #require(record["case"]?.text)
            self.request = try #require(record["request"])
            guard case .number(let status)? = record["response"]?["status"] else {
                throw WireJSONError(message: "status")
            }
            self.status = try #require(Int(status))
            self.body = record["response"]?["body"] ?? .null
        }

        var path: String { request["path"]?.text ?? "" }
        var dialect: EvolutionDialect { release.hasPrefix("1.") ? .flatSnake : .nested }
        var words: String { String(decoding: body.encoded, as: UTF8.self) }

        var sent: EvolutionRequest {
            let name = path.split(separator: "/").dropFirst(2).first.map { $0.prefix { $0 != "?" } }
            return EvolutionRequest(
                // PATCH is the one method that the client cannot write; the answer to PUT is the same but for the word.
                EvolutionRequest.Method(rawValue: request["method"]?.text ?? "") ?? .put, path,
                body: request["body_raw"]?.text.map { Array($0.utf8) } ?? request["body"]?.encoded,
                instance: name.flatMap { PercentEncoding.decode($0.utf8) }.map { InstanceName($0) })
        }

        /// What a person reads in the recorded answer.
        var expected: EvolutionFailure? {
            let instance = sent.instance ?? InstanceName("")
            switch status {
            case 200, 201: return nil
            case 401: return .keyRefused
            case 404 where words.contains("Cannot "): return .unrouted("\(sent.method.rawValue) /webhook/set")
            case 404: return .instanceUnknown(instance)
            case 500 where words.contains("instanceId"): return .instanceNotLoaded(instance)
            case 500: return .serverFault(status: 500, reason: reason)
            case 400 where name == "set: v1 flat body sent to v2": return .wrongDialect(.nested)
            case 400 where name == "set: v2 nested body sent to v1": return .wrongDialect(.flatSnake)
            default: return .refused(status: status, reason: reason)
            }
        }

        private var reason: String {
            var value = body["response"]?["message"] ?? .null
            while let first = value.items?.first, first.items != nil { value = first }
            let texts = value.items?.compactMap(\.text) ?? [value.text ?? ""]
            let whole = texts.joined(separator: "; ").split(separator: " ").map { $0.count > 64 ? "…" : String($0) }
                .joined(separator: " ")
            return whole.count > 200 ? whole.prefix(200) + "…" : whole
        }

        /// The dialect that the request's body is written in.
        var sentDialect: EvolutionDialect {
            let isNested = request["body"]?["webhook"] != nil || request["body_raw"]?.text?.contains("webhook") == true
            return isNested ? .nested : .flatSnake
        }
    }

    private static func pairs() throws -> [Pair] {
        let records = try #require(WireJSONReader.read(Fixtures.bytes("evolution-rest/golden.json"))["records"]?.items)
        return try records.map { try Pair($0) }
    }

    @Test func everyRecordedAnswerMeansWhatItSays() async throws {
        let server = RecordedServer()
        var played = 0
        try await server.serve { base in
            var options = EvolutionClientOptions()
            options.callSpacing = .zero
            let client = EvolutionClient(name: "recorded", url: base, key: "KEY", options: options)
            for pair in try Self.pairs() {
                server.play(pair.status, pair.body)
                let answer = try await client.answer(to: pair.sent)
                var failure: EvolutionFailure?
                do throws(EvolutionFailure) {
                    let document = try answer.document(for: pair.sent, dialect: pair.sentDialect)
                    if pair.sent.method == .get {
                        #expect(WebhookBody.decode(document)?.settings == Self.settings(pair.body), "\(pair.name)")
                    }
                } catch {
                    failure = error
                }
                #expect(failure == pair.expected, "\(pair.release), \(pair.name)")
                // None of these may be sent twice: the server has answered.
                #expect(server.requests.count == 1 && server.requests.first?.target == pair.path)
                #expect(server.requests.first?.apiKey == "KEY")
                played += 1
            }
        }
        #expect(played == 71)
    }

    @Test func theClientWritesTheRecordedRequests() throws {
        var compared = 0
        for pair in try Self.pairs() where ["set: full body", "set: real switch body"].contains(pair.name) {
            let body = try #require(pair.request["body"])
            let settings = try #require(Self.settings(body["webhook"] ?? body))
            let request = try EvolutionRequest.setWebhook(
                settings, of: InstanceName("acme"), dialect: pair.dialect)
            #expect(request.method.rawValue == pair.request["method"]?.text && request.path == pair.path)
            #expect(try WireJSONReader.read(request.body ?? []).hasTheMembers(of: body), "\(pair.release)")
            compared += 1
        }
        #expect(compared >= 4)
        #expect(EvolutionRequest.webhook(of: InstanceName("acme")).path == "/webhook/find/acme")
    }

    /// Settings as the test reads them, in requests and answers of any release.
    private static func settings(_ body: WireJSON) -> EvolutionWebhookSettings? {
        guard body.members != nil else { return nil }
        func flag(_ names: String...) -> Bool { names.compactMap { body[$0]?.flag }.first ?? false }
        return EvolutionWebhookSettings(
            url: body["url"]?.text ?? "", isEnabled: flag("enabled"),
            events: body["events"]?.items?.compactMap(\.text) ?? [],
            byEvents: flag("webhook_by_events", "webhookByEvents", "byEvents"),
            base64: flag("webhook_base64", "webhookBase64", "base64"),
            headers: body["headers"]?.members?.map {
                EvolutionMember(name: $0.name, json: String(decoding: $0.value.encoded, as: UTF8.self))
            } ?? [])
    }
}

extension WireJSON {
    /// Equal but for the order of members.
    fileprivate func hasTheMembers(of other: WireJSON) -> Bool {
        guard case .object(let own) = self, case .object(let asked) = other else { return self == other }
        return own.count == asked.count
            && asked.allSatisfy { member in self[member.name]?.hasTheMembers(of: member.value) == true }
    }
}
