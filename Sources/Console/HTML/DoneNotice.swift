import HookgateCore

/// What was done, as the page that follows says it. Its address carries a word of ours and at most two numbers, and never
/// a sentence: anybody can make an address, and what a page of ours says is believed.
struct DoneNotice: Equatable {
    enum Word: String, CaseIterable {
        case present
        case enabled
        case disabled
        case deleted
        case deletedAsAsked = "deleted_as_asked"
        case deletedAbsent = "deleted_absent"
        case deletedShared = "deleted_shared"
        case deletedNameless = "deleted_nameless"
        case replayed
        case parked
        case discarded
        case released
    }

    /// Between the word and its numbers.
    private static let separator: Character = "."
    /// The field that carries it.
    static let field = "done"

    let word: Word
    /// Of how many events, and how many of them stay as they were.
    private let numbers: [Int]

    init(_ word: Word, _ numbers: Int...) {
        self.word = word
        self.numbers = numbers
    }

    /// Nil for what none of our pages writes.
    init?(_ text: String) {
        let parts = text.split(separator: Self.separator, omittingEmptySubsequences: false)
        guard let word = Word(rawValue: String(parts[0])) else { return nil }
        let numbers = parts.dropFirst().compactMap { Int($0) }
        guard numbers.count == parts.count - 1, numbers.count == word.numberCount, numbers.allSatisfy({ $0 >= 0 })
        else { return nil }
        self.word = word
        self.numbers = numbers
    }

    /// The address of a page that says it.
    func on(_ path: String) -> String {
        "\(path)?\(Self.field)=\(([self.word.rawValue] + self.numbers.map(String.init)).joined(separator: "."))"
    }

    /// What the address of a page says was done; nothing where that is no word of ours.
    static func html(_ request: PageRequest) -> HTML {
        request.query[self.field].flatMap { Self($0) }.html { Notice.html("\($0.sentence)", .good) }
    }

    private var sentence: String {
        switch self.word {
        case .present: "It is there already, with its instance. Nothing was changed."
        case .enabled: "Its webhooks are delivered."
        case .disabled: "Its webhooks are held back."
        case .deleted: "It is deleted, and the server confirms that its instance is gone."
        case .deletedAsAsked: "It is deleted; its instance at Evolution stays, as was asked for."
        case .deletedAbsent: "It is deleted; no server has its instance."
        case .deletedShared: "It is deleted; its instance stays, since another integration names it too."
        case .deletedNameless: "It is deleted; it names no instance."
        case .replayed: "Will be delivered again: \(self.events)"
        case .parked: "Parked: \(self.events)"
        case .discarded: "Discarded: \(self.events)"
        case .released: "Released \(Count.text(self.numbers[0])); \(Count.text(self.numbers[1])) stay held."
        }
    }

    private var events: String {
        let more = self.numbers[0] >= EventDecisions.most ? " There may be more: do it again." : ""
        return "\(Count.text(self.numbers[0])) events.\(more)"
    }
}

extension DoneNotice.Word {
    fileprivate var numberCount: Int {
        switch self {
        case .replayed, .parked, .discarded: 1
        case .released: 2
        default: 0
        }
    }

    init(_ decision: EventDecision) {
        switch decision {
        case .replay: self = .replayed
        case .park: self = .parked
        case .discard: self = .discarded
        }
    }

    init(_ kept: InstanceKept) {
        switch kept {
        case .wanted: self = .deletedAsAsked
        case .absent: self = .deletedAbsent
        case .namedByOther: self = .deletedShared
        case .nameless: self = .deletedNameless
        }
    }
}
