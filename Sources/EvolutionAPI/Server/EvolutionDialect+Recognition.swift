package import HookgateCore

extension EvolutionDialect {
    /// What the shape of a webhook's settings says. Nil where a release from 2.0 on has none to show, or it is none.
    package init?(settings root: JSONValue) {
        guard root.isObject else { return nil }
        if root["webhook_by_events"] != nil {
            self = .flatSnake
        } else if root["instanceId"] != nil {
            // 2.0 shows the same row; a set tells the two apart.
            self = .nested
        } else if root["enabled"] != nil, root["id"] == nil {
            // 1.x leaves out the flags that were never set.
            self = .flatSnake
        } else {
            return nil
        }
    }

    /// What a refusal of settings in this dialect gives away about the one that the server speaks. The refusal came
    /// before anything was written.
    func contradicted(by messages: [String]) -> EvolutionDialect? {
        func requires(_ property: String) -> Bool { messages.contains("instance requires property \"\(property)\"") }
        switch self {
        case .nested:
            if requires("enabled") { return .flatCamel }
            return requires("url") ? .flatSnake : nil
        case .flatSnake, .flatCamel:
            return requires("webhook") ? .nested : nil
        }
    }
}

extension EvolutionRelease {
    /// Reads the answer of `GET /`. Nil where it names no version that can be read.
    package init?(welcome root: JSONValue) {
        guard let version = root["version"]?.string.flatMap({ EvolutionVersion($0) }) else { return nil }
        self.init(version: version)
    }
}
