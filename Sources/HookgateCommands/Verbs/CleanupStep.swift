import FoundationEssentials
import HookgateCore

/// From what was asked to what was done: show, ask, act, say what comes next. For `hookgate cleanup`, and for the guide's
/// file that drops the tables.
struct CleanupStep {
    private let global: GlobalOptions

    init(_ global: GlobalOptions) {
        self.global = global
    }

    private var printer: CleanupPrinter { CleanupPrinter(isJSON: global.json) }

    func plan(_ options: CleanupOptions) async throws -> ExitStatus {
        try await withCleanup { cleanup in
            let plan = try await cleanup.plan(options)
            try printer.plan(plan)
            return plan.isOpen || !plan.hasTables ? .done : .attention
        }
    }

    /// - Parameter isConfirmed: whether nobody is asked any more.
    func run(
        _ options: CleanupOptions, isDryRun: Bool, digest: String?, isConfirmed: Bool
    ) async throws -> ExitStatus {
        try await withCleanup { cleanup in
            let plan = try await cleanup.plan(options)
            guard plan.hasTables else {
                try printer.nothingToDo(plan)
                return .done
            }
            if isDryRun {
                try printer.dryRun(plan)
                return plan.isOpen ? .done : .attention
            }
            guard plan.isOpen else {
                try printer.refused(plan)
                return .attention
            }
            if let digest, digest != plan.digest {
                throw CleanupError.planChanged(expected: digest, actual: plan.digest)
            }
            guard isConfirmed || printer.ask(plan) else {
                try printer.declined(plan)
                return .attention
            }
            let archive = try await cleanup.run(options, expecting: plan.digest, by: CommandActor.current)
            try printer.archived(archive)
            return .done
        }
    }

    func restore(_ name: String?, isRehearsal: Bool, isDryRun: Bool) async throws -> ExitStatus {
        try await withCleanup { cleanup in
            let name = try await archive(name, in: cleanup)
            if isDryRun {
                try printer.statements(try await cleanup.restoration(of: name), of: "restore", name)
                return .done
            }
            let archive =
                try await isRehearsal
                ? cleanup.rehearse(name, by: CommandActor.current) : cleanup.restore(name, by: CommandActor.current)
            try printer.restored(archive, isRehearsal: isRehearsal)
            return .done
        }
    }

    func purge(_ given: String?, retention: Duration, isDryRun: Bool) async throws -> ExitStatus {
        try await withCleanup { cleanup in
            let name = try await archive(given, in: cleanup)
            if isDryRun {
                try printer.statements(try await cleanup.purging(of: name), of: "purge", name)
                return .done
            }
            if given == nil {
                guard
                    Confirmation.typed(name.text, "This drops the legacy tables for good; nothing brings them back.")
                else {
                    throw CommandFailure(
                        "Nothing was dropped. Without a terminal, name the archive: --archive \(name)",
                        status: .attention)
                }
            }
            try printer.purged(try await cleanup.purge(name, retention: retention, by: CommandActor.current))
            return .done
        }
    }

    /// The archive of that name, or the only one that holds tables.
    private func archive(_ given: String?, in cleanup: any CleanupUseCases) async throws -> ArchiveName {
        if let given {
            return try OptionReading.value(
                "--archive", given, "an archive's name; one looks like hookgate_archive_20251113", ArchiveName.init)
        }
        let present = try await cleanup.archives().filter { $0.state == .archived }.map(\.name)
        guard let only = present.first else {
            throw CommandFailure("There is no archive. See: hookgate cleanup plan")
        }
        guard present.count == 1 else {
            throw CommandFailure(
                "There are several archives: \(present.map(\.text).joined(separator: ", ")). Name one with --archive.",
                status: .wrongUsage)
        }
        return only
    }

    private func withCleanup(
        _ body: (any CleanupUseCases) async throws -> ExitStatus
    ) async throws -> ExitStatus {
        let configuration = try global.configuration()
        do {
            return try await Database.use(configuration) { try await body(try $0.cleanup(configuration)) }
        } catch let error as CleanupError {
            throw CommandFailure("\(error)", status: error.needsPerson ? .attention : .failed)
        }
    }
}
