package import FoundationEssentials

/// A piece of long work as every replica sees it: what was asked, how far it is, and until when somebody is at it.
package struct LongWorkRecord: Sendable, Equatable {
    package enum State: String, Sendable {
        case running
        /// Somebody has asked it to leave off; its holder has not heard of it yet.
        case stopping
        case done
        case stopped
        case failed

        package var isOpen: Bool { self == .running || self == .stopping }
    }

    package let id: LongWorkID
    package let kind: String
    /// Who began it, however many replicas are at it one after the other.
    package let actor: String
    /// Everything that is needed to go on, as JSON, and nothing secret.
    package let request: String
    package let state: State
    /// Why it failed, in words.
    package let error: String?
    /// What it had come to when its holder last wrote it, as JSON.
    package let report: String?
    package let begunAt: Date
    package let endedAt: Date?
    /// Grows with each change of hands; who holds an earlier one writes nothing any more.
    package let fencing: Int64
    /// How many processes have begun it, those that gave it back in good order not counted.
    package let tries: Int

    package init(
        id: LongWorkID, kind: String, actor: String, request: String, state: State, error: String?, report: String?,
        begunAt: Date, endedAt: Date?, fencing: Int64, tries: Int
    ) {
        self.id = id
        self.kind = kind
        self.actor = actor
        self.request = request
        self.state = state
        self.error = error
        self.report = report
        self.begunAt = begunAt
        self.endedAt = endedAt
        self.fencing = fencing
        self.tries = tries
    }
}

/// Work that is to begin.
package struct LongWorkDraft: Sendable {
    package let id: LongWorkID
    package let kind: String
    package let actor: String
    /// As ``LongWorkRecord/request``.
    package let request: String

    package init(id: LongWorkID, kind: String, actor: String, request: String) {
        self.id = id
        self.kind = kind
        self.actor = actor
        self.request = request
    }
}

/// The right to carry a piece of work out, until it runs out or somebody else has it.
package struct LongWorkLease: Sendable, Equatable {
    package let id: LongWorkID
    package let holder: UUID
    package let fencing: Int64

    package init(id: LongWorkID, holder: UUID, fencing: Int64) {
        self.id = id
        self.holder = holder
        self.fencing = fencing
    }
}

/// What came of wanting to begin.
package enum LongWorkBeginning: Sendable, Equatable {
    case begun(LongWorkLease)
    /// One of its kind is open, on this replica or on another.
    case underWay(LongWorkRecord)
}
