import Testing

@Test func placeholderMigration() { #expect(Bool(true)) }
