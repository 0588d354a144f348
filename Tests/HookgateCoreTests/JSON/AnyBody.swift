import HookgateCore
import HookgateTestSupport

/// Any bytes as a webhook's body, and what holds of them at the door and behind it. Shared by the seeded tests and the
/// fuzzer.
enum AnyBody {
    static func check(_ body: [UInt8]) throws {
        let facts: BodyFacts
        do throws(BodyError) {
            facts = try BodyScanner.scan(body)
        } catch {
            try self.check(refused: body, error)
            return
        }
        try BrokenPromise.unless(String(validating: body, as: UTF8.self) != nil, "accepted, and no UTF-8")
        let document = try JSONDocument(body)
        try BrokenPromise.unless(document.root.isObject, "accepted, and no object")
        try self.check(stripped: SecretStripper.strip(body), facts)
        for layout in [BodyMask.Layout.compact, .pretty] {
            let masked = try Array(BodyMask.mask(body, layout: layout).utf8)
            try BodyScanner.validate(anyValue: masked.span)
        }
    }

    /// What is delivered is about the same message, and holds nothing more to strip.
    private static func check(stripped: [UInt8], _ facts: BodyFacts) throws {
        let after = try BodyScanner.scan(stripped)
        try BrokenPromise.unless(after.event == facts.event || facts.event?.contains("hgw_") == true, "another event")
        try BrokenPromise.unless(SecretStripper.strip(stripped) == stripped, "stripping twice strips more")
    }

    private static func check(refused body: [UInt8], _ error: BodyError) throws {
        switch error {
        case .empty, .notAnObject: break
        case .notUTF8(let offset), .syntax(let offset), .tooDeep(let offset), .trailingGarbage(let offset):
            try BrokenPromise.unless((0...body.count).contains(offset), "the error lies outside: \(error)")
        }
        guard let document = try? JSONDocument(body) else { return }
        try BrokenPromise.unless(
            error == .notAnObject && !document.root.isObject, "refused at the door alone: \(error)")
    }
}
