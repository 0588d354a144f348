import FoundationEssentials
import HookgateCore
import Testing

@testable import Store

/// Looking into a spool tells the truth and changes nothing.
@Suite(.timeLimit(.minutes(2))) struct SpoolInspectorTests {
    @Test func itSaysWhatWaitsAndWhoIsAtWork() async throws {
        try await withDirectory { directory in
            let inspector = SpoolInspector(directory: directory)
            let spool = try await Spool.open(directory: directory, options: .tiny)
            for number in 1...UInt64(20) { try await spool.store(.sample(number)) }
            let pid = ProcessInfo.processInfo.processIdentifier
            let atWork = try inspector.inspect()
            #expect(atWork.owner == .process(pid: pid))
            #expect(atWork.waitingRecords == 20)
            #expect(try inspector.verify().isWhole)

            try await spool.reader.advance(past: try await spool.reader.next(maximumRecords: 5, maximumBytes: .max))
            await spool.release()
            let left = try inspector.inspect()
            #expect(left.owner == .nobody)
            #expect(left.waitingRecords == 15)
            #expect(left.oldestReceivedAt == AcceptedEvent.sample(6).receivedAt)
            #expect(left.gatewayID == spool.gatewayID)
            #expect(left.segments.allSatisfy { $0.formatVersion == SegmentHeader.firstVersion })
            #expect(!left.needsAttention)
        }
    }

    @Test func theFirstBadByteIsNamedAndNothingIsChanged() async throws {
        try await withSpool(of: 20) { directory in
            let first = try Self.logs(in: directory)[0]
            // Inside the second record's header.
            let place = SegmentHeader.regionByteCount
            let entry = try await Self.entries(in: directory)[1]
            try Self.flip(byte: Int(entry.position.offset) + 2, of: first, in: directory)
            let before = try Self.contents(of: directory)
            let verification = try SpoolInspector(directory: directory).verify()
            #expect(entry.position.offset > place)
            #expect(
                verification.findings.first.map { "\($0.file) \($0.offset ?? 0)" }
                    == "\(first) \(entry.position.offset)")
            #expect(verification.findings.contains { $0.kind == .missingRecords(1) })
            #expect(verification.records == 19)
            #expect(try Self.contents(of: directory) == before)
        }
    }

    @Test func aTornTailIsNamed() async throws {
        try await withSpool(of: 3) { directory in
            let last = try #require(Self.logs(in: directory).last)
            let path = "\(directory)/\(last)"
            var bytes = try Data(contentsOf: URL(filePath: path))
            let end = bytes.count
            bytes.append(contentsOf: [1, 2, 3, 4, 5, 6, 7, 8])
            try bytes.write(to: URL(filePath: path))
            let verification = try SpoolInspector(directory: directory).verify()
            #expect(verification.findings == [SpoolFinding(file: last, offset: end, kind: .tornTail)])
            #expect(verification.records == 3)
        }
    }

    @Test func aLaterFormatIsSaidAndLeftAsItIs() async throws {
        try await withSpool(of: 3) { directory in
            let last = try #require(Self.logs(in: directory).last)
            try Self.makeNewer(last, in: directory)
            let before = try Self.contents(of: directory)
            let refusal = await #expect(throws: SpoolOpenError.self) { try await Spool.open(directory: directory) }
            #expect(refusal == .formatTooNew(file: last, version: SegmentHeader.currentVersion + 1))
            #expect("\(try #require(refusal))".contains("start the release that wrote it"))
            // The lock's file holds who came last; everything else is as it was.
            #expect(try Self.contents(of: directory).filter { $0.key != "lock" } == before.filter { $0.key != "lock" })
            let inspection = try SpoolInspector(directory: directory).inspect()
            #expect(inspection.segments.last?.head == .newer(version: SegmentHeader.currentVersion + 1))
            #expect(inspection.needsAttention)
        }
    }

    // MARK: Surroundings

    private func withSpool(of records: UInt64, _ body: (String) async throws -> Void) async throws {
        try await withDirectory { directory in
            var options = SpoolOptions.tiny
            options.preparesAhead = false
            let spool = try await Spool.open(directory: directory, options: options)
            for number in 1...records { try await spool.store(.sample(number)) }
            await spool.release()
            // Opened and left once more: the last segment is cut off behind its last record.
            try await Spool.open(directory: directory, options: options).release()
            try await body(directory)
        }
    }

    private static func entries(in directory: String) async throws -> [SpoolBatch.Entry] {
        var options = SpoolOptions.tiny
        options.preparesAhead = false
        let spool = try await Spool.open(directory: directory, options: options)
        let entries = try spool.everything().entries
        await spool.release()
        return entries
    }

    private static func logs(in directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".log") }.sorted()
    }

    private static func contents(of directory: String) throws -> [String: Data] {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory)
        return try Dictionary(
            uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: URL(filePath: "\(directory)/\($0)"))) })
    }

    private static func flip(byte index: Int, of name: String, in directory: String) throws {
        let url = URL(filePath: "\(directory)/\(name)")
        var bytes = try Data(contentsOf: url)
        bytes[index] ^= 0xFF
        try bytes.write(to: url)
    }

    /// A whole head of the next version: what a later release would leave.
    private static func makeNewer(_ name: String, in directory: String) throws {
        let url = URL(filePath: "\(directory)/\(name)")
        var bytes = Array(try Data(contentsOf: url))
        for copy in [0, 512] {
            bytes[copy + 8] = UInt8(SegmentHeader.currentVersion + 1)
            let checksum = CRC32C.checksum(bytes[copy..<copy + 60])
            for index in 0..<4 { bytes[copy + 60 + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(8 * index)) }
        }
        try Data(bytes).write(to: url)
    }
}

extension Spool {
    /// Appends one event and waits until it is durable.
    func store(_ event: AcceptedEvent) async throws {
        let result = await withCheckedContinuation { done in append(event) { done.resume(returning: $0) } }
        _ = try result.get()
    }
}
