/// Finds in a body what tells one occurrence of an event from another, and digests what two copies of it share.
///
/// The digest is of the text's tokens, so that a member which only one of two copies has leaves no trace in it, not
/// even a comma. It is fed while the body is walked: nothing is collected, however many tokens there are.
struct OccurrenceVisitor: JSONVisitor {
    /// What ``DedupeKeys`` needs to know of a body.
    struct Findings {
        /// Whether Evolution stamped the body with the time.
        let hasTime: Bool
        /// Whether what is reported can happen to its message only once, so that the time of the report is of no
        /// matter. An edit is such when it has a time of its own: A, then B, then A again are three edits.
        let isOnceOnly: Bool
        /// Of what two copies share; also of the time, unless it is once only.
        let digest: [UInt8]
    }

    private enum Node {
        case root, data, content
    }

    /// What the key just read announces.
    private enum Announced {
        case nothing
        case node(Node)
        case time
        case cut
        /// The value goes; that there was one is kept.
        case cutValue
        case status
        case editTime
        /// An acknowledgement with content is an edit or a vote.
        case news
    }

    private let base: UnsafePointer<UInt8>
    private let message: MessageOccurrence?
    private var node = Node.root
    /// The depth of ``node``.
    private var depth = 0
    private var announced = Announced.node(.root)
    /// The depth of a container that is left out.
    private var skippedDepth: Int?
    private var time: Range<Int>?
    private var saysDeleted = false
    private var hasEditTime = false
    private var hasNews = false
    private var tokens = JSONDigest()

    private init(_ base: UnsafePointer<UInt8>, _ message: MessageOccurrence?) {
        self.base = base
        self.message = message
    }

    /// Nil when the bytes are no JSON.
    static func read(_ bytes: UnsafeBufferPointer<UInt8>, _ message: MessageOccurrence?) -> Findings? {
        guard let base = bytes.baseAddress else { return nil }
        var visitor = Self(base, message)
        do { _ = try JSONWalk.run(bytes, &visitor) } catch { return nil }
        return visitor.findings()
    }

    private func findings() -> Findings {
        let isOnceOnly =
            switch message?.kind {
            case nil: false
            case .message, .deletion: true
            case .edit: hasEditTime
            // Releases from 2.3.0 on say DELETED of a message that was edited, and say so for every edit.
            case .acknowledgement: !saysDeleted && !hasNews
            }
        var tokens = tokens
        if let time, !isOnceOnly { tokens.add(.string, base, time) }
        return Findings(hasTime: time != nil, isOnceOnly: isOnceOnly, digest: tokens.finished())
    }

    mutating func member(_ key: JSONString, depth: Int) {
        guard skippedDepth == nil else { return }
        announced = depth == self.depth ? announce(key) : .nothing
        switch announced {
        case .time, .cut: break
        case .nothing, .node, .cutValue, .status, .editTime, .news: tokens.add(.key, base, key.start..<key.end)
        }
    }

    mutating func string(_ value: JSONString, depth: Int) {
        guard skippedDepth == nil else { return }
        let range = value.start..<value.end
        if case .status = announced, value.equals("DELETED", in: base) { saysDeleted = true }
        if case .time = announced, !value.isEmpty { time = range }
        scalar(.string, range, isEmpty: value.isEmpty)
    }

    mutating func number(_ range: Range<Int>, depth: Int) {
        guard skippedDepth == nil else { return }
        scalar(.other, range, isEmpty: false)
    }

    mutating func literal(_ range: Range<Int>, depth: Int) {
        guard skippedDepth == nil else { return }
        scalar(.other, range, isEmpty: base[range.lowerBound] == UInt8(ascii: "n"))
    }

    mutating func open(_ container: JSONContainer, at index: Int, depth: Int) {
        guard skippedDepth == nil else { return }
        switch announced {
        case .node(let node) where container == .object:
            self.node = node
            self.depth = depth
        case .cut, .cutValue, .time: skippedDepth = depth
        case .editTime: hasEditTime = true
        case .news: hasNews = true
        case .node, .status, .nothing: break
        }
        announced = .nothing
        if skippedDepth == nil { tokens.add(.other, base, index..<index + 1) }
    }

    mutating func close(at index: Int, depth: Int) {
        if let skippedDepth {
            if skippedDepth == depth { self.skippedDepth = nil }
            return
        }
        tokens.add(.other, base, index..<index + 1)
        guard depth == self.depth else { return }
        node = node == .content ? .data : .root
        self.depth -= 1
    }

    mutating func comma(at index: Int, depth: Int) {}

    private mutating func scalar(_ kind: JSONDigest.Kind, _ range: Range<Int>, isEmpty: Bool) {
        switch announced {
        case .time, .cut, .cutValue:
            announced = .nothing
            return
        case .editTime: hasEditTime = hasEditTime || !isEmpty
        case .news: hasNews = hasNews || !isEmpty
        case .node, .status, .nothing: break
        }
        announced = .nothing
        tokens.add(kind, base, range)
    }

    private func announce(_ key: JSONString) -> Announced {
        func isKey(_ name: StaticString) -> Bool { key.equals(name, in: base) }
        switch node {
        case .root:
            if isKey("date_time") { return .time }
            // The oldest imitator has the message where Evolution has its data.
            if isKey("data") || isKey("message") { return .node(.data) }
            // Two URLs, two addresses of one server, a key that was exposed meanwhile, a number known by now.
            let isVolatile =
                isKey("destination") || isKey("server_url") || isKey("apikey") || isKey("api_key") || isKey("sender")
            return isVolatile ? .cut : .nothing
        case .data:
            guard let message else { return .nothing }
            if message.isVolatile(key, in: base) { return .cut }
            if isKey("timestampMs") { return .editTime }
            guard message.kind == .acknowledgement else { return isKey("message") ? .node(.content) : .nothing }
            if isKey("status") { return .status }
            return isKey("message") || isKey("pollUpdates") || isKey("editedMessage") ? .news : .nothing
        case .content:
            // Signed anew each time it is asked for.
            return isKey("mediaUrl") ? .cutValue : .nothing
        }
    }
}
