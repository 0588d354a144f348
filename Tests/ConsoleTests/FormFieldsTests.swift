import Testing

@testable import Console

struct FormFieldsTests {
    @Test(arguments: [
        ("a=1&b=two+words", "b", "two words"), ("a=%C3%A9", "a", "é"), ("a=1&a=2", "a", "1"), ("a=+x+", "a", "x"),
    ])
    func aFieldIsReadAsFormsWriteIt(text: String, name: String, value: String) throws {
        #expect(try #require(FormFields(text[...]))[name] == value)
    }

    @Test(arguments: ["a=", "", "b=1", "a=+"]) func whatIsEmptyIsAbsent(text: String) throws {
        #expect(try #require(FormFields(text[...]))["a"] == nil)
    }

    @Test(arguments: ["a=%", "a=%4", "a=%zz", "a=%ff", "a=%00"]) func whatStandsForNoTextIsRefused(text: String) {
        #expect(FormFields(text[...]) == nil)
    }

    @Test func moreFieldsThanAnyFormHasAreRefused() {
        #expect(FormFields(String(repeating: "a=1&", count: FormFields.most + 1)[...]) == nil)
    }

    @Test(arguments: ["a b&c=d/é?", "", "~-._"]) func whatIsEncodedIsReadBack(text: String) {
        #expect(PercentText.decoded(PercentText.encoded(text)[...], plusIsSpace: true) == text)
    }
}
