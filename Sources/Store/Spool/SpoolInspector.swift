import FoundationEssentials
import HookgateCore

/// Looks into a spool's directory and changes nothing there, whether a gateway is at work in it or not.
package struct SpoolInspector: Sendable {
    private let disk: LocalSpoolDisk
    private let files: SpoolFiles

    package init(directory: String) {
        self.disk = LocalSpoolDisk(directory: directory)
        self.files = SpoolFiles(disk: ReadOnlySpoolDisk(disk: disk))
    }

    /// Reads the heads, the checkpoint, the first waiting record and the last segment.
    package func inspect() throws(SpoolDiskError) -> SpoolInspection {
        let owner = try disk.owner()
        let parts = try parts()
        let checkpoint = parts.checkpoint ?? Self.checkpoint(before: parts.readable.first?.header)
        let last = try lastSequence(parts.readable, checkpoint)
        let identity = try files.contents(of: SpoolFiles.identityName)
        return SpoolInspection(
            directory: disk.directory, owner: owner,
            gatewayID: identity.flatMap { UUID(uuidString: String(decoding: $0.prefix(36), as: UTF8.self)) }
                ?? parts.readable.last?.header.gatewayID,
            segments: parts.segments, bodyFiles: try files.bodies.names().count,
            damagedFiles: try files.damagedSegments(),
            isCheckpointReadable: !parts.isCheckpointDamaged, next: checkpoint.position,
            waitingRecords: max(last, checkpoint.sequence) - checkpoint.sequence, lostRecords: checkpoint.lost,
            oldestReceivedAt: try oldest(parts.readable, checkpoint))
    }

    /// Reads every record of every segment, one at a time.
    package func verify() throws(SpoolDiskError) -> SpoolVerification {
        let isOwned = try disk.owner() != .nobody
        let parts = try parts()
        var verification = SpoolVerification()
        if parts.isCheckpointDamaged {
            verification.note(SpoolFinding(file: SpoolFiles.checkpointName, offset: nil, kind: .damagedCheckpoint))
        }
        for segment in parts.segments {
            switch segment.head {
            case .readable: continue
            case .damaged: verification.note(SpoolFinding(file: segment.name, offset: 0, kind: .damagedHead))
            case .newer(let version):
                verification.note(SpoolFinding(file: segment.name, offset: nil, kind: .newerFormat(version: version)))
            }
        }
        for (index, part) in parts.readable.enumerated() {
            let next = index + 1 < parts.readable.count ? parts.readable[index + 1].header.firstSequence : nil
            // What a gateway is writing at this moment looks like a torn tail.
            try verify(part, before: next, mayBeGrowing: isOwned && next == nil, into: &verification)
        }
        return verification
    }

    // MARK: The parts

    private struct Part {
        let name: String
        let header: SegmentHeader
        let file: any SpoolFile
        let byteCount: Int
    }

    private struct Parts {
        var segments: [SpoolInspection.Segment] = []
        var readable: [Part] = []
        var checkpoint: SpoolCheckpoint?
        var isCheckpointDamaged = false
    }

    private func parts() throws(SpoolDiskError) -> Parts {
        var parts = Parts()
        for number in try files.segmentNumbers() {
            let name = SpoolFiles.segmentName(number)
            // Shipped and removed since the directory was read: not there any more, and nobody misses it.
            guard let file = try opened(name) else { continue }
            let byteCount = try file.byteCount()
            let decoded = SegmentHeader.decode(try file.read(at: 0, count: SegmentHeader.regionByteCount))
            let head: SpoolInspection.Segment.Head
            switch decoded {
            case .valid(let header) where header.number == number && header.firstSequence > 0:
                head = .readable(version: header.version, firstSequence: header.firstSequence)
                parts.readable.append(Part(name: name, header: header, file: file, byteCount: byteCount))
            case .valid, .damaged: head = .damaged
            case .newer(let version): head = .newer(version: version)
            }
            parts.segments.append(
                SpoolInspection.Segment(name: name, number: number, head: head, fileBytes: byteCount))
        }
        if let bytes = try files.contents(of: SpoolFiles.checkpointName) {
            parts.checkpoint = SpoolCheckpoint.decode(bytes)
            parts.isCheckpointDamaged = parts.checkpoint == nil
        }
        return parts
    }

    private func opened(_ name: String) throws(SpoolDiskError) -> (any SpoolFile)? {
        do throws(SpoolDiskError) {
            return try files.disk.open(name)
        } catch {
            if try files.disk.names().contains(name) { throw error }
            return nil
        }
    }

    private static func checkpoint(before first: SegmentHeader?) -> SpoolCheckpoint {
        guard let first else { return SpoolCheckpoint() }
        return SpoolCheckpoint(
            position: SpoolPosition(segment: first.number, offset: UInt64(SegmentHeader.regionByteCount)),
            sequence: first.firstSequence - 1)
    }

    // MARK: Reading records

    private func cursor(_ part: Part, from checkpoint: SpoolCheckpoint?, before sequenceEnd: UInt64?) -> SegmentCursor {
        let isBegun = checkpoint?.position.segment == part.header.number
        return SegmentCursor(
            file: part.file, salt: part.header.salt,
            from: isBegun ? Int(clamping: checkpoint?.position.offset ?? 0) : SegmentHeader.regionByteCount,
            to: part.byteCount,
            after: isBegun ? checkpoint?.sequence ?? 0 : part.header.firstSequence - 1, before: sequenceEnd ?? .max)
    }

    private func lastSequence(_ parts: [Part], _ checkpoint: SpoolCheckpoint) throws(SpoolDiskError) -> UInt64 {
        guard let last = parts.last, last.header.number >= checkpoint.position.segment else { return 0 }
        var cursor = cursor(last, from: checkpoint, before: nil)
        while true {
            if case .end = try cursor.next() { return cursor.sequence }
        }
    }

    private func oldest(_ parts: [Part], _ checkpoint: SpoolCheckpoint) throws(SpoolDiskError) -> Date? {
        for (index, part) in parts.enumerated() where part.header.number >= checkpoint.position.segment {
            let next = index + 1 < parts.count ? parts[index + 1].header.firstSequence : nil
            var cursor = cursor(part, from: checkpoint, before: next)
            reading: while true {
                switch try cursor.next() {
                case .record(let record):
                    if let event = try? SpoolRecord.decode(record.payload) { return event.receivedAt }
                case .damage: continue
                case .end: break reading
                }
            }
        }
        return nil
    }

    private func verify(
        _ part: Part, before sequenceEnd: UInt64?, mayBeGrowing: Bool, into verification: inout SpoolVerification
    ) throws(SpoolDiskError) {
        var cursor = cursor(part, from: nil, before: sequenceEnd)
        while true {
            let previous = cursor.sequence
            let place = cursor.offset
            switch try cursor.next() {
            case .record(let record):
                let gap = record.sequence - previous - 1
                if gap > 0 {
                    verification.note(
                        SpoolFinding(file: part.name, offset: record.offset, kind: .missingRecords(gap)))
                }
                verification.records += 1
                verification.bytes += UInt64(record.payload.count)
                guard let content = try? SpoolRecord.read(record.payload) else {
                    verification.note(SpoolFinding(file: part.name, offset: record.offset, kind: .notAnEvent))
                    continue
                }
                if let body = content.bodyFile {
                    let name = BodyFiles.Name(segment: part.header.number, sequence: record.sequence)
                    try verify(body, name, into: &verification)
                }
            case .damage(let bytes):
                verification.note(
                    SpoolFinding(
                        file: part.name, offset: bytes.lowerBound, kind: .damagedBytes(count: bytes.count)))
            case .end(let isClean):
                if !isClean, !mayBeGrowing {
                    verification.note(SpoolFinding(file: part.name, offset: place, kind: .tornTail))
                }
                if let sequenceEnd, previous + 1 < sequenceEnd {
                    let gap = sequenceEnd - previous - 1
                    verification.note(SpoolFinding(file: part.name, offset: place, kind: .missingRecords(gap)))
                }
                return
            }
        }
    }

    /// A body goes when its event is shipped, which a gateway may be doing at this moment.
    private func verify(
        _ body: BodyReference, _ name: BodyFiles.Name, into verification: inout SpoolVerification
    ) throws(SpoolDiskError) {
        let isWhole = try files.bodies.check(name, body)
        let checkpoint = try files.contents(of: SpoolFiles.checkpointName).flatMap(SpoolCheckpoint.decode)
        if name.sequence <= checkpoint?.sequence ?? 0 { return }
        verification.bytes += UInt64(body.byteCount)
        switch isWhole {
        case true?: return
        case false?: verification.note(SpoolFinding(file: name.text, offset: nil, kind: .damagedBody))
        case nil: verification.note(SpoolFinding(file: name.text, offset: nil, kind: .missingBody))
        }
    }
}
