/// The secrets that sign for one receiver: one, or several while it changes from one to the next. Each makes a
/// signature of its own, and the receiver is content with any that it knows.
package struct SigningSecrets: Sendable, Equatable {
    /// More would only grow the header of every delivery.
    package static let mostSecrets = 5

    /// The newest first.
    package let secrets: [SigningSecret]

    package init(_ secrets: [SigningSecret]) throws(SigningSecretFlaw) {
        guard !secrets.isEmpty else { throw .none }
        guard secrets.count <= Self.mostSecrets else { throw .tooMany(limit: Self.mostSecrets) }
        self.secrets = secrets
    }

    /// Reads secrets with spaces or commas between them.
    package init(_ text: String) throws(SigningSecretFlaw) {
        var secrets: [SigningSecret] = []
        for word in text.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
            secrets.append(try SigningSecret(String(word)))
        }
        try self.init(secrets)
    }

    /// The secrets after a change to a new one. The newest of before stays valid beside it; older ones go.
    package func rotated(to new: SigningSecret) -> SigningSecrets {
        SigningSecrets(checked: [new] + secrets.prefix(1).filter { $0 != new })
    }

    /// The newest alone: the change is over.
    package var settled: SigningSecrets { SigningSecrets(checked: Array(secrets.prefix(1))) }

    /// How they are kept: newest first, with spaces between them.
    package var secretText: String { secrets.map(\.secretText).joined(separator: " ") }

    private init(checked: [SigningSecret]) {
        self.secrets = checked
    }
}
