import HookgateCore

/// What the gates said last.
struct GateReport: Sendable {
    let options: CleanupOptions
    var plan: CleanupPlan?
}

/// A deed that moves tables, or brings them back, or drops them.
struct ArchiveReport: Sendable {
    enum Deed: Sendable, Equatable {
        case run
        case restore(ArchiveName)
        case rehearse(ArchiveName)
        case purge(ArchiveName)
    }

    let deed: Deed
    /// What it came to; nil until then.
    var archive: LegacyArchive?

    var title: String {
        switch self.deed {
        case .run: "The clean-up"
        case .restore(let name): "The restoring of \(name)"
        case .rehearse(let name): "The rehearsal of \(name)"
        case .purge(let name): "The purging of \(name)"
        }
    }
}

/// What page and API do alike with the clean-up. The use cases write each deed down themselves.
enum CleanupDeeds {
    /// What somebody types before tables are moved.
    static let word = "archive"
    static let windows = 1...365

    static func useCases(_ visit: Visit) throws(ConsoleError) -> any CleanupUseCases {
        guard let cleanup = visit.parts.cleanup else { throw .nothingHere }
        return cleanup
    }

    /// Asks every gate, which may ask Evolution about every instance.
    static func ask(_ visit: Visit, _ desk: WorkDesk, _ options: CleanupOptions) throws(ConsoleError) {
        let cleanup = try Self.useCases(visit)
        try desk.gates.begin(GateReport(options: options), visit) { update in
            let plan = try await cleanup.plan(options)
            update { $0.plan = plan }
        }
    }

    /// Moves the tables, if the plan is still the one that was looked at.
    static func run(_ visit: Visit, _ desk: WorkDesk, digest: String) throws(ConsoleError) {
        let (cleanup, actor) = (try Self.useCases(visit), visit.actor)
        let options = desk.gates.standing?.report.options ?? CleanupOptions()
        try desk.archive.begin(ArchiveReport(deed: .run), visit) { update in
            let archive = try await cleanup.run(options, expecting: digest, by: actor)
            update { $0.archive = archive }
        }
    }

    static func restore(_ visit: Visit, _ desk: WorkDesk, _ name: ArchiveName) throws(ConsoleError) {
        let (cleanup, actor) = (try Self.useCases(visit), visit.actor)
        try desk.archive.begin(ArchiveReport(deed: .restore(name)), visit) { update in
            let archive = try await cleanup.restore(name, by: actor)
            update { $0.archive = archive }
        }
    }

    static func rehearse(_ visit: Visit, _ desk: WorkDesk, _ name: ArchiveName) throws(ConsoleError) {
        let (cleanup, actor) = (try Self.useCases(visit), visit.actor)
        try desk.archive.begin(ArchiveReport(deed: .rehearse(name)), visit) { update in
            let archive = try await cleanup.rehearse(name, by: actor)
            update { $0.archive = archive }
        }
    }

    static func purge(_ visit: Visit, _ desk: WorkDesk, _ name: ArchiveName) throws(ConsoleError) {
        let (cleanup, actor) = (try Self.useCases(visit), visit.actor)
        try desk.archive.begin(ArchiveReport(deed: .purge(name)), visit) { update in
            let archive = try await cleanup.purge(name, retention: CleanupOptions.defaultRetention, by: actor)
            update { $0.archive = archive }
        }
    }

    /// The archive that a path names.
    static func archive(_ visit: Visit) throws(ConsoleError) -> ArchiveName {
        guard let name = ArchiveName(visit.parameter("name")) else {
            throw .notFound("There is no archive of that name.")
        }
        return name
    }

    static func options(days: Int?, acceptedReads: String?) -> CleanupOptions {
        var options = CleanupOptions(acceptedReads: acceptedReads)
        if let days { options.window = .seconds(days * 86_400) }
        return options
    }

    static func days(_ text: String) -> Int? {
        Int(text).flatMap { Self.windows.contains($0) ? $0 : nil }
    }

    /// Holds what was typed against what had to be.
    static func checkTyped(_ text: String?, _ wanted: String) throws(ConsoleError) {
        guard text == wanted else { throw .unprocessable("Type \(wanted) to confirm. Nothing was changed.") }
    }
}
