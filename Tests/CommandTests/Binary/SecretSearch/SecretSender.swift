import AsyncHTTPClient
import HookgateCore
import HookgateTestSupport
import NIOCore
import NIOHTTP1
import Subprocess
import SystemPackage

/// Sends a gateway everything that has words and secrets in it, well-formed and not, and keeps what it answers.
struct SecretSender {
    let address: String
    let evidence: Evidence

    /// Returns the status of the answer.
    func post(_ body: String, to path: String) async throws -> Int {
        var request = HTTPClientRequest(url: "\(address)/webhooks/evolution/\(path)")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.headers.add(name: "authorization", value: "Bearer ChaveDoBearerS7")
        request.headers.add(name: "x-webhook-secret", value: "SegredoNoCabecalhoS6")
        request.headers.add(name: "x-hookgate-probe", value: "SegredoNoCabecalhoS6")
        request.body = .bytes(ByteBuffer(string: body))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
        let answer = String(buffer: try await response.body.collect(upTo: 1 << 20))
        evidence.add("answer \(response.status.code)", "\(response.headers) \(answer)")
        return Int(response.status.code)
    }

    /// Sends bytes that no HTTP client would send, and waits so many seconds for what is said to them.
    func raw(_ bytes: String, seconds: Int = 5) async throws {
        let port = address.split(separator: ":").last.map(String.init) ?? ""
        let script = #"exec 3<>/dev/tcp/127.0.0.1/"$0"; cat >&3; timeout "$1" cat <&3"#
        let result = try await Subprocess.run(
            .path("/bin/bash"), arguments: ["-c", script, port, "\(seconds)"], input: .string(bytes),
            output: .string(limit: 1 << 20), error: .discarded)
        let status = result.standardOutput.split(separator: " ").dropFirst().first.map(String.init) ?? "none"
        evidence.add("raw answer \(status)", result.standardOutput)
    }

    func get(_ path: String) async throws {
        let response = try await HTTPClient.shared.execute(
            HTTPClientRequest(url: address + path), timeout: .seconds(20))
        evidence.add("page \(path)", String(buffer: try await response.body.collect(upTo: 8 << 20)))
    }

    /// What no sender of ours would send.
    func oddities() async throws {
        // Its head never ends: the longest wait there is, so it begins first.
        async let slow: Void = raw(
            "POST /webhooks/evolution/whatsapp/\(SecretFleet.current.secretText) HTTP/1.1\r\nX: PalavraQueChegouTardeQ9",
            seconds: 15)
        for raw in Self.malformed { try await self.raw(raw) }
        try await slow
    }

    /// Every kind of body to every kind of address. Returns the statuses of the answers.
    func everything() async throws -> Set<Int> {
        var statuses: Set<Int> = []
        for (index, target) in Self.targets.enumerated() {
            for body in SecretFleet.bodies(target.instance, number: index) + [
                #"{"data":"PalavraEmCorpoCortadoQ5"#, "PalavraEmCorpoCortadoQ5",
            ] {
                statuses.insert(try await post(body, to: target.path))
            }
        }
        // Byte for byte what came before; and one more than may be held back.
        let first = SecretFleet.bodies("clinic-a", number: 0)[0]
        statuses.insert(try await post(first, to: Self.targets[0].path))
        statuses.insert(try await post(first, to: "whatsapp/\(SecretFleet.disabled.secretText)"))
        return statuses
    }

    private static let targets: [(instance: String, path: String)] = [
        ("clinic-a", "whatsapp/\(SecretFleet.current.secretText)"),
        ("clinic-a", "whatsapp/\(SecretFleet.current.secretText)/messages-upsert"),
        ("clinic-z", "whatsapp/\(SecretFleet.current.secretText)"),
        ("clinic-b", "whatsapp/\(SecretFleet.disabled.secretText)"),
        ("clinic-c", "whatsapp/\(SecretFleet.retired.secretText)"),
        ("clinic-d", "whatsapp/\(SecretFleet.revoked.secretText)"),
        ("clinic-e", "whatsapp/\(SecretFleet.original)"), ("clinic-a", "whatsapp/\(SecretFleet.stranger.secretText)"),
        ("clinic-a", "whatsapp/\(SecretFleet.misspelt)"), ("clinic-a", "clinic-a"), ("clinic-1", "clinic-1"),
        ("nobody", "nobody"), ("clinic-a", "\(SecretFleet.current.secretText)"),
    ]

    private static var malformed: [String] {
        let path = "/webhooks/evolution/whatsapp/\(SecretFleet.current.secretText)"
        return [
            "GET \(path) HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
            "POST \(path) HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999\r\n\r\n",
            "POST \(path) HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
            "POST \(path) HTTP/9.9\r\nX: SegredoNoCabecalhoS6\r\n\r\n",
            "POST \(path)\u{1} HTTP/1.1\r\nX-Webhook-Secret: SegredoNoCabecalhoS6\r\n\r\nTenhoDorDeDenteQ1",
            "TenhoDorDeDenteQ1 \(path) ChaveDoBearerS7\r\n\r\n",
            "POST \(path) HTTP/1.1\r\nHost: h\r\nX: \(String(repeating: "SegredoNoCabecalhoS6", count: 2_000))\r\n\r\n",
            "POST \(path) HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nTenhoDorDeDenteQ1\r\n",
        ]
    }
}
