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
}
