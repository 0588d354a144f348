import EvolutionAPI
import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Testing

/// Every recorded body as destinations get it, against the published schema and against what people read in it.
struct EnvelopeTests {
    private static let normaliser = EvolutionNormaliser()
    /// The same body as that of 2.3.6, in which the manifest knows the sender.
    private static let knownBetter = ("v223_messages-edited.json", "number")

    private func event(instance: String? = "clinic", kind: String? = nil) -> DeliveryEvent {
        DeliveryEvent(
            id: EventID(UUID()), receivedAt: Date(timeIntervalSince1970: 1_760_918_400.25),
            integrationID: IntegrationID(UUID()), organizationID: OrganizationID(UUID()), clinicID: nil,
            instanceName: instance.map { InstanceName($0) }, route: .token, kind: kind, eventSuffix: nil, chat: nil,
            messageID: nil)
    }

    private func envelope(
        _ body: [UInt8], media: Destination.Media = .inline, isOrphan: Bool = false
    ) throws -> [UInt8] {
        let destination = Destination(
            id: .default, kind: .standardOutput, format: .envelope, media: media)
        return try composer().content(
            of: DeliveryTask(
                event: event(), body: body, destination: destination, attempt: 1, isOrphan: isOrphan),
            at: Date(timeIntervalSince1970: 1_760_918_400)
        ).body
    }

