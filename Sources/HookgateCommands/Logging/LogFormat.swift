/// How a log line is written.
package enum LogFormat: String, Sendable, CaseIterable {
    /// One line for people.
    case text
    /// One JSON object a line, for machines.
    case json
}
