import FoundationEssentials

/// From an option's text to its value; what cannot be read is wrong usage, said with the option's name.
enum OptionReading {
    static func value<T>(_ option: String, _ text: String, _ what: String, _ parse: (String) -> T?) throws -> T {
        guard let value = parse(text) else {
            throw CommandFailure("\(option) '\(text)' is not \(what).", status: .wrongUsage)
        }
        return value
    }

    static func time(_ option: String, _ text: String) throws -> Date {
        try value(option, text, "a time like 2026-03-01T08:30:00Z") { try? Date($0, strategy: .iso8601) }
    }
}
