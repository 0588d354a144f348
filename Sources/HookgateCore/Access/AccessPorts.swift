package import FoundationEssentials

/// Keeps the keys to console and API. Filled by the store.
package protocol AccessKeyStore: Sendable {
    /// Some keys, the newest first, those that were revoked included.
    /// - Parameters:
    ///   - user: whose; nil for everybody's, and nobody's.
    ///   - id: the last of the page before.
    func keys(of user: UserName?, after id: AccessKeyID?, limit: Int) async throws -> [AccessKeyRecord]

    /// Keeps a new key by its secret's digest, with the audit log's entry in the same transaction.
    /// - Returns: nil when a good key of the same user, or of nobody, has that name; when a user has that of a key that is
    ///   nobody's; when its user is disabled.
    func create(
        _ draft: AccessKeyDraft, _ secret: AccessSecret, by actor: String, at now: Date
    ) async throws -> AccessKeyRecord?

    /// The same, and only while there never was a key: of several replicas that start together, one succeeds.
    func createFirst(
        _ draft: AccessKeyDraft, _ secret: AccessSecret, by actor: String, at now: Date
    ) async throws -> AccessKeyRecord?

    /// Ends a good key, and with it every session that it began. By its id, or its name: a user's as `ana/laptop`.
    /// - Parameter user: whose it must be; nil for anybody's, and nobody's.
    func revoke(
        _ subject: String, of user: UserName?, _ act: AccessAct
    ) async throws -> AccessOutcome<AccessKeyRecord>

    /// The key with this secret, where it is good at this instant.
    func key(_ secret: TokenDigest, at now: Date) async throws -> AccessKeyRecord?
}

extension AccessKeyStore {
    /// The newest keys, a bounded number.
    package func keys() async throws -> [AccessKeyRecord] {
        try await self.keys(of: nil, after: nil, limit: 1_000)
    }
}

/// Keeps who is signed in to the console. Filled by the store.
package protocol ConsoleSessionStore: Sendable {
    /// Signs cookies and forms; all replicas on one database share it. Nil where the schema is not applied.
    func signingKey() async throws -> [UInt8]?

    /// Begins a session for whoever has this secret, and notes that. A link is used up by it.
    /// - Returns: nil when the secret is not good.
    func begin(
        _ session: TokenDigest, with secret: TokenDigest, until end: Date, at now: Date
    ) async throws -> AccessKeyRecord?

    /// The same for the token of the configuration, which is in no table.
    func begin(_ session: TokenDigest, withConfigured token: TokenDigest, until end: Date, at now: Date) async throws

    /// Who is signed in, where the session and its key are good at this instant.
    /// - Parameter configured: the digest of the configuration's token as it is now.
    func visitor(_ session: TokenDigest, configured: TokenDigest?, at now: Date) async throws -> Visitor?

    func end(_ session: TokenDigest) async throws
}

/// Remembers what was answered to a request that must not be carried out twice. Filled by the store.
package protocol IdempotencyStore: Sendable {
    /// Takes a key for a request, or says what was answered to it.
    func begin(_ key: IdempotencyKey, at now: Date) async throws -> IdempotencyClaim

    /// Keeps the answer for a day.
    func finish(_ key: IdempotencyKey, status: Int, body: [UInt8]) async throws

    /// Lets the key be used again, because nothing was done.
    func abandon(_ key: IdempotencyKey) async throws
}

/// What a client calls a request, and what it asked for by it.
package struct IdempotencyKey: Sendable, Equatable {
    package let visitor: String
    package let text: String
    /// Of method, path and body.
    package let request: TokenDigest

    package init(visitor: String, text: String, request: TokenDigest) {
        self.visitor = visitor
        self.text = text
        self.request = request
    }
}

package enum IdempotencyClaim: Sendable, Equatable {
    case isNew
    case answered(status: Int, body: [UInt8])
    /// The first request is still being carried out.
    case inProgress
    /// The key was used for another request.
    case differs
}
