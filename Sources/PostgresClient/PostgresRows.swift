/// The whole result of one statement, copied out of libpq.
package struct PostgresRows: RandomAccessCollection, Sendable {
    private let table: ResultTable

    /// How many rows the statement inserted, changed, deleted or returned.
    package let affectedRowCount: Int

    init(table: ResultTable, affectedRowCount: Int) {
        self.table = table
        self.affectedRowCount = affectedRowCount
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int { table.rowCount }
    package var columns: [String] { table.columns }

    package subscript(position: Int) -> PostgresRow {
        precondition(indices.contains(position), "cannot read row \(position) of \(count)")
        return PostgresRow(table: table, number: position)
    }
}

/// One row of a result; reading it never touches the connection.
package struct PostgresRow: Sendable {
    private let table: ResultTable
    private let number: Int

    fileprivate init(table: ResultTable, number: Int) {
        self.table = table
        self.number = number
    }

    /// Reads a column by its name. The error names column and row, never the value.
    package func decode<T: PostgresDecodable>(_ column: String, as type: T.Type = T.self) throws(PostgresError) -> T {
        guard let index = table.columnIndex[column] else {
            throw .decoding(column: column, row: number, "the result has no such column")
        }
        do throws(PostgresCellError) {
            return try T(postgresCell: table.cell(row: number, column: index))
        } catch {
            switch error {
            case .isNull: throw .decoding(column: column, row: number, "it is NULL")
            case .isNot(let expectation): throw .decoding(column: column, row: number, "it is not \(expectation)")
            }
        }
    }
}

/// The cells of a result in one buffer: a row costs no allocation until a value of it is read.
final class ResultTable: Sendable {
    let columns: [String]
    let columnIndex: [String: Int]
    let rowCount: Int
    private let bytes: [UInt8]
    /// Start and length of each cell, row by row; a length of -1 is NULL.
    private let cells: [(start: Int, length: Int)]

    init(columns: [String], rowCount: Int, bytes: [UInt8], cells: [(start: Int, length: Int)]) {
        self.columns = columns
        self.columnIndex = Dictionary(columns.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        self.rowCount = rowCount
        self.bytes = bytes
        self.cells = cells
    }

    func cell(row: Int, column: Int) -> PostgresCell? {
        let (start, length) = cells[row * columns.count + column]
        return length < 0 ? nil : PostgresCell(bytes: bytes[start..<(start + length)])
    }
}
