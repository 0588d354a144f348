/// One value of a ``JSONDocument``. Whatever is asked of a value that is not of that kind is nil.
///
/// ```swift
/// let id = document.root["data"]?["key"]?["id"]?.string
/// ```
package struct JSONValue: Sendable {
    private let document: JSONDocument
    private let index: Int

    init(document: JSONDocument, index: Int) {
        self.document = document
        self.index = index
    }

    private var part: JSONPart { document.parts[index] }

    package var isObject: Bool { part.kind == .object }
    package var isArray: Bool { part.kind == .array }
    package var isString: Bool { part.kind == .string || part.kind == .escapedString }

    /// The value as it stands in the text; a string without its quotes.
    package var rawBytes: ArraySlice<UInt8> { document.bytes[Int(part.start)..<Int(part.end)] }

    /// The member of an object. Where a key stands twice the last one holds, as in JavaScript; `null` is as good as
    /// absent, since Evolution writes both for the same thing.
    package subscript(_ key: StaticString) -> JSONValue? {
        guard isObject else { return nil }
        var found: JSONValue?
        document.bytes.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return }
            forEachMember { name, value in
                if name.equals(key, in: base) { found = value }
            }
        }
        return found.flatMap { $0.isNull ? nil : $0 }
    }

    /// The elements of an array, in order.
    package var elements: [JSONValue]? {
        guard isArray else { return nil }
        var values: [JSONValue] = []
        var at = index + 1
        while at < Int(part.next) {
            values.append(JSONValue(document: document, index: at))
            at = Int(document.parts[at].next)
        }
        return values
    }

    /// The members of an object, in order, with every repetition.
    package var members: [(key: String, value: JSONValue)]? {
        guard isObject else { return nil }
        var members: [(key: String, value: JSONValue)] = []
        document.bytes.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return }
            forEachMember { name, value in
                members.append((name.unescaped(in: base, limit: .max).text, value))
            }
        }
        return members
    }

    /// A string's text; a lone surrogate is U+FFFD in it.
    package var string: String? {
        guard isString else { return nil }
        return document.bytes.withUnsafeBufferPointer { bytes in
            bytes.baseAddress.map { jsonString.unescaped(in: $0, limit: .max).text }
        }
    }

    /// A number's digits, as they are written; nil where they are longer than any number that means something.
    package var numeral: String? {
        guard part.kind == .number, rawBytes.count <= 64 else { return nil }
        return String(decoding: rawBytes, as: UTF8.self)
    }

    package var bool: Bool? {
        guard part.kind == .literal else { return nil }
        switch rawBytes.first {
        case UInt8(ascii: "t"): return true
        case UInt8(ascii: "f"): return false
        default: return nil
        }
    }

    package var isNull: Bool { part.kind == .literal && rawBytes.first == UInt8(ascii: "n") }

    private var jsonString: JSONString {
        JSONString(start: Int(part.start), end: Int(part.end), hasEscapes: part.kind == .escapedString)
    }

    private func forEachMember(_ body: (JSONString, JSONValue) -> Void) {
        var at = index + 1
        while at < Int(part.next) {
            let value = JSONValue(document: document, index: at + 1)
            body(JSONValue(document: document, index: at).jsonString, value)
            at = Int(value.part.next)
        }
    }
}

extension JSONValue: Equatable {
    /// Equal when they are written alike.
    package static func == (left: JSONValue, right: JSONValue) -> Bool {
        left.part.kind == right.part.kind && left.rawBytes == right.rawBytes
    }
}
