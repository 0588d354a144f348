/// Stands for the state of the tables that a plan is made from: while it stays the same, so does the plan as far as
/// the legacy tables and the clinics decide it.
package struct InventoryMark: Sendable, Equatable {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    /// The same of these tables alone: a line for each that is there.
    package func part(of sources: [LegacySource]) -> InventoryMark {
        let lines = text.split(separator: "\n").filter { line in
            sources.contains { line.hasPrefix($0.rawValue + " ") }
        }
        return InventoryMark(lines.joined(separator: "\n"))
    }
}
