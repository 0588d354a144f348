import HookgateCore

/// A request taken apart: its path and query decoded, its headers and cookies by name.
struct PageRequest: Sendable {
    let method: String
    /// Decoded, without a slash at its end; `/` itself is the empty list.
    let path: [String]
    let query: FormFields
    let body: [UInt8]
    let peer: String?
    /// As it came, for finding the way back after signing in.
    let target: String
    private let headers: [String: String]

    /// Nil when the target is no path, or its percent signs stand for no UTF-8.
    init?(_ request: ConsoleRequest) {
        let parts = request.target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = parts.first, path.hasPrefix("/"),
            let query = FormFields(parts.count > 1 ? parts[1] : "")
        else { return nil }
        var segments: [String] = []
        for segment in path.split(separator: "/") {
            guard let text = PercentText.decoded(segment, plusIsSpace: false) else { return nil }
            segments.append(text)
        }
        self.method = request.method
        self.path = segments
        self.query = query
        self.body = request.body
        self.peer = request.peer
        self.target = request.target
        // What comes twice is joined as HTTP has it; nothing here trusts a header that does.
        self.headers = request.headers.reduce(into: [:]) { all, header in
            all[header.name.lowercased()] =
                all[header.name.lowercased()].map { "\($0), \(header.value)" } ?? header.value
        }
    }

    func header(_ name: String) -> String? { self.headers[name] }

    /// The value of a cookie; nil when it did not come, or came twice with different values.
    func cookie(_ name: String) -> String? {
        let values = (self.headers["cookie"] ?? "").split(whereSeparator: { $0 == ";" || $0 == "," })
            .compactMap { pair -> String? in
                let parts = pair.split(separator: "=", maxSplits: 1)
                guard parts.count == 2, parts[0].filter({ $0 != " " }) == name else { return nil }
                return String(parts[1].filter { $0 != " " })
            }
        return Set(values).count == 1 ? values.first : nil
    }

    /// The fields of a posted form; nil when it is none.
    func form() -> FormFields? {
        guard let type = self.headers["content-type"]?.prefix(while: { $0 != ";" }).lowercased(),
            type == "application/x-www-form-urlencoded", let text = String(validating: self.body, as: UTF8.self)
        else { return nil }
        return FormFields(text[...])
    }

    /// Whether it comes from a page of another site, as far as the browser says.
    var isFromElsewhere: Bool {
        if let site = self.headers["sec-fetch-site"] { return site != "same-origin" && site != "none" }
        guard let origin = self.headers["origin"] else { return false }
        return origin.split(separator: "/").last.map(String.init) != self.headers["host"]
    }

    /// Whether the browser speaks to this machine itself, where no TLS is in between.
    var isToLoopback: Bool { PublicURL.isLoopback("http://\(self.headers["host"] ?? "")") }
}
