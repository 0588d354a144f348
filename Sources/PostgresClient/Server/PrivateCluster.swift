import FoundationEssentials
import Glibc
import Subprocess
import Synchronization

/// A PostgreSQL server of our own: on a unix socket that only we can reach, started from nothing or from its kept
/// folder, and ended when `stop` is called or our process ends, however it ends.
///
/// Started as root it runs as the user `postgres`, because PostgreSQL refuses to run as root.
package actor PrivateCluster {
    /// The folder with the server's socket.
    package nonisolated let socketDirectory: String
    private let watchdog: Watchdog

    /// Starts the server and returns when it takes connections.
    package static func start(_ options: PrivateClusterOptions) async throws -> PrivateCluster {
        let binaries = try ServerBinaries.find(searchPath: ProcessInfo.processInfo.environment["PATH"] ?? "")
        let user = try ServerUser.current()
        try user.prepare(options.directory)
        let watchdog = Watchdog(options: options, binaries: binaries, user: user)
        return PrivateCluster(socketDirectory: try await watchdog.start(), watchdog: watchdog)
    }

    private init(socketDirectory: String, watchdog: Watchdog) {
        self.socketDirectory = socketDirectory
        self.watchdog = watchdog
    }

    /// The libpq URL of a database on this server, as its superuser.
    package nonisolated func url(database: String = "postgres") -> String {
        "postgresql://postgres@/\(Self.percentEncoded(database))?host=\(Self.percentEncoded(socketDirectory))&port=5432"
    }

    /// Stops the server and returns when it has ended; its folder is removed when it was temporary.
    package func stop() async {
        await watchdog.stop()
    }

    private static func percentEncoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            let scalar = Unicode.Scalar(byte)
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "-", ".", "_", "~": encoded.unicodeScalars.append(scalar)
            default: encoded += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }
}
