/// Names of tables, columns and schemas inside statements.
package enum PostgresIdentifier {
    /// The name as a quoted identifier. Names cannot be parameters, so this is the only way one may enter a statement.
    package static func quote(_ name: String) -> String {
        var quoted = "\""
        for scalar in name.unicodeScalars {
            // The server knows no NUL in a name, and libpq would end the statement there.
            precondition(scalar != "\0", "cannot quote a name that contains NUL")
            if scalar == "\"" { quoted += "\"" }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }
}
