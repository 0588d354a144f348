import FoundationEssentials
import HookgateCore
import Testing

struct UUIDTextTests {
    @Test func everyIdentifierReadsAndPrintsAsFoundationDoes() {
        for _ in 1...200 {
            let uuid = UUID()
            #expect(ClinicID(uuid).text == uuid.uuidString.lowercased())
            #expect(ClinicID(uuid.uuidString) == ClinicID(uuid))
            #expect(ClinicID(uuid.uuidString.lowercased()) == ClinicID(uuid))
        }
    }

    @Test(arguments: [
        "", "x", "00000000-0000-0000-0000-00000000000", "00000000-0000-0000-0000-0000000000000",
        "00000000-0000-0000-0000-00000000000g", "000000000-000-0000-0000-000000000000",
        "00000000000000000000000000000000",
        "{00000000-0000-0000-0000-000000000000}", "00000000-0000-0000-0000-00000000000é",
        "0000000\u{0}-0000-0000-0000-000000000000",
    ])
    func anythingElseIsNoIdentifier(text: String) {
        #expect(ClinicID(text) == nil)
    }
}
