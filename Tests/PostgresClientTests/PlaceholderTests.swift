import Testing

@Test func placeholderPostgresClient() { #expect(Bool(true)) }
