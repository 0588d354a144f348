import FoundationEssentials
import HookgateCore

/// Prints the audit log, for people or for machines.
struct AuditPrinter {
    private struct Verdict: Encodable {
        let isWhole: Bool
        let entries: Int?
        let brokenAt: Int?
        let lastDigest: String?
    }

    let isJSON: Bool

    func print(_ page: AuditPage) throws {
        if isJSON { return try JSONOutput.print(AuditPageDocument(page)) }
        let output = StandardStream.output
        if page.entries.isEmpty { output.line("No entries.") }
        for entry in page.entries {
            output.line(
                [
                    "\(entry.id)", entry.recordedAt.formatted(.iso8601), entry.actor.printable, entry.action,
                    (entry.subject ?? "-").printable, entry.detail.printable,
                ].joined(separator: "  "))
        }
        if let next = page.next { output.line("More: --cursor \(next)") }
    }

    func print(_ verdict: AuditVerdict, last: AuditRecord?) throws {
        let digest = last.map { Hexadecimal.encode($0.digest) }
        switch verdict {
        case .whole(let entries):
            if isJSON {
                return try JSONOutput.print(
                    Verdict(isWhole: true, entries: entries, brokenAt: nil, lastDigest: digest))
            }
            StandardStream.output.line("All \(entries) entries are as they were written.")
        case .broken(let id):
            if isJSON {
                return try JSONOutput.print(Verdict(isWhole: false, entries: nil, brokenAt: id, lastDigest: digest))
            }
            StandardStream.output.line(
                "The chain is broken at entry \(id): it was changed, or one before it was taken out or put in.")
        }
        if let last, let digest { StandardStream.output.line("Last digest (entry \(last.id)): \(digest)") }
    }
}
