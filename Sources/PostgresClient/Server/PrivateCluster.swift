import FoundationEssentials

/// A PostgreSQL server of our own: on a unix socket that only we can reach, started from nothing or from its kept
/// folder, and ended when `stop` is called or our process ends, however it ends.
///
/// Started as root it runs as the user `postgres`, because PostgreSQL refuses to run as root.
package final class PrivateCluster: Sendable {
    /// The folder with the server's socket.
    package let socketDirectory: String
    private let process: ServerProcess

    /// Set when the socket could not be put inside the folder: says why and where it is.
    package let note: String?

    private static let longestSocketPath = 107

    /// Starts the server and returns when it takes connections.
    package static func start(_ options: PrivateClusterOptions) async throws -> PrivateCluster {
        let isAbsolute = options.directory.hasPrefix("/")
        let directory = isAbsolute ? options.directory : "\(currentDirectory)/\(options.directory)"
        let user = try ServerUser.current()
        try user.prepare(directory)
        let binaries = try ServerBinaries.find(
            forData: "\(directory)/data", searchPath: ProcessInfo.processInfo.environment["PATH"] ?? ""
        )
        let socket = "\(directory)/socket"
        let fits = socket.utf8.count + "/.s.PGSQL.5432".utf8.count <= longestSocketPath
        let settings = options.settings.sorted { $0.key < $1.key }.map { "\($0.key) = \(quoted($0.value))" }
        let process = ServerProcess(
            "PostgreSQL", program: PrivateClusterScript.text,
            arguments: [
                binaries, directory, fits ? socket : "", options.isTemporary ? "yes" : "",
                settings.joined(separator: "\n"),
            ],
            user: user
        )
        let socketDirectory = try await process.start()
        return PrivateCluster(
            socketDirectory: socketDirectory,
            note: fits
                ? nil
                : "The path \(socket) is too long for a socket (\(longestSocketPath) bytes at most), so the server's "
                    + "socket is in \(socketDirectory).",
            process: process
        )
    }

    private init(socketDirectory: String, note: String?, process: ServerProcess) {
        self.socketDirectory = socketDirectory
        self.note = note
        self.process = process
    }

    /// The libpq URL of a database on this server, as its superuser.
    package func url(database: String = "postgres") -> String {
        Self.url(database: database, socketDirectory: socketDirectory)
    }

    /// Stops the server and returns when it has ended; its folder is removed when it was temporary.
    package func stop() async {
        await process.stop()
    }

    private static var currentDirectory: String { FileManager.default.currentDirectoryPath }

    private static func quoted(_ value: String) -> String {
        "'" + value.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }

    static func url(database: String, socketDirectory: String) -> String {
        "postgresql://postgres@/\(percentEncoded(database))?host=\(percentEncoded(socketDirectory))&port=5432"
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
