/// Everything that is wrong with the configuration, so that one start shows it all.
package struct ConfigurationError: Error, Equatable {
    /// One thing that is wrong. Never holds a secret's text.
    package struct Problem: Sendable, Equatable {
        /// Where: "environment PORT", "file hookgate.yaml line 3".
        package let place: String
        /// What is wrong, and what to do.
        package let message: String
    }

    package let problems: [Problem]

    init(_ problems: [Problem]) {
        self.problems = problems
    }

    init(place: String, message: String) {
        self.init([Problem(place: place, message: message)])
    }
}

extension ConfigurationError: CustomStringConvertible {
    package var description: String {
        problems.map { "\($0.place): \($0.message)" }.joined(separator: "\n")
    }
}
