/// What an input has shown to be untrue, for properties that a seeded test and the fuzzer share.
package struct BrokenPromise: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }

    /// Throws the words when what they deny is so.
    package static func unless(_ holds: Bool, _ words: @autoclosure () -> String) throws(BrokenPromise) {
        if !holds { throw BrokenPromise(words()) }
    }
}
