import HookgateCore
import Store
import Testing

@testable import Store

/// Every byte of a segment changed, one at a time.
@Suite(.timeLimit(.minutes(5))) struct SpoolFlipTests {
    @Test func changedByteOfASealedSegmentCostsAtMostItsOwnRecord() throws {
        let image = try Image(records: 12)
        try image.flipEach(of: image.names[0], canLoseTail: false)
    }

    @Test func changedByteOfTheLastSegmentCostsAtMostItsOwnRecord() throws {
        let image = try Image(records: 12)
        let last = try #require(image.names.last)
        try image.flipEach(of: last, canLoseTail: true)
    }

    @Test func bodyThatLooksLikeARecordIsNeverTakenForOne() throws {
        // A sender that knows the format, and even the sequence, puts a record into its body.
        let forged = AcceptedEvent.sample(99)
        let payload = SpoolRecord.encodeHead(of: forged) + forged.body
        var writer = ByteWriter()
        for salt in [UInt32(0), 1] {
            let header = RecordHeader(
                payloadByteCount: UInt32(payload.count), sequence: 2, payloadChecksum: CRC32C.checksum(payload))
            for shift in 0..<8 {
                writer.append(contentsOf: repeatElement(0, count: shift))
                header.encode(salt: salt, into: &writer)
                writer.append(contentsOf: payload)
            }
        }
        let carrier = AcceptedEvent.sample(1)
        let event = AcceptedEvent(
            id: carrier.id, receivedAt: carrier.receivedAt, route: .token, eventSuffix: nil, disposition: .pending,
            integrationID: nil, organizationID: nil, clinicID: nil, instanceName: nil, facts: BodyFacts(),
            body: writer.bytes)
        let disk = SimulatedDisk()
        let manual = ManualExecution()
        var options = SpoolOptions()
        options.segmentBytes = 32 << 10
        let spool = try Spool(disk: disk, options: options, execution: manual.execution)
        for event in [event, .sample(2)] { spool.append(event) { _ in } }
        manual.runWriter()
        let entry = try spool.everything().entries[0]
        let name = SpoolFiles.segmentName(entry.position.segment)
        var bytes = try #require(disk.bytes(of: name))
        bytes[Int(entry.position.offset)] ^= 1
        disk.put(name, bytes)
        let reopened = try Spool(disk: disk, options: options, execution: manual.execution)
        #expect(try reopened.everyID() == [AcceptedEvent.sample(2).id])
    }

    /// The files of a spool with some segments, to be put on one disk after the other.
    private struct Image {
        let files: [(name: String, bytes: [UInt8])]
        let entries: [SpoolBatch.Entry]

        var names: [String] { files.map(\.name).filter { $0.hasSuffix(".log") } }

        init(records: UInt64) throws {
            let disk = SimulatedDisk()
            let manual = ManualExecution()
            let spool = try Spool(disk: disk, options: .tiny, execution: manual.execution)
            for number in 1...records { spool.append(.sample(number)) { _ in } }
            manual.runWriter()
            entries = try spool.everything().entries
            files = disk.fileNames.filter { $0 != SpoolFiles.spareName }.map { ($0, disk.bytes(of: $0) ?? []) }
        }

        func flipEach(of name: String, canLoseTail: Bool) throws {
            let original = try #require(files.first { $0.name == name }).bytes
            for index in original.indices {
                let disk = SimulatedDisk()
                for file in files { disk.put(file.name, file.bytes) }
                var bytes = original
                // One bit here, all of them there.
                bytes[index] ^= index.isMultiple(of: 2) ? 0xFF : 1 << (index / 2 % 8)
                disk.put(name, bytes)
                let spool = try Spool(disk: disk, options: .tiny, execution: ManualExecution().execution)
                let batch = try spool.everything()
                let missing = entries.filter { !batch.entries.contains($0) }
                try #require(batch.entries.count + missing.count == entries.count, "invented at byte \(index)")
                try #require(missing.count <= 1, "lost \(missing.count) at byte \(index)")
                if let gone = missing.first {
                    let range = Int(gone.position.offset)..<Int(gone.position.offset) + 400
                    try #require(range.contains(index), "byte \(index) cost another record")
                    let isLast = canLoseTail && gone == entries.last
                    try #require(batch.lostRecords == 1 || (isLast && spool.recovery.hadTornTail))
                } else {
                    try #require(batch.lostRecords == 0)
                }
            }
        }
    }
}
