import PostgresClient

extension PostgresError {
    /// Whether a table is not there, or not its schema: what of ours is not applied yet holds nothing.
    var isOfMissingTable: Bool { ["42P01", "3F000"].contains(self.sqlState) }
}
