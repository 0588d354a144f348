import Fleet
import FoundationEssentials
import Glibc
import HookgateCore

/// The file that `hookgate tokens --export` writes: every token in clear, so nobody else may read it.
final class TokenExport {
    private struct Row: Encodable {
        let clinicID: String?
        let clinicName: String?
        let instanceName: String?
        let phoneNumber: String?
        let webhookToken: String
        let webhookURL: String
        let status: String?
        let enabled: Bool
    }

    private struct Document: Encodable {
        let exportedAt: Date
        let count: Int
        let integrations: [Row]
    }

    private let path: String
    private let publicURL: PublicURL
    private var rows: [Row] = []

    init(path: String, publicURL: PublicURL) {
        self.path = path
        self.publicURL = publicURL
    }

    func add(_ entry: TokenList.Entry) {
        guard case .success(let token) = entry.token else { return }
        let integration = entry.integration
        rows.append(
            Row(
                clinicID: integration.clinicID?.text, clinicName: integration.clinicName,
                instanceName: integration.instanceName?.text, phoneNumber: integration.phoneNumber,
                webhookToken: token.secretText, webhookURL: publicURL.webhookURL(token: token),
                status: integration.status, enabled: integration.isEnabled))
    }

    /// Writes the file beside its final place and moves it there, so that no moment shows half a file or a
    /// file that others may read.
    /// - Returns: the path, for the closing line.
    func write(at instant: Date) throws -> String {
        let text = try JSONOutput.text(Document(exportedAt: instant, count: rows.count, integrations: rows)) + "\n"
        let draft = "\(path).\(getpid()).part"
        let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure() }
        defer { close(file) }
        let bytes = Array(text.utf8)
        var start = 0
        while start < bytes.count {
            let count = bytes[start...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 else {
                let error = failure()
                unlink(draft)
                throw error
            }
            start += count
        }
        guard fsync(file) == 0, rename(draft, path) == 0 else {
            let error = failure()
            unlink(draft)
            throw error
        }
        return path
    }

    private func failure() -> CommandFailure {
        CommandFailure(
            "Cannot write \(path): \(String(cString: strerror(errno))). Nothing was exported; give another path.")
    }
}
