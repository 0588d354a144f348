/// Shows a body to people without the patients' words in it.
///
/// An allow-list, not a deny-list: a member nobody thought of is masked. Kept are the structure, `true`, `false` and
/// `null`, and the members ``MaskPolicy`` names, as long as their values look as they should. A JID keeps its kind
/// and its last four digits. Long runs of masked values (thumbnails that some releases send as `{"0":137,"1":80,…}`)
/// become one line. The result is JSON text and holds no control or direction characters of the sender's.
package enum BodyMask {
    package enum Layout: Sendable {
        case pretty
        case compact
    }

    /// The masked text of a body. Throws where the body is no JSON; any value is masked, not objects alone.
    package static func mask(_ body: [UInt8], layout: Layout = .pretty) throws(BodyError) -> String {
        try body.span.withUnsafeBufferPointer { (bytes) throws(BodyError) in
            guard var visitor = MaskVisitor(bytes, layout: layout) else { throw .empty }
            _ = try JSONWalk.run(bytes, &visitor)
            return visitor.text
        }
    }
}
