/// A secret from the configuration. Interpolating or dumping it prints no part of it.
package struct Secret: Sendable, Equatable {
    package let secretText: String

    package init(_ text: String) {
        self.secretText = text
    }
}

extension Secret: CustomStringConvertible, CustomReflectable {
    package var description: String { Masking.dots }

    package var customMirror: Mirror { Mirror(self, children: []) }
}
