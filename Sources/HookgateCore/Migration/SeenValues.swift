import Crypto

/// The legacy values of an instance that a run last carried over, by field: one of the three sides that
/// verification compares. Where a secret may be, a value is remembered by its digest.
package struct SeenValues: Sendable, Equatable {
    private let remembered: [MappedField: String]

    /// - Parameter remembered: values in the form that ``form(of:in:)`` gives them.
    package init(_ remembered: [MappedField: String]) {
        self.remembered = remembered
    }

    package init(_ draft: IntegrationDraft) {
        let pairs = draft.fields.compactMap { field in
            draft.value(of: field).map { (field, Self.form(of: $0, in: field)) }
        }
        self.remembered = Dictionary(pairs) { first, _ in first }
    }

    /// Whether any run carried this field over.
    package func has(_ field: MappedField) -> Bool { remembered[field] != nil }

    /// Whether this is the value that was carried over.
    package func has(_ value: String?, in field: MappedField) -> Bool {
        guard let value, let remembered = remembered[field] else { return false }
        return remembered.isSameText(as: Self.form(of: value, in: field))
    }

    /// The value that was carried over; nil as well where only its digest is remembered.
    package subscript(field: MappedField) -> String? {
        field.isRememberedByDigest ? nil : remembered[field]
    }

    /// A value as the journal remembers it.
    package static func form(of value: String, in field: MappedField) -> String {
        guard field.isRememberedByDigest else { return value }
        let digits = Array("0123456789abcdef".utf8)
        let digest = SHA256.hash(data: Array(value.utf8)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0x0F)]] }
        return "sha256:" + String(decoding: digest, as: UTF8.self)
    }
}
