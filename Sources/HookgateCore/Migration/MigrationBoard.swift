package import FoundationEssentials

/// Lists the whole fleet with where each instance stands. Filled by the store.
package protocol MigrationBoardSource: Sendable {
    /// One page and the counts of all, in one statement.
    func page(_ query: BoardQuery) async throws -> BoardPage
}

/// Which instances a board shows, and in which order.
package struct BoardQuery: Sendable, Equatable {
    package static let largestPage = 1_000

    package enum Order: String, Sendable, CaseIterable {
        case name
        /// Those that are least far first.
        case step
        /// The latest event on the legacy route first.
        case legacyEvent = "legacy"
        /// The latest event on the token route first.
        case tokenEvent = "token"
    }

    package var step: BoardStep?
    /// A part of the instance's name or of what people call it; case does not matter.
    package var text: String?
    package var order = Order.name
    /// How many at most.
    package var limit = 100
    /// Where the page before ended.
    package var cursor: BoardCursor?

    package init() {}
}

/// A place in the list: the value that it is ordered by, then the name.
package struct BoardCursor: Sendable, Equatable {
    package let key: Int64
    package let name: InstanceName

    package init(key: Int64, name: InstanceName) {
        self.key = key
        self.name = name
    }

    /// One word without a sign that a URL gives a meaning.
    package var text: String { "\(key).\(Base64URL.encode(Array(name.text.utf8)))" }

    /// Nil for a text that no page gave out.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let key = Int64(parts[0]), let bytes = Base64URL.decode(parts[1].utf8),
            let name = String(validating: bytes, as: UTF8.self), !name.utf8.contains(0)
        else { return nil }
        self.init(key: key, name: InstanceName(name))
    }
}

/// Some instances, where the next page begins, and how many of the fleet stand where.
package struct BoardPage: Sendable, Equatable {
    package let rows: [BoardRow]
    /// Nil at the end.
    package let next: BoardCursor?
    /// Of the whole fleet, whatever was asked for.
    package let counts: [BoardStep: Int]

    package init(rows: [BoardRow], next: BoardCursor?, counts: [BoardStep: Int]) {
        self.rows = rows
        self.next = next
        self.counts = counts
    }
}

/// What is to be done next with an instance, as far as the tables alone tell: a plan may find that a person must decide,
/// and only Evolution knows what it posts to. In the order of the way.
package enum BoardStep: String, Sendable, CaseIterable {
    /// Several integrations have the name.
    case decide
    /// A legacy table names it, and no integration does.
    case migrate
    case makeToken = "make_token"
    case assignClinic = "assign_clinic"
    case switchOver = "switch_over"
    /// It is set at Evolution, and no event has come yet.
    case waitForEvent = "wait_for_event"
    /// Webhooks come on the token route.
    case done

    /// For people.
    package var meaning: String {
        switch self {
        case .decide: "decide which integration it is"
        case .migrate: "migrate"
        case .makeToken: "make its token"
        case .assignClinic: "assign a clinic"
        case .switchOver: "switch over"
        case .waitForEvent: "wait for its first event"
        case .done: "done"
        }
    }
}

/// One instance of the fleet.
package struct BoardRow: Sendable, Equatable {
    package let name: InstanceName
    /// What people call it; nil where no integration has the name.
    package let title: String?
    /// The most trusted legacy row, as `public.evolution_instances:42`, and how many there are.
    package let legacyPlace: String?
    package let legacyRows: Int
    package let integrationID: IntegrationID?
    package let integrations: Int
    package let clinicID: ClinicID?
    package let statusWord: String?
    /// With all but its ends masked; nil where there is none that is valid.
    package let maskedToken: String?
    /// Retries of what had come before are not counted.
    package let lastLegacyEvent: Date?
    package let lastTokenEvent: Date?
    package let step: BoardStep
    /// How far its switch-over is and since when, where one was begun.
    package let switchOver: SwitchOverState?
    package let switchedAt: Date?
    /// Whether the journal knows what stood at Evolution before.
    package let canRollBack: Bool
    /// The latest run that wrote it and was not undone.
    package let run: RunID?

    package init(
        name: InstanceName, title: String?, legacyPlace: String?, legacyRows: Int, integrationID: IntegrationID?,
        integrations: Int, clinicID: ClinicID?, statusWord: String?, maskedToken: String?, lastLegacyEvent: Date?,
        lastTokenEvent: Date?, step: BoardStep, switchOver: SwitchOverState?, switchedAt: Date?, canRollBack: Bool,
        run: RunID?
    ) {
        self.name = name
        self.title = title
        self.legacyPlace = legacyPlace
        self.legacyRows = legacyRows
        self.integrationID = integrationID
        self.integrations = integrations
        self.clinicID = clinicID
        self.statusWord = statusWord
        self.maskedToken = maskedToken
        self.lastLegacyEvent = lastLegacyEvent
        self.lastTokenEvent = lastTokenEvent
        self.step = step
        self.switchOver = switchOver
        self.switchedAt = switchedAt
        self.canRollBack = canRollBack
        self.run = run
    }
}
