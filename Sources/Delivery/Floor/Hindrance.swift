import HookgateCore

/// Why nothing of an integration can be sent now.
enum Hindrance: Sendable, Equatable {
    /// Nobody has named one, or which there are is not read yet.
    case noDestination
    /// It rests, or is paused.
    case destination(DestinationID)
    /// Its events are sealed, and no master key of this process opens them.
    case masterKeyMissing
}
