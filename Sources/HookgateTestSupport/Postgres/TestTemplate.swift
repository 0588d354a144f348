import PostgresClient

/// A database that is prepared once in a test run and then copied for each test, which takes milliseconds.
///
///     extension TestTemplate {
///         package static let schema = TestTemplate(named: "schema") { url in try await applySchema(to: url) }
///     }
package struct TestTemplate: Sendable {
    private let preparation: Task<String, any Error>

    /// `prepare` gets the URL of the empty database and must have closed its connections when it returns.
    package init(named label: String, prepare: @escaping @Sendable (_ url: String) async throws -> Void) {
        preparation = Task {
            let name = "template_\(label)"
            try await TestCluster.administration.query(
                "CREATE DATABASE \(PostgresIdentifier.quote(name)) TEMPLATE template0")
            try await prepare(try await TestCluster.shared.url(database: name))
            return name
        }
    }

    var name: String {
        get async throws { try await preparation.value }
    }
}
