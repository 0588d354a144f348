package import FoundationEssentials

/// `hookgate cleanup`, as the command line and the console call it.
package protocol CleanupUseCases: Sendable {
    /// Asks every gate. Writes nothing but a look at the tables' counters, to compare the next one with.
    func plan(_ options: CleanupOptions) async throws -> CleanupPlan

    /// Moves the tables, if every gate holds now. Throws a ``CleanupError`` when it did not, and then nothing was
    /// changed.
    /// - Parameter digest: the plan's that was looked at; nil to take the plan as it is now.
    func run(_ options: CleanupOptions, expecting digest: String?, by actor: String) async throws -> LegacyArchive

    /// What was archived, newest first.
    func archives() async throws -> [LegacyArchive]

    /// The transaction of ``restore(_:by:)``.
    func restoration(of archive: ArchiveName) async throws -> [ArchiveStatement]

    /// Moves an archive's tables back, if they are still what was moved.
    func restore(_ archive: ArchiveName, by actor: String) async throws -> LegacyArchive

    /// Restores, compares and takes it back: nothing is changed but the record that it would succeed.
    func rehearse(_ archive: ArchiveName, by actor: String) async throws -> LegacyArchive

    /// The transaction of ``purge(_:retention:by:)``.
    func purging(of archive: ArchiveName) async throws -> [ArchiveStatement]

    /// Drops an archive's tables for good: once its retention is over, and after a rehearsal that it does itself.
    func purge(_ archive: ArchiveName, retention: Duration, by actor: String) async throws -> LegacyArchive
}

package struct CleanupOptions: Sendable, Equatable {
    package static let defaultWindow = Duration.seconds(14 * 86_400)
    package static let defaultRetention = Duration.seconds(30 * 86_400)

    /// For how long no legacy traffic may have come.
    package var window: Duration
    /// A person's word that reads of the tables are known and need nothing of them, as those of a nightly dump are.
    /// Writes are never excused.
    package var acceptedReads: String?

    package init(window: Duration = Self.defaultWindow, acceptedReads: String? = nil) {
        self.window = window
        self.acceptedReads = acceptedReads
    }
}

/// Why a clean-up was not carried out. Nothing was changed.
package enum CleanupError: Error, Equatable {
    /// These gates do not hold. Exit code 3.
    case refused([CleanupFinding])
    /// None of the six tables is there. Exit code 0: nothing to do.
    case nothingToArchive
    /// The plan is not the one that was looked at. Exit code 3.
    case planChanged(expected: String, actual: String)
    /// A table changed after its gate had been asked. Exit code 3.
    case changedMeanwhile(table: String)
    case unknownArchive(ArchiveName, known: [ArchiveName])
    /// It is restored or purged already.
    case notArchived(ArchiveName, LegacyArchive.State)
    /// The retention is not over. Exit code 3.
    case retained(ArchiveName, until: Date)
    /// Something stands where a table would be moved back to. Exit code 3.
    case placeTaken(table: String)
    /// What is in the archive is not what was moved there. Exit code 3.
    case differs(ArchiveName, differences: [String])
    /// Something depends on a table that would be dropped. Exit code 3.
    case stillNeeded(String)
    /// Somebody else held a lock for longer than is waited for. Exit code 3.
    case lockedOut(tables: [String], attempts: Int, wait: Duration)
    /// The role lacks a right.
    case notPermitted(String)
    /// Another process migrates or cleans up.
    case busy
    /// The schema of hookgate is not there.
    case schemaMissing
}
