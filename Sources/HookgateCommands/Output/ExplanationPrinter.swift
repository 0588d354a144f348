import Fleet
import HookgateCore

/// Prints an explanation, one line for each step.
struct ExplanationPrinter {
    private struct Document: Encodable {
        struct Step: Encodable {
            let name: String
            let finding: String
        }

        struct Answer: Encodable {
            let httpStatus: Int
            let status: String?
            let reason: String?
            let why: String
        }

        let steps: [Step]
        let answer: Answer?
        let needsAttention: Bool
        let remedy: String?
    }

    let isJSON: Bool

    func print(_ explanation: Explanation) throws {
        if isJSON { return try JSONOutput.print(Self.document(explanation)) }
        let output = StandardStream.output
        for step in explanation.steps { output.line(Self.line(step.name, step.finding)) }
        if let answer = explanation.answer {
            let status = answer.status.map { " \($0)" } ?? ""
            let reason = answer.reason.map { " (\($0.rawValue))" } ?? ""
            output.line(Self.line("Now", "\(answer.httpStatus)\(status)\(reason): \(answer.why)"))
        }
        if let remedy = explanation.remedy { output.line(Self.line("Next", remedy)) }
    }

    private static func line(_ name: String, _ text: String) -> String {
        QuarantinePrinter.padded(name, 14) + text.printable
    }

    private static func document(_ explanation: Explanation) -> Document {
        Document(
            steps: explanation.steps.map { .init(name: $0.name, finding: $0.finding) },
            answer: explanation.answer.map {
                .init(httpStatus: $0.httpStatus, status: $0.status, reason: $0.reason?.rawValue, why: $0.why)
            }, needsAttention: explanation.needsAttention, remedy: explanation.remedy)
    }
}
