import Testing

@testable import Console

struct HTMLTests {
    @Test func whatSomebodyTypedIsNeverMarkup() {
        let name = #"<script>alert("x")</script>&'"#
        let cell: HTML = "<td>\(name)</td>"
        #expect(cell.text == "<td>&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;&#39;</td>")
    }

    @Test(arguments: [true, false]) func literalsAreMarkupWhereverTheyStand(isChosen: Bool) {
        let option: HTML = "<option\(isChosen ? " selected=\"\"" : "")>"
        #expect(option.text == (isChosen ? "<option selected=\"\">" : "<option>"))
    }

    @Test func aLiteralThatHoldsATextStillEscapesIt() {
        let name = "<b>"
        let cell: HTML = "<td>\("<i>\(name)</i>")</td>"
        #expect(cell.text == "<td><i>&lt;b&gt;</i></td>")
    }

    @Test func directionMarksAreShownByTheirNumbers() {
        let name = "a\u{202E}b"
        let cell: HTML = "\(name)"
        #expect(cell.text == "a\\u{202e}b")
    }
}
