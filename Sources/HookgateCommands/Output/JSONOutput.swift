import FoundationEssentials

/// What `--json` prints: one document, keys in a fixed order and in the database's spelling (`clinic_id`).
enum JSONOutput {
    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// One document on one line, for results that have no end.
    static func printLine(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        StandardStream.output.write(String(decoding: try encoder.encode(value), as: UTF8.self) + "\n")
    }

    static func print(_ value: some Encodable) throws {
        StandardStream.output.write(try text(value) + "\n")
    }
}
