import HookgateTestSupport
import Testing

@testable import HookgateCore

/// The scan over pieces says what the scan over the whole says, wherever a body is cut.
struct BodyScanTests {
    private enum Verdict: Equatable {
        case facts(BodyFacts)
        case refused(BodyError)
    }

    private static func whole(_ bytes: [UInt8]) -> Verdict {
        do throws(BodyError) { return .facts(try BodyScanner.scan(bytes)) } catch { return .refused(error) }
    }

    private static func verdict(_ scan: BodyScan) -> Verdict {
        do throws(BodyError) { return .facts(try scan.finish()) } catch { return .refused(error) }
    }

    private static func inPieces(_ bytes: [UInt8], of length: Int) -> Verdict {
        let scan = BodyScan()
        var start = 0
        while start < bytes.count {
            let end = min(start + length, bytes.count)
            scan.read(bytes.span.extracting(start..<end))
            start = end
        }
        return self.verdict(scan)
    }

    private static func inTwo(_ bytes: [UInt8], at cut: Int) -> Verdict {
        let scan = BodyScan()
        scan.read(bytes.span.extracting(0..<cut))
        scan.read(bytes.span.extracting(cut..<bytes.count))
        return self.verdict(scan)
    }

    private static func files() throws -> [(name: String, bytes: [UInt8])] {
        let suite = try Fixtures.names(in: "json-test-suite").filter { $0.hasSuffix(".json") }
            .map { "json-test-suite/\($0)" }
        let bad = try Fixtures.names(in: "evolution/bad").filter { $0 != "manifest.json" }.map { "evolution/bad/\($0)" }
        let named = try (suite + bad).map { ($0, try Fixtures.bytes($0)) }
        return try named + Fixtures.evolution().map { ($0.file, try $0.bytes()) }
    }

    @Test func everyFileCutAtEveryByteAtOnceGetsItsVerdict() throws {
        for (name, bytes) in try Self.files() {
            #expect(Self.inPieces(bytes, of: 1) == Self.whole(bytes), "\(name)")
            #expect(Self.inPieces(bytes, of: 7) == Self.whole(bytes), "\(name)")
        }
    }

    @Test func everyShortFileCutInTwoAtAnyByteGetsItsVerdict() throws {
        var cuts = 0
        for (name, bytes) in try Self.files() where bytes.count <= 700 {
            let expected = Self.whole(bytes)
            for cut in 0...bytes.count where Self.inTwo(bytes, at: cut) != expected {
                Issue.record("\(name) cut at \(cut)")
            }
            cuts += bytes.count + 1
        }
        #expect(cuts > 5_000)
    }

    @Test func everyBeginningOfABodyGetsItsVerdict() throws {
        let bytes = try Fixtures.bytes("evolution/v236_messages-upsert_unicode-stress.json")
        for length in 0..<bytes.count {
            let beginning = Array(bytes[..<length])
            #expect(Self.inPieces(beginning, of: 3) == Self.whole(beginning), "\(length)")
        }
    }

    @Test func randomAndDamagedBodiesCutAnywhereGetTheirVerdict() throws {
        var random = SeededGenerator(seed: 20_251_126)
        for _ in 0..<1_500 {
            var bytes = Array(RandomBody.object(depth: 4, using: &random).text { "" }.utf8)
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] =
                    [UInt8(ascii: "\""), 0x5C, 0xC3, 0xE2, 0x7B, 0x5D, 0x2C, 0x30, 0x65].randomElement(using: &random)!
            }
            let length = Int.random(in: 1...20, using: &random)
            #expect(
                Self.inPieces(bytes, of: length) == Self.whole(bytes),
                "\(String(decoding: bytes, as: UTF8.self)) in pieces of \(length)")
        }
    }

    /// Only the beginnings of strings are kept: of names and ids that are too long, escaped or not, as of the whole.
    @Test(arguments: [511, 512, 513, 3_000, 3_072, 3_073, 5_000])
    func longNamesAndIDsAreCutAlike(length: Int) {
        for unit in ["a", "\\u0061", "é", "\\u00e9", "\\ud83d\\ude00", "\\ud83d", "\\n"] {
            let text = String(repeating: unit, count: length)
            let body = Array(
                #"{"instance":"\#(text)","event":"\#(text)","\#(text)":1,"data":{"key":{"id":"\#(text)"}}}"#.utf8)
            #expect(Self.inPieces(body, of: 1_000) == Self.whole(body), "\(unit) \(length)")
        }
    }

    @Test func aBodyOf64MiBIsReadInOneGo() throws {
        let scan = BodyScan()
        let text = [UInt8](repeating: UInt8(ascii: "Q"), count: 1 << 20)
        let head = Array(#"{"event":"messages.upsert","data":{"message":{"base64":""#.utf8)
        scan.read(head.span)
        for _ in 0..<64 { scan.read(text.span) }
        let tail = Array(#""}},"instance":"aurora"}"#.utf8)
        scan.read(tail.span)
        #expect(try scan.finish() == BodyFacts(event: "messages.upsert", instance: "aurora"))
        #expect(scan.turns < 200, "a string's bytes were looked at one by one")
    }

    /// Every byte is looked at once and at most once more, whatever the shape and the cut: twice as long, twice the work.
    @Test(arguments: ["0,", "[],", #""","#, "1.5e-7 , ", #""\u00e9é",{"a":null},"#])
    func timeIsLinear(unit: String) {
        func turns(_ count: Int, pieces length: Int) -> Int {
            let scan = BodyScan()
            let bytes = Array((#"{"list":["# + String(repeating: unit, count: count)).utf8)
            var start = 0
            while start < bytes.count {
                let end = min(start + length, bytes.count)
                scan.read(bytes.span.extracting(start..<end))
                start = end
            }
            #expect(scan.error == nil)
            #expect(scan.turns <= 2 * bytes.count)
            return scan.turns
        }
        for length in [1, 3, 4_096] {
            #expect(turns(20_000, pieces: length) <= 2 * turns(10_000, pieces: length) + 16)
        }
    }

    @Test func theDigestIsThatOfTheWholeBody() throws {
        let reading = BodyReading()
        let bytes = Array(#"{"event":"x"}"#.utf8)
        for byte in bytes { reading.read([byte]) }
        let read = reading.finish()
        #expect(read.byteCount == bytes.count)
        let digest = read.sha256.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(digest == "ebc2c4ea03938ee05e18c1a712d9fa02de923d6f2db34b68fe1f8dcf651e479d")
        #expect(try read.facts.get() == BodyFacts(event: "x"))
    }
}
