import HookgateCore

/// Everything resident of routing: tokens and names lead to slots, slots hold integrations.
///
/// Two rules keep it truthful. The fence: an older revision never replaces a newer one, and a deletion leaves a
/// tombstone that only a newer revision lifts. And slots are never used again for another integration, so no
/// stale index can lead a token to the wrong clinic.
///
/// A million integrations are meant to fit beside everything else, so each key is kept once, in what it leads to, and
/// is found through a ``NumberTable``.
struct RoutingIndex {
    private typealias SlotNumber = UInt32
    private static let none = SlotNumber.max
    /// Rotated and revoked tokens stay known; few integrations ever have more than these.
    private static let tokensPerIntegration = 4

    private enum Occupant {
        /// A token came before its integration.
        case unknown(IntegrationID)
        case entry(RoutingEntry)
        case deleted(IntegrationID, revision: UInt64)

        var id: IntegrationID {
            switch self {
            case .unknown(let id), .deleted(let id, _): id
            case .entry(let entry): entry.integrationID
            }
        }

        var name: InstanceName? {
            if case .entry(let entry) = self { entry.instanceName } else { nil }
        }
    }

    private struct Slot {
        var occupant: Occupant
        /// The next integration with the same instance name.
        var nextWithSameName: SlotNumber
        /// Of a name's first holder: whether the source of truth named all of them; memory alone cannot know of a
        /// second one before it is complete.
        var isNameConfirmed = false
    }

    private struct TokenRecord: Equatable {
        let digest: TokenDigest
        var revision: UInt64
        var standing: TokenStanding
        var slot: SlotNumber
    }

    /// What became of a fact that was read from the source of truth.
    enum Filled: Equatable {
        /// What the index holds now, which may be newer than what was filled in.
        case holds(RoutingFact)
        /// Newer knowledge contradicts the fact, and does not answer the question.
        case superseded
        /// Not something the index keeps: an absence, a duplicate, or the bound is reached.
        case notKept
    }

    private let bound: Int
    private var slots: ContiguousArray<Slot> = []
    private var slotsByID = NumberTable()
    /// The first holder of each name.
    private var slotsByName = NumberTable()
    private var tokens: ContiguousArray<TokenRecord> = []
    private var tokensByDigest = NumberTable()
    private var wasLoaded = false
    /// Something did not fit: what is absent here may exist.
    private(set) var isOverflowing = false
    /// How often something in it became another.
    private(set) var changeCount: UInt64 = 0

    init(bound: Int) {
        self.bound = min(bound, Int(Self.none) - 1)
    }

    var isComplete: Bool { self.wasLoaded && !self.isOverflowing }
    var integrationCount: Int { self.slots.count }
    var tokenCount: Int { self.tokens.count }

    mutating func markLoaded() {
        self.wasLoaded = true
    }

    /// What is known of a key; nil when only the source of truth can say.
    func fact(for key: RoutingKey) -> RoutingFact? {
        switch key {
        case .token(let digest):
            return self.tokenNumber(of: digest).flatMap { self.fact(of: self.tokens[$0]) }
        case .instance(let name):
            guard let first = self.firstHolder(of: name) else { return nil }
            guard self.slots[Int(first)].isNameConfirmed || self.isComplete else { return nil }
            guard case .entry(let entry) = self.slots[Int(first)].occupant else { return nil }
            return self.slots[Int(first)].nextWithSameName == Self.none ? .instance(entry) : .duplicateInstance
        }
    }

    mutating func apply(_ change: RoutingChange) {
        switch change {
        case .integration(let entry):
            self.place(entry)
        case .integrationDeleted(let id, let revision):
            self.bury(id, revision: revision)
        case .token(let digest, let id, let standing, let revision):
            if let known = self.tokenNumber(of: digest), self.tokens[known].revision > revision { return }
            self.keep(digest, of: id, standing, revision: revision)
        }
    }

    /// Takes what a look-up read. It may be older than what has been applied since, so a token that is already known
    /// stays as it is.
    mutating func fill(_ fact: RoutingFact, for key: RoutingKey) -> Filled {
        switch (fact, key) {
        case (.token(let entry, let standing), .token(let digest)):
            self.place(entry)
            if self.tokenNumber(of: digest) == nil {
                self.keep(digest, of: entry.integrationID, standing, revision: 0)
            }
        case (.revokedToken, .token(let digest)):
            if self.tokenNumber(of: digest) == nil { self.keep(digest, of: nil, .revoked, revision: 0) }
        case (.instance(let entry), .instance(let name)):
            self.place(entry)
            if let first = self.firstHolder(of: name) { self.slots[Int(first)].isNameConfirmed = true }
        default:
            return self.fact(for: key).map { .holds($0) } ?? .notKept
        }
        if let held = self.fact(for: key) { return .holds(held) }
        return self.isOverflowing ? .notKept : .superseded
    }

    // MARK: For snapshots

    /// What is known of an integration.
    enum Knowledge {
        case nothing
        case entry(RoutingEntry)
        case deleted
    }

    func knowledge(of id: IntegrationID) -> Knowledge {
        guard let number = self.knownSlotNumber(of: id) else { return .nothing }
        return switch self.slots[Int(number)].occupant {
        case .unknown: .nothing
        case .entry(let entry): .entry(entry)
        case .deleted: .deleted
        }
    }

