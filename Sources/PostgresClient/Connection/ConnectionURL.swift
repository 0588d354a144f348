import CPostgres

/// A libpq URL or `key=value` string, taken apart only as far as needed to fail without showing the password.
struct ConnectionURL {
    let text: String

    /// Refuses what libpq would read differently from how it was meant. libpq's own message would then quote a piece
    /// of the password as the host, so it is never shown.
    func check() throws(PostgresError) {
        if text.utf8.contains(0) || text.isEmpty { throw Self.unreadable }
        if let scheme = text.firstRange(of: "://"), let at = text.lastIndex(of: "@"), at >= scheme.upperBound {
            let userInfo = text[scheme.upperBound..<at]
            guard !userInfo.contains(where: { $0 == "@" || $0 == "/" || $0 == "?" }) else {
                throw PostgresError(
                    .connectionFailed,
                    "The PostgreSQL URL is ambiguous: a '@', '/' or '?' in the user name, the password or a parameter "
                        + "must be percent-encoded (%40, %2F, %3F)."
                )
            }
        }
        var problem: UnsafeMutablePointer<CChar>?
        guard let parsed = PQconninfoParse(text, &problem) else {
            PQfreemem(problem)
            throw Self.unreadable
        }
        defer { PQconninfoFree(parsed) }
        // In `postgresql://user:password` without a host libpq takes the password for the port, and says it.
        if let port = Self.value(of: "port", in: parsed), !port.allSatisfy({ $0.isASCII && $0.isNumber || $0 == "," }) {
            throw Self.unreadable
        }
    }

    private static func value(of keyword: String, in options: UnsafeMutablePointer<PQconninfoOption>) -> String? {
        var option = options
        while let name = option.pointee.keyword {
            if String(cString: name) == keyword { return option.pointee.val.map { String(cString: $0) } }
            option += 1
        }
        return nil
    }

    /// Opens the connection; blocks until it stands or failed.
    func open(_ options: PostgresConnectionOptions) throws(PostgresError) -> LibpqHandle {
        try check()
        // libpq lets a later entry win, so what stands before the URL are defaults that the URL may change.
        let seconds = max(2, Int(options.connectTimeout.components.seconds))
        let settings: [(String, String)] = [
            ("connect_timeout", String(seconds)), ("keepalives", "1"), ("keepalives_idle", "30"),
            ("keepalives_interval", "10"), ("keepalives_count", "3"), ("tcp_user_timeout", "60000"),
            ("dbname", text), ("client_encoding", "UTF8"), ("fallback_application_name", "hookgate"),
        ]
        guard let connection = Self.connect(settings) else {
            throw PostgresError(.connectionFailed, "libpq has no memory for a connection.")
        }
        let handle = LibpqHandle(taking: connection)
        guard handle.isConnected else {
            throw PostgresError(.connectionFailed, "Cannot connect to PostgreSQL: \(Self.oneLine(handle.message))")
        }
        return handle
    }

    private static let unreadable = PostgresError(
        .connectionFailed,
        "The PostgreSQL URL cannot be read; it should look like postgresql://user:password@host:5432/database, with "
            + "special characters percent-encoded."
    )

    private static func connect(_ settings: [(String, String)]) -> OpaquePointer? {
        let strings = settings.map { ([CChar]($0.utf8CString), [CChar]($1.utf8CString)) }
        var storage: [CChar] = []
        var offsets: [(Int, Int)] = []
        for (keyword, value) in strings {
            offsets.append((storage.count, storage.count + keyword.count))
            storage += keyword + value
        }
        return storage.withUnsafeBufferPointer { buffer in
            let keywords = offsets.map { offset in buffer.baseAddress?.advanced(by: offset.0) } + [nil]
            let values = offsets.map { offset in buffer.baseAddress?.advanced(by: offset.1) } + [nil]
            return PQconnectdbParams(keywords, values, 1)
        }
    }

    static func oneLine(_ message: String) -> String {
        message.split(whereSeparator: \.isNewline).joined(separator: " ").split(separator: " ").joined(separator: " ")
    }
}
