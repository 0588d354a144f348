import HookgateCore

/// Takes secrets out of what is said of a command's own arguments: whoever pastes a token where a name belongs, or gives
/// a secret to a flag that takes none, must not find it in a log afterwards.
struct ArgumentMask {
    static let ofProcess = ArgumentMask(Array(CommandLine.arguments.dropFirst()))

    private static let signingPrefixes = ["whsec_", "whsk_"]

    private let secrets: [String]

    init(_ arguments: [String]) {
        // The longest first, so that none is found inside another.
        self.secrets = arguments.flatMap(Self.secrets).sorted { $0.utf8.count > $1.utf8.count }
    }

    func masked(_ text: String) -> String {
        secrets.reduce(text) { text, secret in
            text.replacing(secret, with: WebhookToken(secret)?.masked ?? String(secret.prefix(4)) + "…")
        }
    }

    private static func secrets(in argument: String) -> [String] {
        for prefix in signingPrefixes {
            if let start = argument.firstRange(of: prefix)?.lowerBound { return [String(argument[start...])] }
        }
        return argument.split { !($0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-")) }
            .map(String.init).filter(isSecret)
    }

    /// A token of our form, whole or not, or what is as plain as one of the old system. Names of instances are seldom so
    /// long without a space or a line between their words.
    private static func isSecret(_ word: String) -> Bool {
        word.hasPrefix(WebhookToken.prefix)
            || WebhookToken.isLikely(word) && !word.contains("_") && word.contains(where: \.isNumber)
    }
}
