import FoundationEssentials
import HookgateCore
import Synchronization

/// Says who is asking, and lets people in and out.
final class AccessControl: Sendable {
    static let sessionTime: TimeInterval = 12 * 3_600

    /// A session, once its cookie is believed.
    struct Session: Sendable {
        /// What the cookie holds; never stored, never shown.
        let secret: String
        let visitor: Visitor
    }

    private let parts: ConsoleParts
    /// The configuration's token; nil where there is none.
    private let configured: TokenDigest?
    private let limit: AttemptLimit
    private let known = Mutex<ConsoleSigner?>(nil)

    init(_ parts: ConsoleParts, configuredToken: TokenDigest?, limit: AttemptLimit = AttemptLimit()) {
        self.parts = parts
        self.configured = configuredToken
        self.limit = limit
    }

    /// Read once: the key of an installation does not change.
    func signer() async throws -> ConsoleSigner {
        if let signer = self.known.withLock({ $0 }) { return signer }
        guard let key = try await self.parts.sessions.signingKey() else {
            throw ConsoleError.unavailable("The schema is not applied yet. See: hookgate schema status")
        }
        let signer = ConsoleSigner(key: key)
        self.known.withLock { $0 = signer }
        return signer
    }

    /// Whose bearer key it is.
    func bearer(_ request: PageRequest) async throws -> Visitor {
        guard let header = request.header("authorization") else { throw ConsoleError.unauthenticated }
        let words = header.split(separator: " ")
        guard words.count == 2, words[0].lowercased() == "bearer" else { throw ConsoleError.unauthenticated }
        return try await self.visitor(String(words[1]), request)
    }

    private func visitor(_ text: String, _ request: PageRequest) async throws -> Visitor {
        let now = self.parts.time.now
        if let secret = AccessSecret(text) {
            // The configuration's may be of our form as well.
            if secret.digest == configured { return .configured }
            guard secret.kind == .key, let record = try await self.parts.keys.key(secret.digest, at: now) else {
                throw ConsoleError.unauthenticated
            }
            return record.visitor
        }
        try self.checkLimit(request, now)
        guard let configured, TokenDigest(of: text) == configured else {
            self.limit.failed(request.peer, at: now)
            throw ConsoleError.unauthenticated
        }
        return .configured
    }

    /// Who is signed in, by the cookie; nil when nobody is.
    func session(_ request: PageRequest) async throws -> Session? {
        guard let cookie = SessionCookie.value(in: request),
            let secret = try await self.signer().verified(cookie, .session)
        else { return nil }
        let visitor = try await self.parts.sessions.visitor(
            TokenDigest(of: secret), configured: self.configured, at: self.parts.time.now)
        return visitor.map { Session(secret: secret, visitor: $0) }
    }

    /// Begins a session for whoever has this key.
    /// - Returns: the cookie's value; nil when the key is not good.
    func signIn(with text: String, _ request: PageRequest) async throws -> String? {
        let now = self.parts.time.now
        let session = Base64URL.encode(SystemRandom.bytes(AccessSecret.randomByteCount))
        let digest = TokenDigest(of: session)
        let end = now.addingTimeInterval(Self.sessionTime)
        if let secret = AccessSecret(text), secret.digest != self.configured {
            guard try await self.parts.sessions.begin(digest, with: secret.digest, until: end, at: now) != nil else {
                return nil
            }
        } else {
            if AccessSecret(text) == nil { try self.checkLimit(request, now) }
            guard let configured, TokenDigest(of: text) == configured else {
                self.limit.failed(request.peer, at: now)
                return nil
            }
            try await self.parts.sessions.begin(digest, withConfigured: configured, until: end, at: now)
        }
        return try await self.signer().signed(session, .session)
    }

    func signOut(_ session: Session) async throws {
        try await self.parts.sessions.end(TokenDigest(of: session.secret))
    }

    private func checkLimit(_ request: PageRequest, _ now: Date) throws(ConsoleError) {
        if let seconds = self.limit.wait(of: request.peer, at: now) {
            throw .tooManyAttempts(retryAfterSeconds: seconds)
        }
    }
}

/// The cookie that a session lives in.
enum SessionCookie {
    /// A browser keeps the second name for TLS and this very host alone.
    private static let plainName = "hookgate"
    private static let secureName = "__Host-hookgate"

    static func value(in request: PageRequest) -> String? {
        request.cookie(self.secureName) ?? request.cookie(self.plainName)
    }

    static func header(_ value: String, isSecure: Bool, lasts seconds: Int) -> (name: String, value: String) {
        let name = isSecure ? self.secureName : self.plainName
        return (
            "set-cookie",
            "\(name)=\(value); Path=/; Max-Age=\(seconds); HttpOnly; SameSite=Strict\(isSecure ? "; Secure" : "")"
        )
    }
}
