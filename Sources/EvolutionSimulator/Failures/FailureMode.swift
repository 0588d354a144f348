/// A way in which the server, or what stands between, goes wrong. The names are those of the control API.
package enum FailureMode: String, Sendable, CaseIterable {
    /// A set, a creation or a deletion is answered as done and is not (2.0.0 did so with sets).
    case acceptedWithoutEffect = "accepted-without-effect"
    /// A set is answered with 201 and shows two seconds later.
    case delayedWrite = "delayed-write"
    /// A find says `null`, as for an instance that is not loaded.
    case nullFind = "null-find"
    /// A find says what stood there before the last set.
    case staleFind = "stale-find"
    /// Right after a set or a creation, somebody else sets another URL.
    case otherEditor = "other-editor"
    /// A set is written, with another list of events than was asked for.
    case otherEvents = "other-events"
    /// A set fails with 500 before, or after, it was written.
    case failBeforeWrite = "fail-before-write"
    case failAfterWrite = "fail-after-write"
    /// The connection breaks before, or after, a set was written.
    case resetBeforeWrite = "reset-before-write"
    case resetAfterWrite = "reset-after-write"
    /// The server restarts right after a set: retries that were waiting are lost.
    case restartAfterSet = "restart-after-set"
    /// Every call is answered with 503, since 2.4 has a licence.
    case licenceInactive = "licence-inactive"
    case keyRefused = "key-refused"
    case instanceGone = "instance-gone"
    /// A proxy in front answers: with its 502 page, or that there were too many requests.
    case gatewayError = "gateway-error"
    case tooManyRequests = "too-many-requests"
    /// The proxy wants https, and would have a POST come back as a GET.
    case redirect
    /// Half of the answer, then the end.
    case truncatedAnswer = "truncated-answer"
    /// No answer at all.
    case hang

    enum Call: Sendable {
        /// Whatever writes: sets, creations, log-outs and deletions.
        case set
        case find
        case any
    }

    /// Which calls it befalls.
    var call: Call {
        switch self {
        case .acceptedWithoutEffect, .delayedWrite, .otherEditor, .otherEvents, .failBeforeWrite, .failAfterWrite,
            .resetBeforeWrite, .resetAfterWrite, .restartAfterSet:
            .set
        case .nullFind, .staleFind: .find
        case .licenceInactive, .keyRefused, .instanceGone, .gatewayError, .tooManyRequests, .redirect, .truncatedAnswer,
            .hang:
            .any
        }
    }
}

/// The failures that are still to come.
struct FailurePlan: Sendable {
    struct Entry: Sendable {
        let mode: FailureMode
        /// Nil: whichever instance is called.
        let instance: String?
        /// Nil: until it is taken back.
        var times: Int?
    }

    static let mostEntries = 1_000

    private(set) var entries: [Entry] = []

    mutating func add(_ entry: Entry) {
        if entries.count < Self.mostEntries { entries.append(entry) }
    }

    mutating func clear() {
        entries = []
    }

    /// The first failure that befalls this call, used up by one.
    mutating func next(_ call: FailureMode.Call, instance: String?) -> FailureMode? {
        guard
            let place = entries.firstIndex(where: {
                ($0.mode.call == call || $0.mode.call == .any) && ($0.instance == nil || $0.instance == instance)
            })
        else { return nil }
        let mode = entries[place].mode
        if let times = entries[place].times {
            if times <= 1 { entries.remove(at: place) } else { entries[place].times = times - 1 }
        }
        return mode
    }
}
