/// A repair that is safe and mechanical: it adds what is missing and decides nothing. In the order in which they run.
package enum DoctorFix: String, Sendable, CaseIterable {
    case applySchema = "apply-schema"
    case makeTokens = "make-tokens"
    case writeNameKeys = "write-name-keys"
    case closeTokenColumns = "close-token-columns"
    // Last: the files that it runs again would do the three before it too, and nobody would be told of single rows.
    case restoreSchemaObjects = "restore-schema-objects"

    package var title: String {
        switch self {
        case .applySchema: "apply the files of the schema that are pending"
        case .restoreSchemaObjects: "run the schema's files again for what is missing"
        case .makeTokens: "make a webhook token where there is none"
        case .writeNameKeys: "write the instance name under config.instance_name and config.instance"
        case .closeTokenColumns: "take back the right to read token columns"
        }
    }
}

/// What a fix changes, or has changed: some of the rows, and how many there are in all.
package struct DoctorChange: Sendable, Equatable {
    package struct Row: Sendable, Equatable {
        package let subject: String
        package let id: String?
        package let field: String
        package let before: String
        package let after: String

        package init(subject: String, id: String? = nil, field: String, before: String, after: String) {
            self.subject = subject
            self.id = id
            self.field = field
            self.before = before
            self.after = after
        }
    }

    package let fix: DoctorFix
    package let total: Int
    package let rows: [Row]

    package init(fix: DoctorFix, total: Int, rows: [Row]) {
        self.fix = fix
        self.total = total
        self.rows = rows
    }
}

/// A fix that could not be made; nothing of the part that failed was written.
package enum DoctorFixError: Error, Equatable, CustomStringConvertible {
    case schemaMissing(DoctorFix)

    package var description: String {
        switch self {
        case .schemaMissing(let fix):
            "cannot \(fix.title): the schema is not applied. Run `hookgate doctor --fix --yes --check pending-schema` first"
        }
    }
}
