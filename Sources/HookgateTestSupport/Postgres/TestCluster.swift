import Glibc
package import PostgresClient

/// The one private server of a test run. The first test that needs it starts it; it ends with the process.
package enum TestCluster {
    // A task and not a lazy value: however many tests ask at once, it is started once and all wait for it.
    private static let start = Task<Started, any Error> {
        let cluster = try await PrivateCluster.start(
            PrivateClusterOptions(
                directory: try makeFolder(prefix: "hookgate-tests"), isTemporary: true,
                settings: PrivateClusterOptions.throwAwaySettings
            )
        )
        // CREATE DATABASE copies files: a few at a time are fastest.
        let administration = PostgresPool(
            url: cluster.url(),
            options: PostgresPoolOptions(maximumConnections: 4, acquireTimeout: .seconds(300))
        )
        return Started(cluster: cluster, administration: administration)
    }

    private struct Started: Sendable {
        let cluster: PrivateCluster
        let administration: PostgresPool
    }

    /// The running server.
    package static var shared: PrivateCluster {
        get async throws { try await start.value.cluster }
    }

    /// A pool on the database `postgres`, for making and dropping databases.
    static var administration: PostgresPool {
        get async throws { try await start.value.administration }
    }

    /// A new empty folder in /tmp that only we can enter.
    package static func makeFolder(prefix: String) throws -> String {
        var template = Array("/tmp/\(prefix)-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestSupportError("no folder could be made in /tmp") }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Why the surroundings of a test could not be made.
package struct TestSupportError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
