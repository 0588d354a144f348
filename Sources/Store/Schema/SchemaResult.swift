package import FoundationEssentials

/// What applying the schema, or running a file, came to.
package struct SchemaResult: Sendable, Equatable {
    /// One file that was run.
    package struct Applied: Sendable, Equatable {
        package let name: String
        package let isBuiltIn: Bool
        package let duration: Duration
        /// False when a statement waits for something a person must do; the next `schema apply` tries it again.
        package let isComplete: Bool
    }

    package var applied: [Applied] = []
    /// Built-in files that had been applied before.
    package var skipped: [String] = []
    /// Set when the file asked for does not exist and the built-in one of its name was run instead.
    package var standIn: String?
    /// What a person must decide or do: exit code 3 unless empty.
    package var attention: [SchemaAttention] = []
}

/// A file that would be run, with its SQL.
package struct SchemaPlan: Sendable, Equatable {
    package let files: [SchemaFile]
    /// Set when the file asked for does not exist and the built-in one of its name would be run instead.
    package let standIn: String?
}

/// What stands in a database of the schema.
package struct SchemaStatus: Sendable, Equatable {
    /// The state of one built-in file.
    package enum State: Sendable, Equatable {
        case pending
        case applied(at: Date)
        /// Applied but for a statement that waits; see ``SchemaStatus/attention``.
        case unfinished(at: Date)
        /// Applied with another content than this program has.
        case changed(at: Date)
    }

    package let builtIn: [(name: String, state: State)]
    /// Files that a person ran, and built-in files of another version, newest first; the latest hundred.
    package let others: [(name: String, appliedAt: Date)]
    package let attention: [SchemaAttention]

    package var isUpToDate: Bool {
        self.builtIn.allSatisfy { if case .applied = $0.state { true } else { false } }
    }

    package static func == (left: SchemaStatus, right: SchemaStatus) -> Bool {
        left.builtIn.elementsEqual(right.builtIn, by: ==) && left.others.elementsEqual(right.others, by: ==)
            && left.attention == right.attention
    }
}

/// What the applier tells while it works.
package enum SchemaProgress: Sendable, Equatable {
    case began(file: String)
    /// A lock was not granted in time; it was given up for a moment so that traffic goes on, and is asked for again.
    case waitingForLock(file: String, attempt: Int, of: Int)
    case finished(file: String)
}
