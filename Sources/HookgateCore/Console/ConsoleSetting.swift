/// One setting as the console shows it: what is secret in its value is masked before it comes here.
package struct ConsoleSetting: Sendable, Equatable, Encodable {
    package let name: String
    package let value: String?
    package let isMasked: Bool
    /// Where the value came from; nil where it is not set.
    package let origin: String?

    package init(name: String, value: String?, isMasked: Bool, origin: String?) {
        self.name = name
        self.value = value
        self.isMasked = isMasked
        self.origin = origin
    }
}
