/// Rows on their way into a table by COPY, in its binary format, in parts: none of them is in memory a second time.
package struct PostgresCopy: Sendable {
    /// Shows the next part of the data; false when no more is wanted.
    package typealias Sender = (UnsafeRawBufferPointer) -> Bool

    /// The longest part to send at once: libpq's buffer grows to the longest, and never shrinks.
    package static let longestPart = 256 << 10

    let statement: String
    let rows: @Sendable (Sender) -> Bool

    /// - Parameters:
    ///   - target: a table with its columns.
    ///   - rows: sends everything, header and trailer included, and returns false when it was stopped.
    package init(into target: String, rows: @escaping @Sendable (Sender) -> Bool) {
        self.statement = "COPY \(target) FROM STDIN (FORMAT binary)"
        self.rows = rows
    }
}
