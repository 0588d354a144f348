import AsyncHTTPClient
import FoundationEssentials
import HookgateCore
import NIOCore
import NIOHTTP1

/// Posts webhooks as Evolution API does: bodies of real shape, from the package's own samples.
struct DemoTraffic {
    enum Sample: CaseIterable {
        case message
        case image
        case deliveryAck
        case connecting
        case qrCode

        fileprivate var bytes: [UInt8] {
            switch self {
            case .message: PackageResources.message_json
            case .image: PackageResources.image_json
            case .deliveryAck: PackageResources.delivery_ack_json
            case .connecting: PackageResources.connecting_json
            case .qrCode: PackageResources.qrcode_json
            }
        }

        /// What by-events mode appends to the URL.
        var suffix: String {
            switch self {
            case .message, .image: "messages-upsert"
            case .deliveryAck: "messages-update"
            case .connecting: "connection-update"
            case .qrCode: "qrcode-updated"
            }
        }
    }

    struct Answer {
        let status: Int
        let acceptance: AcceptanceAnswer?
    }

    private static let sampleInstance = "clinica-aurora"
    private static let sampleMessage = "CB16E5700520383095FC58253C87E5C2"
    private static let sampleChat = "15550101001@s.whatsapp.net"
    private static let chats = 40
    private static let width = 16

    let base: PublicURL
    private let client = HTTPClient.shared

    init(base: PublicURL) {
        self.base = base
    }

    func post(_ sample: Sample, to url: String, instance: String, message: Int = 0) async throws -> Answer {
        try await post(body: Self.body(sample, instance: instance, message: message), to: url)
    }

    func post(body: [UInt8], to url: String) async throws -> Answer {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.headers.add(name: "user-agent", value: "axios/1.12.2")
        request.body = .bytes(ByteBuffer(bytes: body))
        let response = try await client.execute(request, timeout: .seconds(10))
        let bytes = Array(try await response.body.collect(upTo: 64 * 1024).readableBytesView)
        return Answer(status: Int(response.status.code), acceptance: AcceptanceAnswer(bytes))
    }

    /// Posts many messages, a few at a time, alternating between the URLs.
    /// - Returns: how many were answered `200` and stored.
    func burst(_ count: Int, to targets: [(url: String, instance: String)]) async throws -> Int {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            var accepted = 0
            for number in 0..<count {
                if number >= Self.width, try await group.next() == true { accepted += 1 }
                let target = targets[number % targets.count]
                group.addTask {
                    let answer = try await post(
                        .message, to: target.url, instance: target.instance, message: number + 1)
                    return answer.status == 200 && answer.acceptance?.status == "ok"
                }
            }
            for try await isAccepted in group where isAccepted { accepted += 1 }
            return accepted
        }
    }

    /// A sample with another instance's name in it and, for messages, a WhatsApp id of its own in one of several chats.
    static func body(_ sample: Sample, instance: String, message: Int) -> [UInt8] {
        var text = String(decoding: sample.bytes, as: UTF8.self)
        let name = String(decoding: (try? JSONEncoder().encode(instance)) ?? Data("\"\"".utf8), as: UTF8.self)
        text.replace("\"instance\":\"\(sampleInstance)\"", with: "\"instance\":\(name)")
        if message > 0 {
            // Always as many digits: 10 and 510 would otherwise end up with one id.
            let number = String(1_000_000 + message)
            text.replace(sampleMessage, with: sampleMessage.dropLast(number.count) + number)
            text.replace(sampleChat, with: "\(15_550_102_000 + message % chats)@s.whatsapp.net")
        }
        return Array(text.utf8)
    }
}
