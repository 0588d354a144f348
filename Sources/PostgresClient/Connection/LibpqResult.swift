import CPostgres

/// Owns one `PGresult`: it is cleared exactly once, when this value ends.
struct LibpqResult: ~Copyable {
    private let pointer: OpaquePointer

    init(taking pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        PQclear(pointer)
    }

    var status: ExecStatusType { PQresultStatus(pointer) }

    /// The command as the server confirmed it, such as `COMMIT`.
    var commandTag: String { String(cString: PQcmdStatus(pointer)) }

    var refusal: ServerRefusal? {
        guard let sqlState = field("C") else { return nil }
        return ServerRefusal(
            sqlState: sqlState, message: field("M") ?? "", position: field("P"), schema: field("s"),
            table: field("t"), column: field("c"), constraint: field("n")
        )
    }

    func rows() -> PostgresRows {
        let rowCount = Int(PQntuples(pointer))
        let columnCount = Int(PQnfields(pointer))
        let columns = (0..<columnCount).map { String(cString: PQfname(pointer, Int32($0))) }
        var bytes: [UInt8] = []
        var cells: [(start: Int, length: Int)] = []
        cells.reserveCapacity(rowCount * columnCount)
        for row in 0..<Int32(rowCount) {
            for column in 0..<Int32(columnCount) {
                guard PQgetisnull(pointer, row, column) == 0 else {
                    cells.append((0, -1))
                    continue
                }
                let length = Int(PQgetlength(pointer, row, column))
                cells.append((bytes.count, length))
                bytes.append(contentsOf: UnsafeRawBufferPointer(start: PQgetvalue(pointer, row, column), count: length))
            }
        }
        let table = ResultTable(columns: columns, rowCount: rowCount, bytes: bytes, cells: cells)
        return PostgresRows(table: table, affectedRowCount: Int(String(cString: PQcmdTuples(pointer))) ?? 0)
    }

    // The macros PG_DIAG_… are single characters and are not imported.
    private func field(_ code: Unicode.Scalar) -> String? {
        PQresultErrorField(pointer, Int32(code.value)).map { String(cString: $0) }
    }
}
