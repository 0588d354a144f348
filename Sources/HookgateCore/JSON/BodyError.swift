/// Why a body is proven not to be one UTF-8 JSON object within the depth limit. Offsets are in bytes from its start.
package enum BodyError: Error, Equatable {
    /// No bytes, or white space alone.
    case empty
    case notUTF8(offset: Int)
    /// The first byte that no JSON text could have here; the body's length when it ends too early.
    case syntax(offset: Int)
    case tooDeep(offset: Int)
    /// A JSON value, and not an object.
    case notAnObject
    /// A whole JSON value, and then more than white space.
    case trailingGarbage(offset: Int)
}

extension BodyError: CustomStringConvertible {
    /// Says what is wrong and where; holds nothing of the body.
    package var description: String {
        switch self {
        case .empty: "the body is empty"
        case .notUTF8(let offset): "the body is not UTF-8 at byte " + String(offset)
        case .syntax(let offset): "the body is not JSON at byte " + String(offset)
        case .tooDeep(let offset): "the body is nested deeper than \(BodyScanner.depthLimit) levels at byte \(offset)"
        case .notAnObject: "the body is JSON, but not an object"
        case .trailingGarbage(let offset): "the body goes on after its JSON value, at byte \(offset)"
        }
    }
}
