import FoundationEssentials
import HookgateCore
import Store

/// Applies the schema and says what it did: for `hookgate schema`, and before a migration.
struct SchemaStep {
    let database: Database
    let isJSON: Bool

    private var applier: SchemaApplier {
        SchemaApplier(url: database.directURL) { progress in
            guard case .waitingForLock(let file, let attempt, let attempts) = progress else { return }
            StandardStream.error.line("\(file): waiting for a lock that traffic holds (try \(attempt) of \(attempts))")
        }
    }

    /// Adds what is missing and says so; says nothing where nothing was missing.
    func applyQuietly() async throws -> ExitStatus {
        let result = try await translated { try await applier.apply() }
        if !isJSON, !result.applied.isEmpty || !result.attention.isEmpty {
            lines(result).forEach(StandardStream.output.line)
        }
        return result.attention.isEmpty ? .done : .attention
    }

    func apply(file: String?) async throws -> ExitStatus {
        let result = try await translated {
            guard let file else { return try await applier.apply() }
            return try await applier.applyFile(path: file, text: try text(of: file))
        }
        if isJSON {
            try JSONOutput.print(SchemaDocument(result))
        } else {
            lines(result).forEach(StandardStream.output.line)
        }
        return result.attention.isEmpty ? .done : .attention
    }

    func preview(file: String?) async throws -> ExitStatus {
        let plan = try await translated {
            guard let file else { return try await applier.plan() }
            return try await applier.planFile(path: file, text: try text(of: file))
        }
        if isJSON {
            try JSONOutput.print(plan.files.map { SchemaDocument.Preview(file: $0.name, sql: $0.text) })
            return .done
        }
        if plan.files.isEmpty { StandardStream.output.line("-- Nothing would run: everything is applied.") }
        for file in plan.files {
            StandardStream.output.line("-- Would run: \(file.name)")
            StandardStream.output.line(file.text)
        }
        return .done
    }

    func status() async throws -> ExitStatus {
        let status = try await translated { try await applier.status() }
        if isJSON {
            try JSONOutput.print(SchemaDocument(status))
        } else {
            for (name, state) in status.builtIn { StandardStream.output.line(Self.line(name, state)) }
            for (name, time) in status.others {
                StandardStream.output.line("✅ \(name): run by hand \(time.formatted(.iso8601))")
            }
            status.attention.forEach { StandardStream.output.line("⚠️ \($0)") }
        }
        return status.isUpToDate && status.attention.isEmpty ? .done : .attention
    }

    private func lines(_ result: SchemaResult) -> [String] {
        var lines: [String] = []
        if let name = result.standIn { lines.append("No such file here: running hookgate's own \(name)") }
        for file in result.applied {
            lines.append(
                file.isComplete
                    ? "✅ Applied \(file.name) (\(file.duration.milliseconds) ms)"
                    : "⚠️ Applied \(file.name) but for what waits for a person, below; run it again then")
        }
        if result.applied.isEmpty { lines.append("✅ Nothing to do: \(result.skipped.count) files are applied already") }
        return lines + result.attention.map { "⚠️ \($0)" }
    }

    private static func line(_ name: String, _ state: SchemaStatus.State) -> String {
        switch state {
        case .pending: "   \(name): not applied; hookgate schema apply"
        case .applied(let time): "✅ \(name): applied \(time.formatted(.iso8601))"
        case .unfinished(let time): "⚠️ \(name): applied \(time.formatted(.iso8601)) but for what waits for a person"
        case .changed(let time):
            "❌ \(name): applied \(time.formatted(.iso8601)) with another content than this program's"
        }
    }

    /// The file's text; nil where there is no such file, since a built-in one may have its name.
    private func text(of path: String) throws -> String? {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            guard !FileManager.default.fileExists(atPath: path) else {
                throw CommandFailure("Cannot read \(path). May this user read it, and is it a file?")
            }
            return nil
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure("\(path) is not UTF-8 text. Save it as UTF-8 and try again.")
        }
        return text
    }

    /// A refusal is a matter for a person; everything else that stops the schema is a failure.
    private func translated<T>(_ body: () async throws -> T) async throws -> T {
        do {
            return try await body()
        } catch let error as SchemaError {
            switch error {
            case .refused, .refusedByItself: throw CommandFailure("\(error)", status: .attention)
            case .noSuchFile: throw CommandFailure("\(error)", status: .wrongUsage)
            default: throw CommandFailure("\(error)")
            }
        }
    }
}

/// What `--json` prints of the schema.
struct SchemaDocument: Encodable {
    struct Preview: Encodable {
        let file: String
        let sql: String
    }

    struct File: Encodable {
        let name: String
        let state: String
        let appliedAt: Date?
    }

    let files: [File]
    let standIn: String?
    let attention: [String]

    init(_ result: SchemaResult) {
        self.files =
            result.applied.map { File(name: $0.name, state: $0.isComplete ? "applied" : "unfinished", appliedAt: nil) }
            + result.skipped.map { File(name: $0, state: "unchanged", appliedAt: nil) }
        self.standIn = result.standIn
        self.attention = result.attention.map(\.description)
    }

    init(_ status: SchemaStatus) {
        self.files =
            status.builtIn.map { name, state in
                switch state {
                case .pending: File(name: name, state: "pending", appliedAt: nil)
                case .applied(let time): File(name: name, state: "applied", appliedAt: time)
                case .unfinished(let time): File(name: name, state: "unfinished", appliedAt: time)
                case .changed(let time): File(name: name, state: "changed", appliedAt: time)
                }
            } + status.others.map { File(name: $0.name, state: "run_by_hand", appliedAt: $0.appliedAt) }
        self.standIn = nil
        self.attention = status.attention.map(\.description)
    }
}
