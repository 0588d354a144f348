package import FoundationEssentials

/// The name of an archive, which is the name of its schema: `hookgate_archive_20251113`, with `_2` and so on for
/// further ones of a day.
package struct ArchiveName: Sendable, Hashable, Comparable {
    private static let prefix = "hookgate_archive_"

    package let text: String

    /// Nil for what is no archive's name; so nobody names a schema that is not ours.
    package init?(_ text: String) {
        let rest = text.dropFirst(Self.prefix.count)
        let parts = rest.split(separator: "_", omittingEmptySubsequences: false)
        guard text.hasPrefix(Self.prefix), (1...2).contains(parts.count), parts[0].count == 8,
            parts.allSatisfy({ !$0.isEmpty && $0.count <= 8 && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } })
        else { return nil }
        self.text = text
    }

    /// The next name of a day that nobody has yet.
    package init(at instant: Date, taken: Set<String>) {
        let day = instant.formatted(.iso8601.year().month().day().dateSeparator(.omitted))
        let first = Self.prefix + day
        var text = first
        var number = 1
        while taken.contains(text) {
            number += 1
            text = "\(first)_\(number)"
        }
        self.text = text
    }

    package static func < (left: ArchiveName, right: ArchiveName) -> Bool { left.text < right.text }
}

extension ArchiveName: CustomStringConvertible {
    package var description: String { text }
}

/// Legacy tables that a clean-up moved away, and what became of them.
package struct LegacyArchive: Sendable, Equatable {
    package enum State: String, Sendable {
        /// In their schema, whole.
        case archived
        /// Back where they were.
        case restored
        /// Gone for good.
        case purged
    }

    package struct Table: Sendable, Equatable {
        package let source: LegacySource
        /// When it was moved.
        package let rows: Int

        package init(source: LegacySource, rows: Int) {
            self.source = source
            self.rows = rows
        }
    }

    package let name: ArchiveName
    package let state: State
    package let tables: [Table]
    package let archivedAt: Date
    package let archivedBy: String
    /// When a restore was last tried and taken back, and found everything as it was.
    package let rehearsedAt: Date?
    /// When it was restored or purged.
    package let endedAt: Date?

    package init(
        name: ArchiveName, state: State, tables: [Table], archivedAt: Date, archivedBy: String, rehearsedAt: Date?,
        endedAt: Date?
    ) {
        self.name = name
        self.state = state
        self.tables = tables
        self.archivedAt = archivedAt
        self.archivedBy = archivedBy
        self.rehearsedAt = rehearsedAt
        self.endedAt = endedAt
    }

    /// From when on it may be purged.
    package func purgeable(retention: Duration) -> Date {
        archivedAt.addingTimeInterval(TimeInterval(retention.components.seconds))
    }
}
