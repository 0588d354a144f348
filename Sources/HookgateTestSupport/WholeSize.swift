import FoundationEssentials

/// Whether suites of faults run at their whole size, as `make faults` wants them, or at the few of each that fit into
/// every test run.
package enum WholeSize {
    package static let isWanted = ProcessInfo.processInfo.environment["HOOKGATE_WHOLE_SIZE"] == "1"
}
