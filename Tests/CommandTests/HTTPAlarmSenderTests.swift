import FoundationEssentials
import HookgateCore
import NIOHTTP1
import Testing

@testable import HookgateCommands

/// What a receiver of alarms gets.
@Suite(.timeLimit(.minutes(1)))
struct HTTPAlarmSenderTests {
    private static let notice = AlarmNotice(
        kind: .raised, alarm: Alarm(name: "spool", severity: .critical, detail: #"no "space" left"#),
        since: Date(timeIntervalSince1970: 1_762_164_000), at: Date(timeIntervalSince1970: 1_762_164_015))
    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    private static func sender(_ settings: [String: String]) throws -> HTTPAlarmSender? {
        try HTTPAlarmSender(try ConfigurationResolver(environment: settings).configuration())
    }

    @Test func noticeIsSignedAndSaysWhatIsWrong() async throws {
        try await AlarmReceiver.listening(answering: .noContent) { url, receiver in
            let sender = try #require(
                try Self.sender(["HOOKGATE_ALERT_URL": url, "HOOKGATE_DELIVER_SECRET": Self.secret]))
            try await sender.send(Self.notice, id: "msg_1")
            let request = try #require(receiver.received.first)
            #expect(
                String(decoding: request.body, as: UTF8.self)
                    == #"{"data":{"alarm":"spool","detail":"no \"space\" left","severity":"critical","#
                    + #""since":"2025-11-03T10:00:00Z"},"timestamp":"2025-11-03T10:00:15Z","type":"hookgate.alarm.raised"}"#
            )
            let verdict = StandardWebhooksSignature.verify(
                id: request.headers["webhook-id"], timestamp: request.headers["webhook-timestamp"],
                signature: request.headers["webhook-signature"], body: request.body, at: Date(),
                keys: [try VerificationKey(Self.secret)])
            #expect(verdict == .valid)
            #expect(request.headers["webhook-id"] == "msg_1")
        }
    }

    @Test func anOwnSecretComesFirstAndNoneIsNeeded() async throws {
        try await AlarmReceiver.listening(answering: .ok) { url, receiver in
            let own = "whsec_" + Data(repeating: 7, count: 32).base64EncodedString()
            let signed = try Self.sender([
                "HOOKGATE_ALERT_URL": url, "HOOKGATE_DELIVER_SECRET": Self.secret, "HOOKGATE_ALERT_SECRET": own,
            ])
            try await signed?.send(Self.notice, id: "msg_2")
            let request = try #require(receiver.received.first)
            let verdict = StandardWebhooksSignature.verify(
                id: request.headers["webhook-id"], timestamp: request.headers["webhook-timestamp"],
                signature: request.headers["webhook-signature"], body: request.body, at: Date(),
                keys: [try VerificationKey(own)])
            #expect(verdict == .valid)
            try await Self.sender(["HOOKGATE_ALERT_URL": url])?.send(Self.notice, id: "msg_3")
            #expect(receiver.received.last?.headers["webhook-signature"] == nil)
        }
    }

    @Test func aRefusalIsAFailureThatDoesNotNameTheURL() async throws {
        try await AlarmReceiver.listening(answering: .internalServerError) { url, _ in
            let sender = try Self.sender(["HOOKGATE_ALERT_URL": url + "/segredo"])
            await #expect { try await sender?.send(Self.notice, id: "msg_4") } throws: { error in
                "\(error)" == "HOOKGATE_ALERT_URL answered 500"
            }
        }
    }

    @Test func withoutAURLNobodyIsTold() throws {
        #expect(try Self.sender([:]) == nil)
    }

    @Test func aSecretThatCannotSignIsSaidAtTheStart() {
        #expect { try Self.sender(["HOOKGATE_ALERT_URL": "http://h/", "HOOKGATE_ALERT_SECRET": "short"]) } throws: {
            "\($0)".contains("HOOKGATE_ALERT_SECRET") && !"\($0)".contains("short")
        }
    }
}
