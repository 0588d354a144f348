import FoundationEssentials
import HookgateCore
import Testing

struct RetryAfterTests {
    /// Sunday, 6 November 1994, 08:49:07 UTC: half a minute before the date of the standard's examples.
    private let now = Date(timeIntervalSince1970: 784_111_747)

    @Test(arguments: [
        ("0", 0), ("120", 120), (" 7 ", 7), ("604800", 604_800), ("999999999999999999999999", 604_800),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 30), ("Sunday, 06-Nov-94 08:49:37 GMT", 30),
        ("Sun Nov  6 08:49:37 1994", 30), ("Sun, 06 Nov 1994 08:49:06 GMT", 0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Sat, 31 Dec 2033 23:59:60 GMT", 604_800), ("Mon, 07 Nov 1994 08:49:07 GMT", 86_400),
    ])
    func secondsAndTheThreeFormsOfDatesAreRead(text: String, seconds: Int) {
        #expect(RetryAfter.wait(text, at: now) == .seconds(seconds))
    }

    @Test func leapDaysAreCounted() {
        let now = Date(timeIntervalSince1970: 1_709_164_800)
        #expect(RetryAfter.wait("Thu, 29 Feb 2024 00:00:00 GMT", at: now) == .zero)
        #expect(RetryAfter.wait("Fri, 01 Mar 2024 00:00:00 GMT", at: now) == .seconds(86_400))
    }

    @Test(arguments: [
        "", " ", "-1", "1.5", "soon", "Sun, 06 Nov 1994", "Sun, 32 Nov 1994 08:49:37 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT",
        "Sun, 06 Nov 99999999999999999999 08:49:37 GMT", String(repeating: "x", count: 100_000),
    ])
    func anythingElseSaysNothing(text: String) {
        #expect(RetryAfter.wait(text, at: now) == nil)
    }
}
