import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import NIOSSL
import Subprocess
import Synchronization

/// An authority that signed one server's certificate.
struct TestAuthority {
    /// Its own certificate.
    let file: String
    let server: NIOSSLContext

    static func make(for host: String) async throws -> TestAuthority {
        let folder = FileManager.default.temporaryDirectory.appending(path: "hookgate-tls-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: "\(folder)/key.pem") }
        let program = """
            cd "$1" && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem &&
            openssl req -newkey rsa:2048 -nodes -subj "/CN=$2" -keyout key.pem -out request.pem &&
            echo "subjectAltName=DNS:$2" >names &&
            openssl x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out cert.pem
            """
        let result = try await Subprocess.run(
            .name("sh"), arguments: ["-c", program, "authority", folder, host], output: .discarded,
            error: .string(limit: 1 << 16))
        guard result.terminationStatus.isSuccess else {
            throw TestSupportError("openssl made no certificate: \(result.standardError)")
        }
        let configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile("\(folder)/cert.pem").map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: "\(folder)/key.pem", format: .pem)))
        return TestAuthority(file: "\(folder)/ca.pem", server: try NIOSSLContext(configuration: configuration))
    }
}

/// Answers look-ups of names, and counts them.
final class LookUps: Sendable {
    private let first: [UInt8]
    private let later: [UInt8]
    private let asked = Mutex(0)

    init(_ first: [UInt8], then later: [UInt8]? = nil) {
        self.first = first
        self.later = later ?? first
    }

    var count: Int { asked.withLock { $0 } }

    func answer() -> [IPAddress] {
        let number = asked.withLock { count in
            count += 1
            return count
        }
        return [IPAddress(bytes: number == 1 ? first : later)].compactMap(\.self)
    }
}
