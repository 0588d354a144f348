import FoundationEssentials
import Glibc

/// The directory that one `hookgate serve` owns: its spool, its private database, its lock.
struct DataDirectory: ~Copyable {
    let path: String
    private let lock: Int32

    /// Creates the directory where it is missing, closed to others, and locks it for this process. The lock goes
    /// with the process, however that ends.
    init(locking path: String) throws {
        // Root's private PostgreSQL runs as another user, who must be able to pass through to its own directory.
        let mode = geteuid() == 0 ? 0o711 : 0o700
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: mode])
        } catch {
            throw CommandFailure(
                "Cannot create the data directory \(path). Create it for this user, or choose another: --data-dir DIR")
        }
        let file = path + "/hookgate.lock"
        let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CommandFailure(
                "Cannot write in the data directory \(path): \(String(cString: strerror(errno))). "
                    + "Give this user the right to, or choose another: --data-dir DIR")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let owner = Self.owner(file)
            close(descriptor)
            throw CommandFailure(
                "The data directory \(path) is in use by another hookgate\(owner). "
                    + "Stop that one first, or give this one a directory of its own: --data-dir DIR")
        }
        let pid = Array("\(getpid())\n".utf8)
        // The number helps people only; the lock is what holds.
        if ftruncate(descriptor, 0) == 0 { _ = pid.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) } }
        self.path = path
        self.lock = descriptor
    }

    deinit { close(lock) }

    var spool: String { path + "/spool" }
    var database: String { Self.database(in: path) }

    /// Where the private PostgreSQL cluster of a data directory lies.
    static func database(in path: String) -> String { path + "/postgres" }

    private static func owner(_ file: String) -> String {
        guard let bytes = FileManager.default.contents(atPath: file),
            let pid = Int(String(decoding: bytes, as: UTF8.self).prefix { $0.isNumber })
        else { return "" }
        return " (process \(pid))"
    }
}
