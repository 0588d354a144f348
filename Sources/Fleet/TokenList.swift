package import HookgateCore

/// What `hookgate tokens` shows: every integration with its token, and what is wrong with it.
package struct TokenList: Sendable {
    /// Why an integration's token does not work as it stands.
    package enum Problem: Sendable, Equatable {
        case missing
        /// It has our prefix, but not our length and checksum, so the gateway refuses it.
        case malformed
    }

    package struct Entry: Sendable {
        /// Counts from 1 over the whole list.
        package let number: Int
        package let integration: IntegrationRecord
        package let token: Result<WebhookToken, ProblemFound>

        package var problem: Problem? {
            guard case .failure(let found) = token else { return nil }
            return found.problem
        }
    }

    package struct ProblemFound: Error, Sendable {
        package let problem: Problem
    }

    package struct Summary: Sendable, Equatable {
        package var count = 0
        package var withoutToken = 0
        package var malformed = 0

        package var needsAttention: Bool { withoutToken + malformed > 0 }
    }

    private let catalog: any IntegrationCatalog

    package init(catalog: any IntegrationCatalog) {
        self.catalog = catalog
    }

    /// Hands over the entries one by one, in order, without holding the whole fleet in memory.
    package func forEach(clinic: ClinicID?, _ body: (Entry) throws -> Void) async throws -> Summary {
        var summary = Summary()
        try await catalog.forEachPage(clinic: clinic) { page in
            for integration in page {
                summary.count += 1
                let entry = Entry(
                    number: summary.count, integration: integration, token: Self.token(of: integration))
                switch entry.problem {
                case .missing: summary.withoutToken += 1
                case .malformed: summary.malformed += 1
                case nil: break
                }
                try body(entry)
            }
        }
        return summary
    }

    private static func token(of integration: IntegrationRecord) -> Result<WebhookToken, ProblemFound> {
        guard let text = integration.tokenText, !text.isEmpty else { return .failure(ProblemFound(problem: .missing)) }
        guard let token = WebhookToken(text) else { return .failure(ProblemFound(problem: .malformed)) }
        return .success(token)
    }
}
