import PostgresClient

/// A query for the rows of a batch that one constraint refuses because of rows that stand in the real tables.
struct RehearsalCheck {
    let constraint: String
    /// Selects `instance_name` and `id`; the batch is what stands in the journal.
    let sql: String

    /// Another row has the same key. Rows that are on the copy were judged there.
    init(_ index: RehearsalModel.UniqueIndex) {
        let keys = index.keys.enumerated().map { "(\($0.element)) AS k\($0.offset)" }.joined(separator: ", ")
        let equals = index.holdsNullsEqual ? "IS NOT DISTINCT FROM" : "="
        let sameKey = index.keys.indices.map { "batch.k\($0) \(equals) standing.k\($0)" }.joined(separator: " AND ")
        let condition = index.predicate.map { "WHERE \($0)" } ?? ""
        self.constraint = index.name
        // Row by row, through both indexes: without statistics of the copy a join may begin with all that stands.
        self.sql = """
            SELECT j.instance_name, batch.id
            FROM \(RehearsalCopy.target.journal) j
            CROSS JOIN LATERAL (
                SELECT * FROM (SELECT id, \(keys) FROM \(RehearsalCopy.target.integrations) \(condition)) keyed
                WHERE keyed.id = j.integration_id LIMIT 1) batch
            CROSS JOIN LATERAL (
                SELECT FROM (SELECT id, \(keys) FROM \(TableShapes.integrations) \(condition)) standing
                WHERE \(sameKey) AND standing.id <> batch.id
                    AND NOT EXISTS (SELECT FROM \(RehearsalCopy.target.integrations) c WHERE c.id = standing.id)
                LIMIT 1) taken
            """
    }

    /// A key leads nowhere. What stood like this before is not asked again, as the server does not ask.
    init(_ key: RehearsalModel.ForeignKey) {
        let columns = key.columns.map(PostgresIdentifier.quote)
        let pairs = zip(key.targetColumns.map(PostgresIdentifier.quote), columns)
        let leads = pairs.map { "target.\($0) = batch.\($1)" }.joined(separator: " AND ")
        let isWhole = columns.map { "batch.\($0) IS NOT NULL" }.joined(separator: " AND ")
        let stood = columns.map { "standing.\($0) IS NOT DISTINCT FROM batch.\($0)" }.joined(separator: " AND ")
        self.constraint = key.name
        self.sql = """
            SELECT j.instance_name, batch.id
            FROM \(RehearsalCopy.target.journal) j
            JOIN \(RehearsalCopy.target.integrations) batch ON batch.id = j.integration_id
            WHERE \(isWhole) AND NOT EXISTS (SELECT FROM \(key.target) target WHERE \(leads))
                AND NOT EXISTS (
                    SELECT FROM \(TableShapes.integrations) standing WHERE standing.id = batch.id AND \(stood))
            """
    }
}
