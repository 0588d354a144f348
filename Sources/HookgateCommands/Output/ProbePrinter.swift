import Fleet
import HookgateCore

/// Prints what `hookgate test` proved, or at which step and why it failed.
struct ProbePrinter {
    private struct Document: Encodable {
        struct Latency: Encodable {
            let step: String
            let milliseconds: Double
        }
        let result: String
        let url: String
        let reason: String?
        let clinicID: String?
        let clinicName: String?
        let instanceName: String?
        let eventID: String?
        let destination: String?
        let destinationStatus: Int?
        let steps: [Latency]
    }

    let base: PublicURL
    let isJSON: Bool

    func succeeded(_ report: Probe.Report) throws {
        let integration = report.integration
        if isJSON {
            return try JSONOutput.print(
                Document(
                    result: "passed", url: base.text, reason: nil, clinicID: integration.clinicID?.text,
                    clinicName: integration.clinicName, instanceName: integration.instanceName?.text,
                    eventID: report.eventID.text, destination: report.delivery?.destination.text,
                    destinationStatus: report.delivery?.status,
                    steps: report.latencies.map {
                        .init(step: $0.step.rawValue, milliseconds: $0.duration.milliseconds)
                    }))
        }
        let output = StandardStream.output
        output.line("✅ \(integration.title): the token URL at \(base.text) works")
        output.line("   Clinic ID: \(integration.clinicID?.text ?? "none yet")")
        output.line("   Instance:  \(integration.instanceName?.text ?? "none in config")")
        output.line(
            "   Event:     \(report.eventID) (a probe: no traffic\(report.delivery == nil ? ", not delivered" : ""))")
        if let delivery = report.delivery {
            let status = delivery.status.map { " (status \($0))" } ?? ""
            output.line("   Delivered: to \(delivery.destination.text)\(status)")
        }
        for latency in report.latencies {
            output.line("   \(Self.padded(latency.step.rawValue, 9))  \(latency.duration.milliseconds) ms")
        }
    }

    func failed(_ failure: ProbeFailure) throws {
        let reason = failure.words
        if isJSON {
            return try JSONOutput.print(
                Document(
                    result: "failed", url: base.text, reason: reason, clinicID: nil, clinicName: nil,
                    instanceName: nil, eventID: nil, destination: nil, destinationStatus: nil, steps: []))
        }
        StandardStream.output.line("❌ The token URL at \(base.text) does not work: \(reason)")
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}

extension Duration {
    /// With one digit after the point.
    var milliseconds: Double {
        let exact = Double(components.seconds) * 1_000 + Double(components.attoseconds) / 1e15
        return (exact * 10).rounded() / 10
    }
}
