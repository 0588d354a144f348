/// The shapes of output that the migration guide shows, so that people recognise what they read.
enum GuideLayout {
    static let rule = String(repeating: "=", count: 80)

    /// A title between two rules.
    static func banner(_ title: String) -> [String] {
        [rule, title, rule]
    }

    /// `True`/`False`, as the guide's scripts print them.
    static func truth(_ value: Bool) -> String { value ? "True" : "False" }
}
