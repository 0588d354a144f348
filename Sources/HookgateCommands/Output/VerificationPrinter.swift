import HookgateCore

/// Prints a verification row by row; secret values are masked by the findings themselves.
final class VerificationPrinter {
    private struct Instance: Encodable {
        let instanceName: String
        let outcome: String
        let findings: [String]
    }

    private struct Document: Encodable {
        let verified: Int
        let withEdits: Int
        let mismatched: Int
        let missing: Int
        let undecided: Int
        let excluded: Int
        let instances: [Instance]
    }

    private let isJSON: Bool
    private var instances: [Instance] = []

    init(isJSON: Bool) {
        self.isJSON = isJSON
    }

    func print(_ result: InstanceVerification) {
        if isJSON {
            instances.append(
                Instance(
                    instanceName: result.name.text, outcome: Self.word(result.outcome),
                    findings: result.findings.map(\.description)))
        } else {
            Self.lines(result).forEach(StandardStream.output.line)
        }
    }

    func finish(_ summary: VerificationSummary) throws {
        if isJSON {
            return try JSONOutput.print(
                Document(
                    verified: summary.verified, withEdits: summary.withEdits, mismatched: summary.mismatched,
                    missing: summary.missing, undecided: summary.undecided, excluded: summary.excluded,
                    instances: instances))
        }
        StandardStream.output.line(
            "\n📊 Verified \(summary.verified) of \(summary.total) instances (\(summary.withEdits) with values that a person set); "
                + "different: \(summary.mismatched), missing: \(summary.missing), "
                + "waiting for a decision: \(summary.undecided), excluded: \(summary.excluded)")
        StandardStream.output.line(summary.holds ? "✅ Everything holds." : "⚠️ See the lines above.")
    }

    static func lines(_ result: InstanceVerification) -> [String] {
        let line =
            switch result.outcome {
            case .verified: "✅ \(result.name)"
            case .mismatch: "❌ \(result.name): differs"
            case .missing: "❌ \(result.name): has no integration; run `hookgate migrate`"
            case .undecided(let why): "⚠️ \(result.name): \(why)"
            case .excluded: "= \(result.name): excluded"
            }
        return [line] + result.findings.map { "     \($0)" }
    }

    private static func word(_ outcome: InstanceVerification.Outcome) -> String {
        switch outcome {
        case .verified: "verified"
        case .mismatch: "mismatch"
        case .missing: "missing"
        case .undecided: "undecided"
        case .excluded: "excluded"
        }
    }
}
