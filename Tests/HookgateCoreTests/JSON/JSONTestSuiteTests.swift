import HookgateCore
import HookgateTestSupport
import Testing

/// Nicolas Seriot's public test files, every one of them.
struct JSONTestSuiteTests {
    private static let folder = "json-test-suite"

    private static func files(_ prefix: String) throws -> [String] {
        try Fixtures.names(in: folder).filter { $0.hasPrefix(prefix) && $0.hasSuffix(".json") }
    }

    @Test func everyFileOfTheSuiteIsHere() throws {
        #expect(try Self.files("y_").count == 95)
        #expect(try Self.files("n_").count == 188)
        #expect(try Self.files("i_").count == 35)
    }

    @Test(arguments: try files("y_"))
    func validTextIsAccepted(_ file: String) throws {
        let bytes = try Fixtures.bytes("\(Self.folder)/\(file)")
        try BodyScanner.validate(anyValue: bytes.span)
        // As a body it must be an object besides.
        let outermost = bytes.first { !" \n\r\t".utf8.contains($0) }
        if outermost == UInt8(ascii: "{") {
            _ = try BodyScanner.scan(bytes)
        } else {
            #expect(throws: BodyError.notAnObject) { try BodyScanner.scan(bytes) }
        }
    }

    @Test(arguments: try files("n_"))
    func invalidTextIsRefused(_ file: String) throws {
        let bytes = try Fixtures.bytes("\(Self.folder)/\(file)")
        #expect(throws: BodyError.self) { try BodyScanner.validate(anyValue: bytes.span) }
        #expect(throws: BodyError.self) { try BodyScanner.scan(bytes) }
        #expect(throws: BodyError.self) { try BodyMask.mask(bytes) }
    }

    /// RFC 8259 leaves these open. Ours: a number of any size, because it is carried and never computed with; a lone
    /// surrogate as an escape, because JavaScript writes it; and nothing that is not UTF-8, nor a byte order mark.
    @Test(arguments: try files("i_"))
    func undecidedTextIsDecidedByOneRule(_ file: String) throws {
        let bytes = try Fixtures.bytes("\(Self.folder)/\(file)")
        let isUTF8 = String(validating: bytes, as: UTF8.self) != nil
        let hasMark = bytes.starts(with: [0xEF, 0xBB, 0xBF])
        if isUTF8 && !hasMark {
            try BodyScanner.validate(anyValue: bytes.span)
        } else {
            #expect(throws: BodyError.self) { try BodyScanner.validate(anyValue: bytes.span) }
        }
    }

    @Test func strippingAndMaskingSurviveEveryFile() throws {
        for file in try Fixtures.names(in: Self.folder) where file.hasSuffix(".json") {
            let bytes = try Fixtures.bytes("\(Self.folder)/\(file)")
            // Nothing in the suite is a secret, so nothing may change.
            #expect(SecretStripper.strip(bytes) == bytes, "\(file)")
            _ = try? BodyMask.mask(bytes)
        }
    }
}
