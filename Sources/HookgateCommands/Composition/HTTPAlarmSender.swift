import AsyncHTTPClient
import FoundationEssentials
import HookgateCore
import NIOCore
import NIOHTTP1

/// Posts notices of alarms to `HOOKGATE_ALERT_URL`, signed where there is a secret (Standard Webhooks).
///
/// ```json
/// {"type":"hookgate.alarm.raised","timestamp":"2025-11-03T10:00:00Z",
///  "data":{"alarm":"spool","severity":"critical","since":"2025-11-03T09:59:40Z","detail":"the disk is full"}}
/// ```
struct HTTPAlarmSender: AlarmSender {
    private struct Body: Encodable {
        struct Facts: Encodable {
            let alarm: String
            let severity: String
            let since: String
            let detail: String?
        }

        let type: String
        let timestamp: String
        let data: Facts
    }

    private static let timeout = TimeAmount.seconds(10)

    private let url: String
    private let secrets: SigningSecrets?

    /// Nil where no URL is configured.
    init?(_ configuration: Configuration) throws {
        guard let url = configuration.alertURL else { return nil }
        self.url = url
        do throws(SigningSecretFlaw) {
            if let secret = configuration.alertSecret {
                secrets = try SigningSecrets(secret.secretText)
            } else {
                secrets = try configuration.deliverSecret.map { secret throws(SigningSecretFlaw) in
                    try SigningSecrets(secret.secretText)
                }
            }
        } catch {
            let name = configuration.alertSecret == nil ? "HOOKGATE_DELIVER_SECRET" : "HOOKGATE_ALERT_SECRET"
            throw CommandFailure("\(name) cannot sign notices of alarms: \(error)", status: .wrongUsage)
        }
    }

    func send(_ notice: AlarmNotice, id: String) async throws {
        let body = try Self.body(notice)
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        for header in try secrets.map({ try headers(id, body, $0) }) ?? [] {
            request.headers.add(name: header.name, value: header.value)
        }
        request.body = .bytes(ByteBuffer(bytes: body))
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: Self.configuration)
        let result: Result<Int, any Error>
        do {
            result = .success(Int(try await client.execute(request, timeout: Self.timeout).status.code))
        } catch {
            result = .failure(AlarmFailure.unreachable(NetworkFailure.reason(error)))
        }
        // Nothing is in flight any more; a failure to close idle connections changes nothing.
        try? await client.shutdown()
        let status = try result.get()
        guard (200..<300).contains(status) else { throw AlarmFailure.refused(status: status) }
    }

    private func headers(
        _ id: String, _ body: Data, _ secrets: SigningSecrets
    ) throws -> [(name: String, value: String)] {
        try StandardWebhooksSignature.headers(id: id, at: TimeSource.system.now, body: body, secrets: secrets)
    }

    private static func body(_ notice: AlarmNotice) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(
            Body(
                type: "hookgate.alarm.\(notice.kind.rawValue)", timestamp: notice.at.formatted(.iso8601),
                data: Body.Facts(
                    alarm: notice.alarm.name, severity: notice.alarm.severity.rawValue,
                    since: notice.since.formatted(.iso8601), detail: notice.alarm.detail)))
    }

    private static var configuration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        return configuration
    }
}

/// Why a notice did not arrive. Never holds the URL, which may be a secret.
enum AlarmFailure: Error, CustomStringConvertible {
    case unreachable(String)
    case refused(status: Int)

    var description: String {
        switch self {
        case .unreachable(let reason): "HOOKGATE_ALERT_URL cannot be reached: \(reason)"
        case .refused(let status): "HOOKGATE_ALERT_URL answered \(status)"
        }
    }
}
