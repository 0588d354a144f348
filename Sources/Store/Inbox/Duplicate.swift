import FoundationEssentials
import HookgateCore

/// What an event repeats that the inbox had before it.
struct Duplicate: Sendable, Equatable {
    enum Kind: String, Sendable {
        /// Byte for byte the same: the sender did not hear our answer.
        case retry
        /// The same message in another body: on both URLs, or read again after a reconnect.
        case copy
    }

    let kind: Kind
    let original: EventReference
}

/// An event and the partition it lies in.
struct EventReference: Sendable, Equatable {
    let id: UUID
    /// Any instant of its day.
    let receivedAt: Date
}

/// Which events of a batch repeat each other or what the inbox has: a decision, made from the keys of both.
struct DuplicateDecision {
    /// Whom each key belongs to as far as the batch knows.
    private(set) var owners: [[UInt8]: EventReference] = [:]
    /// By event.
    private(set) var duplicates: [UUID: Duplicate] = [:]
    private let records: ArraySlice<InboxRecord>

    /// Looks within the batch alone: the first of those that are alike is the original.
    init(_ records: ArraySlice<InboxRecord>) {
        self.records = records
        for record in records {
            let own = record.reference
            let duplicate = Self.duplicate(record) { owners[$0] }
            if let duplicate { duplicates[own.id] = duplicate }
            for key in record.keys.all where owners[key] == nil { owners[key] = duplicate?.original ?? own }
        }
    }

    /// Takes in whom the inbox says each key belongs to.
    /// - Returns: the keys that this batch claimed for events which are duplicates themselves, with the original each
    ///   must point to: a key may only name an event that is stored.
    mutating func settle(_ stored: [[UInt8]: EventReference]) -> [[UInt8]: EventReference] {
        for record in records where duplicates[record.reference.id] == nil {
            duplicates[record.reference.id] = Self.duplicate(record) { stored[$0] }
        }
        for (id, duplicate) in duplicates {
            guard let further = duplicates[duplicate.original.id] else { continue }
            duplicates[id] = Duplicate(kind: duplicate.kind, original: further.original)
        }
        return stored.compactMapValues { duplicates[$0.id]?.original }
    }

    private static func duplicate(_ record: InboxRecord, owner: ([UInt8]) -> EventReference?) -> Duplicate? {
        func original(_ key: [UInt8]?) -> EventReference? {
            guard let found = key.flatMap(owner), found.id != record.reference.id else { return nil }
            return found
        }
        if let found = original(record.keys.retry) { return Duplicate(kind: .retry, original: found) }
        return original(record.keys.copy).map { Duplicate(kind: .copy, original: $0) }
    }
}

extension DedupeKeys {
    fileprivate var all: [[UInt8]] { [retry, copy].compactMap(\.self) }
}
