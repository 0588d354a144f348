import FoundationEssentials
import HookgateCore
import Store

/// Prints what stands in a spool's directory.
struct SpoolPrinter {
    let isJSON: Bool

    func print(_ spool: SpoolInspection, at now: Date) throws {
        if isJSON { return try JSONOutput.print(SpoolDocument(spool)) }
        let output = StandardStream.output
        output.line(Self.line("Spool", spool.directory))
        output.line(Self.line("Gateway", spool.gatewayID.map { $0.uuidString.lowercased() } ?? "none yet"))
        output.line(Self.line("In use", Self.words(spool.owner)))
        output.line(Self.line("Waiting", Self.waiting(spool, at: now)))
        output.line(Self.line("Next", "segment \(spool.next.segment), byte \(spool.next.offset)"))
        output.line(Self.line("Segments", "\(spool.segments.count), \(spool.fileBytes) bytes, \(Self.formats(spool))"))
        if spool.bodyFiles > 0 {
            output.line(Self.line("Long bodies", "\(spool.bodyFiles), each in a file of its own"))
        }
        if spool.lostRecords > 0 { output.line(Self.line("Lost", "\(spool.lostRecords) events were damaged")) }
        for name in spool.damagedFiles { output.line(Self.line("Kept aside", name)) }
        for segment in spool.segments {
            switch segment.head {
            case .readable: continue
            case .newer(let version): output.line("⚠️ \(segment.name): format \(version), of a later release")
            case .damaged: output.line("⚠️ \(segment.name): its head is damaged")
            }
        }
        if !spool.isCheckpointReadable { output.line("⚠️ the checkpoint is damaged: everything is shipped again") }
    }

    func print(_ verification: SpoolVerification, of directory: String) throws {
        if isJSON { return try JSONOutput.print(VerificationDocument(directory, verification)) }
        let output = StandardStream.output
        for finding in verification.findings { output.line("⚠️ \(finding)") }
        let more = verification.findingCount - verification.findings.count
        if more > 0 { output.line("   and \(more) more") }
        let read = "\(verification.records) events, \(verification.bytes) bytes were read"
        output.line(
            verification.isWhole
                ? "✅ \(directory): whole; \(read)"
                : "❌ \(directory): \(verification.findingCount) findings; \(read)")
    }

    func printPreview(_ spool: SpoolInspection, _ verification: SpoolVerification) throws {
        if isJSON {
            return try JSONOutput.print(SpoolDocument(spool, findings: verification.findings.map(\.description)))
        }
        for finding in verification.findings { StandardStream.output.line("⚠️ \(finding)") }
        StandardStream.output.line(
            "Would ship \(spool.waitingRecords) events of gateway \(spool.gatewayID?.uuidString.lowercased() ?? "?") and "
                + "remove \(spool.segments.count) segments.")
    }

    func progress(_ status: ShipperStatus) {
        guard !isJSON, StandardStream.output.isTerminal else { return }
        StandardStream.output.line("   \(status.stored + status.alreadyThere) shipped")
    }

    func interrupted(_ spool: SpoolStatistics, _ status: ShipperStatus) {
        StandardStream.error.line(
            "hookgate: stopped after \(status.stored + status.alreadyThere) events; \(spool.depthRecords) still wait in the "
                + "spool. Run it again: nothing is lost or doubled.")
    }

    func shipped(_ spool: SpoolStatistics, _ status: ShipperStatus) throws {
        if isJSON {
            return try JSONOutput.print(
                ShippedDocument(
                    new: status.stored, alreadyThere: status.alreadyThere, lost: spool.lostRecords,
                    damagedSegments: spool.damagedSegments))
        }
        let output = StandardStream.output
        output.line("✅ Shipped \(status.stored) events; \(status.alreadyThere) were in the inbox already.")
        if spool.damagedSegments > 0 {
            output.line(
                "⚠️ \(spool.lostRecords) events could not be read; \(spool.damagedSegments) segments are kept aside as "
                    + "*.damaged")
        }
    }

    // MARK: Words

    private static func line(_ name: String, _ text: String) -> String { QuarantinePrinter.padded(name, 12) + text }

    private static func words(_ owner: SpoolInspection.Owner) -> String {
        switch owner {
        case .nobody: "no"
        case .process(let pid): "by \(pid.map { "process \($0)" } ?? "a process of another container")"
        }
    }

    private static func waiting(_ spool: SpoolInspection, at now: Date) -> String {
        let age = spool.oldestReceivedAt.map { ", the oldest from \(QuarantinePrinter.age(from: $0, to: now))" } ?? ""
        return "\(spool.waitingRecords) events\(age)"
    }

    private static func formats(_ spool: SpoolInspection) -> String {
        let versions = Set(spool.segments.compactMap(\.formatVersion)).sorted()
        return versions.isEmpty ? "no format yet" : "format " + versions.map(String.init).joined(separator: " and ")
    }
}

private struct SpoolDocument: Encodable {
    struct Segment: Encodable {
        let name: String
        let formatVersion: UInt16?
        let firstSequence: UInt64?
        let bytes: Int
        let isDamaged: Bool
    }

    let directory: String
    let gatewayID: String?
    let isInUse: Bool
    let ownerPid: Int32?
    let waitingEvents: UInt64
    let oldestReceivedAt: Date?
    let nextSegment: UInt64
    let nextOffset: UInt64
    let lostEvents: UInt64
    let isCheckpointReadable: Bool
    let damagedFiles: [String]
    let longBodies: Int
    let segments: [Segment]
    let findings: [String]?

    init(_ spool: SpoolInspection, findings: [String]? = nil) {
        self.directory = spool.directory
        self.gatewayID = spool.gatewayID?.uuidString.lowercased()
        if case .process(let pid) = spool.owner {
            (self.isInUse, self.ownerPid) = (true, pid)
        } else {
            (self.isInUse, self.ownerPid) = (false, nil)
        }
        self.waitingEvents = spool.waitingRecords
        self.oldestReceivedAt = spool.oldestReceivedAt
        self.nextSegment = spool.next.segment
        self.nextOffset = spool.next.offset
        self.lostEvents = spool.lostRecords
        self.isCheckpointReadable = spool.isCheckpointReadable
        self.damagedFiles = spool.damagedFiles
        self.longBodies = spool.bodyFiles
        self.segments = spool.segments.map { segment in
            Segment(
                name: segment.name, formatVersion: segment.formatVersion, firstSequence: segment.firstSequence,
                bytes: segment.fileBytes, isDamaged: segment.head == .damaged)
        }
        self.findings = findings
    }
}

private struct VerificationDocument: Encodable {
    let directory: String
    let isWhole: Bool
    let events: UInt64
    let bytes: UInt64
    let findingCount: Int
    let findings: [String]

    init(_ directory: String, _ verification: SpoolVerification) {
        self.directory = directory
        self.isWhole = verification.isWhole
        self.events = verification.records
        self.bytes = verification.bytes
        self.findingCount = verification.findingCount
        self.findings = verification.findings.map(\.description)
    }
}

private struct ShippedDocument: Encodable {
    let new: UInt64
    let alreadyThere: UInt64
    let lost: UInt64
    let damagedSegments: Int
}
