import HookgateCore

/// Asks a person before something is done that others will notice.
enum Confirmation {
    /// True for a clear yes. End of input, as in a script, is a no.
    static func ask(_ question: String) -> Bool {
        // On standard error, so that a result that goes to a file or a program stays one.
        StandardStream.error.write("\(question.printable) [y/N] ")
        guard let answer = readLine(strippingNewline: true) else {
            StandardStream.error.line()
            return false
        }
        return ["y", "yes"].contains(answer.lowercased().filter { !$0.isWhitespace })
    }

    /// True when the person types a name once more, letter by letter; for what nothing brings back.
    static func typed(_ name: String, _ warning: String) -> Bool {
        StandardStream.error.write("\(warning) Type \(name.printable) to go on: ")
        guard let answer = readLine(strippingNewline: true) else {
            StandardStream.error.line()
            return false
        }
        return answer.filter { !$0.isWhitespace } == name
    }
}
