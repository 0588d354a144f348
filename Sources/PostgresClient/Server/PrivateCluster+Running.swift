import FoundationEssentials
import Glibc

extension PrivateCluster {
    /// The URL of the server that another process keeps in a folder; nil while none takes connections there.
    package static func runningURL(directory: String, database: String = "postgres") -> String? {
        guard let bytes = FileManager.default.contents(atPath: "\(directory)/data/postmaster.pid") else { return nil }
        // Its lines by PostgreSQL's own order (pidfile.h): pid, data folder, start, port, socket folder, address,
        // shared memory, status.
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 8, lines[7].hasPrefix("ready"), let pid = pid_t(lines[0]),
            kill(pid, 0) == 0 || errno == EPERM
        else { return nil }
        return url(database: database, socketDirectory: String(lines[4]))
    }
}
