import Glibc

/// What is sent to the server.
enum PostgresStatement {
    /// One unnamed statement: nothing is left behind in the session, so it works through a transaction pooler.
    case parameters(String, [PostgresParameter])
    /// Any number of statements, by the simple protocol.
    case script(String)

    /// C strings end at NUL, and PostgreSQL's text cannot hold it: refused here rather than cut silently.
    func check() throws(PostgresError) {
        switch self {
        case .script(let sql):
            try Self.checkText(sql)
        case .parameters(let sql, let parameters):
            try Self.checkText(sql)
            guard parameters.count <= Int(UInt16.max) else {
                throw PostgresError(.misuse, "A statement takes at most 65535 parameters, got \(parameters.count).")
            }
            for (index, parameter) in parameters.enumerated() {
                if case .text(var text) = parameter, text.withUTF8({ $0.contains(0) }) {
                    throw PostgresError(
                        .encoding(parameter: index + 1),
                        "Parameter $\(index + 1) contains the character NUL, which PostgreSQL cannot store in text."
                    )
                }
            }
        }
    }

    private static func checkText(_ sql: String) throws(PostgresError) {
        if sql.utf8.contains(0) { throw PostgresError(.misuse, "The statement contains the character NUL.") }
    }
}

/// The parameters' bytes in one buffer, with the arrays of pointers that libpq wants.
struct ParameterBuffer {
    struct Pointers {
        let types: UnsafePointer<UInt32>?
        let values: UnsafePointer<UnsafePointer<CChar>?>?
        let lengths: UnsafePointer<Int32>?
        let formats: UnsafePointer<Int32>?
    }

    private var bytes: [CChar] = []
    private var offsets: [Int?] = []
    private var types: [UInt32] = []
    private var lengths: [Int32] = []
    private var formats: [Int32] = []

    init(_ parameters: [PostgresParameter]) {
        for parameter in parameters {
            switch parameter {
            case .null: appendNull()
            case .text(var text): text.withUTF8 { append(UnsafeRawBufferPointer($0), type: 0, format: 0) }
            case .binary(let binary, let type): binary.withUnsafeBytes { append($0, type: type, format: 1) }
            }
        }
    }

    private mutating func append(_ value: UnsafeRawBufferPointer, type: UInt32, format: Int32) {
        offsets.append(bytes.count)
        types.append(type)
        lengths.append(Int32(value.count))
        formats.append(format)
        bytes.append(contentsOf: value.assumingMemoryBound(to: CChar.self))
        bytes.append(0)
    }

    private mutating func appendNull() {
        offsets.append(nil)
        types.append(0)
        lengths.append(0)
        formats.append(0)
    }

    func withPointers<Result>(_ body: (Pointers) -> Result) -> Result {
        bytes.withUnsafeBufferPointer { buffer in
            let values = offsets.map { offset in offset.flatMap { buffer.baseAddress?.advanced(by: $0) } }
            return values.withUnsafeBufferPointer { values in
                types.withUnsafeBufferPointer { types in
                    lengths.withUnsafeBufferPointer { lengths in
                        formats.withUnsafeBufferPointer { formats in
                            body(
                                Pointers(
                                    types: types.baseAddress, values: values.baseAddress,
                                    lengths: lengths.baseAddress, formats: formats.baseAddress
                                )
                            )
                        }
                    }
                }
            }
        }
    }
}