    /// What it knows of integrations, tombstones included.
    var integrationChanges: some Sequence<RoutingChange> {
        self.slots.lazy.compactMap { slot -> RoutingChange? in
            switch slot.occupant {
            case .unknown: nil
            case .entry(let entry): .integration(entry)
            case .deleted(let id, let revision): .integrationDeleted(id, revision: revision)
            }
        }
    }

    /// What it knows of tokens, revoked ones included.
    var tokenChanges: some Sequence<RoutingChange> {
        self.tokens.lazy.map { record -> RoutingChange in
            let id = record.slot == Self.none ? nil : self.slots[Int(record.slot)].occupant.id
            return .token(record.digest, id, record.standing, revision: record.revision)
        }
    }

    private func fact(of record: TokenRecord) -> RoutingFact? {
        guard record.slot != Self.none else { return record.standing == .revoked ? .revokedToken : nil }
        switch self.slots[Int(record.slot)].occupant {
        case .entry(let entry): return .token(entry, record.standing)
        case .deleted: return .revokedToken
        case .unknown: return record.standing == .revoked ? .revokedToken : nil
        }
    }

    private mutating func keep(
        _ digest: TokenDigest, of id: IntegrationID?, _ standing: TokenStanding, revision: UInt64
    ) {
        var slot = Self.none
        if let id {
            guard let number = self.slotNumber(of: id) else { return }
            slot = number
        }
        let record = TokenRecord(digest: digest, revision: revision, standing: standing, slot: slot)
        if let known = self.tokenNumber(of: digest) {
            guard self.tokens[known] != record else { return }
            self.tokens[known] = record
        } else if self.tokens.count < self.bound * Self.tokensPerIntegration {
            self.tokensByDigest.insert(UInt32(self.tokens.count), for: digest)
            self.tokens.append(record)
        } else {
            self.isOverflowing = true
            return
        }
        self.changeCount += 1
    }

    private mutating func place(_ entry: RoutingEntry) {
        guard let number = self.slotNumber(of: entry.integrationID) else { return }
        switch self.slots[Int(number)].occupant {
        case .entry(let old):
            guard entry.revision >= old.revision, entry != old else { return }
            self.changeCount += 1
            guard entry.instanceName != old.instanceName else {
                self.slots[Int(number)].occupant = .entry(entry)
                return
            }
            self.unlink(number, from: old.instanceName)
        case .deleted(_, let revision):
            guard entry.revision > revision else { return }
            self.changeCount += 1
        case .unknown:
            self.changeCount += 1
        }
        self.slots[Int(number)].occupant = .entry(entry)
        self.link(number, to: entry.instanceName)
    }

    private mutating func bury(_ id: IntegrationID, revision: UInt64) {
        guard let number = self.slotNumber(of: id) else { return }
        switch self.slots[Int(number)].occupant {
        case .entry(let old):
            guard revision >= old.revision else { return }
            self.unlink(number, from: old.instanceName)
        case .deleted(_, let old):
            guard revision > old else { return }
        case .unknown:
            break
        }
        self.slots[Int(number)].occupant = .deleted(id, revision: revision)
        self.changeCount += 1
    }

    /// The integration's slot, a new one when it has none; nil when the bound is reached.
    private mutating func slotNumber(of id: IntegrationID) -> SlotNumber? {
        if let number = self.knownSlotNumber(of: id) { return number }
        guard self.slots.count < self.bound else {
            self.isOverflowing = true
            return nil
        }
        let number = SlotNumber(self.slots.count)
        self.slots.append(Slot(occupant: .unknown(id), nextWithSameName: Self.none))
        self.slotsByID.insert(number, for: id)
        return number
    }

    private func knownSlotNumber(of id: IntegrationID) -> SlotNumber? {
        self.slotsByID.number(for: id) { self.slots[Int($0)].occupant.id == id }
    }

    private func tokenNumber(of digest: TokenDigest) -> Int? {
        self.tokensByDigest.number(for: digest) { self.tokens[Int($0)].digest == digest }.map { Int($0) }
    }

    private func firstHolder(of name: InstanceName) -> SlotNumber? {
        self.slotsByName.number(for: name) { self.slots[Int($0)].occupant.name == name }
    }

    /// The slot must hold its entry already, and not stand under that name.
    private mutating func link(_ number: SlotNumber, to name: InstanceName?) {
        guard let name else { return }
        guard let first = self.firstHolder(of: name) else {
            self.slots[Int(number)].nextWithSameName = Self.none
            self.slots[Int(number)].isNameConfirmed = false
            self.slotsByName.insert(number, for: name)
            return
        }
        self.slots[Int(number)].nextWithSameName = first
        self.slots[Int(number)].isNameConfirmed = self.slots[Int(first)].isNameConfirmed
        self.slotsByName.replace(first, by: number, for: name)
    }

    /// The slot must still hold the entry with that name: names are compared where they stand.
    private mutating func unlink(_ number: SlotNumber, from name: InstanceName?) {
        guard let name, let first = self.firstHolder(of: name) else { return }
        let next = self.slots[Int(number)].nextWithSameName
        self.slots[Int(number)].nextWithSameName = Self.none
        guard first != number else {
            if next == Self.none {
                self.slotsByName.remove(number, for: name)
            } else {
                self.slots[Int(next)].isNameConfirmed = self.slots[Int(number)].isNameConfirmed
                self.slotsByName.replace(number, by: next, for: name)
            }
            return
        }
        var previous = first
        while previous != Self.none {
            if self.slots[Int(previous)].nextWithSameName == number {
                self.slots[Int(previous)].nextWithSameName = next
                return
            }
            previous = self.slots[Int(previous)].nextWithSameName
        }
    }
}
