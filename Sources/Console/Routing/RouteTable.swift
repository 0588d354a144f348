/// All routes. Of the patterns that fit a path, those with the fewest parameters are meant: words before parameters.
struct RouteTable: Sendable {
    enum Finding: Sendable {
        case found(Route, [String: String])
        /// The path is known, and answers to these methods alone.
        case otherMethods([String], isAPI: Bool)
        case nothing
    }

    let routes: [Route]
    /// By the number of parts and the first of them, so that a look-up compares a handful.
    private let index: [Key: [Route]]

    private struct Key: Hashable {
        let count: Int
        let first: String
    }

    init(_ routes: [Route]) {
        self.routes = routes
        self.index = Dictionary(grouping: routes) { route in
            guard case .word(let first)? = route.pattern.parts.first else { return Key(count: 0, first: "") }
            return Key(count: route.pattern.parts.count, first: first)
        }
    }

    func find(_ method: String, _ path: [String]) -> Finding {
        let candidates = self.index[Key(count: path.count, first: path.first ?? "")] ?? []
        let fitting = candidates.compactMap { route in route.pattern.match(path).map { (route, $0) } }
        // `/events/decide` is no event's address, whatever the method.
        guard let fewest = fitting.map(\.1.count).min() else { return .nothing }
        let nearest = fitting.filter { $0.1.count == fewest }
        let wanted = method == "HEAD" ? "GET" : method
        if let (route, values) = nearest.first(where: { $0.0.method.rawValue == wanted }) {
            return .found(route, values)
        }
        let methods = nearest.map(\.0.method.rawValue)
        return .otherMethods(
            methods.contains("GET") ? methods + ["HEAD"] : methods, isAPI: nearest.contains { $0.0.isAPI })
    }
}
