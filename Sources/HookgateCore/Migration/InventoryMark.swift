/// Stands for the state of the tables that a plan is made from: while it stays the same, so does the plan as far as
/// the legacy tables and the clinics decide it.
package struct InventoryMark: Sendable, Equatable {
    private let text: String

    package init(_ text: String) {
        self.text = text
    }
}
