import FoundationEssentials

/// Where the server's programs are.
enum ServerBinaries {
    /// The folder with the programs of the version that wrote `data`, or else of the newest one. Debian keeps one
    /// folder for each major version, outside PATH.
    static func find(
        forData data: String, searchPath: String, root: String = debianRoot
    ) throws(PrivateClusterError) -> String {
        let installed = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        let newestFirst = installed.compactMap { Int($0) }.sorted(by: >).map(String.init)
        let version = (try? String(contentsOfFile: "\(data)/PG_VERSION", encoding: .utf8))?.prefix(while: \.isNumber)
        let wanted = version.map { [String($0)] } ?? []
        let folders = (wanted + newestFirst).map { "\(root)/\($0)/bin" }
        for folder in folders + searchPath.split(separator: ":").map(String.init) where isComplete(folder) {
            return folder
        }
        throw PrivateClusterError(
            "No PostgreSQL server is installed here (looked in \(root)/*/bin and in PATH). Install it with "
                + "`apt-get install postgresql`, or set DATABASE_URL to a server that runs elsewhere."
        )
    }

    static let debianRoot = "/usr/lib/postgresql"

    private static func isComplete(_ folder: String) -> Bool {
        ["initdb", "pg_ctl", "postgres"].allSatisfy { FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)") }
    }
}

/// Why a private server could not be started; what to do about it is part of the message.
package struct PrivateClusterError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
