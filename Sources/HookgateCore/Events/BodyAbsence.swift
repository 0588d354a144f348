/// Why an event's body can neither be shown nor sent.
package enum BodyAbsence: String, Error, Sendable, CaseIterable {
    /// Its time was over, or it was erased.
    case notKept = "not_kept"
    /// It is sealed with its organization's key, and that key was removed for good.
    case keyForgotten = "key_forgotten"
    /// It is sealed, and this process has no master key that opens its organization's key.
    case masterKeyMissing = "master_key_missing"
    /// It is not what was sealed for this event.
    case damaged

    /// For the person who wanted to see it.
    package var explanation: String {
        switch self {
        case .notKept: "The body is not kept any more."
        case .keyForgotten: "The body is sealed, and the key of its organization was removed: nobody can read it."
        case .masterKeyMissing:
            "The body is sealed. Set HOOKGATE_BODY_ENCRYPTION_KEY as the gateways have it to read it."
        case .damaged: "The body is damaged: it is not what was sealed for this event."
        }
    }
}
