/// Takes out of an accepted body what must not be kept, byte for byte the same elsewhere.
///
/// Removed, with every occurrence, by keys compared unescaped and without regard to case: credentials (`apikey` and
/// `api_key` at any depth; `destination` and `jwt` at the top and in `data`; `token` and `hash` there in
/// `instance.create`), and what pairs a phone (`code`, `base64` and `pairingCode` of a QR code; `qrcode` or `qr`
/// itself where it is a string). Anywhere in a string or key, a webhook token of our form becomes `hgw_…`.
/// Media stay: `data.message.base64` is what a patient sent.
package enum SecretStripper {
    /// The body without secrets. Never fails: what is no JSON comes back with our tokens masked and else as it was.
    package static func strip(_ body: [UInt8]) -> [UInt8] {
        StrippedBody(body).bytes
    }

    /// With the place of the envelope's `destination`, which is among what is taken out.
    static func edits(of body: [UInt8]) -> (edits: BodyEdits, destination: Range<Int>?) {
        let event = (try? BodyScanner.scan(body))?.event.map(EventName.normalised)
        return body.withUnsafeBufferPointer { bytes in
            guard var visitor = SecretVisitor(bytes, event: event) else { return (BodyEdits(), nil) }
            do {
                _ = try JSONWalk.run(bytes, &visitor)
                return (visitor.edits, visitor.destination)
            } catch {
                return (TokenRedaction.edits(in: bytes), nil)
            }
        }
    }
}
