import Testing

@Test func placeholderHookgateCore() { #expect(Bool(true)) }