    private func composer() throws -> DeliveryComposer {
        let links = MediaLinks(
            base: try PublicURL("https://hooks.example.org"),
            key: try #require(MediaKey([UInt8](repeating: 1, count: 32))))
        return DeliveryComposer(normaliser: Self.normaliser) { links }
    }

    @Test(.timeLimit(.minutes(3)))
    func envelopeOfEveryBodyIsAsTheSchemaSays() async throws {
        var names: [String] = []
        var lines: [String] = []
        for fixture in try Fixtures.evolution() {
            let body = SecretStripper.strip(try fixture.bytes())
            for media in Destination.Media.allCases {
                names.append("\(fixture.file) \(media)")
                let bytes = try envelope(body, media: media, isOrphan: names.count.isMultiple(of: 2))
                lines.append(String(decoding: bytes.map { $0 == 0x0A ? 0x20 : $0 }, as: UTF8.self))
            }
        }
        let printed = try await PythonTools.run("validate_envelopes.py", input: lines.joined(separator: "\n") + "\n")
        let verdicts = printed.split(separator: "\n")
        #expect(verdicts.count == 2 * 137)
        for (name, verdict) in zip(names, verdicts) { #expect(verdict == "ok", "\(name)") }
    }

    @Test func envelopeSaysOfEveryMessageWhatPeopleReadInItsBody() throws {
        var messages = 0
        let manifest = try JSONDocument(Fixtures.bytes("evolution/manifest.json")).root
        for fixture in try #require(manifest["fixtures"]?.elements) {
            let file = try #require(fixture["file"]?.string)
            let expected = try #require(fixture["expected"])
            let root = try JSONDocument(try envelope(try Fixtures.bytes("evolution/\(file)"))).root
            guard let message = root["messages"]?.elements?.first, root["messages"]?.elements?.count == 1 else {
                continue
            }
            messages += 1
            for (name, wanted, found) in Self.fields(expected, message) where (file, name) != Self.knownBetter {
                #expect(found.says(wanted), "\(file): \(name) is \(found), not \(wanted)")
            }
        }
        #expect(messages > 60)
    }

    /// What the manifest says, and what the envelope has for it.
    private static func fields(_ expected: JSONValue, _ message: JSONValue) -> [(String, Plain, Plain)] {
        func wanted(_ name: StaticString) -> Plain { expected[name].map { Plain($0) } ?? .null }
        func found(_ name: StaticString) -> Plain { message[name].map { Plain($0) } ?? .null }
        var fields: [(String, Plain, Plain)] = [
            ("id", expected["edited_message_id"].map { Plain($0) } ?? wanted("message_id"), found("id")),
            ("chat", Plain(expected["remote_jid"]?.string.flatMap { JID($0)?.identity }), found("chat")),
            ("group", wanted("is_group"), .flag(message["chat_kind"]?.string == "group")),
        ]
        if let fromMe = expected["from_me"]?.bool {
            fields.append(("direction", .text(fromMe ? "outbound" : "inbound"), found("direction")))
        }
        // Without a number the sender is an address, or nobody.
        if let phone = expected["sender_phone_e164"]?.string {
            fields.append(("sender", .text(phone), found("sender")))
        } else {
            fields.append(("number", .flag(false), .flag(message["sender"]?.string?.hasPrefix("+") == true)))
        }
        // What somebody has taken back is not told again.
        if expected["text_sha256"] == nil, message["action"]?.string != "deleted" {
            fields.append(("text", wanted("text"), found("text")))
        }
        if let seconds = expected["timestamp"]?.numeral.flatMap({ Double($0) }) {
            let date = message["timestamp"]?.string.flatMap { text in
                (try? Date(text, strategy: .iso8601))
                    ?? (try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
            }
            fields.append(("timestamp", .number(seconds), Plain(date.map { Int64($0.timeIntervalSince1970) })))
        }
        if let media = expected["media"] {
            let found = message["media"]
            fields.append(("media", Plain(media["type"]?.string), Plain(found?["kind"]?.string)))
            fields.append(("mime type", Plain(media["mimetype"]?.string), Plain(found?["mime_type"]?.string)))
            fields.append(("file name", Plain(media["file_name"]?.string), Plain(found?["file_name"]?.string)))
            fields.append(
                ("inline", .flag(media["has_base64"]?.bool ?? false), .flag(found?["source"]?.string == "inline")))
        }
        if let reaction = expected["reaction"] {
            fields.append(
                ("reaction", Plain(reaction["target_id"]?.string), Plain(message["reaction"]?["message_id"]?.string)))
        }
        if let quoted = expected["quoted_message_id"] {
            fields.append(("quoted", Plain(quoted), Plain(message["quoted"]?["id"]?.string)))
        }
        if let choice = expected["selected_id"] { fields.append(("choice", Plain(choice), found("choice"))) }
        return fields
    }

    @Test func digitsOfALIDAreNeverShownAsANumber() throws {
        let body = try Fixtures.bytes("evolution/v236_messages-upsert_lid-no-alt.json")
        let message = try #require(try JSONDocument(envelope(body)).root["messages"]?.elements?.first)
        #expect(message["sender"]?.string?.hasSuffix("@lid") == true)
    }

    @Test func rawStandsInTheEnvelopeByteForByte() throws {
        for fixture in try Fixtures.evolution() {
            let body = SecretStripper.strip(try fixture.bytes())
            let bytes = try envelope(body)
            #expect(bytes.suffix(body.count + 1).dropLast().elementsEqual(body), "\(fixture.file)")
        }
    }

    @Test func evolutionFormatIsTheBodyItself() throws {
        let destination = Destination(id: .default, kind: .standardOutput)
        for fixture in try Fixtures.evolution() {
            let body = SecretStripper.strip(try fixture.bytes())
            let task = DeliveryTask(event: event(), body: body, destination: destination, attempt: 1)
            #expect(try composer().content(of: task, at: Date()).body == body)
        }
    }

    @Test(arguments: Destination.Format.allCases)
    func referenceTakesTheBase64OutAndNothingElse(format: Destination.Format) throws {
        let body = try Fixtures.bytes("evolution/v236_messages-upsert_document-base64-large.json")
        let destination = Destination(
            id: .default, kind: .standardOutput, format: format, media: .reference)
        let content = try composer().content(
            of: DeliveryTask(event: event(), body: body, destination: destination, attempt: 1),
            at: Date(timeIntervalSince1970: 1_760_918_400))
        let root = try JSONDocument(content.body).root
        let raw = format == .envelope ? try #require(root["raw"]) : root
        let before = try #require(try JSONDocument(body).root["data"]?["message"])
        let after = try #require(raw["data"]?["message"])
        #expect(after["base64"]?.string == "")
        #expect(after["documentMessage"] == before["documentMessage"])
        let url = try #require(after["mediaUrl"]?.string)
        #expect(url.hasPrefix("https://hooks.example.org/api/v1/events/"))
        let request = try #require(MediaLinkRequest(requestTarget: String(url.dropFirst(25))))
        let key = try #require(MediaKey([UInt8](repeating: 1, count: 32)))
        #expect(request.part == 0)
        #expect(request.verdict(at: Date(timeIntervalSince1970: 1_760_918_400), keys: [key]) == .valid)
        #expect(content.body.count < body.count / 10)
        if format == .envelope {
            let media = try #require(root["messages"]?.elements?.first?["media"])
            #expect(media["source"]?.string == "reference")
            #expect(media["url"]?.string == url)
        }
    }

    @Test func mediaWaitUntilTheKeyOfTheirLinksIsKnown() throws {
        let body = try Fixtures.bytes("evolution/v236_messages-upsert_document-base64-large.json")
        let destination = Destination(id: .default, kind: .standardOutput, media: .reference)
        let task = DeliveryTask(event: event(), body: body, destination: destination, attempt: 1)
        let composer = DeliveryComposer(normaliser: Self.normaliser) { nil }
        #expect(throws: AttemptRefusal(.unsendable(.secretsMissing))) { try composer.content(of: task, at: Date()) }
    }

    @Test func bodyThatIsNoObjectIsNotPutIntoAnEnvelope() throws {
        #expect(throws: AttemptRefusal(.unsendable(.bodyUnreadable))) { try envelope(Array("[1]".utf8)) }
    }

    @Test func severalMessagesOfOneEventKeepTheirOwnMedia() throws {
        func message(_ id: String, _ content: String) -> String {
            #"{"key":{"remoteJid":"15550101001@s.whatsapp.net","fromMe":false,"id":"\#(id)"},"message":{\#(content)}}"#
        }
        let body = Array(
            """
            {"event":"messages.upsert","data":[\(message("A", #""imageMessage":{},"base64":"AAAA""#)),{"key":{}},\
            \(message("B", #""conversation":"hi""#)),\(message("C", #""imageMessage":{},"base64":"CCCCCCCC""#))]}
            """.utf8)
        let event = try #require(Self.normaliser.normalised(body))
        #expect(event.messages.map(\.id) == ["A", "B", "C"])
        #expect(event.inlineMedia.map { String(decoding: body[$0], as: UTF8.self) } == ["AAAA", "CCCCCCCC"])
        let root = try JSONDocument(envelope(body, media: .reference)).root
        let elements = try #require(root["raw"]?["data"]?.elements)
        #expect(elements[0]["message"]?["mediaUrl"]?.string?.contains("part=0&") == true)
        #expect(elements[3]["message"]?["mediaUrl"]?.string?.contains("part=1&") == true)
        #expect(root["messages"]?.elements?[2]["media"]?["url"] == elements[3]["message"]?["mediaUrl"])
    }

    @Test func longHistoryIsPutIntoWordsUpToItsBound() throws {
        let one = #"{"key":{"remoteJid":"15550101001@s.whatsapp.net","id":"A"},"message":{"conversation":"x"}}"#
        let all = Array(repeating: one, count: 1_200).joined(separator: ",")
        let body = Array(#"{"event":"messages.set","data":[\#(all)]}"#.utf8)
        let root = try JSONDocument(envelope(body)).root
        #expect(root["messages"]?.elements?.count == 1_000)
        #expect(root["omitted_messages"]?.numeral == "200")
        #expect(root["raw"]?["data"]?.elements?.count == 1_200)
    }
}
