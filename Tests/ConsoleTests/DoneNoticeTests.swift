import Testing

@testable import Console

struct DoneNoticeTests {
    @Test(arguments: DoneNotice.Word.allCases)
    func whatAPageWritesTheNextOneReads(word: DoneNotice.Word) throws {
        let notices = [DoneNotice(word), DoneNotice(word, 3), DoneNotice(word, 3, 12_000)]
        let read = notices.filter { notice in
            let address = notice.on("/events")
            return DoneNotice(String(address.dropFirst("/events?done=".count))) == notice
        }
        // With as many numbers as its sentence has, and no others.
        #expect(read.count == 1)
    }

    @Test(arguments: [
        "", ".", "Call this number", "parked", "parked.", "parked.x", "parked.-1", "parked.1.2", "enabled.1",
        "parked.99999999999999999999", "released.1", "released.1.2.3", "enabled ", "parked.1 and call",
    ])
    func anythingElseIsNoNotice(text: String) {
        #expect(DoneNotice(text) == nil)
    }
}
