/// Remembers where the members of ``BodyFacts`` lie, and reads them when the whole body proved to be sound.
///
/// It follows the few objects that can hold them and compares no key anywhere else. Besides Evolution's own
/// envelope it knows the dialects of its imitators: `{instanceName, message: {key}}`, and an object as `instance`.
struct BodyFactsVisitor: JSONVisitor {
    /// What is looked for, ordered so that everything below one object is one range.
    private enum Slot: Int {
        case event, instance, instanceObjectName, instanceName
        case dataKeyID, dataKeyChat
        case dataMessageID, dataRemoteJid, dataID, dataChatID
        case messageKeyID, messageKeyChat
    }

    /// The objects that are followed.
    private enum Node {
        case root, instance, data, dataKey, message, messageKey
    }

    /// What the key just read announces.
    private enum Announced {
        case nothing
        case slot(Slot)
        case node(Node)
        /// `instance`, which is a string or an object.
        case instance
    }

    /// How many members are looked for.
    static let slotCount = 12

    private let base: UnsafePointer<UInt8>
    private var found = InlineArray<12, JSONString>(repeating: Self.absent)
    private var node = Node.root
    /// The depth of ``node``; 0 before the outermost object.
    private(set) var depth = 0
    private var announced = Announced.node(.root)

    private static let absent = JSONString(start: 0, end: 0, hasEscapes: false)

    init(_ bytes: UnsafeBufferPointer<UInt8>) throws(BodyError) {
        guard let base = bytes.baseAddress else { throw .empty }
        self.base = base
    }

    /// For a body that is never whole: what it shows of its strings lies from `base` on.
    init(base: UnsafePointer<UInt8>) {
        self.base = base
    }

    /// Which member the next value is, should it be a string; nil when it would be ignored.
    var awaitedSlot: Int? {
        switch announced {
        case .slot(let slot): slot.rawValue
        case .instance: Slot.instance.rawValue
        case .nothing, .node: nil
        }
    }

    @inline(__always)
    mutating func member(_ key: JSONString, depth: Int) {
        announced = depth == self.depth ? announce(key) : .nothing
    }

    @inline(__always)
    mutating func string(_ value: JSONString, depth: Int) {
        switch announced {
        case .nothing: return
        case .slot(let slot): found[slot.rawValue] = value
        case .instance: found[Slot.instance.rawValue] = value
        case .node: break
        }
        announced = .nothing
    }

    @inline(__always)
    mutating func number(_ range: Range<Int>, depth: Int) {
        announced = .nothing
    }

    @inline(__always)
    mutating func literal(_ range: Range<Int>, depth: Int) {
        announced = .nothing
    }

    @inline(__always)
    mutating func open(_ container: JSONContainer, at index: Int, depth: Int) {
        switch (container, announced) {
        case (.object, .node(let node)):
            self.node = node
            self.depth = depth
        case (.object, .instance):
            self.node = .instance
            self.depth = depth
        default:
            break
        }
        announced = .nothing
    }

    @inline(__always)
    mutating func close(at index: Int, depth: Int) {
        guard depth == self.depth else { return }
        switch node {
        case .root, .instance, .data, .message: node = .root
        case .dataKey: node = .data
        case .messageKey: node = .message
        }
        self.depth -= 1
    }

    @inline(__always)
    mutating func comma(at index: Int, depth: Int) {}

    /// What the key means where it stands. What an earlier key of the same name had brought is forgotten.
    private mutating func announce(_ key: JSONString) -> Announced {
        switch node {
        case .root: announceInRoot(key)
        case .instance: key.equals("instanceName", in: base) ? take(.instanceObjectName) : .nothing
        case .data: announceInData(key)
        case .message: key.equals("key", in: base) ? follow(.messageKey, .messageKeyID, .messageKeyChat) : .nothing
        case .dataKey: announceInKey(key, id: .dataKeyID, chat: .dataKeyChat)
        case .messageKey: announceInKey(key, id: .messageKeyID, chat: .messageKeyChat)
        }
    }

    private mutating func announceInRoot(_ key: JSONString) -> Announced {
        if key.equals("data", in: base) { return follow(.data, .dataKeyID, .dataChatID) }
        if key.equals("event", in: base) { return take(.event) }
        if key.equals("instance", in: base) {
            forget(.instance, .instanceObjectName)
            return .instance
        }
        if key.equals("instanceName", in: base) { return take(.instanceName) }
        if key.equals("message", in: base) { return follow(.message, .messageKeyID, .messageKeyChat) }
        return .nothing
    }

    private mutating func announceInData(_ key: JSONString) -> Announced {
        if key.equals("key", in: base) { return follow(.dataKey, .dataKeyID, .dataKeyChat) }
        if key.equals("keyId", in: base) { return take(.dataMessageID) }
        if key.equals("remoteJid", in: base) { return take(.dataRemoteJid) }
        if key.equals("id", in: base) { return take(.dataID) }
        if key.equals("chatId", in: base) { return take(.dataChatID) }
        return .nothing
    }

    private mutating func announceInKey(_ key: JSONString, id: Slot, chat: Slot) -> Announced {
        if key.equals("id", in: base) { return take(id) }
        if key.equals("remoteJid", in: base) { return take(chat) }
        return .nothing
    }

    private mutating func take(_ slot: Slot) -> Announced {
        found[slot.rawValue] = Self.absent
        return .slot(slot)
    }

    private mutating func follow(_ node: Node, _ first: Slot, _ last: Slot) -> Announced {
        forget(first, last)
        return .node(node)
    }

    private mutating func forget(_ first: Slot, _ last: Slot) {
        for slot in first.rawValue...last.rawValue { found[slot] = Self.absent }
    }
}

extension BodyFactsVisitor {
    /// What was found. An empty string says no more than an absent one.
    var facts: BodyFacts {
        let event = read(.event, limit: BodyScanner.longestEvent)
        return BodyFacts(event: event, instance: instance, messageID: messageID(of: event), chat: chat)
    }

    private var instance: String? {
        for slot in [Slot.instance, .instanceObjectName, .instanceName] where !found[slot.rawValue].isEmpty {
            return found[slot.rawValue].unescaped(in: base, limit: BodyScanner.longestInstance).text
        }
        return nil
    }

    /// Receipts and deletions of the first generation name their message by `data.id`; elsewhere `id` names a call,
    /// a label or a row of Evolution's database.
    private func messageID(of event: String?) -> String? {
        if let id = readFirst(.dataKeyID, .dataMessageID) { return id }
        if let event, !found[Slot.dataID.rawValue].isEmpty,
            EventName.isSpelling(event, of: "messages.update") || EventName.isSpelling(event, of: "messages.delete"),
            let id = readFirst(.dataID)
        {
            return id
        }
        return readFirst(.messageKeyID)
    }

    /// Calls and labels name their chat by `data.chatId`, presence and groups by a JID as `data.id`.
    private var chat: String? {
        if let chat = readFirst(.dataKeyChat, .dataRemoteJid, .messageKeyChat, .dataChatID) { return chat }
        guard let id = readFirst(.dataID), id.utf8.contains(UInt8(ascii: "@")) else { return nil }
        return id
    }

    private func readFirst(_ slots: Slot...) -> String? {
        for slot in slots where !found[slot.rawValue].isEmpty { return read(slot, limit: BodyScanner.longestKey) }
        return nil
    }

    private func read(_ slot: Slot, limit: Int) -> String? {
        guard !found[slot.rawValue].isEmpty else { return nil }
        let (text, isWhole) = found[slot.rawValue].unescaped(in: base, limit: limit)
        return isWhole ? text : nil
    }
}
