import HookgateCore
import HookgateTestSupport
import Store

@testable import Store

/// A spool whose files any bytes were written over, and what still holds: it opens or says why not, what it reads was
/// appended, and in that order. Shared by the seeded test and the fuzzer.
///
/// An input's first byte says how many events there are; then come the damages, four bytes each: which file, where, and
/// the byte. Bytes of which nothing comes are read as a record.
enum AnySpool {
    private static let damageBytes = 4

    static func check(_ input: [UInt8]) throws {
        try self.check(record: input)
        guard let first = input.first else { return }
        let count = UInt64(first % 12) + 1
        let (files, entries) = try self.spool(of: count)
        let disk = SimulatedDisk()
        let manual = ManualExecution()
        // A job that never runs would keep the spool for ever: a million inputs are a million spools.
        defer { manual.runPreparation() }
        for file in files { disk.put(file.name, file.bytes) }
        for (name, bytes) in self.damaged(files, by: input.dropFirst()) { disk.put(name, bytes) }
        let spool: Spool
        do throws(SpoolOpenError) {
            spool = try Spool(disk: disk, options: .tiny, execution: manual.execution)
        } catch {
            // Said to the operator, who has the files as they were.
            return
        }
        let found = try spool.everything().entries
        var rest = entries[...]
        for entry in found {
            guard let index = rest.firstIndex(of: entry) else { throw BrokenPromise("read what was never appended") }
            rest = rest[(index + 1)...]
        }
    }

    /// What stands in the files of a spool of a few segments.
    private static func spool(
        of count: UInt64
    ) throws -> (files: [(name: String, bytes: [UInt8])], entries: [SpoolBatch.Entry]) {
        let disk = SimulatedDisk()
        let manual = ManualExecution()
        let spool = try Spool(disk: disk, options: .tiny, execution: manual.execution)
        for number in 1...count { spool.append(.sample(number)) { _ in } }
        manual.runWriter()
        defer { manual.runPreparation() }
        let names = disk.fileNames.filter { $0 != SpoolFiles.spareName }
        return (names.map { ($0, disk.bytes(of: $0) ?? []) }, try spool.everything().entries)
    }

    private static func damaged(
        _ files: [(name: String, bytes: [UInt8])], by input: ArraySlice<UInt8>
    ) -> [(String, [UInt8])] {
        var files = files
        var rest = input
        while rest.count >= self.damageBytes {
            let damage = Array(rest.prefix(self.damageBytes))
            rest = rest.dropFirst(self.damageBytes)
            let number = Int(damage[0]) % files.count
            let place = Int(damage[1]) << 8 | Int(damage[2])
            if files[number].bytes.isEmpty { continue }
            if damage[0] >= 0xF0 {
                files[number].bytes.removeSubrange((place % files[number].bytes.count)...)
            } else {
                files[number].bytes[place % files[number].bytes.count] ^= damage[3]
            }
        }
        return files
    }

    /// A payload is refused, or an event that reads the same once it is written again.
    private static func check(record payload: [UInt8]) throws {
        guard let event = try? SpoolRecord.decode(payload[...]) else { return }
        let again = try SpoolRecord.decode((SpoolRecord.encodeHead(of: event) + event.body)[...])
        let isEqual = again == event || event.receivedAt != event.receivedAt
        try BrokenPromise.unless(isEqual, "an event that is another one once it is written")
    }

    /// A record of each disposition, and damages of each kind.
    static func seeds() -> [[UInt8]] {
        let dispositions: [AcceptedEvent.Disposition] = [
            .pending, .probe, .quarantined(.noClinic), .undecided(.token(TokenDigest(of: "hgw_x"))),
            .undecided(.instance(InstanceName("clinic"))),
        ]
        let records = dispositions.map { disposition in
            let event = AcceptedEvent.sample(1, disposition: disposition)
            return SpoolRecord.encodeHead(of: event) + event.body
        }
        return records + [[11], [11, 0, 0, 0, 1], [5, 1, 4, 40, 255, 2, 8, 0, 128], [7, 0xF1, 5, 0, 0]]
    }
}
