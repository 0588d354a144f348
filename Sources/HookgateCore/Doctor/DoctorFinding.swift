/// What the doctor says on one check.
package struct DoctorFinding: Sendable, Equatable {
    package enum Result: String, Sendable {
        case ok
        /// A person must decide or run something, or `--fix` can.
        case attention
        /// Nobody can say, and the summary says why.
        case cannotTell = "cannot-tell"
    }

    package let check: DoctorCheck
    package let result: Result
    /// One sentence.
    package let summary: String
    package let evidence: DoctorSample
    /// Nil where nothing is to be done.
    package let remedy: DoctorRemedy?

    package init(
        check: DoctorCheck, result: Result, summary: String, evidence: DoctorSample = .none,
        remedy: DoctorRemedy? = nil
    ) {
        self.check = check
        self.result = result
        self.summary = summary
        self.evidence = evidence
        self.remedy = remedy
    }
}

/// What to do: a sentence, and the very commands or SQL statements.
package struct DoctorRemedy: Sendable, Equatable {
    package let advice: String
    package let commands: [String]

    package init(_ advice: String, _ commands: [String]) {
        self.advice = advice
        self.commands = commands
    }
}

/// How many checks ended how.
package struct DoctorReport: Sendable, Equatable {
    package var ok = 0
    package var attention = 0
    package var cannotTell = 0

    package init() {}

    package mutating func count(_ finding: DoctorFinding) {
        switch finding.result {
        case .ok: ok += 1
        case .attention: attention += 1
        case .cannotTell: cannotTell += 1
        }
    }

    /// Exit code 3: what cannot be told needs a person as well.
    package var needsAttention: Bool { attention + cannotTell > 0 }
}
