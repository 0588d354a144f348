import FoundationEssentials

/// Where the server's programs are.
enum ServerBinaries {
    /// The folder of the newest PostgreSQL: Debian keeps one per major version outside PATH.
    static func find(searchPath: String) throws(PrivateClusterError) -> String {
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: debianRoot)) ?? []
        let newestFirst = versions.compactMap { Int($0) }.sorted(by: >).map { "\(debianRoot)/\($0)/bin" }
        let inPath = searchPath.split(separator: ":").map(String.init)
        for folder in newestFirst + inPath where isComplete(folder) { return folder }
        throw PrivateClusterError(
            "No PostgreSQL server is installed here (looked in \(debianRoot)/*/bin and in PATH). Install it with "
                + "`apt-get install postgresql`, or set DATABASE_URL to a server that runs elsewhere."
        )
    }

    private static let debianRoot = "/usr/lib/postgresql"

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
