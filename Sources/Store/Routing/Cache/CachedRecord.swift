import FoundationEssentials
import HookgateCore

/// One row as the shared cache has it: an integration, a token of the ledger, or whose a name is.
///
/// Its text holds ids, standings and instance names: no token (its key is a digest), no key of a second factor and
/// nothing of any patient.
struct CachedRecord: Sendable, Equatable {
    enum Content: Sendable, Equatable {
        case integration(RoutingEntry)
        /// It has a second factor, whose key the cache must not have: the source is asked.
        case withheld(IntegrationID)
        case deleted(IntegrationID)
        case token(TokenDigest, IntegrationID?, TokenStanding)
        /// Nil after a change: somebody else may have the name by now, which a look-up has to find out.
        case name(InstanceName, IntegrationID?)
    }

    let content: Content
    let stamp: CacheStamp

    /// The record as Redis keeps it.
    var text: String { "\(self.stamp.text) \(self.words.joined(separator: " "))" }

    private static let nothing = "-"

    private var words: [String] {
        switch self.content {
        case .integration(let entry):
            [
                entry.isEnabled ? "on" : "off", entry.organizationID?.text ?? Self.nothing,
                entry.clinicID?.text ?? Self.nothing,
                // Any character may stand in a name, so it comes last, behind a mark that tells it from none.
                entry.instanceName.map { "=" + $0.text } ?? Self.nothing,
            ]
        case .withheld: ["withheld"]
        case .deleted: ["deleted"]
        case .token(_, let id, let standing): [Self.word(standing), id?.text ?? Self.nothing]
        case .name(_, let id): [id?.text ?? Self.nothing]
        }
    }

    init(_ content: Content, _ stamp: CacheStamp) {
        self.content = content
        self.stamp = stamp
    }

    /// What a change says, for the cache.
    init(_ change: RoutingChange, origin: DatabaseIdentity, asOf: UInt64) {
        func stamp(_ revision: UInt64) -> CacheStamp { CacheStamp(origin: origin, revision: revision, asOf: asOf) }
        switch change {
        case .integration(let entry):
            self.init(
                entry.secondFactor == nil ? .integration(entry) : .withheld(entry.integrationID),
                stamp(entry.revision))
        case .integrationDeleted(let id, let revision): self.init(.deleted(id), stamp(revision))
        case .token(let digest, let id, let standing, let revision):
            self.init(.token(digest, id, standing), stamp(revision))
        }
    }

    /// Whose a name is. Its revision is what the reader knew: those of several integrations are of no one order.
    init(nameOf name: InstanceName, _ holder: IntegrationID?, origin: DatabaseIdentity, asOf: UInt64) {
        self.init(.name(name, holder), CacheStamp(origin: origin, revision: asOf, asOf: asOf))
    }

    // MARK: Reading. Nil means that the text is none of ours, or of another version.

    static func token(_ digest: TokenDigest, _ text: String) -> CachedRecord? {
        guard let (stamp, rest) = self.split(text, words: 2), rest.count == 2, let standing = self.standing(rest[0])
        else { return nil }
        guard let id: IntegrationID? = self.optional(rest[1]) else { return nil }
        return CachedRecord(.token(digest, id, standing), stamp)
    }

    static func name(_ name: InstanceName, _ text: String) -> CachedRecord? {
        guard let (stamp, rest) = self.split(text, words: 1), rest.count == 1,
            let id: IntegrationID? = self.optional(rest[0])
        else { return nil }
        return CachedRecord(.name(name, id), stamp)
    }

    static func integration(_ id: IntegrationID, _ text: String) -> CachedRecord? {
        guard let (stamp, rest) = self.split(text, words: 4) else { return nil }
        if rest == ["deleted"] { return CachedRecord(.deleted(id), stamp) }
        if rest == ["withheld"] { return CachedRecord(.withheld(id), stamp) }
        guard rest.count == 4, rest[0] == "on" || rest[0] == "off",
            let organization: OrganizationID? = self.optional(rest[1]),
            let clinic: ClinicID? = self.optional(rest[2]),
            rest[3] == self.nothing || rest[3].hasPrefix("=")
        else { return nil }
        let name = rest[3] == self.nothing ? nil : InstanceName(String(rest[3].dropFirst()))
        return CachedRecord(
            .integration(
                RoutingEntry(
                    integrationID: id, organizationID: organization, clinicID: clinic, instanceName: name,
                    isEnabled: rest[0] == "on", revision: stamp.revision)), stamp)
    }

    /// The stamp, and at most so many words behind it, the last of which may hold spaces.
    private static func split(_ text: String, words count: Int) -> (CacheStamp, [Substring])? {
        let words = text.split(separator: " ", maxSplits: count + 3, omittingEmptySubsequences: false)
        guard words.count > 4, let stamp = CacheStamp(words: words.prefix(4)) else { return nil }
        return (stamp, Array(words.dropFirst(4)))
    }

    /// Nil when the word is neither an id, as we write it, nor the sign for none.
    private static func optional<Subject>(_ word: Substring) -> Identifier<Subject>?? {
        if word == self.nothing { return .some(nil) }
        guard let id = Identifier<Subject>(String(word)), id.text == word else { return nil }
        return .some(id)
    }

    private static func word(_ standing: TokenStanding) -> String {
        switch standing {
        case .current: "current"
        case .grace(let end): "grace:\(Int64((end.timeIntervalSince1970 * 1_000_000).rounded()))"
        case .revoked: "revoked"
        }
    }

    private static func standing(_ word: Substring) -> TokenStanding? {
        switch word {
        case "current": return .current
        case "revoked": return .revoked
        default:
            guard word.hasPrefix("grace:"), let end = Int64(word.dropFirst("grace:".count)) else { return nil }
            return .grace(until: Date(timeIntervalSince1970: Double(end) / 1_000_000))
        }
    }
}
