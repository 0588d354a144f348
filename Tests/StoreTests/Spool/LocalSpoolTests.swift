import FoundationEssentials
import Glibc
import HookgateCore
import Store
import Testing

/// The same spool in a real directory.
@Suite(.timeLimit(.minutes(2))) struct LocalSpoolTests {
    @Test func eventsOfEverySizeSurviveAReopeningWithTheSizesOfProduction() async throws {
        try await withDirectory { directory in
            let events = [
                AcceptedEvent.sample(1), .sample(2, bodyBytes: 65 << 20), .sample(3, bodyBytes: 100_000), .sample(4),
            ]
            let answers = Answers()
            let first = try await Spool.open(directory: directory)
            for event in events { first.append(event, to: answers) }
            await first.release()
            #expect(answers.stored == events.map(\.id))
            let spool = try await Spool.open(directory: directory)
            #expect(spool.recovery.waitingRecords == 4)
            let batch = try await spool.reader.next(maximumRecords: 100, maximumBytes: .max)
            #expect(batch.entries.map(\.event.id) == events.map(\.id))
            #expect(zip(batch.entries, events).allSatisfy { $0.event == $1 })
            try await spool.reader.advance(past: batch)
            #expect(try await spool.reader.next(maximumRecords: 1, maximumBytes: 1).entries.isEmpty)
        }
    }

    @Test func longBodiesHaveFilesOfTheirOwnThatNobodyElseReads() async throws {
        try await withDirectory { directory in
            let spool = try await Spool.open(directory: directory)
            let answers = Answers()
            let event = AcceptedEvent.sample(1, bodyBytes: 9 << 20)
            try spool.appendLong(event, pieceBytes: 256 << 10, to: answers)
            await spool.release()
            #expect(answers.stored == [event.id])
            let names = try FileManager.default.contentsOfDirectory(atPath: directory)
            let body = try #require(names.first { $0.hasSuffix(".body") })
            #expect(try mode(of: "\(directory)/\(body)") == 0o600)
            #expect(try SpoolInspector(directory: directory).verify().isWhole)
            #expect(try SpoolInspector(directory: directory).inspect().bodyFiles == 1)
            let reopened = try await Spool.open(directory: directory)
            let batch = try await reopened.reader.next(maximumRecords: 1, maximumBytes: 1)
            #expect(batch.entries.map(\.event) == [event])
            await reopened.release()
            try FileManager.default.removeItem(atPath: "\(directory)/\(body)")
            let findings = try SpoolInspector(directory: directory).verify().findings
            #expect(findings.map(\.file) == [body] && findings.map(\.kind) == [.missingBody])
        }
    }

    @Test func directoryBelongsToOneProcess() async throws {
        try await withDirectory { directory in
            let spool = try await Spool.open(directory: directory, options: .tiny)
            let pid = ProcessInfo.processInfo.processIdentifier
            await #expect(throws: SpoolOpenError.locked(directory: directory, pid: pid)) {
                try await Spool.open(directory: directory, options: .tiny)
            }
            #expect("\(SpoolOpenError.locked(directory: directory, pid: pid))".contains("in use by process \(pid)"))
            await spool.release()
            try await Spool.open(directory: directory, options: .tiny).release()
        }
    }

    @Test func filesAreReadableByNobodyElse() async throws {
        try await withDirectory { directory in
            let spool = try await Spool.open(directory: directory, options: .tiny)
            await spool.release()
            let manager = FileManager.default
            let names = try manager.contentsOfDirectory(atPath: directory)
            #expect(names.contains("00000000000000000001.log"))
            for name in names {
                #expect(try mode(of: "\(directory)/\(name)") == 0o600)
            }
            #expect(try mode(of: directory) == 0o700)
        }
    }

    @Test func concurrentAppendsAreAllFoundInTheOrderOfTheirPositions() async throws {
        try await withDirectory { directory in
            var options = SpoolOptions()
            options.segmentBytes = 64 << 10
            let spool = try await Spool.open(directory: directory, options: options)
            let positions = try await withThrowingTaskGroup(of: (SpoolPosition, EventID).self) { group in
                for number in 1...UInt64(2000) {
                    group.addTask {
                        let event = AcceptedEvent.sample(number, bodyBytes: Int(number % 700))
                        return (try await stored(event, in: spool), event.id)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let statistics = spool.statistics()
            #expect(statistics.acceptedRecords == 2000)
            #expect(statistics.syncs < 2000)
            let expected = positions.sorted { $0.0 < $1.0 }.map(\.1)
            #expect(try spool.everyID() == expected)
            #expect(try spool.everything().entries.map(\.position) == positions.map(\.0).sorted())
        }
    }

    @Test func passedSegmentsAreRemoved() async throws {
        try await withDirectory { directory in
            var options = SpoolOptions()
            options.segmentBytes = 4096
            let spool = try await Spool.open(directory: directory, options: options)
            for number in 1...UInt64(100) { _ = try await stored(.sample(number), in: spool) }
            #expect(spool.statistics().segments > 3)
            try await spool.reader.advance(past: spool.everything())
            #expect(spool.statistics().segments == 1)
            let logs = try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".log") }
            #expect(logs.count == 1)
            await spool.release()
        }
    }
}

private func stored(_ event: AcceptedEvent, in spool: Spool) async throws -> SpoolPosition {
    try await withCheckedThrowingContinuation { continuation in
        spool.append(event) { continuation.resume(with: $0) }
    }
}

func mode(of path: String) throws -> Int {
    var info = stat()
    try #require(lstat(path, &info) == 0)
    return Int(info.st_mode & 0o777)
}

/// A directory of its own in the temporary folder, removed afterwards.
func withDirectory(_ body: (String) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "hookgate-spool-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try await body(directory)
}
