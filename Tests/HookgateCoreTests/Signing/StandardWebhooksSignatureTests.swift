import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Testing

struct StandardWebhooksSignatureTests {
    private let now = Date(timeIntervalSince1970: 1_760_918_400)
    private let body = Array(#"{"event":"messages.upsert","text":"Olá 🦊 \ud800"}"#.utf8)
    private let id = "01996c1e-0000-7000-8000-000000000001"
    private let shared = SigningSecret(minting: .shared)
    private let signing = SigningSecret(minting: .ed25519)

    private func headers(
        _ secrets: SigningSecret..., at instant: Date? = nil, body: [UInt8]? = nil
    ) throws -> [String: String] {
        let headers = try StandardWebhooksSignature.headers(
            id: id, at: instant ?? now, body: body ?? self.body, secrets: SigningSecrets(secrets))
        return Dictionary(uniqueKeysWithValues: headers.map { ($0.name, $0.value) })
    }

    private func verdict(
        _ headers: [String: String], body: [UInt8]? = nil, at instant: Date? = nil, keys: [String]
    ) throws -> SignatureVerdict {
        StandardWebhooksSignature.verify(
            id: headers["webhook-id"], timestamp: headers["webhook-timestamp"],
            signature: headers["webhook-signature"], body: body ?? self.body, at: instant ?? now,
            keys: try keys.map { try VerificationKey($0) })
    }

    /// The example of the specification's own reference libraries.
    @Test func signatureIsTheOneOfTheSpecification() throws {
        let headers = try StandardWebhooksSignature.headers(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", at: Date(timeIntervalSince1970: 1_614_265_330),
            body: Array(#"{"test": 2432232314}"#.utf8),
            secrets: SigningSecrets("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        #expect(
            headers.map(\.value) == [
                "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ])
    }

    @Test(.timeLimit(.minutes(2)))
    func independentVerifiersAcceptWhatWeSignAndNothingElse() async throws {
        let (other, otherSigning) = (SigningSecret(minting: .shared), SigningSecret(minting: .ed25519))
        let present = Date()
        let large = [UInt8](repeating: UInt8(ascii: "a"), count: 300_000)
        let unsignedBody = #"{"event":"messages.upsert","text":"another"}"#
        let all = [shared.secretText, signing.verifierText]
        let cases: [(headers: [String: String], body: [UInt8], keys: [String], verdicts: String)] = [
            (try headers(shared, at: present), body, all, "ok ok refused"),
            (try headers(signing, at: present), body, all, "refused refused ok"),
            (try headers(shared, signing, at: present), body, all, "ok ok ok"),
            (try headers(other, shared, otherSigning, signing, at: present), body, all, "ok ok ok"),
            (try headers(shared, signing, at: present), Array(unsignedBody.utf8), all, "refused refused refused"),
            (try headers(other, otherSigning, at: present), body, all, "refused refused refused"),
            (try headers(shared, at: present - 600), body, [shared.secretText], "refused refused"),
            (try headers(shared, signing, at: present, body: large), large, [signing.verifierText], "ok"),
        ]
        let encoder = JSONEncoder()
        let lines = try cases.map { String(decoding: try encoder.encode(Webhook($0)), as: UTF8.self) }
        let printed = try await PythonTools.run("verify_signature.py", input: lines.joined(separator: "\n") + "\n")
        let verdicts = printed.split(separator: "\n").map { line in
            line.split(separator: " ").map { String($0.split(separator: "=")[1]) }.joined(separator: " ")
        }
        #expect(verdicts == cases.map(\.verdicts))
    }

    @Test func signatureHoldsByAnyOfTheKeysWithinTheTolerance() throws {
        let headers = try headers(shared, signing)
        for keys in [[shared.secretText], [signing.verifierText], [signing.secretText]] {
            for offset in [-300.0, 0, 300] {
                #expect(try verdict(headers, at: now + offset, keys: keys) == .valid)
            }
            #expect(try verdict(headers, at: now + 301, keys: keys) == .outOfTime)
            #expect(try verdict(headers, at: now - 301, keys: keys) == .outOfTime)
            #expect(try verdict(headers, body: body + [0x20], keys: keys) == .invalid)
        }
        #expect(try verdict(headers, keys: [SigningSecret(minting: .shared).secretText]) == .invalid)
        #expect(try verdict(headers, keys: []) == .invalid)
    }

    @Test(arguments: ["webhook-id", "webhook-timestamp", "webhook-signature"])
    func missingHeaderIsSaidToBeMissing(name: String) throws {
        var headers = try headers(shared)
        headers[name] = nil
        #expect(try verdict(headers, keys: [shared.secretText]) == .incomplete)
    }

    @Test(arguments: ["webhook-id", "webhook-signature"])
    func changedHeaderBreaksTheSignature(name: String) throws {
        var headers = try headers(shared)
        headers[name]?.append("A")
        #expect(try verdict(headers, keys: [shared.secretText]) == .invalid)
    }

    @Test(arguments: [
        "", "v1", "v1,", "v2,AAAA", ",", "v1,not base64", "🦊", String(repeating: "v1,AAAA ", count: 100_000),
    ])
    func anythingElseIsNoSignature(signature: String) throws {
        var headers = try headers(shared)
        headers["webhook-signature"] = signature
        #expect(try verdict(headers, keys: [shared.secretText]) == .invalid)
    }

    @Test func signatureOfTheOtherKindIsNotBelieved() throws {
        var headers = try headers(shared)
        headers["webhook-signature"] = headers["webhook-signature"]?.replacing("v1,", with: "v1a,", maxReplacements: 1)
        #expect(try verdict(headers, keys: [shared.secretText]) == .invalid)
    }
}

private struct Webhook: Encodable {
    let body: String
    let headers: [String: String]
    let keys: [String]

    init(_ webhook: (headers: [String: String], body: [UInt8], keys: [String], verdicts: String)) {
        self.body = Data(webhook.body).base64EncodedString()
        self.headers = webhook.headers
        self.keys = webhook.keys
    }
}
