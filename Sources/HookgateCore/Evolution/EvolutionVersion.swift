/// A release of Evolution API, as far as its number says.
package struct EvolutionVersion: Sendable, Hashable {
    package let major: Int
    package let minor: Int
    package let patch: Int

    package init(_ major: Int, _ minor: Int, _ patch: Int) {
        self.major = major
        self.minor = minor
        self.patch = patch
    }

    /// Reads what servers call their version: forks and pre-releases count as the release that they are built on, so
    /// `v2.3`, `2.2.3.17` and `2.4.0-rc2` are read. Nil where no number leads (`homolog`, `latest`).
    package init?(_ text: String) {
        let digits = text.drop { $0 == " " || $0 == "v" || $0 == "V" }
        var numbers: [Int] = []
        for part in digits.split(separator: ".", omittingEmptySubsequences: false).prefix(3) {
            let number = part.prefix { $0.isASCII && $0.isNumber }
            guard (1...Self.mostDigits).contains(number.count), let value = Int(number) else { break }
            numbers.append(value)
            // What follows a number without a dot belongs to a pre-release's name: `2.4-rc.1` has no third number.
            if number.count < part.count { break }
        }
        guard let major = numbers.first else { return nil }
        self.init(major, numbers.count > 1 ? numbers[1] : 0, numbers.count > 2 ? numbers[2] : 0)
    }

    /// More are a date or a commit.
    private static let mostDigits = 4
}

extension EvolutionVersion: Comparable {
    package static func < (left: EvolutionVersion, right: EvolutionVersion) -> Bool {
        (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
    }
}

extension EvolutionVersion: CustomStringConvertible {
    package var description: String { "\(major).\(minor).\(patch)" }
}
