import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Testing

struct IdentifierTests {
    private static let instant = Date(timeIntervalSince1970: 1_761_300_000.25)

    @Test func textIsLowerCaseAndBothCasesAreRead() throws {
        let id = try #require(ClinicID("3D0C5326-4BA8-44DA-813E-B8E00017AF3A"))
        #expect(id.text == "3d0c5326-4ba8-44da-813e-b8e00017af3a")
        #expect("\(id)" == id.text)
        #expect(ClinicID(id.text) == id)
    }

    @Test(arguments: [
        "", "x", "3d0c5326-4ba8-44da-813e-b8e00017af3", "3d0c53264ba844da813eb8e00017af3a",
        "3d0c5326-4ba8-44da-813e-b8e00017af3a ",
    ])
    func whatIsNoUUIDIsRefused(_ text: String) {
        #expect(EventID(text) == nil)
    }

    @Test func eventIDsAreVersion7AndHoldTheirInstant() {
        #expect(EventID.timeOrdered(at: Self.instant, random: (0, 0)).text == "019a15a9-2dfa-7000-8000-000000000000")
        #expect(
            EventID.timeOrdered(at: Self.instant, random: (.max, .max)).text == "019a15a9-2dfa-7fff-bfff-ffffffffffff")
        #expect(EventID.timeOrdered(at: .distantPast, random: (0, 0)).text == "00000000-0000-7000-8000-000000000000")
    }

    @Test func laterEventIDsSortLaterInValueAndInText() {
        var random = SeededGenerator(seed: 9562)
        let instants = [0, 0.001, 1, 255.999, 256, 65_536, 1_761_300_000, 1_761_300_000.001, 4_000_000_000]
        let ids = instants.map {
            EventID.timeOrdered(at: Date(timeIntervalSince1970: $0), random: (random.next(), random.next()))
        }
        #expect(ids.shuffled(using: &random).sorted() == ids)
        #expect(ids.map(\.text).sorted() == ids.map(\.text))
    }

    @Test func orderIsThatOfBytesAsInPostgreSQL() throws {
        let texts = [
            "00000000-0000-0000-0000-000000000001", "7fffffff-0000-0000-0000-000000000000",
            "80000000-0000-0000-0000-000000000000",
        ]
        let ids = try texts.map { try #require(EventID($0)) }
        #expect(ids.reversed().sorted() == ids)
    }

    @Test func randomBitsAreAllUsed() {
        var random = SeededGenerator(seed: 7)
        let ids = (0..<2000).map { _ in EventID.timeOrdered(at: Self.instant, random: (random.next(), random.next())) }
        #expect(Set(ids).count == 2000)
        for bit in 0..<62 {
            #expect(
                EventID.timeOrdered(at: Self.instant, random: (0, 1 << UInt64(bit)))
                    != EventID.timeOrdered(at: Self.instant, random: (0, 0)))
        }
        for bit in 0..<12 {
            #expect(
                EventID.timeOrdered(at: Self.instant, random: (1 << UInt64(bit), 0))
                    != EventID.timeOrdered(at: Self.instant, random: (0, 0)))
        }
    }
}
